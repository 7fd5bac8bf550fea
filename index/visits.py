"""What pages of the web, feeds and sitemaps answered when they were read: derived, so that losing it costs reading them again.

Each row holds a digest of itself; one that was altered counts as lost.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from citewell.corpus.originals import sha_of
from citewell.corpus.rows import with_digest
from citewell.corpus.visit import Document, Former, Validators
from citewell.index.derived import DerivedFile, many
from citewell.index.mirror import Held, Known, may_be_unchanged

VISITS = "visits.db"
BY_HAND = ""  # what pages belong to that were added one by one
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS pages (source TEXT NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL, sha TEXT NOT NULL, "
    "read_as TEXT NOT NULL, articles TEXT NOT NULL, validators TEXT NOT NULL, turn INTEGER NOT NULL, digest TEXT NOT NULL, "
    "PRIMARY KEY (source, name)) STRICT, WITHOUT ROWID; "
    "CREATE TABLE IF NOT EXISTS documents (source TEXT NOT NULL, name TEXT NOT NULL, validators TEXT NOT NULL, "
    "packed BLOB NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, name)) STRICT, WITHOUT ROWID"
)
_COLUMNS = "source, name, stamp, sha, read_as, articles, validators, turn, digest"


@dataclass(frozen=True, slots=True)
class Visit:
    """`turn` is the higher the later the page was asked for, of those of its source."""

    known: Known
    validators: Validators
    turn: int = 0

    def former(self, held: Mapping[str, Held], read_as: str) -> Former | None:
        """What makes the next request a conditional one, if the library still holds what came of this one."""
        if len(self.known.articles) != 1 or not may_be_unchanged(self.known, held, read_as):
            return None
        ((article_id, revision),) = self.known.articles.items()
        return Former(self.validators, self.known.sha, article_id, revision)


class Visits(DerivedFile):
    """By the feed or sitemap that a page was found in, and the name that its article has as source."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, _SCHEMA, f"SELECT {_COLUMNS} FROM pages LIMIT 1")  # noqa: S608 - our own names

    def of(self, source: str) -> dict[str, Visit]:
        query = f"SELECT {_COLUMNS} FROM pages WHERE source = ?"  # noqa: S608 - likewise
        rows: list[tuple[Any, ...]] = self.run(lambda db: db.execute(query, (source,)).fetchall())
        return {row[1]: _visit(row) for row in rows if with_digest(*row[:-1]) == row}

    def get(self, source: str, name: str) -> Visit | None:
        query = f"SELECT {_COLUMNS} FROM pages WHERE source = ? AND name = ?"  # noqa: S608 - likewise
        row: tuple[Any, ...] | None = self.run(lambda db: db.execute(query, (source, name)).fetchone())
        return _visit(row) if row and with_digest(*row[:-1]) == row else None

    def put(self, source: str, pages: Mapping[str, Visit]) -> None:
        query = "SELECT coalesce(max(turn), 0) + 1 FROM pages WHERE source = ?"
        turn: int = self.run(lambda db: db.execute(query, (source,)).fetchone()[0])
        rows = [_row(source, name, visit, turn) for name, visit in pages.items()]
        self.run(lambda db: many(db, "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows))

    def forget(self, source: str, names: Iterable[str]) -> None:
        pairs = [(source, name) for name in names]
        self.run(lambda db: many(db, "DELETE FROM pages WHERE source = ? AND name = ?", pairs))

    def elsewhere(self, source: str, names: Iterable[str]) -> set[str]:
        """Those that were also found otherwise than in this source."""
        query = "SELECT DISTINCT name FROM pages WHERE source != ?"
        others: list[tuple[str]] = self.run(lambda db: db.execute(query, (source,)).fetchall())
        return {name for (name,) in others}.intersection(names)

    def documents(self, source: str) -> dict[str, Document]:
        """What the source was read from, by address."""
        query = "SELECT source, name, validators, packed, digest FROM documents WHERE source = ?"
        rows: list[tuple[Any, ...]] = self.run(lambda db: db.execute(query, (source,)).fetchall())
        return {
            name: Document(Validators(*json.loads(validators)), packed)
            for source, name, validators, packed, digest in rows
            if _document_row(source, name, validators, packed)[-1] == digest
        }

    def put_documents(self, source: str, documents: Mapping[str, Document]) -> None:
        """These, and no others of the source."""
        rows = [
            _document_row(source, name, json.dumps(astuple(each.validators)), each.packed)
            for name, each in documents.items()
        ]
        self.run(lambda db: many(db, "DELETE FROM documents WHERE source = ?", [(source,)]))
        self.run(lambda db: many(db, "INSERT INTO documents VALUES (?, ?, ?, ?, ?)", rows))

    def keep_only(self, article_ids: Collection[str]) -> None:
        """Forget pages that gave any other article, and all documents: those of feeds hold texts."""
        self.run(lambda db: db.execute("DELETE FROM documents"))
        rows = self.run(lambda db: db.execute("SELECT source, name, articles FROM pages").fetchall())
        lost = [
            (source, name)
            for source, name, articles in rows
            if not json.loads(articles).keys() <= set(article_ids)
        ]
        self.run(lambda db: many(db, "DELETE FROM pages WHERE source = ? AND name = ?", lost))


def _row(source: str, name: str, visit: Visit, turn: int) -> tuple[Any, ...]:
    known = visit.known
    said = (json.dumps(dict(known.articles)), json.dumps(astuple(visit.validators)))
    return with_digest(source, name, known.stamp, known.sha, known.read_as, *said, turn)


def _document_row(source: str, name: str, validators: str, packed: bytes) -> tuple[Any, ...]:
    *_, digest = with_digest(source, name, validators, sha_of(packed))
    return source, name, validators, packed, digest


def _visit(row: tuple[Any, ...]) -> Visit:
    _, _, stamp, sha, read_as, articles, validators, turn, _ = row
    return Visit(Known(stamp, sha, read_as, json.loads(articles)), Validators(*json.loads(validators)), turn)
