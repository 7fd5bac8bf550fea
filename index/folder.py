"""The folder of a library: what can be known of it before the model is loaded and the library opened."""

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from citewell.corpus.errors import CitewellError, LibraryError, LibraryMissing
from citewell.corpus.server import Server
from citewell.index.address import LEDGER
from citewell.index.snapshot import read

STORE = "citewell.db"


def require(folder: Path, truth: Server | None = None) -> None:
    """Raises LibraryMissing unless there is a library in the folder; of one on a server it is seen when it is opened."""
    if truth is not None:
        return
    try:
        there = (folder / STORE).is_file()
    except OSError as error:
        raise CitewellError(f"The library in {folder} cannot be read: {error.strerror}.") from None
    if not there:
        raise LibraryMissing(folder)


def model_of(folder: Path) -> str | None:
    """Fingerprint of the model that the published index was made with; None if nothing that can be read says it."""
    index = folder / "index"
    if (folder / LEDGER).is_file():
        return _model_in_ledger(folder / LEDGER)
    with suppress(LibraryError):  # said when the library is opened
        snapshot = read(index)
        for name in reversed(snapshot.names if snapshot else ()):  # the last is small
            with suppress(OSError, ValueError, KeyError, TypeError):
                return str(json.loads((index / name / "segment.json").read_text("utf-8"))["model"])
    return None


def _model_in_ledger(file: Path) -> str | None:
    """Of the collection that was published last."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, timeout=30)) as db:
        found = db.execute("SELECT model FROM collections WHERE epoch IS NOT NULL ORDER BY rowid").fetchall()
        return str(found[-1][0]) if found else None
    return None


def make_folder(folder: Path) -> None:
    """Raises CitewellError, before anything is read or loaded, when the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CitewellError(
            f"The library cannot be made in {folder}: {error.strerror}. Choose another folder."
        ) from None
