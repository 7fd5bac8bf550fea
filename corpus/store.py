"""The store of the truth: articles, revisions, texts and spans in SQLite, one transaction per article.

A text and its spans are named by the text's SHA-256 and never change. An article points at its live revision, or
at none when it was removed. Every write takes the next change number in its own commit.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import uuid4

from citewell.corpus.article import Article, Cut, Draft, Passage, Span
from citewell.corpus.database import Database
from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.originals import Originals
from citewell.corpus.pages import check_pages, drop_pages, pages_of, put_pages
from citewell.corpus.rows import (
    ARTICLE_COLUMNS,
    EXCLUDED_COLUMNS,
    PASSAGE_COLUMNS,
    POINTER_COLUMNS,
    article_of,
    check_pointer,
    excluded_of,
    live_article_of,
    passage_of,
    with_digest,
)
from citewell.corpus.text import text_sha

ORIGINALS = "originals"  # the folder beside the database
_LIVE = f"SELECT {POINTER_COLUMNS}, {ARTICLE_COLUMNS} FROM articles LEFT JOIN revisions ON id = article_id AND live = number"


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
        self.database = Database(file, create)
        self.originals = Originals(file.parent / ORIGINALS)

    def is_current(self) -> bool:
        """Whether the file that was opened is the one that has the name now."""
        return self.database.is_current()

    def close(self) -> None:
        self.database.close()

    # -- writing ------------------------------------------------------------------------------------------------

    def put(
        self,
        article_id: str,
        source: str,
        draft: Draft,
        language: str | None,
        cut: Cut,
        recipe: str,
        original: bytes | None = None,
    ) -> Put:
        """Store a new article or a new revision; nothing if the live revision says the same already.

        The original bytes are on disk before the revision is.
        """
        sha = text_sha(draft.text)
        metadata = json.dumps(dict(draft.metadata), sort_keys=True, ensure_ascii=False)
        said = (source, sha, draft.title, draft.author, draft.published, language, metadata)
        with self.database.transaction() as db:
            known = db.execute("SELECT live FROM articles WHERE id = ?", (article_id,)).fetchone()
            live = db.execute(
                "SELECT source, text_sha, title, author, published, language, metadata, original_sha FROM revisions "
                "JOIN articles ON id = article_id AND live = number WHERE id = ?",
                (article_id,),
            ).fetchone()
            unchanged = live is not None and live[:-1] == said
            kept = draft.original_sha != sha and (not unchanged or live[-1] == draft.original_sha)
            if original is not None and kept:  # one that is its own text is in the store already
                self.originals.put(draft.original_sha, original)
            if unchanged:
                return Put.UNCHANGED
            self._put_text(db, sha, draft.text, cut, recipe)
            put_pages(db, sha, draft.original_sha, draft.pages)
            if not known:
                db.execute("INSERT INTO articles VALUES (?, ?, ?)", with_digest(article_id, None))
            change, now = self._next_change(db, article_id, "put")
            (number,) = db.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM revisions WHERE article_id = ?", (article_id,)
            ).fetchone()
            row = with_digest(article_id, source, number, *said[1:], now, draft.original_sha, draft.reader)
            db.execute(
                "INSERT INTO revisions (article_id, source, number, text_sha, title, author, published, language, "
                "metadata, recorded_at, original_sha, reader, digest, change) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, change),
            )
            self._point(db, article_id, number)
        return Put.UPDATED if known and known[0] is not None else Put.ADDED

    def purge(self, article_id: str) -> None:
        """Erase an article with all its revisions, and the texts that no other article has. Raises UnknownArticle.

        Originals stay until only those that are named still are kept.
        """
        shas = {revision.text_sha for revision in self.revisions(article_id)}
        if not shas:
            raise UnknownArticle(article_id)
        with self.database.transaction() as db:
            db.execute("DELETE FROM revisions WHERE article_id = ?", (article_id,))
            db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            drop_pages(db)
            for sha in shas:
                if not db.execute("SELECT 1 FROM revisions WHERE text_sha = ?", (sha,)).fetchone():
                    for table in ("passages", "excluded"):
                        db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))
                    db.execute("DELETE FROM texts WHERE sha = ?", (sha,))
            self._next_change(db, article_id, "purge")

    def recut(self, sha: str, cut: Cut, recipe: str) -> None:
        """Replace the spans of a text, as a newer recipe has them; the text stays what it is."""
        with self.database.transaction() as db:
            for table in ("passages", "excluded"):
                db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))
            db.execute("UPDATE texts SET cut_recipe = ? WHERE sha = ?", (recipe, sha))
            self._put_spans(db, sha, cut)

    def _put_text(self, db: sqlite3.Connection, sha: str, text: str, cut: Cut, recipe: str) -> None:
        if db.execute("SELECT 1 FROM texts WHERE sha = ?", (sha,)).fetchone():
            return
        db.execute("INSERT INTO texts VALUES (?, ?, ?)", (sha, text, recipe))
        self._put_spans(db, sha, cut)

    def _put_spans(self, db: sqlite3.Connection, sha: str, cut: Cut) -> None:
        db.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                with_digest(
                    sha, p.span.start, p.span.end, p.heading,
                    p.table_header and p.table_header.start, p.table_header and p.table_header.end,
                    json.dumps([[s.start, s.end] for s in p.sentences], separators=(",", ":")),
                )
                for p in cut.passages
            ],
        )  # fmt: skip
        db.executemany(
            "INSERT INTO excluded VALUES (?, ?, ?, ?, ?)",
            [with_digest(sha, e.span.start, e.span.end, e.rule) for e in cut.excluded],
        )

    def _point(self, db: sqlite3.Connection, article_id: str, number: int | None) -> None:
        """Let a revision be the live one, or none."""
        _, live, digest = with_digest(article_id, number)
        db.execute("UPDATE articles SET live = ?, digest = ? WHERE id = ?", (live, digest, article_id))

    def _next_change(self, db: sqlite3.Connection, article_id: str, kind: str) -> tuple[int, str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = db.execute("INSERT INTO changes VALUES (NULL, ?, ?, ?)", (article_id, kind, now))
        assert row.lastrowid is not None
        return row.lastrowid, now

    def remove(self, article_id: str) -> None:
        """Hide an article: its revisions stay, no answer uses it. Raises UnknownArticle."""
        with self.database.transaction() as db:
            live = db.execute("SELECT live FROM articles WHERE id = ?", (article_id,)).fetchone()
            if not live or live[0] is None:
                raise UnknownArticle(article_id)
            self._point(db, article_id, None)
            self._next_change(db, article_id, "remove")

    def start_epoch(self, former: str) -> None:
        """Become another store than the one that this is a copy of, and the next after that of the former epoch."""
        with self.database.transaction() as db:
            db.execute("UPDATE library SET epoch = ?, former = ?", (uuid4().hex, former))

    def faults(self) -> list[str]:
        """What is wrong with the file and with what it says of articles. Texts and spans are checked when they are read."""
        if found := self.database.faults():
            return found
        try:
            for row in self.database.rows(f"SELECT {POINTER_COLUMNS} FROM articles"):
                check_pointer(row, self.file)
            for row in self.database.rows(f"SELECT {ARTICLE_COLUMNS} FROM revisions"):
                article_of(row, self.file)
            check_pages(self.database)
        except CorruptLibrary as error:
            return [str(error)]
        return []

    # -- reading ------------------------------------------------------------------------------------------------

    def change(self) -> int:
        """Number of the last change; 0 when nothing was ever written."""
        ((number,),) = self.database.rows("SELECT coalesce(max(number), 0) FROM changes")
        assert isinstance(number, int)
        return number

    def touched_since(self, change: int) -> list[str]:
        """Ids of the articles that were put or removed by a later change, in order."""
        rows = self.database.rows(
            "SELECT DISTINCT article_id FROM changes WHERE number > ? ORDER BY article_id", change
        )
        return [str(row[0]) for row in rows]

    def epoch(self) -> str:
        """Changes when the store is replaced as a whole: change numbers of two epochs cannot be compared."""
        return self._one("SELECT epoch FROM library")

    def former_epoch(self) -> str:
        """That of the index whose place this store's content took; empty for a store that is no restored one."""
        return self._one("SELECT former FROM library")

    def _one(self, query: str, *values: object) -> str:
        rows = self.database.rows(query, *values)
        if not rows:
            raise CorruptLibrary(
                f"{self.file}: a row is missing. Restore the library from a backup, or make a new one from the articles."
            )
        return str(rows[0][0])

    def revisions(self, article_id: str) -> list[Article]:
        """All revisions of an article, the first one first; of a removed one, too."""
        rows = self.database.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? ORDER BY number", article_id
        )
        return [article_of(row, self.file) for row in rows]

    def original_shas(self) -> list[str]:
        """Names of all originals that are files of their own, in order; of articles put without theirs there is none."""
        rows = self.database.rows(
            "SELECT DISTINCT original_sha FROM revisions WHERE original_sha NOT IN (text_sha, '') ORDER BY original_sha"
        )
        return [str(row[0]) for row in rows]

    def pages(self, article: Article) -> tuple[int, ...]:
        """Where the pages of a revision's text start; none if it has no pages."""
        return pages_of(self.database, article)

    def titled_texts(self) -> list[tuple[str, str]]:
        """Each stored text's name with each title that a revision gives it, in order."""
        return self.database.rows("SELECT DISTINCT text_sha, title FROM revisions ORDER BY text_sha, title")

    def text_shas(self) -> list[str]:
        """Names of all stored texts."""
        return [str(row[0]) for row in self.database.rows("SELECT sha FROM texts ORDER BY sha")]

    def articles(self, after: str = "", limit: int = -1) -> list[Article]:
        """Live articles with an id greater than `after`, ordered by id."""
        rows = self.database.rows(
            f"{_LIVE} WHERE live IS NOT NULL AND id > ? ORDER BY id LIMIT ?", after, limit
        )
        return [live_article_of(row, self.file) for row in rows]

    def live(self, article_ids: Iterable[str]) -> Iterator[Article]:
        """Those of the articles that are live."""
        for article_id in article_ids:
            with suppress(UnknownArticle):
                yield self.article(article_id)

    def article(self, article_id: str, revision: int | None = None) -> Article:
        """The live revision of an article, or the one asked for. Raises UnknownArticle."""
        if revision is None:
            rows = self.database.rows(f"{_LIVE} WHERE live IS NOT NULL AND id = ?", article_id)
        else:
            rows = self.database.rows(
                f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? AND number = ?",
                article_id,
                revision,
            )
        if not rows:
            raise UnknownArticle(article_id)
        return (live_article_of if revision is None else article_of)(rows[0], self.file)

    def article_with_text(self, article_id: str, sha12: str) -> Article | None:
        """The newest revision of an article whose text's SHA begins so."""
        rows = self.database.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? AND substr(text_sha, 1, 12) = ? "
            "ORDER BY number DESC LIMIT 1",
            article_id,
            sha12,
        )
        return article_of(rows[0], self.file) if rows else None

    def text(self, sha: str) -> str:
        """The text of that name, checked against it. Raises CorruptLibrary if it was altered or is gone."""
        rows = self.database.rows("SELECT text FROM texts WHERE sha = ?", sha)
        text = rows[0][0] if rows else None
        if not isinstance(text, str) or text_sha(text) != sha:
            raise CorruptLibrary(
                f"{self.file}: the text {sha[:12]} is missing or altered. Restore the library from a backup, or add "
                "the article again to a new one."
            )
        return text

    def cut_recipe(self, sha: str) -> str:
        """How the spans of a text were made."""
        return self._one("SELECT cut_recipe FROM texts WHERE sha = ?", sha)

    def cut(self, sha: str) -> Cut:
        """The spans of a text. Raises CorruptLibrary if one was altered."""
        passages, excluded = (
            self.database.rows(f"SELECT {columns} FROM {table} WHERE text_sha = ? ORDER BY start", sha)
            for table, columns in (("passages", PASSAGE_COLUMNS), ("excluded", EXCLUDED_COLUMNS))
        )
        return Cut(
            tuple(passage_of(row, self.file) for row in passages),
            tuple(excluded_of(row, self.file) for row in excluded),
        )

    def passage(self, sha: str, span: Span) -> Passage | None:
        """The stored passage of exactly that span."""
        rows = self.database.rows(
            f'SELECT {PASSAGE_COLUMNS} FROM passages WHERE text_sha = ? AND start = ? AND "end" = ?',
            sha,
            span.start,
            span.end,
        )
        return passage_of(rows[0], self.file) if rows else None
