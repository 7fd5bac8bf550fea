"""Jobs: many articles to be added, kept in `service.db` beside the library, or with a truth on a server, until they are.

They are no part of the truth: a backup holds what was added, not what is waiting. What a job holds is erased once it is
finished. A job that was accepted is on disk.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from citewell.corpus.database import Database, Transaction
from citewell.corpus.stored import ALL
from citewell.service.errors import UnknownJob
from citewell.service.job_file import JobFile, JobRows, JobTables

KEPT = 1_000  # finished jobs
_MOST_REFUSED = 100  # named in a job; all are counted
State = Literal["queued", "running", "done", "cancelled", "failed"]
_OPEN = "state IN ('queued', 'running')"
# ending: cancelled with a batch under way
_SHOWN = "CASE state WHEN 'ending' THEN 'cancelled' ELSE state END"


@dataclass(frozen=True, slots=True)
class Refused:
    """An article that was not added, and why."""

    article: str
    reason: str


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job is: of its `articles` so many were `added`, `updated`, `unchanged` or `refused`, which are `done`."""

    id: str
    state: State
    articles: int
    done: int
    added: int
    updated: int
    unchanged: int
    refused: int
    refusals: tuple[Refused, ...]  # the first hundred
    reason: str | None  # why it failed
    created: str
    changed: str


@dataclass(frozen=True, slots=True)
class Item:
    """An article of a job that waits, as it was sent."""

    job: int
    number: int
    article_id: str
    article: str


class Jobs:
    """Any number of threads and processes. The file is made by the first job."""

    def __init__(self, at: Path | Database) -> None:
        """In a folder, or beside a truth on a server."""
        self._file: JobRows = JobFile(at) if isinstance(at, Path) else JobTables(at)

    def close(self) -> None:
        self._file.close()

    # -- for who asks ---------------------------------------------------------------------------------------------

    def add(self, articles: Sequence[tuple[str, str]]) -> Job:
        """Accept articles: ids, and each as JSON. What is returned is on disk."""
        name, now = uuid4().hex, _now()
        with self._file.changing(create=True) as db:
            (number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM jobs").fetchone()
            db.execute(
                "INSERT INTO jobs VALUES (?, ?, 'queued', ?, NULL, ?, ?)",
                (name, number, len(articles), now, now),
            )
            db.executemany(
                "INSERT INTO items VALUES (?, ?, ?, ?, NULL, NULL)",
                [(number, i, article_id, article) for i, (article_id, article) in enumerate(articles)],
            )
            old = "SELECT number FROM jobs WHERE NOT " + _OPEN + f" ORDER BY number DESC LIMIT {ALL} OFFSET ?"
            db.execute(f"DELETE FROM items WHERE job IN ({old})", (KEPT,))
            db.execute(f"DELETE FROM jobs WHERE number IN ({old})", (KEPT,))
        return self.get(name)

    def get(self, name: str) -> Job:
        """Raises UnknownJob."""
        found = self._jobs("WHERE id = ?", name)
        if not found:
            raise UnknownJob(name)
        return found[0]

    def look(self, name: str) -> tuple[Job, bool]:
        """A job, and whether it stays as it is: it is finished, and no batch of it is under way. Raises UnknownJob."""
        stays = self._file.rows(
            f"SELECT 1 FROM jobs WHERE id = ? AND NOT {_OPEN} AND state <> 'ending'", name
        )
        return self.get(name), bool(stays)  # read in this order, so that what stays is the end

    def page(self, after: str = "", limit: int = 100) -> list[Job]:
        """The newest first, those that are older than `after`."""
        if not after:
            return self._jobs("ORDER BY number DESC LIMIT ?", limit)
        older = (
            "WHERE number < coalesce((SELECT number FROM jobs WHERE id = ?), 0) ORDER BY number DESC LIMIT ?"
        )
        return self._jobs(older, after, limit)

    def cancel(self, name: str) -> Job:
        """Begin no more of it; what was added, or is being added, stays. One that is finished stays as it is.

        Raises UnknownJob.
        """
        self.get(name)
        with self._file.changing() as db:
            changed = db.execute(
                "UPDATE jobs SET state = CASE state WHEN 'running' THEN 'ending' ELSE 'cancelled' END, changed = ? "
                f"WHERE id = ? AND {_OPEN}",
                (_now(), name),
            )
            if changed.rowcount:
                self._erase(db)
        self._tidy()
        return self.get(name)

    def counts(self) -> dict[str, int]:
        """How many are queued and running."""
        rows = self._file.rows(f"SELECT state, count(*) FROM jobs WHERE {_OPEN} GROUP BY state")
        return {"queued": 0, "running": 0, **{str(state): int(count) for state, count in rows}}

    # -- for who drains them --------------------------------------------------------------------------------------

    def alone(self) -> AbstractContextManager[bool]:
        """Whether nobody else drains them, of all processes and machines."""
        return self._file.alone()

    def any(self) -> bool:
        """Whether there is something to do for who drains them."""
        return bool(self._file.rows(f"SELECT 1 FROM jobs WHERE {_OPEN} OR state = 'ending' LIMIT 1"))

    def take(self, most: int, characters: int) -> list[Item]:
        """What waits in the oldest open job, which runs now: so many articles, beyond the first so many characters.

        Only for who is alone: a batch that was taken before is over, be it that who took it was killed.
        """
        if not self.any():
            return []
        with self._file.changing() as db:
            db.execute("UPDATE jobs SET state = 'cancelled' WHERE state = 'ending'")
            rows = db.execute(
                "SELECT job, items.number, article_id, article FROM items JOIN jobs ON job = jobs.number "
                f"WHERE {_OPEN} AND result IS NULL AND job = (SELECT min(number) FROM jobs WHERE {_OPEN}) "
                "ORDER BY items.number LIMIT ?",
                (most,),
            ).fetchall()
            if rows:
                running = (
                    "UPDATE jobs SET state = 'running', changed = ? WHERE number = ? AND state = 'queued'"
                )
                db.execute(running, (_now(), rows[0][0]))
        taken: list[Item] = []
        for row in rows:
            item = Item(*row)
            if taken and sum(len(t.article) for t in taken) + len(item.article) > characters:
                break
            taken.append(item)
        return taken

    def record(self, results: Sequence[tuple[Item, str, str | None]]) -> None:
        """What became of articles, with the reason of a refusal; they are erased here."""
        with self._file.changing() as db:
            db.executemany(
                "UPDATE items SET result = ?, reason = ?, article = NULL WHERE job = ? AND number = ?",
                [(result, reason, item.job, item.number) for item, result, reason in results],
            )
            for number in {item.job for item, _, _ in results}:
                left = db.execute(
                    "SELECT 1 FROM items WHERE job = ? AND result IS NULL LIMIT 1", (number,)
                ).fetchone()
                db.execute(
                    "UPDATE jobs SET changed = ?, state = CASE WHEN state = 'ending' THEN 'cancelled' "
                    f"WHEN {_OPEN} THEN ? ELSE state END WHERE number = ?",
                    (_now(), "running" if left else "done", number),
                )
        self._tidy()

    def fail(self, number: int, reason: str) -> None:
        with self._file.changing() as db:
            db.execute(
                f"UPDATE jobs SET state = 'failed', reason = ?, changed = ? WHERE number = ? AND {_OPEN}",
                (reason, _now(), number),
            )
            self._erase(db)
        self._tidy()

    def _erase(self, db: Transaction) -> None:
        """What finished jobs hold."""
        db.execute(
            f"UPDATE items SET article = NULL WHERE article IS NOT NULL AND job IN (SELECT number FROM jobs WHERE NOT {_OPEN})"
        )

    def _tidy(self) -> None:
        """Let the log hold nothing of what was erased, once nothing waits."""
        if not any(self.counts().values()):
            self._file.tidy()

    def _jobs(self, which: str, *values: object) -> list[Job]:
        found = []
        rows = self._file.rows(
            f"SELECT id, number, {_SHOWN}, articles, reason, created, changed FROM jobs {which}", *values
        )
        for name, number, state, articles, reason, created, changed in rows:
            counts = dict(
                self._file.rows(
                    "SELECT result, count(*) FROM items WHERE job = ? AND result IS NOT NULL GROUP BY result",
                    number,
                )
            )
            refused = self._file.rows(
                "SELECT article_id, reason FROM items WHERE job = ? AND result = 'refused' ORDER BY number LIMIT ?",
                number, _MOST_REFUSED,
            )  # fmt: skip
            found.append(
                Job(
                    name, state, articles, sum(counts.values()),
                    counts.get("added", 0), counts.get("updated", 0), counts.get("unchanged", 0), counts.get("refused", 0),
                    tuple(Refused(*row) for row in refused), reason, created, changed,
                )
            )  # fmt: skip
        return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
