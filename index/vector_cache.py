"""The vectors of texts, kept in a file of their own: derived data, so a damaged file is thrown away and made anew."""

import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from zlib import crc32

from citewell.index.derived import DerivedFile, many

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (text_sha TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, "
    "vector BLOB NOT NULL, PRIMARY KEY (text_sha, role, model)) STRICT"
)  # with rowids: rows are appended, and only the small entries of the key go to places that its hash decides


class Role(StrEnum):
    PASSAGE = "passage"
    SENTENCE = "sentence"


class VectorCache(DerivedFile):
    """Half-precision vectors by text SHA, role and model; losing the file costs time only."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, _SCHEMA, "SELECT vector FROM vectors LIMIT 1")

    def get(self, shas: Sequence[str], role: Role, model: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for first in range(0, len(shas), 500):
            part = shas[first : first + 500]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT text_sha, vector FROM vectors WHERE role = ? AND model = ? AND text_sha IN ({marks})"  # noqa: S608
            )
            rows = self.run(partial(_rows, query=query, values=(role, model, *part)))
            found.update((sha, kept[:-4]) for sha, kept in rows if _is_whole(kept))
        return found

    def put(self, vectors: Sequence[tuple[str, bytes]], role: Role, model: str) -> None:
        rows = [(sha, role, model, _with_checksum(vector)) for sha, vector in vectors]
        self.run(lambda db: many(db, "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows))

    def keep_only(self, shas: Iterable[str]) -> None:
        """Forget the vectors of all other texts, in every role and of every model."""
        self.run(lambda db: _keep_only(db, shas))


class Borrowing(VectorCache):
    """One that takes over from another what it lacks."""

    def __init__(self, file: Path, lender: Path) -> None:
        super().__init__(file)
        self._lender = VectorCache(lender)

    def get(self, shas: Sequence[str], role: Role, model: str) -> dict[str, bytes]:
        found = super().get(shas, role, model)
        lent = self._lender.get([sha for sha in shas if sha not in found], role, model)
        if lent:
            self.put(list(lent.items()), role, model)
        return {**found, **lent}

    def close(self) -> None:
        super().close()
        self._lender.close()


def _with_checksum(vector: bytes) -> bytes:
    """What is kept: SQLite does not notice a bit that flips."""
    return vector + crc32(vector).to_bytes(4, "big")


def _is_whole(kept: object) -> bool:
    return isinstance(kept, bytes) and kept == _with_checksum(kept[:-4])


def _rows(db: sqlite3.Connection, query: str, values: Sequence[object]) -> list[tuple[str, bytes]]:
    return db.execute(query, values).fetchall()


def _keep_only(db: sqlite3.Connection, shas: Iterable[str]) -> None:
    db.execute("CREATE TEMP TABLE kept (text_sha TEXT PRIMARY KEY) WITHOUT ROWID")  # on disk if it is large
    many(db, "INSERT OR IGNORE INTO kept VALUES (?)", ((sha,) for sha in shas))
    db.execute("DELETE FROM vectors WHERE text_sha NOT IN (SELECT text_sha FROM kept)")
    db.execute("DROP TABLE kept")
