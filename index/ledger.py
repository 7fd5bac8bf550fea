"""What of a library stands in a cluster's collections, and BM25's statistics of it, kept where there are transactions.

A cluster promises nothing across rows. So a revision is entered here before its rows are sent, and is published in
one transaction with the statistics that it changes. What a question finds is checked against what was published when
it began. Rows of a superseded revision stay until the next time something is published, for questions on their way.
"""

import sqlite3
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from citewell.index.articles import IndexedArticle, article_of, facts_of
from citewell.index.derived import DerivedFile
from citewell.index.engine import Held
from citewell.index.passage_rows import Published, revision_key, token_number
from citewell.index.passage_store import CollectionGone
from citewell.index.segment import Segment
from citewell.index.signatures import Keys

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (name TEXT PRIMARY KEY, model TEXT NOT NULL, recipe TEXT NOT NULL,
    epoch TEXT, change INTEGER, passages INTEGER NOT NULL, length INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS revisions (collection TEXT NOT NULL, key TEXT NOT NULL, article TEXT NOT NULL,
    facts TEXT NOT NULL, language TEXT, passages INTEGER NOT NULL, length INTEGER NOT NULL, terms BLOB NOT NULL, signature BLOB NOT NULL,
    since INTEGER, until INTEGER, PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revisions_of ON revisions (collection, article);
CREATE INDEX IF NOT EXISTS revisions_over ON revisions (collection, key) WHERE since IS NULL OR until IS NOT NULL;
CREATE INDEX IF NOT EXISTS revisions_in ON revisions (collection, language) WHERE since IS NOT NULL AND until IS NULL;
CREATE TABLE IF NOT EXISTS terms (collection TEXT NOT NULL, token INTEGER NOT NULL, doc_freq INTEGER NOT NULL,
    PRIMARY KEY (collection, token)) STRICT, WITHOUT ROWID;
"""
_LIVE = "collection = ? AND since IS NOT NULL AND until IS NULL"
_AT_ONCE = 500  # values of one statement
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Collection:
    """`held` is None until it was published for the first time."""

    name: str
    model: str
    recipe: str
    held: Held | None
    passages: int
    length: int  # terms of all passages


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision, and what it adds to the statistics."""

    article: IndexedArticle
    passages: int
    length: int
    terms: Mapping[int, int]  # number of a token: how many of the passages hold the term
    signature: Keys

    @property
    def key(self) -> str:
        return revision_key(self.article)


class Ledger:
    """One file; serves all threads of a process, in turns. It is derived: when it is lost, a rebuild makes it anew."""

    def __init__(self, file: Path) -> None:
        self._file = DerivedFile(file, _SCHEMA, "SELECT signature FROM revisions LIMIT 1")
        self._turn = threading.RLock()

    def close(self) -> None:
        self._file.close()

    def vacuum(self) -> None:
        with self._turn:
            self._file.vacuum()

    # -- reading ----------------------------------------------------------------------------------------------------

    def collections(self) -> dict[str, Collection]:
        """Of each name."""
        rows = self._rows("SELECT name, model, recipe, epoch, change, passages, length FROM collections")
        return {
            name: Collection(name, model, recipe, Held(epoch, change) if epoch else None, passages, length)
            for name, model, recipe, epoch, change, passages, length in rows
        }

    def state(self, name: str, terms: Iterable[str]) -> tuple[Collection, dict[str, int]] | None:
        """What is published, and of each term how many passages hold it: of one moment. None for an unknown collection."""
        numbers = {token_number(term): term for term in terms}

        def read(db: sqlite3.Connection) -> tuple[Collection, dict[str, int]] | None:
            row = db.execute(
                "SELECT model, recipe, epoch, change, passages, length FROM collections WHERE name = ? AND epoch IS NOT NULL",
                (name,),
            ).fetchone()
            if row is None:
                return None
            model, recipe, epoch, change, passages, length = row
            found = dict.fromkeys(numbers.values(), 0)
            statement = "SELECT token, doc_freq FROM terms WHERE collection = ? AND token IN ({})"
            for number, count in _in_parts(db, statement, (name,), list(numbers)):
                found[numbers[number]] = count
            return Collection(name, model, recipe, Held(epoch, change), passages, length), found

        return self._transaction(read)

    def languages(self, name: str) -> list[str | None]:
        return [row[0] for row in self._rows(f"SELECT DISTINCT language FROM revisions WHERE {_LIVE}", name)]

    def current(self, name: str, keys: Iterable[str], change: int) -> dict[str, Published]:
        """Those of the revisions that were published and not superseded at a change, by their keys.

        Raises CollectionGone if the collection is not known any more, when nothing could be said of them.
        """
        statement = (
            "SELECT key, article, facts, signature FROM revisions WHERE collection = ? AND since <= ? "
            "AND (until IS NULL OR until > ?) AND key IN ({})"
        )
        wanted = list(set(keys))

        def read(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
            if db.execute("SELECT 1 FROM collections WHERE name = ?", (name,)).fetchone() is None:
                raise unknown(name)
            return _in_parts(db, statement, (name, change, change), wanted)

        return {
            key: Published(_article(article, facts), np.frombuffer(signature, dtype=np.uint64))
            for key, article, facts, signature in self._transaction(read)
        }

    def keys_of(self, name: str, articles: Iterable[str]) -> list[str]:
        """Of the revisions that questions are asked of."""
        statement = f"SELECT key FROM revisions WHERE {_LIVE} AND article IN ({{}})"
        wanted = list(set(articles))
        return [row[0] for row in self._transaction(lambda db: _in_parts(db, statement, (name,), wanted))]

    def live(self, name: str) -> Iterator[IndexedArticle]:
        """The revisions that questions are asked of, in order of their keys."""
        after = ""
        while rows := self._rows(
            f"SELECT key, article, facts FROM revisions WHERE {_LIVE} AND key > ? ORDER BY key LIMIT {_AT_ONCE}",
            name,
            after,
        ):
            yield from (_article(article, facts) for _, article, facts in rows)
            after = rows[-1][0]

    def leftovers(self, name: str) -> list[str]:
        """Keys of revisions that were superseded, or entered and never published: their rows can go."""
        query = "SELECT key FROM revisions WHERE collection = ? AND (since IS NULL OR until IS NOT NULL)"
        return [row[0] for row in self._rows(query, name)]

    def expected(self, name: str) -> int:
        """How many rows the collection has at least."""
        query = "SELECT coalesce(sum(passages), 0) FROM revisions WHERE collection = ? AND since IS NOT NULL"
        return int(self._rows(query, name)[0][0])

    def faults(self, name: str) -> Iterator[str]:
        """Where the statistics are not those of the revisions that questions are asked of."""
        terms: Counter[int] = Counter()
        passages = length = 0
        for its_passages, its_length, packed in self._rows(
            f"SELECT passages, length, terms FROM revisions WHERE {_LIVE}", name
        ):
            passages += its_passages
            length += its_length
            for number, count in _unpacked(packed):
                terms[number] += count
        found = self.collections()[name]
        if (found.passages, found.length) != (passages, length):
            yield f"{found.passages:,} passages are counted, {passages:,} are there: citewell rebuild"
        if dict(self._rows("SELECT token, doc_freq FROM terms WHERE collection = ?", name)) != terms:
            yield "it is counted wrongly which terms passages hold: citewell rebuild"

    # -- writing ----------------------------------------------------------------------------------------------------

    def begin(self, name: str, model: str, recipe: str) -> None:
        """Enter a collection that is to be filled."""
        statement = "INSERT INTO collections VALUES (?, ?, ?, NULL, NULL, 0, 0)"
        self._transaction(lambda db: db.execute(statement, (name, model, recipe)))

    def enter(self, name: str, entries: Sequence[Entry]) -> None:
        """Before their rows are sent."""
        rows = [
            (name, e.key, e.article.article_id, facts_of(e.article), e.article.language, e.passages, e.length, _packed(e.terms), e.signature.tobytes())
            for e in entries
        ]  # fmt: skip
        statement = "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)"
        self._transaction(lambda db: db.executemany(statement, rows))

    def publish(self, name: str, held: Held, put: Sequence[str], touched: Iterable[str]) -> None:
        """Let these revisions, by their keys, be what questions are asked of, and of articles that were touched no others."""
        added, changed = set(put), list(set(touched))

        def write(db: sqlite3.Connection) -> None:
            select = "SELECT key, passages, length, terms FROM revisions WHERE collection = ?"
            of_articles = f"{select} AND since IS NOT NULL AND until IS NULL AND article IN ({{}})"
            over = [row for row in _in_parts(db, of_articles, (name,), changed) if row[0] not in added]
            new = _in_parts(db, f"{select} AND since IS NULL AND key IN ({{}})", (name,), list(added))
            passages = length = 0
            terms: Counter[int] = Counter()
            for sign, rows in ((1, new), (-1, over)):
                for _, its_passages, its_length, packed in rows:
                    passages += sign * its_passages
                    length += sign * its_length
                    for number, count in _unpacked(packed):
                        terms[number] += sign * count
            update = "UPDATE revisions SET {} = ? WHERE collection = ? AND key = ?"
            db.executemany(update.format("since"), [(held.change, name, row[0]) for row in new])
            db.executemany(update.format("until"), [(held.change, name, row[0]) for row in over])
            db.executemany(
                "INSERT INTO terms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc_freq = doc_freq + excluded.doc_freq",
                [(name, number, count) for number, count in terms.items() if count],
            )
            db.execute("DELETE FROM terms WHERE collection = ? AND doc_freq = 0", (name,))
            db.execute(
                "UPDATE collections SET epoch = ?, change = ?, passages = passages + ?, length = length + ? WHERE name = ?",
                (held.epoch, held.change, passages, length, name),
            )

        self._transaction(write)

    def forget(self, name: str, keys: Sequence[str]) -> None:
        """After their rows were removed."""
        statement = "DELETE FROM revisions WHERE collection = ? AND key = ?"
        self._transaction(lambda db: db.executemany(statement, [(name, key) for key in keys]))

    def drop(self, name: str) -> None:
        def write(db: sqlite3.Connection) -> None:
            for table in ("revisions", "terms"):
                db.execute(f"DELETE FROM {table} WHERE collection = ?", (name,))
            db.execute("DELETE FROM collections WHERE name = ?", (name,))

        self._transaction(write)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._file.run(lambda db: db.execute(query, values).fetchall())

    def _transaction(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """All of what is done, or nothing; what is read is of one moment."""

        def run(db: sqlite3.Connection) -> _Result:
            db.execute("BEGIN")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        with self._turn:
            return self._file.run(run)


def entries_of(segment: Segment) -> list[Entry]:
    """What the revisions of a segment add to the statistics."""
    postings = segment.postings
    holders: dict[int, Counter[int]] = {}
    for row, term in enumerate(postings.terms):
        passages = postings.passages[int(postings.offsets[row]) : int(postings.offsets[row + 1])]
        for article, count in Counter(segment.article_of[passages].tolist()).items():
            holders.setdefault(article, Counter())[token_number(term)] += count
    sizes = np.bincount(segment.article_of, minlength=len(segment.articles))
    lengths = np.bincount(segment.article_of, postings.lengths, minlength=len(segment.articles))
    return [
        Entry(article, int(sizes[i]), int(lengths[i]), holders.get(i, {}), segment.signatures.of_article(i))
        for i, article in enumerate(segment.articles)
    ]


def _in_parts(
    db: sqlite3.Connection, statement: str, values: tuple[object, ...], names: Sequence[object]
) -> list[tuple[Any, ...]]:
    """The rows of a statement that asks for names, so many at once; {} stands for their marks."""
    found = []
    for first in range(0, len(names), _AT_ONCE):
        part = names[first : first + _AT_ONCE]
        marks = ",".join("?" * len(part))
        found += db.execute(statement.format(marks), (*values, *part)).fetchall()
    return found


def unknown(name: str) -> CollectionGone:
    return CollectionGone(f"Nothing is known of the collection {name!r}. Build it again: citewell rebuild")


def _packed(terms: Mapping[int, int]) -> bytes:
    return zlib.compress(np.array(sorted(terms.items()), dtype=np.int64).tobytes(), 1)


def _unpacked(packed: bytes) -> list[tuple[int, int]]:
    pairs = np.frombuffer(zlib.decompress(packed), dtype=np.int64).reshape(-1, 2).tolist()
    return [(number, count) for number, count in pairs]


@lru_cache(1 << 14)
def _article(article_id: str, facts: str) -> IndexedArticle:
    return article_of(article_id, facts)
