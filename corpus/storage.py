"""What storage refuses, a full disk above all, as one error that names the file and says what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from citewell.corpus.errors import StorageFailed

_REFUSED = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}


@contextmanager
def storing(place: Path) -> Iterator[None]:
    """Around what writes to a file or folder. Raises StorageFailed, naming the place where the error names no file."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(Path(error.filename or place), error.strerror or str(error)) from error
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in _REFUSED:
            raise
        raise StorageFailed(place, str(error)) from error


def primary_code(error: Exception) -> int:
    """SQLite's result code without its details; that of a general error if Python raised it."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
