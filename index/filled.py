"""One collection of a cluster with what the ledger says of it: filled bit by bit, brought up to date, looked at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article, passage_id
from citewell.corpus.errors import CorruptLibrary
from citewell.index.articles import IndexedArticle
from citewell.index.engine import Held, Row
from citewell.index.entries import entries_of
from citewell.index.indexing import Lines, Source
from citewell.index.layout import Has
from citewell.index.ledger import Ledger
from citewell.index.ledger_read import Collection
from citewell.index.passage_rows import revision_key, rows_of, span_of
from citewell.index.passage_store import PassageStore

_ARTICLES = 256  # whose rows are sent together: what they need is held in memory
_REVISIONS = 64  # whose rows are looked at together
_NAMES = 1_000  # revisions whose ids are asked for at once: what a query costs depends little on their number


class Filled:
    """A collection by its name, whether an alias points at it or not; `place` is for messages."""

    def __init__(self, name: str, store: PassageStore, ledger: Ledger, place: str) -> None:
        self.name, self._store, self._ledger, self._place = name, store, ledger, place

    @property
    def passages(self) -> int:
        return self.state.passages

    @property
    def state(self) -> Collection:
        return self._ledger.collections()[self.name]

    # -- writing ----------------------------------------------------------------------------------------------------

    def fill(self, source: Source) -> None:
        """Let all that is live in a store be there and nothing else, unpublished; what is there already is not sent again."""
        store, change = source.store, source.store.change()
        lines = store.lines_of_sites()
        wanted = {revision_key(IndexedArticle.of(each)): each for each in store.articles()}
        there = {revision_key(each): each.article_id for each in self._ledger.live(self.name)}
        over = [article_id for key, article_id in there.items() if key not in wanted]
        self._ledger.take(self.name, change, (), over)
        self.sweep()
        missing = iter([each for key, each in wanted.items() if key not in there])
        quiet, done = source.quiet(), len(wanted.keys() & there.keys())
        while some := list(islice(missing, _ARTICLES)):
            keys, _ = self._send(some, quiet, lines)
            self._ledger.take(self.name, change, keys, ())
            done += len(some)
            source.progress(done, len(wanted))
        try:
            self._make_whole(quiet, 0, lines)
        except CorruptLibrary:  # it cannot be gone on with
            self.drop()
            raise

    def follow(self, source: Source) -> None:
        """Send the rows of what was put since; then let questions find them, and nothing of what was superseded."""
        store, held = source.store, self.state.held
        assert held is not None
        change, touched = store.change(), store.touched_since(held.change)
        self.sweep()
        there = set(self._ledger.keys_of(self.name, touched))
        sent: list[str] = []
        passages = 0

        def missing() -> Iterator[Article]:
            for each in store.live(touched):
                if (key := revision_key(IndexedArticle.of(each))) in there:
                    sent.append(key)  # as it lost only earlier revisions
                else:
                    yield each

        new = missing()
        while some := list(islice(new, _ARTICLES)):
            keys, its_passages = self._send(some, source)
            sent += keys
            passages += its_passages
        self._make_whole(source, passages)
        self._ledger.publish(self.name, Held(held.epoch, change), sent, touched)

    def sweep(self) -> None:
        """Remove the rows of what was superseded before the last time, or never sent to the end."""
        if keys := self._ledger.leftovers(self.name):
            self._ledger.let_go(self.name)
            self._store.delete(self.name, keys)
            self._ledger.forget(self.name, keys)

    def forget(self, has: Has) -> None:
        """Remove the rows of what the store does not have any more."""
        if held := self.state.held:
            gone = [each.article_id for each in self._ledger.live(self.name) if not has(*each.key)]
            self._ledger.take(self.name, held.change, (), gone)
        self.sweep()

    def drop(self) -> None:
        self._store.drop(self.name)
        self._ledger.drop(self.name)

    def _send(
        self, articles: Iterable[Article], source: Source, lines: Lines | None = None
    ) -> tuple[list[str], int]:
        """The keys of what was sent, and how many passages it is."""
        keys: list[str] = []
        passages = 0
        for segment in source.segments(articles, lines):
            entries = entries_of(segment)
            self._ledger.enter(self.name, entries)
            self._store.put(self.name, list(rows_of(segment)))
            keys += [entry.key for entry in entries]
            passages += len(segment)
        return keys, passages

    def _make_whole(self, source: Source, more: int, lines: Lines | None = None) -> None:
        """Send again what the cluster has lost; so many passages were sent that are not taken yet.

        Raises CorruptLibrary if they are not there then either.
        """
        expected = self._ledger.expected(self.name) + more
        if self._store.count(self.name) >= expected:
            return
        self._send_lost(source.quiet(), lines)
        if (there := self._store.count(self.name)) < expected:
            raise CorruptLibrary(
                f"The collection {self.name!r} at {self._place} has {there:,} rows; {expected:,} were sent. Fill another: "
                "citewell rebuild"
            )

    def _send_lost(self, source: Source, lines: Lines | None) -> None:
        revisions = self._ledger.sizes(self.name)
        while some := {key: (article, size) for key, article, size in islice(revisions, _NAMES)}:
            there = Counter(row.rpartition(".")[0] for row in self._store.ids(self.name, list(some)))
            lacking = sorted(article for key, (article, size) in some.items() if there[key] < size)
            for article in source.store.live(lacking):
                if revision_key(IndexedArticle.of(article)) in some:
                    for segment in source.segments([article], lines):
                        self._store.put(self.name, list(rows_of(segment)))

    # -- looking ----------------------------------------------------------------------------------------------------

    def faults(self) -> tuple[str, int, tuple[str, ...]]:
        """The collection has the rows that were sent, and the statistics are those of what is live."""
        faults = list(self._ledger.faults(self.name))
        passages = self.passages
        there = self._store.count(self.name, without=self._ledger.leftovers(self.name))
        if there != passages:
            faults.append(f"{there:,} rows are there for {passages:,} passages: citewell rebuild")
        return "rows of the cluster", there, tuple(faults)

    def live_rows(self) -> Iterator[Row]:
        articles = iter(self._ledger.live(self.name))
        while some := {revision_key(article): article for article in islice(articles, _NAMES)}:
            for row in self._store.ids(self.name, list(some)):
                article = some[row.rpartition(".")[0]]
                yield _passage_id(article, row), article.revision

    def past_rows(self, has: Has) -> Iterator[Row]:
        """None: what is superseded is not in a cluster."""
        return iter(())

    def vectors(self, articles: Sequence[Article]) -> dict[str, NDArray[np.float16]]:
        found = {revision_key(each): each for each in map(IndexedArticle.of, articles)}
        vectors: dict[str, NDArray[np.float16]] = {}
        keys = iter(found)
        while some := list(islice(keys, _REVISIONS)):
            for row in self._store.rows(self.name, some):
                vectors[_passage_id(found[row.revision], row.id)] = row.vector
        return vectors


def _passage_id(article: IndexedArticle, row: str) -> str:
    return passage_id(article.article_id, article.text_sha, span_of(row))
