"""Readiness is looked at once for all who ask, and says of servers only which."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.errors import (
    CitewellError,
    ClusterAway,
    ClusterMismatch,
    ModelMismatch,
    TruthAway,
    TruthRefused,
)
from citewell.index.address import Address
from citewell.index.library import Library
from citewell.service.readiness import Readiness
from tests.service.conftest import client_of, make_library
from tests.service.contracts import problem

PLACE = "postgresql://db.internal:5432/books (schema citewell)"


class Looked(Library):
    """A library that says how often it was looked at, and at how many times at once."""

    error: CitewellError | None = None
    looks = at_once = most_at_once = 0  # of one thread at a time, or the test fails

    def check(self) -> None:
        self.looks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        threading.Event().wait(0.05)
        self.at_once -= 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Looked]:
    made = make_library(tmp_path)
    made.close()
    looked = Looked(tmp_path, made.embedder)
    yield looked
    looked.close()


async def asked(readiness: Readiness, times: int) -> list[str]:
    found = await asyncio.gather(*(readiness.check() for _ in range(times)), return_exceptions=True)
    return [str(each) for each in found]


@pytest.mark.parametrize("error", [None, TruthAway(PLACE, "connection refused")])
def test_a_hundred_who_ask_cost_one_look(library: Looked, error: CitewellError | None) -> None:
    library.error = error
    assert asyncio.run(asked(Readiness(library), 100)) == [str(error)] * 100
    assert library.looks == 1


def test_it_is_looked_at_again_after_a_while_by_one_at_a_time(
    library: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.service.readiness.KEPT", -1.0)
    readiness = Readiness(library)

    async def three() -> list[str]:
        first = await asked(readiness, 1)
        library.error = TruthAway(PLACE, "connection refused")
        second = await asked(readiness, 2)
        library.error = None
        return [*first, *second, *await asked(readiness, 1)]

    assert asyncio.run(three()) == ["None", *[str(TruthAway(PLACE, "connection refused"))] * 2, "None"]
    assert (library.looks, library.most_at_once) == (4, 1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TruthAway(PLACE, 'connection to "10.0.0.7" failed'), "The truth does not answer."),
        (TruthRefused(PLACE, 'role "books" does not exist'), "The truth cannot be used as it is."),
        (ClusterAway("db.internal:19530", "deadline exceeded"), "The cluster does not answer."),
        (
            ClusterMismatch("'books' at db.internal belongs to another"),
            "The cluster cannot be used as it is.",
        ),
        (ModelMismatch("The collection books_1 was filled with"), "The library cannot be used as it is."),
    ],
)
def test_of_servers_it_says_only_which_and_the_log_says_more(
    library: Looked, caplog: pytest.LogCaptureFixture, error: CitewellError, said: str
) -> None:
    library.error, library.cluster = error, Address("http://db.internal:19530", "books")
    with caplog.at_level(logging.ERROR, "citewell"):
        response = client_of(library).get("/health/ready")
    assert problem(response, 503, "NotReady") == f"{said} The service's log says more."
    assert response.headers["Retry-After"] == "1"
    assert not [word for word in ("internal", "books", "10.0.0", "deadline") if word in response.text]
    assert str(error) in caplog.text
