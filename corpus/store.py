"""The store of the truth: articles, revisions, texts and spans in SQLite, one transaction per article.

A text and its spans are named by the text's SHA-256 and never change. An article points at its live revision, or
at none when it was removed. Every write takes the next change number in its own commit.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from citewell.corpus.article import Article, Cut, Draft, Excluded, Passage, Span
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing, UnknownArticle
from citewell.corpus.text import text_sha

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, article_id TEXT NOT NULL, kind TEXT NOT NULL,
    recorded_at TEXT NOT NULL) STRICT;
CREATE TABLE texts (sha TEXT PRIMARY KEY, text TEXT NOT NULL, cut_recipe TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE passages (text_sha TEXT NOT NULL REFERENCES texts, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    heading TEXT, header_start INTEGER, header_end INTEGER, sentences TEXT NOT NULL,
    PRIMARY KEY (text_sha, start)) STRICT, WITHOUT ROWID;
CREATE TABLE excluded (text_sha TEXT NOT NULL REFERENCES texts, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    rule TEXT NOT NULL, PRIMARY KEY (text_sha, start)) STRICT, WITHOUT ROWID;
CREATE TABLE articles (id TEXT PRIMARY KEY, live INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE revisions (article_id TEXT NOT NULL REFERENCES articles, number INTEGER NOT NULL,
    source TEXT NOT NULL, text_sha TEXT NOT NULL REFERENCES texts, title TEXT NOT NULL, author TEXT, published TEXT,
    language TEXT, metadata TEXT NOT NULL, recorded_at TEXT NOT NULL, original_sha TEXT NOT NULL, reader TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES changes, PRIMARY KEY (article_id, number)) STRICT, WITHOUT ROWID;
"""
_COLUMNS = (
    "article_id, source, number, text_sha, title, author, published, language, metadata, recorded_at, "
    "original_sha, reader"
)


class Put(Enum):
    """What putting an article did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Store:
    """Opens the database of a library. One object serves all threads of a process, one at a time."""

    def __init__(self, file: Path, create: bool = False) -> None:
        """Raises LibraryMissing if there is none and `create` is false, CorruptLibrary if it cannot be read."""
        if not create and not file.is_file():
            raise LibraryMissing(file.parent)
        self.file = file
        self._turn = threading.RLock()
        with self._named_errors():
            self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()

    def close(self) -> None:
        self._db.close()

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._transaction():
                if not self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                    for statement in _SCHEMA.split(";"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise CorruptLibrary(
                f"{self.file} was made by another version of citewell (schema {version}, this one reads "
                f"{SCHEMA_VERSION}). Use that version, or make a new library from the articles."
            )

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise LibraryBusy(self.file.parent) from error
            raise CorruptLibrary(
                f"{self.file} cannot be read or written ({error}). Restore it from a backup, or make a new library "
                "from the articles; the file is left as it is."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._turn, self._named_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self._turn, self._named_errors():
            return self._db.execute(query, values).fetchall()

    # -- writing ------------------------------------------------------------------------------------------------

    def put(
        self, article_id: str, source: str, draft: Draft, language: str | None, cut: Cut, recipe: str
    ) -> Put:
        """Store a new article or a new revision; nothing if the live revision says the same already."""
        sha = text_sha(draft.text)
        metadata = json.dumps(dict(draft.metadata), sort_keys=True, ensure_ascii=False)
        said = (source, sha, draft.title, draft.author, draft.published, language, metadata)
        with self._transaction():
            known = self._db.execute("SELECT live FROM articles WHERE id = ?", (article_id,)).fetchone()
            live = self._db.execute(
                "SELECT source, text_sha, title, author, published, language, metadata FROM revisions "
                "JOIN articles ON id = article_id AND live = number WHERE id = ?",
                (article_id,),
            ).fetchone()
            if live == said:
                return Put.UNCHANGED
            self._put_text(sha, draft.text, cut, recipe)
            self._db.execute("INSERT INTO articles VALUES (?, NULL) ON CONFLICT DO NOTHING", (article_id,))
            change, now = self._next_change(article_id, "put")
            (number,) = self._db.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM revisions WHERE article_id = ?", (article_id,)
            ).fetchone()
            self._db.execute(
                "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (article_id, number, *said, now, draft.original_sha, draft.reader, change),
            )
            self._db.execute("UPDATE articles SET live = ? WHERE id = ?", (number, article_id))
        return Put.UPDATED if known and known[0] is not None else Put.ADDED

    def _put_text(self, sha: str, text: str, cut: Cut, recipe: str) -> None:
        if self._db.execute("SELECT 1 FROM texts WHERE sha = ?", (sha,)).fetchone():
            return
        self._db.execute("INSERT INTO texts VALUES (?, ?, ?)", (sha, text, recipe))
        self._db.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    sha, p.span.start, p.span.end, p.heading,
                    p.table_header and p.table_header.start, p.table_header and p.table_header.end,
                    json.dumps([[s.start, s.end] for s in p.sentences], separators=(",", ":")),
                )
                for p in cut.passages
            ],
        )  # fmt: skip
        self._db.executemany(
            "INSERT INTO excluded VALUES (?, ?, ?, ?)",
            [(sha, e.span.start, e.span.end, e.rule) for e in cut.excluded],
        )

    def _next_change(self, article_id: str, kind: str) -> tuple[int, str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = self._db.execute("INSERT INTO changes VALUES (NULL, ?, ?, ?)", (article_id, kind, now))
        assert row.lastrowid is not None
        return row.lastrowid, now

    def remove(self, article_id: str) -> None:
        """Hide an article: its revisions stay, no answer uses it. Raises UnknownArticle."""
        with self._transaction():
            hidden = self._db.execute(
                "UPDATE articles SET live = NULL WHERE id = ? AND live IS NOT NULL", (article_id,)
            )
            if not hidden.rowcount:
                raise UnknownArticle(article_id)
            self._next_change(article_id, "remove")

    # -- reading ------------------------------------------------------------------------------------------------

    def change(self) -> int:
        """Number of the last change; 0 when nothing was ever written."""
        ((number,),) = self._rows("SELECT coalesce(max(number), 0) FROM changes")
        assert isinstance(number, int)
        return number

    def articles(self, after: str = "", limit: int = -1) -> list[Article]:
        """Live articles with an id greater than `after`, ordered by id."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM revisions JOIN articles ON id = article_id AND live = number "  # noqa: S608
            "WHERE id > ? ORDER BY id LIMIT ?",
            after,
            limit,
        )
        return [_article(row) for row in rows]

    def article(self, article_id: str, revision: int | None = None) -> Article:
        """The live revision of an article, or the one asked for. Raises UnknownArticle."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM revisions JOIN articles ON id = article_id "  # noqa: S608
            "WHERE id = ? AND number = coalesce(?, live)",
            article_id,
            revision,
        )
        if not rows:
            raise UnknownArticle(article_id)
        return _article(rows[0])

    def article_with_text(self, article_id: str, sha12: str) -> Article | None:
        """The newest revision of an article whose text's SHA begins so."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM revisions WHERE article_id = ? AND substr(text_sha, 1, 12) = ? "  # noqa: S608
            "ORDER BY number DESC LIMIT 1",
            article_id,
            sha12,
        )
        return _article(rows[0]) if rows else None

    def text(self, sha: str) -> str:
        """The text of that name, checked against it. Raises CorruptLibrary if it was altered or is gone."""
        rows = self._rows("SELECT text FROM texts WHERE sha = ?", sha)
        text = rows[0][0] if rows else None
        if not isinstance(text, str) or text_sha(text) != sha:
            raise CorruptLibrary(
                f"{self.file}: the text {sha[:12]} is missing or altered. Restore the library from a backup, or add "
                "the article again to a new one."
            )
        return text

    def cut(self, sha: str) -> Cut:
        passages = self._rows(
            'SELECT start, "end", heading, header_start, header_end, sentences FROM passages '
            "WHERE text_sha = ? ORDER BY start",
            sha,
        )
        excluded = self._rows(
            'SELECT start, "end", rule FROM excluded WHERE text_sha = ? ORDER BY start', sha
        )
        return Cut(tuple(map(_passage, passages)), tuple(Excluded(Span(s, e), r) for s, e, r in excluded))  # type: ignore[arg-type]

    def passage(self, sha: str, span: Span) -> Passage | None:
        """The stored passage of exactly that span."""
        rows = self._rows(
            'SELECT start, "end", heading, header_start, header_end, sentences FROM passages '
            'WHERE text_sha = ? AND start = ? AND "end" = ?',
            sha,
            span.start,
            span.end,
        )
        return _passage(rows[0]) if rows else None


def _article(row: tuple[object, ...]) -> Article:
    (
        article_id,
        source,
        number,
        sha,
        title,
        author,
        published,
        language,
        metadata,
        recorded,
        original,
        reader,
    ) = row
    return Article(
        article_id, source, number, sha, title, author, published, language,  # type: ignore[arg-type]
        json.loads(metadata), recorded, original, reader,  # type: ignore[arg-type]
    )  # fmt: skip


def _passage(row: tuple[object, ...]) -> Passage:
    start, end, heading, header_start, header_end, found = row
    header = None if header_start is None else Span(header_start, header_end)  # type: ignore[arg-type]
    sentences = tuple(Span(s, e) for s, e in json.loads(found))  # type: ignore[arg-type]
    return Passage(Span(start, end), heading, header, sentences)  # type: ignore[arg-type]
