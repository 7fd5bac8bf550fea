"""The store of the truth: articles, revisions, texts and spans in SQLite, one transaction per article.

A text and its spans are named by the text's SHA-256 and never change. An article points at its live revision, or
at none when it was removed. Every write takes the next change number in its own commit.
"""

import json
import sqlite3
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from citewell.corpus.article import Article, Cut, Draft, Excluded, Passage, Span
from citewell.corpus.database import Database
from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.text import text_sha

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
        self.file = file
        self._database = Database(file, create)

    def close(self) -> None:
        self._database.close()

    # -- writing ------------------------------------------------------------------------------------------------

    def put(
        self, article_id: str, source: str, draft: Draft, language: str | None, cut: Cut, recipe: str
    ) -> Put:
        """Store a new article or a new revision; nothing if the live revision says the same already."""
        sha = text_sha(draft.text)
        metadata = json.dumps(dict(draft.metadata), sort_keys=True, ensure_ascii=False)
        said = (source, sha, draft.title, draft.author, draft.published, language, metadata)
        with self._database.transaction() as db:
            known = db.execute("SELECT live FROM articles WHERE id = ?", (article_id,)).fetchone()
            live = db.execute(
                "SELECT source, text_sha, title, author, published, language, metadata FROM revisions "
                "JOIN articles ON id = article_id AND live = number WHERE id = ?",
                (article_id,),
            ).fetchone()
            if live == said:
                return Put.UNCHANGED
            self._put_text(db, sha, draft.text, cut, recipe)
            db.execute("INSERT INTO articles VALUES (?, NULL) ON CONFLICT DO NOTHING", (article_id,))
            change, now = self._next_change(db, article_id, "put")
            (number,) = db.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM revisions WHERE article_id = ?", (article_id,)
            ).fetchone()
            db.execute(
                "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (article_id, number, *said, now, draft.original_sha, draft.reader, change),
            )
            db.execute("UPDATE articles SET live = ? WHERE id = ?", (number, article_id))
        return Put.UPDATED if known and known[0] is not None else Put.ADDED

    def recut(self, sha: str, cut: Cut, recipe: str) -> None:
        """Replace the spans of a text, as a newer recipe has them; the text stays what it is."""
        with self._database.transaction() as db:
            for table in ("passages", "excluded"):
                db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))  # noqa: S608
            db.execute("UPDATE texts SET cut_recipe = ? WHERE sha = ?", (recipe, sha))
            self._put_spans(db, sha, cut)

    def _put_text(self, db: sqlite3.Connection, sha: str, text: str, cut: Cut, recipe: str) -> None:
        if db.execute("SELECT 1 FROM texts WHERE sha = ?", (sha,)).fetchone():
            return
        db.execute("INSERT INTO texts VALUES (?, ?, ?)", (sha, text, recipe))
        self._put_spans(db, sha, cut)

    def _put_spans(self, db: sqlite3.Connection, sha: str, cut: Cut) -> None:
        db.executemany(
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
        db.executemany(
            "INSERT INTO excluded VALUES (?, ?, ?, ?)",
            [(sha, e.span.start, e.span.end, e.rule) for e in cut.excluded],
        )

    def _next_change(self, db: sqlite3.Connection, article_id: str, kind: str) -> tuple[int, str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = db.execute("INSERT INTO changes VALUES (NULL, ?, ?, ?)", (article_id, kind, now))
        assert row.lastrowid is not None
        return row.lastrowid, now

    def remove(self, article_id: str) -> None:
        """Hide an article: its revisions stay, no answer uses it. Raises UnknownArticle."""
        with self._database.transaction() as db:
            hidden = db.execute(
                "UPDATE articles SET live = NULL WHERE id = ? AND live IS NOT NULL", (article_id,)
            )
            if not hidden.rowcount:
                raise UnknownArticle(article_id)
            self._next_change(db, article_id, "remove")

    # -- reading ------------------------------------------------------------------------------------------------

    def change(self) -> int:
        """Number of the last change; 0 when nothing was ever written."""
        ((number,),) = self._database.rows("SELECT coalesce(max(number), 0) FROM changes")
        assert isinstance(number, int)
        return number

    def articles(self, after: str = "", limit: int = -1) -> list[Article]:
        """Live articles with an id greater than `after`, ordered by id."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM revisions JOIN articles ON id = article_id AND live = number "  # noqa: S608
            "WHERE id > ? ORDER BY id LIMIT ?",
            after,
            limit,
        )
        return [_article(row) for row in rows]

    def article(self, article_id: str, revision: int | None = None) -> Article:
        """The live revision of an article, or the one asked for. Raises UnknownArticle."""
        rows = self._database.rows(
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
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM revisions WHERE article_id = ? AND substr(text_sha, 1, 12) = ? "  # noqa: S608
            "ORDER BY number DESC LIMIT 1",
            article_id,
            sha12,
        )
        return _article(rows[0]) if rows else None

    def text(self, sha: str) -> str:
        """The text of that name, checked against it. Raises CorruptLibrary if it was altered or is gone."""
        rows = self._database.rows("SELECT text FROM texts WHERE sha = ?", sha)
        text = rows[0][0] if rows else None
        if not isinstance(text, str) or text_sha(text) != sha:
            raise CorruptLibrary(
                f"{self.file}: the text {sha[:12]} is missing or altered. Restore the library from a backup, or add "
                "the article again to a new one."
            )
        return text

    def cut_otherwise(self, recipe: str) -> list[Article]:
        """Live articles whose text was cut by another recipe."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM revisions JOIN articles ON id = article_id AND live = number "  # noqa: S608
            "JOIN texts ON sha = text_sha WHERE cut_recipe != ? ORDER BY id",
            recipe,
        )
        return [_article(row) for row in rows]

    def cut(self, sha: str) -> Cut:
        passages = self._database.rows(
            'SELECT start, "end", heading, header_start, header_end, sentences FROM passages '
            "WHERE text_sha = ? ORDER BY start",
            sha,
        )
        excluded = self._database.rows(
            'SELECT start, "end", rule FROM excluded WHERE text_sha = ? ORDER BY start', sha
        )
        return Cut(tuple(map(_passage, passages)), tuple(Excluded(Span(s, e), r) for s, e, r in excluded))  # type: ignore[arg-type]

    def passage(self, sha: str, span: Span) -> Passage | None:
        """The stored passage of exactly that span."""
        rows = self._database.rows(
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
