"""What a cluster proposes for a question: rows by its words and by its vector, and those of articles that are named.

Both lists are asked for side by side; what was not current at the question's moment is left out and made up for.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import ClusterAway, ClusterError, UnknownPassage
from citewell.corpus.text import normalise
from citewell.index.filter import Filter
from citewell.index.ledger_read import Collection, LedgerRead
from citewell.index.neighbours import SPARE
from citewell.index.passage_rows import PassageRow, Published, token
from citewell.index.passage_store import CollectionGone, PassageStore
from citewell.index.where import Where

_PATIENCE = 10.0  # seconds for all that the cluster is asked for one question
_MOST = 4_096  # rows of one list, however many of them are not current


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Rows that are current, with their revisions; what failed, instead."""

    rows: tuple[PassageRow, ...] = ()
    published: Mapping[str, Published] = field(default_factory=dict)
    failed: ClusterError | None = None


class Candidates:
    """Of one collection at a moment; of each list enough that `depth` of them are current."""

    def __init__(
        self,
        collection: Collection,
        store: PassageStore,
        ledger: LedgerRead,
        threads: ThreadPoolExecutor,
        depth: int,
    ) -> None:
        assert collection.held is not None
        self._name, self._change = collection.name, collection.held.change
        self._store, self._ledger, self._threads, self._depth = store, ledger, threads, depth

    def lists(
        self,
        terms: Mapping[str | None, tuple[str, ...]],
        vector: NDArray[np.float32] | None,
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
                asked.append(partial(self._matching, tokens, within))
        by_words = len(asked)
        if vector is not None:
            asked.append(lambda k: self._store.nearest(self._name, vector, k, where))
        futures = [self._threads.submit(self._current, ask) for ask in asked]
        wait(futures, timeout=_PATIENCE)
        found = [_result(future) for future in futures]
        if gone := next((each.failed for each in found if isinstance(each.failed, CollectionGone)), None):
            raise gone
        if found and all(each.failed for each in found):
            assert found[0].failed is not None
            raise found[0].failed
        return _joined(found[:by_words]), _joined(found[by_words:])

    def _matching(self, tokens: Sequence[str], where: Where, k: int) -> list[PassageRow]:
        return self._store.matching(self._name, tokens, k, where)

    def _current(self, ask: Callable[[int], list[PassageRow]]) -> Found:
        """A list without what is not current, and so much longer that enough is left."""
        k = self._depth + SPARE
        while True:
            rows = ask(k)
            published = self._ledger.current(self._name, {row.revision for row in rows}, self._change)
            kept = tuple(row for row in rows if row.revision in published)
            if len(rows) < k or len(kept) >= self._depth or k >= _MOST:
                return Found(kept, published)
            k = min(2 * k, _MOST)

    def named(self, names: Sequence[str]) -> Found:
        """The passages of articles by their ids, or by those of passages."""
        wanted = set(map(normalise, names))
        for name in list(wanted):
            with suppress(UnknownPassage):
                wanted.add(parse_passage_id(name)[0])
        keys = self._ledger.keys_of(self._name, wanted, self._change)
        if not keys:
            return Found()
        return self._current(lambda _: self._store.rows(self._name, keys))


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
