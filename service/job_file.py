"""The SQLite file under the jobs: `service.db`, made by the first job, with errors that say what to do next."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryReadOnly
from citewell.corpus.storage import storing

FILE = "service.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, state TEXT NOT NULL,
    articles INTEGER NOT NULL, reason TEXT, created TEXT NOT NULL, changed TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS items (job INTEGER NOT NULL, number INTEGER NOT NULL, article_id TEXT NOT NULL,
    article TEXT, result TEXT, reason TEXT, PRIMARY KEY (job, number)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON items (job, number) WHERE result IS NULL;
"""


class JobFile:
    """One connection, flushed at every commit; it serves all threads of a process, in turns."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._turn = threading.RLock()
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._turn:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Nothing if there never was a job."""
        with self._turn, self._named_errors():
            db = self._connection(create=False)
            return db.execute(query, values).fetchall() if db else []

    @contextmanager
    def changing(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing."""
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
