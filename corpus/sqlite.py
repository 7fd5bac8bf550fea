"""A SQLite file under the store: its transactions, and errors that say what to do next."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from citewell.corpus.database import SCHEMA, SCHEMA_VERSION, Database, Place, fill
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing, LibraryReadOnly
from citewell.corpus.storage import storing


def _identity(file: Path) -> tuple[int, int]:
    """Tells a file from another of the same name. Raises LibraryMissing if there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        raise LibraryMissing(file.parent) from None
    return found.st_dev, found.st_ino


def writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


class SqliteDatabase:
    """One connection in write-ahead mode, flushed at every commit; it serves all threads of a process, in turns."""

    def __init__(self, file: Path, create: bool = False) -> None:
        """Raises LibraryMissing if there is none and `create` is false, CorruptLibrary if it cannot be read."""
        if not create and not file.is_file():
            raise LibraryMissing(file.parent)
        self.file, self.place = file, Place(str(file), file.parent)
        self._turn = threading.RLock()
        with self._named_errors():
            if create:
                self.file.touch()
            self._identity = _identity(file)
            read_only = not create and not writable(file.parent)
            self._connection = self._open_immutable() if read_only else self._open()
            fresh = self._is_fresh()
            if fresh and not create:
                raise CorruptLibrary(
                    f"{file} is empty. Restore it from a backup, or make a new library from the articles."
                )
            if read_only:
                return
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA secure_delete = ON")  # what is purged is overwritten
            if fresh:
                self._make()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, check_same_thread=False, isolation_level=None, timeout=30)

    def _open_immutable(self) -> sqlite3.Connection:
        """Read a file on storage that cannot be written. Raises LibraryReadOnly if writes to it are unfinished."""
        log = self.file.with_name(self.file.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise LibraryReadOnly(self.file.parent)
        address = f"file:{quote(str(self.file.resolve()))}?immutable=1"
        return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)

    def is_current(self) -> bool:
        return _identity(self.file) == self._identity

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing; inside another it is a part of that."""
        with self._turn, self._named_errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """To read everything as it is at one moment."""
        with self._turn, self._named_errors():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Whoever has the lock of the folder is alone with the file."""
        yield

    @contextmanager
    def alone(self, wait: float, at: str = "writing") -> Iterator[None]:
        """Whoever can write the file has its folder, and takes turns by the lock there."""
        yield

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._turn, self._named_errors():
            return self._connection.execute(query, values).fetchall()

    def check(self) -> None:
        self.rows("SELECT 1 FROM library")

    def copy_to(self, file: Path) -> None:
        """Write the whole database as it is now to another file, while others read and write it."""
        with self._turn, self._named_errors(), storing(file), closing(sqlite3.connect(file)) as copy:
            self._connection.backup(copy)

    def replace_with(self, other: Database) -> None:
        """Become a copy of another database in one step; readers see the old content or the new."""
        if isinstance(other, SqliteDatabase):
            with self._turn, self._named_errors():
                other._connection.backup(self._connection)
        else:
            with other.snapshot() as source, self.transaction() as target:
                fill(target, source)

    def vacuum(self) -> None:
        """Leave no trace of deleted rows, in the file or beside it."""
        with self._turn, self._named_errors():
            self._connection.execute("VACUUM")
            if self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise LibraryBusy(self.file.parent)  # a reader holds the log; asked again, it goes

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        with self._turn:
            try:
                found = self._connection.execute("PRAGMA integrity_check").fetchall()
                found += self._connection.execute("PRAGMA foreign_key_check").fetchall()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                return [str(error)]
        return [" ".join(map(str, row)) for row in found if row != ("ok",)]

    def _is_fresh(self) -> bool:
        """Whether there is no table yet. Raises CorruptLibrary, with the file untouched, for any other schema."""
        version, tables = self._connection.execute(  # at once, since another may be making them
            "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
        ).fetchone()
        if version == SCHEMA_VERSION:
            return False
        if version or tables:
            raise CorruptLibrary(
                f"{self.file} was made by another version of citewell or another program (schema {version}, this one "
                f"reads {SCHEMA_VERSION}). Use that version, or make a new library from the articles."
            )
        return True

    def _make(self) -> None:
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM sqlite_schema").fetchone():  # nobody else was faster
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute("INSERT INTO library VALUES (?, '')", (uuid4().hex,))
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            with storing(self.file):
                yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter for what SQLite quotes
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise LibraryBusy(self.file.parent) from error
            if "readonly" in str(error):
                raise LibraryReadOnly(self.file.parent) from error
            raise CorruptLibrary(
                f"{self.file} cannot be read or written ({error}). Restore a backup into a new folder, or make a new "
                "library from the articles; the file is left as it is."
            ) from error
