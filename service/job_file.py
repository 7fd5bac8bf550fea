"""What is under the jobs: a SQLite file, `service.db`, made by the first job, or tables beside a truth on a server."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from citewell.corpus.database import Database, Transaction
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryReadOnly
from citewell.corpus.storage import storing

FILE, LOCK = "service.db", "service.lock"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, state TEXT NOT NULL,
    articles INTEGER NOT NULL, reason TEXT, created TEXT NOT NULL, changed TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS items (job INTEGER NOT NULL, number INTEGER NOT NULL, article_id TEXT NOT NULL,
    article TEXT, result TEXT, reason TEXT, PRIMARY KEY (job, number)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON items (job, number) WHERE result IS NULL;
"""


class JobRows(Protocol):
    """Serves all threads of a process, and others beside it. Errors say what to do next."""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Nothing if there never was a job."""
        ...

    def changing(self, create: bool = False) -> AbstractContextManager[Transaction]:
        """All of what is done inside, or nothing."""
        ...

    def alone(self) -> AbstractContextManager[bool]:
        """Whether nobody else drains the jobs; who is killed lets go."""
        ...

    def tidy(self) -> None:
        """Let the log hold nothing of what was erased."""
        ...

    def close(self) -> None: ...


class JobTables:
    """In the database of the store, which closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._database.rows(query, *values)

    def changing(self, create: bool = False) -> AbstractContextManager[Transaction]:
        return self._database.transaction()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        with ExitStack() as held:
            try:
                held.enter_context(self._database.alone(0, at="jobs"))
            except LibraryBusy:
                yield False
                return
            yield True

    def tidy(self) -> None:
        """The server's log is its own."""

    def close(self) -> None: ...


class JobFile:
    """One connection, flushed at every commit; it serves all threads of a process, in turns."""

    def __init__(self, folder: Path) -> None:
        self.file, self._lock = folder / FILE, folder / LOCK
        self._turn = threading.RLock()
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._turn:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._turn, self._named_errors():
            db = self._connection(create=False)
            return db.execute(query, values).fetchall() if db else []

    @contextmanager
    def changing(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        with self._turn, self._named_errors():
            db = self._connection(create)
            if db is None:
                raise CorruptLibrary(f"{self.file} is gone. The jobs in it are lost; send them again.")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def alone(self) -> Iterator[bool]:
        with storing(self._lock), self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def tidy(self) -> None:
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _connection(self, create: bool) -> sqlite3.Connection | None:
        if self._opened is None:
            if not create and not self.file.is_file():
                return None
            db = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None, timeout=30)
            self._opened = db
            self.file.chmod(0o600)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
            db.executescript(_SCHEMA)
        return self._opened

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            with storing(self.file):
                yield
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise LibraryBusy(self.file.parent) from error
            if "readonly" in str(error):
                raise LibraryReadOnly(self.file.parent) from error
            raise CorruptLibrary(
                f"{self.file} cannot be read or written ({error}). Only jobs are in it: remove it and send them again."
            ) from error
