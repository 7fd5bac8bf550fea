"""How long a cluster that does not answer is asked, by a clock that goes on only with pauses and calls."""

from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from types import SimpleNamespace

import pytest
from pymilvus import MilvusException

from citewell.corpus.errors import ClusterAway
from citewell.index import milvus_calls
from citewell.index.address import Address
from citewell.index.milvus import Milvus


class Away:
    """A server that takes some seconds for each call, or all that it is given, to say nothing."""

    def __init__(self, each: float) -> None:
        self.now, self._each = 1000.0, each
        self.tries: list[float] = []  # seconds from the first

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def connect(self, uri: str, token: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(describe_alias=self._asked)

    def _asked(self, *_: object, timeout: float) -> None:
        self.tries.append(self.now - 1000)
        self.now += min(self._each, timeout)
        raise MilvusException(message="server unavailable")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, bool], Away]:
    """What a server that is away was asked, and until when."""

    def ask(each: float, writing: bool) -> Away:
        away = Away(each)
        monkeypatch.setattr(milvus_calls, "time", away)
        monkeypatch.setattr(milvus_calls, "MilvusClient", away.connect)
        client = Milvus(Address.of("milvus://127.0.0.1:1"))
        with client.writing() if writing else nullcontext(), pytest.raises(ClusterAway):
            client.target("books")
        return away

    return ask


@pytest.mark.parametrize(("writing", "most"), [(False, 5), (True, 30)])
@pytest.mark.parametrize("each", [0, 0.3, 2.6, 1000])
def test_it_is_asked_again_for_five_seconds_and_for_thirty_by_who_writes(
    asked: Callable[[float, bool], Away], writing: bool, most: float, each: float
) -> None:
    away = asked(each, writing)
    assert most - 2 < away.now - 1000 <= most + 0.05  # two: the longest pause
    assert (len(away.tries) > 1) == (each < most)


def test_pauses_get_longer_up_to_two_seconds(asked: Callable[[float, bool], Away]) -> None:
    tries = asked(0, True).tries
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses[:7] == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2])
    assert pauses[7:] == pytest.approx([2] * len(pauses[7:]))
