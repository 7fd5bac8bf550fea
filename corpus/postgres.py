"""A PostgreSQL server under the store, where several machines share one truth.

Only imported when a library names one. Whoever writes does so on one connection, which also holds the lock of writers, so
that nobody writes who has lost it. Readers have connections of their own that cannot write; what they ask is asked again
for some seconds when the server was started anew.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from citewell.corpus.database import SCHEMA, SCHEMA_VERSION, TABLES, Database, Place, fill
from citewell.corpus.errors import (
    BadInput,
    CorruptLibrary,
    LibraryBusy,
    LibraryMissing,
    LibraryReadOnly,
    StorageFailed,
    TruthAway,
    TruthMismatch,
    TruthRefused,
)
from citewell.corpus.server import Server
from citewell.corpus.sqlite import SqliteDatabase

CONNECTIONS = 8  # for reading, of one process
PATIENCE = 30.0  # seconds that a statement may take
LOCK_WAIT = 30.0  # seconds that a transaction waits for another
RETRIES = 10.0  # seconds that a reader asks again after the connection was lost
_CONNECT = {  # unless the address says otherwise; a host that is gone is noticed within half a minute
    "connect_timeout": 5, "application_name": "citewell", "client_encoding": "UTF8",
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip
_ALSO = """
CREATE TABLE originals (sha TEXT PRIMARY KEY, content BYTEA NOT NULL);
ALTER TABLE originals ALTER content SET STORAGE EXTERNAL;
CREATE TABLE citewell_schema (version INTEGER NOT NULL);
"""
_STREAMED = 500  # rows that are fetched together
_REFUSALS = ("authentication", "pg_hba.conf", "no password", "permission denied")
_Result = TypeVar("_Result")


def in_postgres(schema: str) -> list[str]:
    """The statements that make the tables, whose texts sort by code points, as SQLite's do."""
    for ours, theirs in (
        (" STRICT", ""),
        (", WITHOUT ROWID", ""),
        (" AUTOINCREMENT", ""),
        ("INTEGER", "BIGINT"),
        (" TEXT", ' TEXT COLLATE "C"'),
    ):
        schema = schema.replace(ours, theirs)
    return [statement for statement in schema.split(";") if statement.strip()]


@lru_cache(1024)
def marked(query: str) -> bytes:
    """With the marks of this client in the place of ?."""
    return query.replace("%", "%%").replace("?", "%s").encode()


class _Connection(psycopg.Connection[TupleRow]):
    """Waits for the server no longer than that."""

    patience: float | None = PATIENCE + 5  # the server gives up before

    def wait(self, gen: PQGen[_Result], interval: float = 0.1, timeout: float | None = None) -> _Result:
        return super().wait(gen, interval, self.patience if timeout is None else timeout)

    @property
    def is_usable(self) -> bool:
        idle = psycopg.pq.TransactionStatus.IDLE
        return not self.closed and self.info.transaction_status is idle

    def roll_back(self) -> None:
        """Also by hanging up, where the server may never answer."""
        if self.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
            self.close()
        with suppress(psycopg.Error):
            self.execute("ROLLBACK")


class _Within:
    """A connection in a transaction."""

    def __init__(self, connection: _Connection, streamed: bool = False) -> None:
        self._connection, self._streamed = connection, streamed
        self.thread = threading.get_ident()

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        if self._streamed and query.startswith("SELECT"):
            cursor = self._connection.cursor(name="citewell")
            cursor.itersize = _STREAMED
            return _until_read(cursor, marked(query), values)
        return self._connection.execute(marked(query), values)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> None:
        left = iter(rows)
        with self._connection.cursor() as cursor:
            while some := list(islice(left, _STREAMED)):
                cursor.executemany(marked(query), some)


def _until_read(cursor: Any, query: bytes, values: Sequence[Any]) -> Iterator[TupleRow]:
    with cursor:
        yield from cursor.execute(query, values)


class PostgresDatabase:
    """The tables of one library in a schema of a PostgreSQL database; serves all threads of a process."""

    def __init__(self, server: Server, create: bool = False) -> None:
        """Raises LibraryMissing if the tables are not there and `create` is false, and the errors of a server."""
        self._server = server
        self.place = Place(server.name, server.folder)
        self._lock = int.from_bytes(
            hashlib.sha256(f"citewell {server.schema}".encode()).digest()[:8], signed=True
        )
        self._closed = self._alone = False
        self._turn = threading.RLock()
        self._writer: _Connection | None = None
        self._within: _Within | None = None
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._idle: list[_Connection] = []
        with self._reading() as connection:
            there = self._is_there(connection)
        if not there and not create:
            raise LibraryMissing(server.folder, str(self.place))
        if not there:
            self._make()

    # -- connections --------------------------------------------------------------------------------------------------

    def _connect(self, writes: bool = False, patience: float | None = PATIENCE) -> _Connection:
        """Raises TruthAway, TruthRefused, or TruthMismatch for a server that would lose what it acknowledged."""
        try:
            params: dict[str, Any] = {**_CONNECT, **conninfo_to_dict(self._server.address)}
        except psycopg.ProgrammingError as error:
            raise BadInput(f"truth is no address of a database: {_words(error)}.") from None
        with self._named_errors():
            connection = _Connection.connect(autocommit=True, **params)
        try:
            connection.patience = None if patience is None else patience + 5
            with self._named_errors():
                self._set_up(connection, writes, patience)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: _Connection, writes: bool, patience: float | None) -> None:
        wanted = {
            "search_path": self._server.schema,
            "statement_timeout": f"{int(1000 * (patience or 0))}",
            "lock_timeout": f"{int(1000 * LOCK_WAIT)}",
            "default_transaction_read_only": "off" if writes else "on",
            "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
        }  # fmt: skip
        sets = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
        shown = ("server_encoding", "fsync", "full_page_writes", "synchronous_commit")
        shows = ", ".join(f"current_setting('{name}')" for name in shown)
        values = [part for pair in wanted.items() for part in pair]
        row = connection.execute(f"SELECT {sets}, {shows}".encode(), values).fetchone()
        assert row is not None
        encoding, fsync, pages, commit = row[-len(shown) :]
        if encoding != "UTF8":
            raise TruthMismatch(
                f"The database {self.place} is in {encoding}. Make one in UTF-8: createdb --encoding=UTF8 --template=template0"
            )
        if "off" in (fsync, pages):
            raise TruthMismatch(
                f"The server of {self.place} runs with fsync or full_page_writes off and would lose what it acknowledged "
                "when it stops. Turn them on in postgresql.conf."
            )
        if commit == "off":
            connection.execute("SET synchronous_commit = on")

    @contextmanager
    def _reading(self) -> Iterator[_Connection]:
        """A connection of those for reading, alone. It is kept if it can be used again."""
        if not self._places.acquire(timeout=PATIENCE):
            raise TruthAway(self.place, f"all {CONNECTIONS} connections have been in use for {PATIENCE:g} s")
        try:
            self._check_open()
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                with self._named_errors():
                    yield connection
            finally:
                if connection.is_usable and not self._closed:
                    self._idle.append(connection)
                else:
                    connection.close()
                    self._hang_up()  # the others were lost with it, or will be made again
        finally:
            self._places.release()

    def _writing(self) -> _Connection:
        """The connection that writes. Raises TruthAway if it was lost with the lock of writers."""
        self._check_open()
        if self._writer is None or self._writer.closed:
            if self._alone:
                raise TruthAway(self.place, "the connection that held the lock of writers was lost")
            self._writer = self._connect(writes=True)
        return self._writer

    def _check_open(self) -> None:
        if self._closed:
            raise CorruptLibrary(f"{self.place} was closed. Open the library again.")

    def is_current(self) -> bool:
        """What was replaced as a whole tells by its epoch."""
        return True

    def close(self) -> None:
        with self._turn:
            self._closed = True
            if self._writer is not None:
                self._writer.close()
        self._hang_up()

    def _hang_up(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Asked again for some seconds when the connection was lost. What no text can hold is in no row."""
        if any(isinstance(value, str) and "\0" in value for value in values):
            return []
        if self._within is not None and self._within.thread == threading.get_ident():
            with self._named_errors():
                return list(self._within.execute(query, values).fetchall())
        return self._again(lambda: self._rows(query, values))

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._reading() as connection:
            return connection.execute(marked(query), values).fetchall()

    def _again(self, ask: Callable[[], _Result]) -> _Result:
        deadline, pause = time.monotonic() + RETRIES, 0.05
        while True:
            try:
                return ask()
            except TruthAway:
                if time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    @contextmanager
    def snapshot(self) -> Iterator[_Within]:
        """To read everything as it is at one moment, for as long as it takes."""
        connection = self._connect(patience=None)
        try:
            with self._named_errors():
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield _Within(connection, streamed=True)
        finally:
            connection.close()

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[_Within]:
        """All of what is done inside, or nothing; inside another it is a part of that."""
        with self._turn, self._named_errors():
            if self._within is not None:
                yield self._within
                return
            connection = self._begin()
            try:
                self._within = _Within(connection)
                yield self._within
                connection.execute("COMMIT")
            except BaseException:
                connection.roll_back()
                raise
            finally:
                self._within = None

    def _begin(self) -> _Connection:
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
    def alone(self, wait: float) -> Iterator[None]:
        """Hold the lock of writers, wherever they run. It goes with the connection, also of a process that was killed."""
        deadline = time.monotonic() + wait
        with self._turn, self._named_errors():
            self._take_lock(deadline)
            self._alone = True
        try:
            yield
        finally:
            with self._turn:
                self._alone = False
                if self._writer is not None:
                    self._let_go(self._writer)

    def _take_lock(self, deadline: float) -> None:
        while not self._try_lock():
            if time.monotonic() >= deadline:
                raise LibraryBusy(self.place.folder)
            time.sleep(0.05)

    def _try_lock(self) -> bool:
        ask = "SELECT pg_try_advisory_lock(%s)"
        try:
            row = self._writing().execute(ask, (self._lock,)).fetchone()
        except psycopg.OperationalError:
            self._writing().close()
            row = self._writing().execute(ask, (self._lock,)).fetchone()
        return row is not None and bool(row[0])

    def _let_go(self, connection: _Connection) -> None:
        try:
            connection.execute("SELECT pg_advisory_unlock(%s)", (self._lock,))
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
        with other.snapshot() as source, self.transaction() as target:
            target.execute("SET LOCAL statement_timeout = 0")
            fill(target, source)

    def vacuum(self) -> None:
        """Write the tables anew without deleted rows; readers wait meanwhile. What the server's own log holds, it recycles."""
        connection = self._connect(writes=True, patience=None)
        try:
            with self._named_errors():
                for table in (*TABLES, "originals"):
                    connection.execute(f"VACUUM (FULL) {table}".encode())
        finally:
            connection.close()

    def faults(self) -> list[str]:
        """Rows that refer to one that is not there. Of damaged pages the server tells when they are read."""
        try:
            with self.snapshot() as db:
                return [fault for query, fault in _references() if list(db.execute(query))]
        except CorruptLibrary as error:
            return [str(error)]

    # -- the schema ---------------------------------------------------------------------------------------------------

    def _is_there(self, connection: _Connection) -> bool:
        """Whether the tables are. Raises TruthMismatch, with nothing touched, for others."""
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (self._server.schema,)
        ).fetchall()
        version: object = 0
        if ("citewell_schema",) in tables:
            row = connection.execute("SELECT version FROM citewell_schema").fetchone()
            version = row[0] if row else 0
        if tables and version != SCHEMA_VERSION:
            raise TruthMismatch(
                f"{self.place} was made by another version of citewell or another program (schema {version}, this one reads "
                f"{SCHEMA_VERSION}). Use that version, or another schema: ...?schema=NAME"
            )
        self._server_has_tables = bool(tables)
        return self._server_has_tables

    def _make(self) -> None:
        with self.transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(?)", (self._lock + 1,))
            if self._is_there(self._writing()):  # somebody else was faster
                return
            schema = self._server.schema
            if not db.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)).fetchone():
                db.execute(f'CREATE SCHEMA "{schema}"')
            for statement in in_postgres(SCHEMA + _ALSO):
                db.execute(statement)
            db.execute("INSERT INTO library VALUES (?, '')", (uuid4().hex,))
            db.execute("INSERT INTO citewell_schema VALUES (?)", (SCHEMA_VERSION,))
        self._server_has_tables = True

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._named(error) from error

    def _named(self, error: psycopg.Error) -> Exception:
        words, state = _words(error), error.sqlstate or ""
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return LibraryBusy(self.place.folder)
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            return LibraryReadOnly(self.place.folder)
        if isinstance(error, psycopg.DataError) and "NUL" in words:
            return BadInput("A NUL character cannot be stored.")
        if isinstance(error, psycopg.errors.DiskFull):
            return StorageFailed(Path(str(self.place)), words)
        if "database" in words and "does not exist" in words:
            return TruthMismatch(
                f"{self.place}: {words}. Make it (createdb), or mend truth in citewell.toml."
            )
        if state[:2] == "28" or state == "42501" or (not state and _is_refusal(words)):
            return TruthRefused(self.place, words)
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or state[:2] in (
            "08",
            "53",
            "57",
        ):
            return TruthAway(self.place, words)
        return CorruptLibrary(
            f"{self.place} cannot be read or written ({words}). Restore a backup into a new schema, or make a new library "
            "from the articles; the tables are left as they are."
        )


def _is_refusal(words: str) -> bool:
    return ("role" in words and "does not exist" in words) or any(each in words for each in _REFUSALS)


def _words(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    return " ".join(said.split()).rstrip(".") or type(error).__name__


def _references() -> Iterator[tuple[str, str]]:
    """For each reference of the schema a query for a row without what it refers to, and what to say of it."""
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\) STRICT", SCHEMA, re.DOTALL):
        for column, other in re.findall(r"(\w+) \w+ NOT NULL REFERENCES (\w+)", body):
            key = re.search(rf"CREATE TABLE {other} \((\w+)", SCHEMA)
            assert key is not None
            yield (
                f"SELECT 1 FROM {table} WHERE NOT EXISTS "
                f"(SELECT 1 FROM {other} WHERE {other}.{key[1]} = {table}.{column}) LIMIT 1",
                f"a row of {table} refers to one of {other} that is missing",
            )
