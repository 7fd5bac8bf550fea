"""Writing so that it lasts; what storage refuses, a full disk above all, as one error that says what to do."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from citewell.corpus.errors import StorageFailed

Signature = tuple[int, int, int]
_UNFINISHED = ".new"
_PRIVATE, _SHARED = 0o600, 0o666
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


def write_whole(file: Path, content: bytes, private: bool = False) -> None:
    """The file appears whole or not at all, and is on disk when this returns; a private one nobody else may read."""
    unfinished = file.with_name(file.name + _UNFINISHED)
    with storing(file):
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with open(os.open(unfinished, flags, _PRIVATE if private else _SHARED), "wb") as written:  # noqa: PTH123 - with a mode
                written.write(content)
            put_in_place(unfinished, file)
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise


def write_json(file: Path, content: Mapping[str, Any], private: bool = False) -> None:
    write_whole(file, (json.dumps(content, indent=1) + "\n").encode(), private)


def put_in_place(written: Path, file: Path) -> None:
    """Give a finished file its name, in place of what has it; both are on disk when this returns."""
    sync(written)
    written.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Flush a file or folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def signature_of(file: Path) -> Signature | None:
    """Tells a file from one that was put in its place; None if there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def primary_code(error: Exception) -> int:
    """SQLite's result code without its details; that of a general error if Python raised it."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
