"""A connection to a PostgreSQL server that waits no longer than it should, and its errors as what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from citewell.corpus.database import Place
from citewell.corpus.errors import (
    BadInput,
    CorruptLibrary,
    LibraryBusy,
    LibraryReadOnly,
    StorageFailed,
    TruthAway,
    TruthMismatch,
    TruthRefused,
)
from citewell.corpus.server import Server, shown

PATIENCE = 30.0  # seconds that a statement may take
LOCK_WAIT = (
    20.0  # seconds that a transaction waits for another; less, so that it is told from a server that is away
)
_CONNECT = {  # unless the address says otherwise; a host that is gone is noticed within half a minute
    "connect_timeout": 5, "application_name": "citewell", "client_encoding": "UTF8",
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip
_REFUSALS = ("authentication", "pg_hba.conf", "no password", "permission denied")
_Result = TypeVar("_Result")


class Connection(psycopg.Connection[TupleRow]):
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


def connect(
    server: Server, place: Place, writes: bool = False, patience: float | None = PATIENCE
) -> Connection:
    """Raises TruthAway, TruthRefused, or TruthMismatch for a server that would lose what it acknowledged."""
    try:
        params: dict[str, Any] = {**_CONNECT, **conninfo_to_dict(server.address)}
    except psycopg.ProgrammingError:  # whose words may hold the password
        raise BadInput(f"truth is no address that libpq takes: {shown(server.address)}") from None
    with named_errors(place):
        connection = Connection.connect(autocommit=True, **params)
    try:
        connection.patience = None if patience is None else patience + 5
        with named_errors(place):
            _set_up(connection, server.schema, place, writes, patience)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: Connection, schema: str, place: Place, writes: bool, patience: float | None) -> None:
    wanted = {
        "search_path": schema,
        "statement_timeout": f"{int(1000 * (patience or 0))}",
        "lock_timeout": f"{int(1000 * LOCK_WAIT)}",
        "idle_in_transaction_session_timeout": "0",  # texts are embedded in between
        "default_transaction_read_only": "off" if writes else "on",
        "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
    }  # fmt: skip
    sets = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
    looked_at = ("server_encoding", "fsync", "full_page_writes", "synchronous_commit")
    shows = ", ".join(f"current_setting('{name}')" for name in looked_at)
    values = [part for pair in wanted.items() for part in pair]
    row = connection.execute(f"SELECT {sets}, {shows}".encode(), values).fetchone()
    assert row is not None
    encoding, fsync, pages, commit = row[-len(looked_at) :]
    if encoding != "UTF8":
        raise TruthMismatch(
            f"The database {place} is in {encoding}. Make one in UTF-8: createdb --encoding=UTF8 --template=template0"
        )
    if "off" in (fsync, pages):
        raise TruthMismatch(
            f"The server of {place} runs with fsync or full_page_writes off and would lose what it acknowledged "
            "when it stops. Turn them on in postgresql.conf."
        )
    if commit == "off":
        connection.execute("SET synchronous_commit = on")


@contextmanager
def named_errors(place: Place) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _named(error, place) from error


def _named(error: psycopg.Error, place: Place) -> Exception:
    words, state = _words(error), error.sqlstate or ""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return LibraryBusy(place.folder)
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return LibraryReadOnly(place.folder)
    if isinstance(error, psycopg.DataError) and "NUL" in words:
        return BadInput("A NUL character cannot be stored.")
    if isinstance(error, psycopg.errors.DiskFull):
        return StorageFailed(Path(str(place)), words)
    if "database" in words and "does not exist" in words:
        return TruthMismatch(f"{place}: {words}. Make it (createdb), or mend truth in citewell.toml.")
    if state[:2] == "28" or state == "42501" or (not state and _is_refusal(words)):
        return TruthRefused(place, words)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or state[:2] in (
        "08",
        "53",
        "57",
    ):
        return TruthAway(place, words)
    return CorruptLibrary(
        f"{place} cannot be read or written ({words}). Restore a backup into a new schema, or make a new library "
        "from the articles; the tables are left as they are."
    )


def _is_refusal(words: str) -> bool:
    return ("role" in words and "does not exist" in words) or any(each in words for each in _REFUSALS)


def _words(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    return " ".join(said.split()).rstrip(".") or type(error).__name__
