"""A SQLite file of derived data beside the truth: a damaged one is thrown away and made anew."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from citewell.corpus.errors import LibraryBusy, LibraryReadOnly
from citewell.corpus.storage import primary_code, storing

_Result = TypeVar("_Result")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # or with another schema


class DerivedFile:
    """Opened when it is made; `probe` is a query that fails on a file with another schema."""

    def __init__(self, file: Path, schema: str, probe: str) -> None:
        with storing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        self.file, self._schema = file, schema
        self._db: sqlite3.Connection | None = None
        self.run(lambda db: db.execute(probe).fetchone())

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def vacuum(self) -> None:
        """Leave no trace of what was erased, in the file or beside it."""
        self.run(lambda db: db.execute("VACUUM"))
        self.run(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do the work, on a new file if the present one turns out to be damaged."""
        try:
            with storing(self.file):
                return work(self._opened())
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter for what SQLite quotes
            code = primary_code(error)
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise LibraryBusy(self.file.parent) from error
            if code == sqlite3.SQLITE_READONLY:
                raise LibraryReadOnly(self.file.parent) from error
            if code not in _DAMAGED:
                raise
        self.close()
        with storing(self.file):
            for name in (self.file.name, f"{self.file.name}-wal", f"{self.file.name}-shm"):
                self.file.with_name(name).unlink(missing_ok=True)
            return work(self._opened())

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")  # what is purged is overwritten
            self._db.executescript(self._schema)
        return self._db


def many(db: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """The statement for each of the rows, or for none."""
    db.execute("BEGIN")
    try:
        db.executemany(statement, rows)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back when the disk is full
            db.execute("ROLLBACK")
        raise
