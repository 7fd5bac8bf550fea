"""A question to a cluster: what it proposes becomes a small segment, which is searched as on one machine.

What is published is read first. Both lists are asked for side by side; what was not current then is left out and made up
for. A list that does not come has nothing to say, and the answer tells so.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import ClusterAway, ClusterError, UnknownPassage
from citewell.corpus.text import normalise
from citewell.index.as_of import AsOf
from citewell.index.bm25 import Statistics
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Held
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.ledger_read import Collection, LedgerRead, unknown
from citewell.index.neighbours import SPARE
from citewell.index.part import Part
from citewell.index.passage_rows import PassageRow, Published, segment_of, token
from citewell.index.passage_store import CollectionGone, PassageStore
from citewell.index.query import Query, Whole, analysed
from citewell.index.reranking import Reranking
from citewell.index.scoring import State
from citewell.index.search import Searcher
from citewell.index.spelling import Terms, commonest, readable, unread
from citewell.index.where import Where

_PATIENCE = 10.0  # seconds for all that the cluster is asked for one question
_MOST = 4_096  # rows of one list, however many of them are not current

_Vector = NDArray[np.float32] | None


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Rows that are current, with their revisions; what failed, instead."""

    rows: tuple[PassageRow, ...] = ()
    published: Mapping[str, Published] = field(default_factory=dict)
    failed: ClusterError | None = None


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
        matching, nearest = self._lists(collection, known, vector, given)
        named = self._named(collection, names)
        if not self._ledger.keeps(
            collection
        ):  # it was published twice meanwhile: lists lack what was superseded before
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

    def _lists(
        self,
        collection: Collection,
        terms: Mapping[str | None, tuple[str, ...]],
        vector: _Vector,
        given: Filter,
    ) -> tuple[Found, Found]:
        """What the words propose and what the vector does. Raises ClusterError if nothing comes of what was asked."""
        where = Where.of(given)
        asked: list[Callable[[int], list[PassageRow]]] = []
        groups: dict[tuple[str, ...], list[str | None]] = {}
        for language, some in terms.items():
            groups.setdefault(some, []).append(language)
        for some, languages in groups.items():
            tokens = [token(term) for term in some]
            within = where if len(groups) == 1 else where.within(languages)
            if tokens:
                asked.append(partial(self._matching, collection.name, tokens, within))
        by_words = len(asked)
        if vector is not None:
            asked.append(lambda k: self._store.nearest(collection.name, vector, k, where))
        futures = [self._threads.submit(self._current, collection, ask) for ask in asked]
        wait(futures, timeout=_PATIENCE)
        found = [_result(future) for future in futures]
        if gone := next((each.failed for each in found if isinstance(each.failed, CollectionGone)), None):
            raise gone
        if found and all(each.failed for each in found):
            assert found[0].failed is not None
            raise found[0].failed
        return _joined(found[:by_words]), _joined(found[by_words:])

    def _matching(self, name: str, tokens: Sequence[str], where: Where, k: int) -> list[PassageRow]:
        return self._store.matching(name, tokens, k, where)

    def _current(self, collection: Collection, ask: Callable[[int], list[PassageRow]]) -> Found:
        """A list without what is not current, and so much longer that enough is left."""
        assert collection.held is not None
        enough = self.config.depth
        k = enough + SPARE
        while True:
            rows = ask(k)
            published = self._ledger.current(
                collection.name, {row.revision for row in rows}, collection.held.change
            )
            kept = tuple(row for row in rows if row.revision in published)
            if len(rows) < k or len(kept) >= enough or k >= _MOST:
                return Found(kept, published)
            k = min(2 * k, _MOST)

    def _named(self, collection: Collection, names: Sequence[str]) -> Found:
        """The passages of articles by their ids, or by those of passages."""
        wanted = set(map(normalise, names))
        for name in list(wanted):
            with suppress(UnknownPassage):
                wanted.add(parse_passage_id(name)[0])
        assert collection.held is not None
        keys = self._ledger.keys_of(collection.name, wanted, collection.held.change)
        if not keys:
            return Found()
        return self._current(collection, lambda _: self._store.rows(collection.name, keys))

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


def _joined(found: Sequence[Found]) -> Found:
    """As one list; failed if one of them did."""
    published = {key: revision for each in found for key, revision in each.published.items()}
    failed = next((each.failed for each in found if each.failed), None)
    rows = () if failed else tuple(row for each in found for row in each.rows)
    return Found(rows, published, failed)


def _result(future: Future[Found]) -> Found:
    if not future.done():
        future.cancel()
        return Found(failed=ClusterAway("its address", f"nothing came within {_PATIENCE:g} seconds"))
    try:
        return future.result()
    except ClusterError as error:
        return Found(failed=error)


def _fingerprint(collection: Collection) -> str:
    """Of what is published: the same, the same answers."""
    assert collection.held is not None
    said = f"{collection.name} {collection.held.epoch} {collection.held.change}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
