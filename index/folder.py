"""The folder of a library: what can be known of it before the model is loaded and the library opened."""

import json
from contextlib import suppress
from pathlib import Path

from citewell.corpus.errors import CitewellError, LibraryError, LibraryMissing
from citewell.corpus.server import Server
from citewell.index.address import LEDGER
from citewell.index.ledger_rows import model_in_file, model_on
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


def model_of(folder: Path, clustered: Server | None = None) -> str | None:
    """Fingerprint of the model that the published index was made with; None if nothing that can be read says it.

    `clustered` is the server of a library that has its passages in a cluster.
    """
    index = folder / "index"
    if clustered is not None:
        return model_on(clustered)
    if (folder / LEDGER).is_file():
        return model_in_file(folder / LEDGER)
    with suppress(LibraryError):  # said when the library is opened
        snapshot = read(index)
        for name in reversed(snapshot.names if snapshot else ()):  # the last is small
            with suppress(OSError, ValueError, KeyError, TypeError):
                return str(json.loads((index / name / "segment.json").read_text("utf-8"))["model"])
    return None


def make_folder(folder: Path) -> None:
    """Raises CitewellError, before anything is read or loaded, when the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CitewellError(
            f"The library cannot be made in {folder}: {error.strerror}. Choose another folder."
        ) from None
