"""Bulk embedding by workers: every text once but for the batches of lost workers, and the vectors of the model here."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.errors import SpreadingFailed
from citewell.index.embedding import embed_cached
from citewell.index.spreading import (
    AT_ONCE,
    MOST_TRIES,
    PROBES,
    TOLERANCE,
    WORTH_SPREADING,
    Done,
    Event,
    Lost,
    Ready,
    SpreadEmbedder,
)
from citewell.index.vector_cache import Role, VectorCache
from tests.fakes import AnyEmbedder

MANY = [f"text {i}" for i in range(WORTH_SPREADING + 5 * AT_ONCE + 1)]


class Crew:
    """Workers in this process. An event is drawn of those that can come next; which batches and workers fail is said."""

    place = "crew:1"

    def __init__(self, most: int = 2, seed: int = 0) -> None:
        self.most = most
        self.model = AnyEmbedder(4)
        self.given: list[Sequence[str]] = []
        self.begun = 0
        self.stopped: list[int] = []
        self.fatal: dict[
            int, int
        ] = {}  # by the number of its first text: how many workers a batch still costs
        self.broken: set[int] = set()  # workers that do not begin
        self.foreign: dict[int, str] = {}  # fingerprints of workers
        self.off_by: dict[int, float] = {}
        self.silent: set[int] = set()  # workers that never say what became of their batch
        self.gone = False
        self.closed = 0
        self._coming: list[Event] = []
        self._draw = random.Random(seed)

    def start(self) -> int:
        self.begun += 1
        number, vectors = self.begun, self.model.embed_passages(PROBES)
        fingerprint = self.foreign.get(number, self.model.fingerprint)
        ready = Ready(number, f"node{number}", fingerprint, vectors + np.float32(self.off_by.get(number, 0)))
        self._coming.append(Lost(number, "no memory") if number in self.broken else ready)
        return number

    def give(self, worker: int, texts: Sequence[str]) -> None:
        self.given.append(texts)
        first = MANY.index(texts[0])
        if worker in self.silent:
            return
        if self.fatal.get(first, 0):
            self.fatal[first] -= 1
            self._coming.append(Lost(worker, "killed"))
        else:
            self._coming.append(Done(worker, self.model.embed_passages(texts)))

    def stop(self, worker: int) -> None:
        self.stopped.append(worker)
        self._coming = [event for event in self._coming if event.worker != worker]

    def wait(self, seconds: float) -> Event | None:
        if self.gone:
            raise SpreadingFailed(self.place, "the connection to it was lost")
        if not self._coming:
            return None
        return self._coming.pop(self._draw.randrange(len(self._coming)))

    def close(self) -> None:
        self.closed += 1
        self._coming = []


@pytest.fixture
def crew() -> Crew:
    return Crew()


@pytest.fixture
def here() -> AnyEmbedder:
    return AnyEmbedder(4)


@pytest.fixture
def spread(here: AnyEmbedder, crew: Crew) -> SpreadEmbedder:
    return SpreadEmbedder(here, lambda: crew)


def vectors_of(texts: Sequence[str]) -> list[list[float]]:
    rows: list[list[float]] = AnyEmbedder(4).embed_passages(texts).tolist()
    return rows


def batches(crew: Crew) -> list[int]:
    """The number of the first text of each batch that was given."""
    return [MANY.index(texts[0]) for texts in crew.given]


def test_it_stands_for_the_model_here(here: AnyEmbedder, spread: SpreadEmbedder) -> None:
    assert (spread.fingerprint, spread.dim) == (here.fingerprint, here.dim)
    assert (spread.cut_recipe, spread.most_tokens) == (here.cut_recipe, here.most_tokens)
    assert spread.count_tokens("two words") == 2
    assert spread.knows_script("sun")
    assert not spread.knows_script("солнце")
    assert spread.knows_word("")
    assert not spread.knows_word("snu")


def test_many_texts_are_embedded_by_workers_each_once_and_stand_in_their_order(
    here: AnyEmbedder, crew: Crew, spread: SpreadEmbedder
) -> None:
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert sorted(text for texts in crew.given for text in texts) == sorted(MANY)
    assert set(here.embedded) == set(PROBES)
    assert max(map(len, crew.given)) == AT_ONCE
    assert (crew.begun, crew.closed) == (2, 0)


def test_few_texts_are_embedded_here(here: AnyEmbedder, crew: Crew, spread: SpreadEmbedder) -> None:
    few = MANY[: WORTH_SPREADING - 1]
    assert spread.embed_passages(few).tolist() == vectors_of(few)
    assert here.embedded == few
    assert spread.embed_passages([]).shape == (0, 4)
    assert crew.begun == 0


def test_questions_are_embedded_here_however_many(
    here: AnyEmbedder, crew: Crew, spread: SpreadEmbedder
) -> None:
    assert spread.embed_queries(MANY).tolist() == vectors_of(MANY)
    assert here.embedded == MANY
    assert crew.begun == 0


def test_workers_stay_for_what_follows_and_are_let_go_of_in_the_end(
    crew: Crew, spread: SpreadEmbedder
) -> None:
    spread.embed_passages(MANY)
    assert spread.embed_passages(MANY[:1]).tolist() == vectors_of(MANY[:1])
    assert (crew.begun, len(crew.given[-1])) == (2, 1)
    spread.close()
    spread.close()
    assert crew.closed == 1


def test_a_lost_worker_costs_its_batch_and_is_replaced(
    crew: Crew, spread: SpreadEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    crew.fatal = {2 * AT_ONCE: 1}
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert sorted(batches(crew)) == sorted([*range(0, len(MANY), AT_ONCE), 2 * AT_ONCE])
    assert crew.begun == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("citewell: the worker on node")
    assert line.endswith(" was lost: killed")


def test_a_batch_that_costs_three_workers_is_an_error(crew: Crew, spread: SpreadEmbedder) -> None:
    crew.fatal = {AT_ONCE: MOST_TRIES}
    with pytest.raises(SpreadingFailed) as failed:
        spread.embed_passages(MANY)
    assert str(failed.value) == (
        "The cluster at crew:1 does not embed (a batch of 32 texts cost 3 workers, the last: killed). Vectors that were made "
        "are kept: mend that and run the command again, or run it without embedding_cluster (shown by: citewell config) to "
        "embed here."
    )
    assert crew.closed == 1
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)  # by workers that begin anew


def test_a_worker_with_another_model_is_refused_by_name_and_the_others_go_on(
    crew: Crew, spread: SpreadEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    crew.foreign = {1: "another"}
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert (crew.begun, crew.stopped) == (2, [1])
    assert capsys.readouterr().err == (
        "citewell: the worker on node1 is refused: its model is another, not any 4\n"
    )


@pytest.mark.parametrize(("off_by", "said"), [(10 * TOLERANCE, "1.0e-04"), (float("nan"), "nan")])
def test_a_worker_whose_vectors_differ_is_refused(
    crew: Crew, spread: SpreadEmbedder, off_by: float, said: str
) -> None:
    crew.off_by = {1: off_by, 2: off_by}
    with pytest.raises(
        SpreadingFailed, match=f"no worker is left: the worker on node. is refused: .* {said} "
    ):
        spread.embed_passages(MANY)
    assert crew.given == []


def test_a_worker_that_does_not_begin_is_not_replaced(crew: Crew, spread: SpreadEmbedder) -> None:
    crew.broken = {2}
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert crew.begun == 2


def test_none_that_begins_is_an_error_that_says_why(crew: Crew, spread: SpreadEmbedder) -> None:
    crew.broken = {1, 2}
    with pytest.raises(SpreadingFailed, match=r"no worker is left: a worker did not begin: no memory\)"):
        spread.embed_passages(MANY)


def test_a_worker_that_says_nothing_is_replaced_in_the_end(crew: Crew, spread: SpreadEmbedder) -> None:
    crew.silent = {1}
    assert spread.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert crew.stopped == [1]
    assert len(crew.given) == len(range(0, len(MANY), AT_ONCE)) + 1


def test_none_that_says_anything_is_an_error(here: AnyEmbedder) -> None:
    class Asleep(Crew):
        def wait(self, seconds: float) -> Event | None:
            assert seconds == 7
            return None

    with pytest.raises(SpreadingFailed, match="no worker began within 7 s"):
        SpreadEmbedder(here, Asleep, patience=7).embed_passages(MANY)


def test_a_cluster_that_is_not_there_is_an_error(here: AnyEmbedder) -> None:
    def connect() -> Crew:
        raise SpreadingFailed("crew:1", "nothing answers there")

    spread = SpreadEmbedder(here, connect)
    with pytest.raises(SpreadingFailed, match="nothing answers there"):
        spread.embed_passages(MANY)
    assert spread.embed_passages(["one"]).shape == (1, 4)


def test_what_was_embedded_before_the_cluster_went_is_kept(
    here: AnyEmbedder, crew: Crew, spread: SpreadEmbedder, tmp_path: Path
) -> None:
    cache = VectorCache(tmp_path / "vectors.db")
    seen: list[tuple[int, int]] = []

    def watched(done: int, total: int) -> None:
        seen.append((done, total))
        crew.gone = done >= 3 * AT_ONCE

    with pytest.raises(SpreadingFailed):
        embed_cached(spread, cache, Role.PASSAGE, MANY, watched)
    assert crew.closed == 1
    assert seen == [(AT_ONCE, len(MANY)), (2 * AT_ONCE, len(MANY)), (3 * AT_ONCE, len(MANY))]
    another = Crew()
    made = embed_cached(SpreadEmbedder(here, lambda: another), cache, Role.PASSAGE, MANY)
    assert made.tolist() == AnyEmbedder(4).embed_passages(MANY).astype(np.float16).tolist()
    assert sum(map(len, another.given)) == len(MANY) - 3 * AT_ONCE


def test_who_stops_listening_lets_go_of_the_workers(crew: Crew, spread: SpreadEmbedder) -> None:
    made: Iterator[object] = spread.embed_batches(MANY)
    next(made)
    del made
    assert crew.closed == 1


@given(
    most=st.integers(1, 5),
    seed=st.integers(0, 1000),
    costly=st.dictionaries(
        st.sampled_from(range(0, len(MANY), AT_ONCE)), st.integers(1, MOST_TRIES - 1), max_size=5
    ),
)
def test_whatever_is_lost_and_in_whatever_order_nothing_is_missing(
    most: int, seed: int, costly: dict[int, int]
) -> None:
    crew = Crew(most, seed)
    crew.fatal = dict(costly)
    assert SpreadEmbedder(AnyEmbedder(4), lambda: crew).embed_passages(MANY).tolist() == vectors_of(MANY)
    expected = [first for first in range(0, len(MANY), AT_ONCE) for _ in range(1 + costly.get(first, 0))]
    assert sorted(batches(crew)) == expected
    assert crew.begun == most + sum(costly.values())
