"""What is under the ledger: a SQLite file, `passages.db`, or tables beside a truth on a server. Statements are one for both."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from citewell.corpus.database import Database, Transaction
from citewell.corpus.errors import CorruptLibrary, LibraryMissing, TruthMismatch
from citewell.corpus.postgres_schema import have
from citewell.corpus.server import Server
from citewell.corpus.stored import opened
from citewell.index.derived import DerivedFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cluster_collections (name TEXT PRIMARY KEY, number INTEGER NOT NULL, model TEXT NOT NULL,
    recipe TEXT NOT NULL, epoch TEXT NOT NULL, change INTEGER, passages INTEGER NOT NULL, length INTEGER NOT NULL,
    swept INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS cluster_revisions (collection TEXT NOT NULL, key TEXT NOT NULL, article TEXT NOT NULL,
    facts TEXT NOT NULL, language TEXT, passages INTEGER NOT NULL, length INTEGER NOT NULL, terms BLOB NOT NULL,
    signature BLOB NOT NULL, since INTEGER, until INTEGER, PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cluster_revisions_of ON cluster_revisions (collection, article);
CREATE INDEX IF NOT EXISTS cluster_revisions_over ON cluster_revisions (collection, key)
    WHERE since IS NULL OR until IS NOT NULL;
CREATE INDEX IF NOT EXISTS cluster_revisions_in ON cluster_revisions (collection, language)
    WHERE since IS NOT NULL AND until IS NULL;
CREATE TABLE IF NOT EXISTS cluster_terms (collection TEXT NOT NULL, token INTEGER NOT NULL, doc_freq INTEGER NOT NULL,
    PRIMARY KEY (collection, token)) STRICT, WITHOUT ROWID;
"""
_PROBE = (
    "SELECT swept, signature FROM cluster_collections, cluster_revisions LIMIT 1"  # fails on another schema
)
_MODEL = "SELECT model FROM cluster_collections WHERE change IS NOT NULL ORDER BY number DESC LIMIT 1"
_Result = TypeVar("_Result")


class LedgerRows(Protocol):
    """Serves all threads of a process, and others beside it."""

    place: str  # for messages

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Of a statement that only reads: as it is at one moment."""
        ...

    def write(self, work: Callable[[Transaction], _Result]) -> _Result:
        """All of what is done, or nothing."""
        ...

    def vacuum(self) -> None:
        """Leave no trace of what was erased."""
        ...

    def close(self) -> None: ...


class LedgerFile:
    """One connection, in turns. A damaged file, or one with another schema, is made anew."""

    def __init__(self, file: Path) -> None:
        self._file, self.place = DerivedFile(file, _SCHEMA, _PROBE), str(file)
        self._turn = threading.RLock()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._file.run(lambda db: db.execute(query, values).fetchall())

    def write(self, work: Callable[[Transaction], _Result]) -> _Result:
        def run(db: sqlite3.Connection) -> _Result:
            db.execute("BEGIN")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        with self._turn:
            return self._file.run(run)

    def vacuum(self) -> None:
        with self._turn:
            self._file.vacuum()

    def close(self) -> None:
        self._file.close()


class LedgerTables:
    """In the database of the store, which closes it. Readers do not wait for each other; who lost the lock of writers writes no more."""

    def __init__(self, database: Database) -> None:
        """Raises TruthMismatch for tables of another version; they may serve others, so they are left alone."""
        self._database, self.place = database, str(database.place)
        have(database, _SCHEMA)
        try:
            database.rows(_PROBE)
        except CorruptLibrary as error:
            raise TruthMismatch(
                f"{self.place} says of its cluster what another version of citewell understands. Use that version on every "
                "machine, or drop its tables cluster_collections, cluster_revisions and cluster_terms, then: citewell rebuild"
            ) from error

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._database.rows(query, *values)

    def write(self, work: Callable[[Transaction], _Result]) -> _Result:
        with self._database.transaction() as db:
            return work(db)

    def vacuum(self) -> None:
        """With the whole database."""

    def close(self) -> None: ...


def model_in_file(file: Path) -> str | None:
    """Fingerprint of the model of the collection that was published last; None if nothing that can be read says it."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, timeout=30)) as db:
        found = db.execute(_MODEL).fetchone()
        return str(found[0]) if found else None
    return None


def model_on(server: Server) -> str | None:
    """The same of a library whose truth is on a server."""
    with suppress(CorruptLibrary, LibraryMissing), closing(opened(server, create=False)[0]) as database:
        found = database.rows(_MODEL)
        return str(found[0][0]) if found else None
    return None
