"""The store of the truth: articles, revisions, texts and spans, one transaction per article.

A text and its spans are named by the text's SHA-256 and never change. An article points at its live revision, or
at none when it was removed. Every write takes the next change number in its own commit. What was live at an earlier
moment, `timeline.py` tells from the changes.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import astuple
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import uuid4

from citewell.corpus.article import Change, Cut, Draft
from citewell.corpus.database import Transaction
from citewell.corpus.errors import UnknownArticle
from citewell.corpus.pages import drop_pages, put_pages
from citewell.corpus.repeated import Repeated
from citewell.corpus.rows import CHANGE_COLUMNS, change_of, with_digest
from citewell.corpus.server import Server
from citewell.corpus.stored import Stored
from citewell.corpus.text import text_sha
from citewell.corpus.timeline import moment

NEWEST = 1 << 62  # more than any revision's number


class Put(Enum):
    """What putting an article did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Store(Stored):
    """Opens the database of a library: a file, or tables on a server. One object serves all threads of a process, one at a time."""

    def __init__(
        self,
        at: Path | Server,
        create: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        whole: bool = True,
    ) -> None:
        """Raises what `Stored` does."""
        super().__init__(at, create, whole)
        self.clock = clock

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

        Where its pages start may be told otherwise, without a new revision. The original bytes are on disk before the revision is.
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
                if live[-1] == draft.original_sha:  # a later reader may tell them better
                    put_pages(db, sha, draft.original_sha, draft.pages)
                return Put.UNCHANGED
            self._put_text(db, sha, draft.text, cut, recipe)
            put_pages(db, sha, draft.original_sha, draft.pages)
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
            keep = self.kept_revisions()
            lost = self.erase(db, article_id, number - keep) if keep else set()
        self.originals.remove(lost)
        return Put.UPDATED if known and known[0] is not None else Put.ADDED

    def purge(self, article_id: str) -> None:
        """Erase an article with all its revisions, and the texts that no other article has. Raises UnknownArticle.

        Originals stay until only those that are named still are kept.
        """
        if not self.revisions(article_id):
            raise UnknownArticle(article_id)
        with self.database.transaction() as db:
            self.erase(db, article_id, NEWEST)
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
            lost: set[str] = set()
            for article_id, newest in too_many:
                lost |= self.erase(db, article_id, newest - keep)
                self._next_change(db, article_id, "drop")
        self.originals.remove(lost)

    def leave_out(self, lines: Iterable[Repeated]) -> None:
        """From now on leave out these lines of the articles of their sites, and no others. Texts are cut again later."""
        with self.database.transaction() as db:
            db.execute("DELETE FROM repeated")
            rows = (with_digest(*astuple(line)) for line in lines)
            db.executemany("INSERT INTO repeated VALUES (?, ?, ?, ?, ?)", rows)
            self._next_change(db, "", "clean")

    def note_look(self, place: str, fault: str | None = None) -> None:
        """A source was looked at now; `fault` says what part of it could not be read. This is no change."""
        now = moment(self.clock())
        self._note(place, now, now, fault)

    def note_miss(self, place: str, fault: str) -> None:
        """A source could not be read now. What was never looked at is none."""
        with self.database.transaction():
            for known in self.sources():
                if known.place == place:
                    self._note(place, known.looked_at, moment(self.clock()), fault)

    def forget_source(self, place: str) -> None:
        """It is mirrored no longer."""
        with self.database.transaction() as db:
            db.execute("DELETE FROM sources WHERE place = ?", (place,))

    def _note(self, place: str, looked_at: str, tried_at: str, fault: str | None) -> None:
        with self.database.transaction() as db:
            db.execute("DELETE FROM sources WHERE place = ?", (place,))
            row = with_digest(place, looked_at, tried_at, fault)
            db.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?)", row)

    def erase(self, db: Transaction, article_id: str, newest: int) -> set[str]:
        """Erase an article's revisions up to that number, and the texts that no other revision has, within a transaction.

        Returns the names of the originals that none has.
        """
        old = "FROM revisions WHERE article_id = ? AND number <= ?"
        shas, originals = (
            db.execute(f"SELECT DISTINCT {column} {old}", (article_id, newest)).fetchall()
            for column in ("text_sha", "original_sha")
        )
        db.execute(f"DELETE {old}", (article_id, newest))
        for (sha,) in shas:
            drop_pages(db, sha)
            if not db.execute("SELECT 1 FROM revisions WHERE text_sha = ?", (sha,)).fetchone():
                for table in ("passages", "excluded"):
                    db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))
                db.execute("DELETE FROM texts WHERE sha = ?", (sha,))
        named = "SELECT 1 FROM revisions WHERE original_sha = ?"
        return {sha for (sha,) in originals if sha and not db.execute(named, (sha,)).fetchone()}

    def recut(self, sha: str, cut: Cut, recipe: str) -> None:
        """Replace the spans of a text, as a newer recipe has them; the text stays what it is."""
        with self.database.transaction() as db:
            for table in ("passages", "excluded"):
                db.execute(f"DELETE FROM {table} WHERE text_sha = ?", (sha,))
            db.execute("UPDATE texts SET cut_recipe = ? WHERE sha = ?", (recipe, sha))
            self._put_spans(db, sha, cut)

    def _put_text(self, db: Transaction, sha: str, text: str, cut: Cut, recipe: str) -> None:
        if db.execute("SELECT 1 FROM texts WHERE sha = ?", (sha,)).fetchone():
            return
        db.execute("INSERT INTO texts VALUES (?, ?, ?)", (sha, text, recipe))
        self._put_spans(db, sha, cut)

    def _put_spans(self, db: Transaction, sha: str, cut: Cut) -> None:
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

    def _point(self, db: Transaction, article_id: str, number: int | None) -> None:
        """Let a revision be the live one, or none."""
        _, live, digest = with_digest(article_id, number)
        db.execute("UPDATE articles SET live = ?, digest = ? WHERE id = ?", (live, digest, article_id))

    def _next_change(self, db: Transaction, article_id: str, kind: str) -> Change:
        """A clock that was set back does not put it before the last; numbers of revisions go on after a purge."""
        newest = db.execute(f"SELECT {CHANGE_COLUMNS} FROM changes ORDER BY number DESC LIMIT 1").fetchone()
        last = change_of(newest, self.place) if newest else Change(0, "", "", 0, 0, "")
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
