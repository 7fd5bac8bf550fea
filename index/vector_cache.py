"""The vectors of texts, kept in a file of their own: derived data, so a damaged file is thrown away and made anew."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from citewell.corpus.errors import LibraryBusy, LibraryReadOnly
from citewell.corpus.storage import primary_code, storing

_Result = TypeVar("_Result")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (text_sha TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, "
    "vector BLOB NOT NULL, PRIMARY KEY (text_sha, role, model)) STRICT, WITHOUT ROWID"
)
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # or with another schema


class Role(StrEnum):
    PASSAGE = "passage"
    SENTENCE = "sentence"


class VectorCache:
    """Half-precision vectors by text SHA, role and model; losing the file costs time only."""

    def __init__(self, file: Path) -> None:
        with storing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._db: sqlite3.Connection | None = None
        self._run(lambda db: db.execute("SELECT vector FROM vectors LIMIT 1").fetchone())

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def get(self, shas: Sequence[str], role: Role, model: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for first in range(0, len(shas), 500):
            part = shas[first : first + 500]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT text_sha, vector FROM vectors WHERE role = ? AND model = ? AND text_sha IN ({marks})"  # noqa: S608
            )
            rows = self._run(partial(_rows, query=query, values=(role, model, *part)))
            found.update((sha, kept[:-4]) for sha, kept in rows if _is_whole(kept))
        return found

    def put(self, vectors: Sequence[tuple[str, bytes]], role: Role, model: str) -> None:
        rows = [(sha, role, model, _with_checksum(vector)) for sha, vector in vectors]
        self._run(lambda db: _many(db, "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows))

    def keep_only(self, shas: Iterable[str]) -> None:
        """Forget the vectors of all other texts, in every role and of every model."""
        self._run(lambda db: _keep_only(db, shas))

    def vacuum(self) -> None:
        """Leave no trace of what was erased, in the file or beside it."""
        self._run(lambda db: db.execute("VACUUM"))
        self._run(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def _run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
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
            self._db.execute(_SCHEMA)
        return self._db


def _with_checksum(vector: bytes) -> bytes:
    """What is kept: SQLite does not notice a bit that flips."""
    return vector + crc32(vector).to_bytes(4, "big")


def _is_whole(kept: object) -> bool:
    return isinstance(kept, bytes) and kept == _with_checksum(kept[:-4])


def _rows(db: sqlite3.Connection, query: str, values: Sequence[object]) -> list[tuple[str, bytes]]:
    return db.execute(query, values).fetchall()


def _keep_only(db: sqlite3.Connection, shas: Iterable[str]) -> None:
    db.execute("CREATE TEMP TABLE kept (text_sha TEXT PRIMARY KEY) WITHOUT ROWID")  # on disk if it is large
    _many(db, "INSERT OR IGNORE INTO kept VALUES (?)", ((sha,) for sha in shas))
    db.execute("DELETE FROM vectors WHERE text_sha NOT IN (SELECT text_sha FROM kept)")
    db.execute("DROP TABLE kept")


def _many(db: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    db.execute("BEGIN")
    try:
        db.executemany(statement, rows)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back when the disk is full
            db.execute("ROLLBACK")
        raise
