"""A PostgreSQL server under the store, where several machines share one truth.

Only imported when a library names one. Whoever writes does so on one connection, which also holds the lock of writers, so
that nobody writes who has lost it. Readers have connections of their own.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from citewell.corpus.database import SCHEMA_VERSION, Database, Place, fill
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing, TruthAway
from citewell.corpus.postgres_connection import PATIENCE, Connection, connect, named_errors
from citewell.corpus.postgres_readers import Readers
from citewell.corpus.postgres_schema import is_there, references, statements, tables
from citewell.corpus.postgres_within import Within
from citewell.corpus.server import Server
from citewell.corpus.sqlite import SqliteDatabase

_PROBING = 2.0  # seconds that a probe waits
_ONE_MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """The tables of one library in a schema of a PostgreSQL database; serves all threads of a process."""

    def __init__(self, server: Server, create: bool = False) -> None:
        """Raises LibraryMissing if the tables are not there and `create` is false, and the errors of a server."""
        self._server = server
        self.place = Place(server.name, server.folder)
        self._readers = Readers(server, self.place)
        self._alone = 0  # locks that are held
        self._turn = threading.RLock()
        self._writer: Connection | None = None
        self._within: Within | None = None
        self._moment = threading.local()
        try:
            self._open(create)
        except BaseException:
            self.close()
            raise

    def _open(self, create: bool) -> None:
        with self._readers.one() as connection:
            there = self._has_tables(connection)
        if not there and not create:
            raise LibraryMissing(self._server.folder, str(self.place))
        if not there:
            self._make()

    # -- connections --------------------------------------------------------------------------------------------------

    def _connect(self, writes: bool = False, patience: float | None = PATIENCE) -> Connection:
        return connect(self._server, self.place, writes, patience)

    def _writing(self) -> Connection:
        """The connection that writes. Raises TruthAway if it was lost with the lock of writers."""
        self._readers.check_open()
        if self._writer is None or self._writer.closed:
            if self._alone:
                raise TruthAway(self.place, "the connection that held the lock of writers was lost")
            self._writer = self._connect(writes=True)
        return self._writer

    def is_current(self) -> bool:
        """What was replaced as a whole tells by its epoch."""
        return True

    def close(self) -> None:
        with self._turn:
            self._readers.close()
            if self._writer is not None:
                self._writer.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Asked again for some seconds when the connection was lost. What no text can hold is in no row."""
        if any(isinstance(value, str) and "\0" in value for value in values):
            return []
        within = self._within
        if within is None or within.thread != threading.get_ident():
            within = getattr(self._moment, "within", None)
        if within is not None:
            with named_errors(self.place):
                return list(within.execute(query, values).fetchall())
        return self._readers.rows(query, values)

    def check(self) -> None:
        """By a connection of its own: those that are open may have been lost without notice."""
        self._connect(patience=_PROBING).close()

    @contextmanager
    def snapshot(self) -> Iterator[Within]:
        """To read everything as it is at one moment, for as long as it takes."""
        connection = self._connect(patience=None)
        try:
            with named_errors(self.place):
                connection.execute(_ONE_MOMENT)
                yield Within(connection, streamed=True)
        finally:
            connection.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside, what this thread reads is of one moment, whoever writes; what it writes itself is not seen."""
        connection = self._connect()
        try:
            with named_errors(self.place):
                connection.execute(_ONE_MOMENT)
                self._moment.within = Within(connection)
                yield
        finally:
            self._moment.within = None
            connection.close()

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Within]:
        """All of what is done inside, or nothing; inside another it is a part of that."""
        with self._turn, named_errors(self.place):
            if self._within is not None:
                yield self._within
                return
            connection = self._begin()
            try:
                self._within = Within(connection)
                yield self._within
                connection.execute("COMMIT")
            except BaseException:
                connection.roll_back()
                raise
            finally:
                self._within = None

    def _begin(self) -> Connection:
        """One transaction at a time: each sees what those before it did."""
        connection = self._writing()
        try:
            connection.execute("BEGIN")
        except psycopg.OperationalError:  # it was lost since it was used last; nothing was done yet
            connection.close()
            connection = self._writing()
            connection.execute("BEGIN")
        try:
            if self._server_has_tables:
                connection.execute("LOCK TABLE library IN EXCLUSIVE MODE")
        except BaseException:
            connection.roll_back()
            raise
        return connection

    @contextmanager
    def alone(self, wait: float, at: str = "writing") -> Iterator[None]:
        """Hold a lock of those who share the truth. It goes with the connection, also of a process that was killed."""
        deadline, lock = time.monotonic() + wait, self._lock(at)
        with self._turn, named_errors(self.place):
            self._take_lock(lock, deadline)
            self._alone += 1
        try:
            yield
        finally:
            with self._turn:
                self._alone -= 1
                if self._writer is not None:
                    self._let_go(self._writer, lock)

    def _lock(self, at: str) -> int:
        """Its number; locks are of the whole database."""
        said = f"citewell {self._server.schema} {at}"
        return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], signed=True)

    def _take_lock(self, lock: int, deadline: float) -> None:
        while not self._try_lock(lock):
            if time.monotonic() >= deadline:
                raise LibraryBusy(self.place.folder)
            time.sleep(0.05)

    def _try_lock(self, lock: int) -> bool:
        ask = "SELECT pg_try_advisory_lock(%s)"
        try:
            row = self._writing().execute(ask, (lock,)).fetchone()
        except psycopg.OperationalError:
            self._writing().close()
            row = self._writing().execute(ask, (lock,)).fetchone()
        return row is not None and bool(row[0])

    def _let_go(self, connection: Connection, lock: int) -> None:
        try:
            connection.execute("SELECT pg_advisory_unlock(%s)", (lock,))
        except psycopg.Error:
            connection.close()

    # -- the whole database -------------------------------------------------------------------------------------------

    def copy_to(self, file: Path) -> None:
        """Write everything as it is now to a SQLite file."""
        copy = SqliteDatabase(file, create=True)
        try:
            copy.replace_with(self)
        finally:
            copy.close()

    def replace_with(self, other: Database) -> None:
        """Become a copy of another database in one transaction."""
        with other.snapshot() as source, self.transaction() as target, target.unhurried():
            fill(target, source)

    def vacuum(self) -> None:
        """Write the tables anew without deleted rows; readers wait meanwhile. What the server's own log holds, it recycles."""
        connection = self._connect(writes=True, patience=None)
        try:
            with named_errors(self.place):
                for table in tables(connection, self._server.schema):
                    connection.execute(f"VACUUM (FULL) {table}".encode())
        finally:
            connection.close()

    def faults(self) -> list[str]:
        """Rows that refer to one that is not there. Of damaged pages the server tells when they are read."""
        try:
            with self.snapshot() as db:
                return [fault for query, fault in references() if list(db.execute(query))]
        except CorruptLibrary as error:
            return [str(error)]

    # -- the schema ---------------------------------------------------------------------------------------------------

    def _has_tables(self, connection: Connection) -> bool:
        self._server_has_tables = is_there(connection, self._server.schema, self.place)
        return self._server_has_tables

    def _make(self) -> None:
        with self.transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(?)", (self._lock("making"),))
            if self._has_tables(self._writing()):  # somebody else was faster
                return
            schema = self._server.schema
            if not db.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)).fetchone():
                db.execute(f'CREATE SCHEMA "{schema}"')
            for statement in statements():
                db.execute(statement)
            db.execute("INSERT INTO library VALUES (?, '')", (uuid4().hex,))
            db.execute("INSERT INTO citewell_schema VALUES (?)", (SCHEMA_VERSION,))
        self._server_has_tables = True
