"""Bulk embedding by workers that run elsewhere, a batch at a time; questions and few texts are embedded here.

A worker that is lost costs its batch, which another one gets. The vectors are those of the model here: a worker with
another model, or whose vectors differ, is refused.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from citewell.corpus.errors import SpreadingFailed
from citewell.corpus.text import escaped
from citewell.index.embedding import Embedder, Vectors

WORTH_SPREADING = 256  # texts; fewer are embedded here in about the time that workers take to start
AT_ONCE = 32  # texts in a batch: half a second of a core, and what a lost worker costs
MOST_TRIES = 3  # workers that a batch may cost
TOLERANCE = (
    1e-5  # largest difference in any number of a unit vector; workers of one machine type differ in none
)
PATIENCE = 120.0  # seconds without a word from any worker
PROBES = (
    "A worker embeds this before it is trusted.",
    "| 1,017 | 0.5 % | naïve |",
    "Bees turn nectar into honey; they dance to tell the others where the flowers are. " * 12,
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has opened its model; `vectors` are those of PROBES."""

    worker: int
    place: str  # for messages
    fingerprint: str
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Done:
    """A worker has embedded its batch."""

    worker: int
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker is no more, or could not do what it was given."""

    worker: int
    reason: str


Event = Ready | Done | Lost


class Workers(Protocol):
    """Processes somewhere, known by numbers that are never given twice; each has one batch at most."""

    @property
    def most(self) -> int:
        """How many can work at once."""
        ...

    @property
    def place(self) -> str:
        """The cluster, for messages."""
        ...

    def start(self) -> int:
        """Begin another; it will be Ready or Lost."""
        ...

    def give(self, worker: int, texts: Sequence[str]) -> None:
        """It will be Done or Lost."""
        ...

    def stop(self, worker: int) -> None:
        """Let go of one, whatever it does; no event comes of it any more."""
        ...

    def wait(self, seconds: float) -> Event | None:
        """The next event; None when there was none for so long. Raises SpreadingFailed when the cluster is gone."""
        ...

    def close(self) -> None:
        """Let go of all."""
        ...


@dataclass(frozen=True, slots=True)
class _Batch:
    first: int
    texts: Sequence[str]
    lost: int = 0  # workers


class SpreadEmbedder:
    """An embedder that hands passages to workers, which start when there are many for the first time."""

    def __init__(self, local: Embedder, connect: Callable[[], Workers], patience: float = PATIENCE) -> None:
        self.fingerprint = local.fingerprint
        self._local, self._connect, self._patience = local, connect, patience
        self._workers: Workers | None = None
        self._starting: set[int] = set()
        self._idle: list[int] = []
        self._places: dict[int, str] = {}
        self._said: list[str] = []  # why there are fewer workers than there might be

    @property
    def dim(self) -> int:
        return self._local.dim

    @property
    def cut_recipe(self) -> str:
        return self._local.cut_recipe

    @property
    def most_tokens(self) -> int:
        return self._local.most_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._local.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for first, made in self.embed_batches(texts):
            vectors[first : first + len(made)] = made
        return vectors

    def count_tokens(self, text: str) -> int:
        return self._local.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self._local.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self._local.knows_word(word)

    def embed_batches(self, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
        """Each batch as it is done, in any order: the number of its first text, and its vectors.

        Raises SpreadingFailed when no worker is left, or a batch was lost MOST_TRIES times.
        """
        if self._workers is None:
            if len(texts) < WORTH_SPREADING:
                if texts:
                    yield 0, self._local.embed_passages(texts)
                return
            self._workers = self._connect()
            self._starting = {self._workers.start() for _ in range(self._workers.most)}
        finished = False
        try:
            yield from self._embed(self._workers, texts)
            finished = True
        finally:
            if not finished:  # what workers still do is of no use to anybody
                self.close()

    def close(self) -> None:
        """Let go of the workers; others start when there are many texts again."""
        if self._workers is not None:
            self._workers.close()
        self._workers, self._starting, self._idle, self._places, self._said = None, set(), [], {}, []

    def _embed(self, workers: Workers, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
        firsts = range(0, len(texts), AT_ONCE)
        waiting = deque(_Batch(first, texts[first : first + AT_ONCE]) for first in firsts)
        busy: dict[int, _Batch] = {}
        while waiting or busy:
            while waiting and self._idle:
                worker, batch = self._idle.pop(), waiting.popleft()
                busy[worker] = batch
                workers.give(worker, batch.texts)
            if not busy and not self._starting:
                raise SpreadingFailed(workers.place, f"no worker is left: {'; '.join(self._said)}")
            event = workers.wait(self._patience)
            if isinstance(event, Done):
                batch = busy.pop(event.worker)
                self._idle.append(event.worker)
                yield batch.first, event.vectors
            elif isinstance(event, Ready):
                self._starting.discard(event.worker)
                self._welcome(workers, event)
            else:
                if event is None and not busy:
                    raise SpreadingFailed(workers.place, f"no worker began within {self._patience:.0f} s")
                lost = [event] if event else [Lost(worker, "it says nothing") for worker in busy]
                for each in lost:
                    if (given := busy.pop(each.worker, None)) is not None:
                        waiting.appendleft(_lost_again(workers, given, each.reason))
                    self._replace(workers, each)

    def _welcome(self, workers: Workers, ready: Ready) -> None:
        """Or refuse it, by name."""
        if ready.fingerprint != self.fingerprint:
            refused = f"its model is {ready.fingerprint}, not {self.fingerprint}"
        else:
            difference = float(np.abs(ready.vectors - self._local.embed_passages(PROBES)).max())
            if difference <= TOLERANCE:  # NaN is not
                self._idle.append(ready.worker)
                self._places[ready.worker] = ready.place
                return
            refused = f"its vectors differ by {difference:.1e} (at most {TOLERANCE:.0e})"
        workers.stop(ready.worker)
        self._say(f"the worker on {ready.place} is refused: {refused}")

    def _replace(self, workers: Workers, lost: Lost) -> None:
        """By another, unless it had not begun: what keeps one from beginning keeps the next."""
        workers.stop(lost.worker)
        if lost.worker in self._starting:
            self._starting.discard(lost.worker)
            self._say(f"a worker did not begin: {lost.reason}")
            return
        if lost.worker in self._idle:
            self._idle.remove(lost.worker)
        self._say(f"the worker on {self._places.pop(lost.worker)} was lost: {lost.reason}")
        self._starting.add(workers.start())

    def _say(self, what: str) -> None:
        """Once: of many workers many may say the same."""
        what = escaped(what)
        if what not in self._said:
            self._said.append(what)
            print(f"citewell: {what}", file=sys.stderr, flush=True)


def _lost_again(workers: Workers, batch: _Batch, reason: str) -> _Batch:
    if batch.lost + 1 == MOST_TRIES:
        raise SpreadingFailed(
            workers.place,
            f"a batch of {len(batch.texts)} texts cost {MOST_TRIES} workers, the last: {reason}",
        )
    return _Batch(batch.first, batch.texts, batch.lost + 1)
