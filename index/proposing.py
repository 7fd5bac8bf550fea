"""A question to a cluster: what it proposes becomes a small segment, which is searched as on one machine.

What is published is read first. A list that does not come has nothing to say, and the answer tells so.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.index.as_of import AsOf
from citewell.index.bm25 import Statistics
from citewell.index.candidates import Candidates, Found
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Held
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.ledger_read import Collection, LedgerRead, unknown
from citewell.index.part import Part
from citewell.index.passage_rows import segment_of
from citewell.index.passage_store import CollectionGone, PassageStore
from citewell.index.query import Query, Whole, analysed
from citewell.index.reranking import Reranking
from citewell.index.scoring import State
from citewell.index.search import Searcher
from citewell.index.spelling import Terms, commonest, readable, unread
from citewell.index.where import Where

_Vector = NDArray[np.float32] | None


class Proposing:
    """Asks the collection that `resolve` names; when that is gone meanwhile, as after a rebuild, the one that it names then."""

    as_of: AsOf | None = None

    def __init__(
        self,
        resolve: Callable[[bool], str],
        store: PassageStore,
        ledger: LedgerRead,
        embedder: Embedder,
        config: Config,
        threads: ThreadPoolExecutor,
        reranking: Reranking | None = None,
    ) -> None:
        self._resolve, self._store, self._ledger, self._threads = resolve, store, ledger, threads
        self.embedder, self.config, self._reranking = embedder, config, reranking

    def answering(self, as_of: AsOf) -> Self:
        """The same, which says of which moment it answers."""
        same = copy(self)
        same.as_of = as_of
        return same

    def about(
        self, question: str, given: Filter = EVERYTHING, names: Sequence[str] = ()
    ) -> tuple[Searcher, Query]:
        """Raises ClusterError when no list comes."""
        try:
            searcher, query = self._about(self._resolve(False), question, given, names)
        except CollectionGone:
            searcher, query = self._about(self._resolve(True), question, given, names)
        return (searcher.answering(self.as_of) if self.as_of else searcher), query

    def _about(self, name: str, question: str, given: Filter, names: Sequence[str]) -> tuple[Searcher, Query]:
        collection, languages, doc_freq = self._state(name, question)
        whole = self._whole(collection, languages, doc_freq)
        terms = whole.read(question, self.embedder.knows_word).terms
        vector = self.embedder.embed_queries([question])[0] if self.embedder.knows_script(question) else None
        known = {language: tuple(term for term in some if doc_freq[term]) for language, some in terms.items()}
        candidates = Candidates(collection, self._store, self._ledger, self._threads, self.config.depth)
        matching, nearest = candidates.lists(known, vector, given)
        named = candidates.named(names)
        if not self._ledger.keeps(collection):  # published twice meanwhile: rows of before may be missing
            return self._about(name, question, given, names)
        segment = segment_of(
            (*matching.rows, *nearest.rows, *named.rows),
            {**matching.published, **nearest.published, **named.published},
            {term for some in terms.values() for term in some},
            self.embedder.dim,
            collection.model,
            collection.recipe,
        )
        searcher = Searcher(
            _fingerprint(collection),
            [Part(segment)],
            self.embedder,
            self.config,
            self._reranking,
            whole,
        )
        return searcher, self._query(searcher, question, given, vector, matching, nearest)

    def _state(self, name: str, question: str) -> tuple[Collection, tuple[str | None, ...], dict[str, int]]:
        """What is published and in which languages, and how many passages hold each term and what it can be read as.

        Of one moment: with something unknown, or when something was published meanwhile, all is asked for again.
        """
        asked: Terms = {}
        languages: tuple[str | None, ...] = ()
        held: Held | None = None
        wanted: set[str] = set()
        while state := self._ledger.state(name, wanted):
            collection, doc_freq = state
            if collection.held != held:
                held = collection.held
                languages = self._ledger.languages(name, held)
                asked = analysed(question, languages)
                wanted = {term for some in asked.values() for term in some}
                continue
            more = readable(unread(question, asked, doc_freq.__getitem__), self.embedder.knows_word)
            if more <= wanted:
                return collection, languages, doc_freq
            wanted |= more
        raise unknown(name)

    def _query(
        self,
        searcher: Searcher,
        question: str,
        given: Filter,
        vector: _Vector,
        matching: Found,
        nearest: Found,
    ) -> Query:
        """With the states that retrievers have over all passages."""
        query = searcher.query(question, given, vector)
        if not matching.rows and not nearest.rows and searcher.count(given):
            said = any(query.terms.values())
            query = replace(
                query,
                lexical=State.OUT_OF_VOCABULARY if said else State.EMPTY,
                dense=State.OK if vector is not None else State.UNKNOWN_SCRIPT,
            )
        if matching.failed:
            query = replace(query, lexical=State.UNAVAILABLE)
        if nearest.failed:
            query = replace(query, dense=State.UNAVAILABLE, vector=None)
        return query

    def _whole(
        self, collection: Collection, languages: Iterable[str | None], doc_freq: Mapping[str, int]
    ) -> Whole:
        def count(given: Filter) -> int:
            if given == EVERYTHING:
                return collection.passages
            leftovers = self._ledger.leftovers(collection.name)
            return self._store.count(collection.name, Where.of(given), leftovers)

        @lru_cache(4096)
        def of(term: str) -> int:
            if term in doc_freq:
                return doc_freq[term]
            state = self._ledger.state(collection.name, [term])
            if state is None:
                raise unknown(collection.name)
            return state[1][term]

        average = collection.length / collection.passages if collection.passages else 0.0
        spelled = lru_cache(64)(lambda term, known: commonest(term, known, doc_freq.keys().__and__, of))
        statistics = Statistics(collection.passages, average, of)
        return Whole(statistics, tuple(languages), lru_cache(4)(count), spelled)


def _fingerprint(collection: Collection) -> str:
    """Of what is published: the same, the same answers."""
    assert collection.held is not None
    said = f"{collection.name} {collection.held.epoch} {collection.held.change}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
