"""What the ledger says: which revisions questions are asked of, and BM25's statistics of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from citewell.corpus.database import Database, Transaction
from citewell.index.articles import IndexedArticle, article_of
from citewell.index.engine import Held
from citewell.index.entries import unpacked
from citewell.index.ledger_rows import LedgerFile, LedgerRows, LedgerTables
from citewell.index.passage_rows import Published, token_number
from citewell.index.passage_store import CollectionGone
from citewell.index.query import in_order

LIVE = "collection = ? AND since IS NOT NULL AND until IS NULL"
OVER = "(since IS NULL OR until IS NOT NULL)"
_AT = "since <= ? AND (until IS NULL OR until > ?)"
_AT_ONCE = 500  # values of one statement


@dataclass(frozen=True, slots=True)
class Collection:
    """`held` is None until it was published for the first time; `epoch` is that of the store that it is filled from."""

    name: str
    number: int  # the highest is that of the one that questions go to
    model: str
    recipe: str
    epoch: str
    held: Held | None
    passages: int
    length: int  # terms of all passages
    swept: int  # the rows of what was superseded up to this change are not all there


class LedgerRead:
    """The reading half of the ledger. Serves all threads of a process; each reading is one statement, and so of one moment."""

    def __init__(self, at: Path | Database) -> None:
        """A file, or tables beside a truth on a server."""
        self._kept: LedgerRows = LedgerFile(at) if isinstance(at, Path) else LedgerTables(at)
        self._languages = lru_cache(8)(lambda name, _: self._languages_of(name))

    @property
    def place(self) -> str:
        """For messages."""
        return self._kept.place

    def close(self) -> None:
        self._kept.close()

    def collections(self) -> dict[str, Collection]:
        """Of each name, the one that was begun last at the end."""
        rows = self._kept.rows(
            "SELECT name, number, model, recipe, epoch, change, passages, length, swept FROM cluster_collections "
            "ORDER BY number"
        )
        return {
            name: Collection(name, number, model, recipe, epoch, _held(epoch, change), *sizes)
            for name, number, model, recipe, epoch, change, *sizes in rows
        }

    def state(self, name: str, terms: Iterable[str]) -> tuple[Collection, dict[str, int]] | None:
        """What is published, and of each term how many passages hold it: of one moment. None for an unknown collection."""
        numbers = {token_number(term): term for term in terms}
        rows = self._kept.rows(
            "SELECT number, model, recipe, epoch, change, passages, length, swept, token, doc_freq FROM cluster_collections "
            f"LEFT JOIN cluster_terms ON collection = name AND token IN ({_marks(numbers)}) "
            "WHERE name = ? AND change IS NOT NULL",
            *numbers,
            name,
        )
        if not rows:
            return None
        number, model, recipe, epoch, change, *sizes, _, _ = rows[0]
        found = dict.fromkeys(numbers.values(), 0)
        found.update((numbers[term], count) for *_, term, count in rows if term is not None)
        return Collection(name, number, model, recipe, epoch, Held(epoch, change), *sizes), found

    def languages(self, name: str, held: Held | None) -> tuple[str | None, ...]:
        """Of what was published last, in order; looked up once for it."""
        return self._languages(name, held)

    def _languages_of(self, name: str) -> tuple[str | None, ...]:
        rows = self._kept.rows(f"SELECT DISTINCT language FROM cluster_revisions WHERE {LIVE}", name)
        return in_order(row[0] for row in rows)

    def current(self, name: str, keys: Iterable[str], change: int) -> dict[str, Published]:
        """Those of the revisions that were published and not superseded at a change, by their keys.

        Raises CollectionGone if the collection is not known any more, when nothing could be said of them.
        """
        found: dict[str, Published] = {}
        for some in list(_parts(keys)) or [[]]:
            rows = self._kept.rows(
                "SELECT key, article, facts, signature FROM cluster_collections LEFT JOIN cluster_revisions "
                f"ON collection = name AND key IN ({_marks(some)}) AND {_AT} "
                "WHERE name = ? AND change IS NOT NULL",
                *some,
                change,
                change,
                name,
            )
            if not rows:
                raise unknown(name)
            for key, article, facts, signature in rows:
                if key is not None:
                    found[key] = Published(
                        _article(article, facts), np.frombuffer(signature, dtype=np.uint64)
                    )
        return found

    def keeps(self, collection: Collection) -> bool:
        """Whether the rows of all that was published then are there still."""
        state = self.state(collection.name, ())
        if state is None or collection.held is None:
            return False
        now = state[0]
        sizes = [(each.passages, each.length) for each in (now, collection)]
        if now.held == collection.held and sizes[0] != sizes[1]:  # something was erased without a change
            return False
        return now.swept <= collection.held.change

    def keys_of(self, name: str, articles: Iterable[str], change: int | None = None) -> list[str]:
        """Of the revisions that questions are asked of, or were at a change."""
        at = LIVE if change is None else f"collection = ? AND {_AT}"
        then = [] if change is None else [change, change]
        query = f"SELECT key FROM cluster_revisions WHERE {at} AND article IN ({{}})"
        return [
            row[0]
            for some in _parts(articles)
            for row in self._kept.rows(query.format(_marks(some)), name, *then, *some)
        ]

    def live(self, name: str) -> Iterator[IndexedArticle]:
        """The revisions that questions are asked of, in order of their keys."""
        after = ""
        query = (
            f"SELECT key, article, facts FROM cluster_revisions WHERE {LIVE} AND key > ? ORDER BY key LIMIT ?"
        )
        while rows := self._kept.rows(query, name, after, _AT_ONCE):
            yield from (_article(article, facts) for _, article, facts in rows)
            after = rows[-1][0]

    def sizes(self, name: str) -> Iterator[tuple[str, str, int]]:
        """Of the revisions whose rows were sent and are not superseded: key, article and passages, in order of their keys."""
        after = ""
        query = (
            "SELECT key, article, passages FROM cluster_revisions WHERE collection = ? AND until IS NULL AND key > ? "
            "ORDER BY key LIMIT ?"
        )
        while rows := self._kept.rows(query, name, after, _AT_ONCE):
            yield from ((key, article, passages) for key, article, passages in rows)
            after = rows[-1][0]

    def leftovers(self, name: str) -> list[str]:
        """Keys of revisions that were superseded, or entered and never published: their rows can go."""
        query = f"SELECT key FROM cluster_revisions WHERE collection = ? AND {OVER}"
        return [row[0] for row in self._kept.rows(query, name)]

    def expected(self, name: str) -> int:
        """How many rows the collection has at least."""
        query = "SELECT coalesce(sum(passages), 0) FROM cluster_revisions WHERE collection = ? AND since IS NOT NULL"
        return int(self._kept.rows(query, name)[0][0])

    def taken_at(self, name: str) -> tuple[int, int]:
        """The first and the last change that revisions were counted at as there; zeros if none was."""
        query = "SELECT coalesce(min(since), 0), coalesce(max(since), 0) FROM cluster_revisions WHERE collection = ?"
        ((first, last),) = self._kept.rows(query, name)
        return first, last

    def faults(self, name: str) -> Iterator[str]:
        """Where the statistics are not those of the revisions that questions are asked of."""
        terms: Counter[int] = Counter()
        passages = length = 0
        for its_passages, its_length, its_terms in self._kept.rows(
            f"SELECT passages, length, terms FROM cluster_revisions WHERE {LIVE}", name
        ):
            passages += its_passages
            length += its_length
            for number, count in unpacked(its_terms):
                terms[number] += count
        found = self.collections()[name]
        if (found.passages, found.length) != (passages, length):
            yield f"{found.passages:,} passages are counted, {passages:,} are there: citewell rebuild"
        if (
            dict(self._kept.rows("SELECT token, doc_freq FROM cluster_terms WHERE collection = ?", name))
            != terms
        ):
            yield "it is counted wrongly which terms passages hold: citewell rebuild"


def in_parts(
    db: Transaction, statement: str, values: tuple[object, ...], names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of a statement that asks for names, so many at once; {} stands for their marks."""
    found = []
    for some in _parts(names):
        found += db.execute(statement.format(_marks(some)), (*values, *some)).fetchall()
    return found


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    """Each once, so many at a time."""
    wanted = list(set(names))
    for first in range(0, len(wanted), _AT_ONCE):
        yield wanted[first : first + _AT_ONCE]


def _marks(values: Sized) -> str:
    return ", ".join("?" * len(values)) or "NULL"


def _held(epoch: str, change: int | None) -> Held | None:
    return None if change is None else Held(epoch, change)


def unknown(name: str) -> CollectionGone:
    return CollectionGone(f"Nothing is known of the collection {name!r}. Build it again: citewell rebuild")


@lru_cache(1 << 14)
def _article(article_id: str, facts: str) -> IndexedArticle:
    return article_of(article_id, facts)
