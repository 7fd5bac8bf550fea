"""The store of the truth: articles, revisions, texts and spans in SQLite, one transaction per article.

A text and its spans are named by the text's SHA-256 and never change. An article points at its live revision, or
at none when it was removed. Every write takes the next change number in its own commit. What was live at an earlier
moment, `timeline.py` tells from the changes.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import uuid4

from citewell.corpus.article import Change, Cut, Draft
from citewell.corpus.errors import UnknownArticle
from citewell.corpus.rows import CHANGE_COLUMNS, change_of, with_digest
from citewell.corpus.stored import Stored
from citewell.corpus.text import text_sha
from citewell.corpus.timeline import moment

_NEWEST = 1 << 62  # more than any revision's number


class Put(Enum):
    """What putting an article did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Store(Stored):
    """Opens the database of a library. One object serves all threads of a process, one at a time."""

    def __init__(
        self, file: Path, create: bool = False, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Raises LibraryMissing if there is none and `create` is false, CorruptLibrary if it cannot be read."""
        super().__init__(file, create)
        self.clock = clock

    def put(
        self, article_id: str, source: str, draft: Draft, language: str | None, cut: Cut, recipe: str
    ) -> Put:
        """Store a new article or a new revision; nothing if the live revision says the same already."""
        sha = text_sha(draft.text)
        metadata = json.dumps(dict(draft.metadata), sort_keys=True, ensure_ascii=False)
        said = (source, sha, draft.title, draft.author, draft.published, language, metadata)
        with self.database.transaction() as db:
            known = db.execute("SELECT live FROM articles WHERE id = ?", (article_id,)).fetchone()
            live = db.execute(
                "SELECT source, text_sha, title, author, published, language, metadata FROM revisions "
                "JOIN articles ON id = article_id AND live = number WHERE id = ?",
                (article_id,),
            ).fetchone()
            if live == said:
                return Put.UNCHANGED
            self._put_text(db, sha, draft.text, cut, recipe)
            if not known:
                db.execute("INSERT INTO articles VALUES (?, ?, ?)", with_digest(article_id, None))
            change = self._next_change(db, article_id, "put")
            number, now = change.revision, change.recorded_at
            row = with_digest(article_id, source, number, *said[1:], now, draft.original_sha, draft.reader)
            db.execute(
                "INSERT INTO revisions (article_id, source, number, text_sha, title, author, published, language, "
                "metadata, recorded_at, original_sha, reader, digest, change) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, change.number),
            )
            self._point(db, article_id, number)
            if keep := self.kept_revisions():
                self._erase(db, article_id, number - keep)
        return Put.UPDATED if known and known[0] is not None else Put.ADDED

    def purge(self, article_id: str) -> None:
        """Erase an article with all its revisions, and the texts that no other article has. Raises UnknownArticle."""
        if not self.revisions(article_id):
            raise UnknownArticle(article_id)
        with self.database.transaction() as db:
            self._erase(db, article_id, _NEWEST)
            db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            self._next_change(db, article_id, "purge")

    def keep_revisions(self, keep: int | None) -> None:
        """From now on keep so many revisions of each article, the newest; None for all. What is older is erased."""
        with self.database.transaction() as db:
            db.execute("DELETE FROM keeping")
            db.execute("INSERT INTO keeping VALUES (?, ?)", with_digest(keep))
            if keep is None:
                return
            too_many = db.execute(
                "SELECT article_id, max(number) FROM revisions GROUP BY article_id HAVING count(*) > ?",
                (keep,),
            ).fetchall()
            for article_id, newest in too_many:
                self._erase(db, article_id, newest - keep)
                self._next_change(db, article_id, "drop")

    def _erase(self, db: sqlite3.Connection, article_id: str, newest: int) -> None:
        """Erase an article's revisions up to that number, and the texts that no other revision has."""
        old = "FROM revisions WHERE article_id = ? AND number <= ?"
        shas = db.execute(f"SELECT DISTINCT text_sha {old}", (article_id, newest)).fetchall()
        db.execute(f"DELETE {old}", (article_id, newest))
        for (sha,) in shas:
            if not db.execute("SELECT 1 FROM revisions WHERE text_sha = ?", (sha,)).fetchone():
                for table in ("passages", "excluded"):
                    db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))
                db.execute("DELETE FROM texts WHERE sha = ?", (sha,))

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

    def _next_change(self, db: sqlite3.Connection, article_id: str, kind: str) -> Change:
        """A clock that was set back does not put it before the last; numbers of revisions go on after a purge."""
        newest = db.execute(f"SELECT {CHANGE_COLUMNS} FROM changes ORDER BY number DESC LIMIT 1").fetchone()
        last = change_of(newest, self.file) if newest else Change(0, "", "", 0, 0, "")
        former, revision = db.execute(
            "SELECT number, revision FROM changes WHERE article_id = ? ORDER BY number DESC LIMIT 1",
            (article_id,),
        ).fetchone() or (0, 0)
        at = max(moment(self.clock()), last.recorded_at)
        change = Change(last.number + 1, article_id, kind, revision + (kind == "put"), former, at)
        db.execute("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", with_digest(*astuple(change)))
        return change

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
