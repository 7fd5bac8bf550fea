"""The files of a segment: all on disk before they have its name, checked when they are read, mapped instead of loaded."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.storage import sync
from citewell.index.model import file_sha

_FACTS = "segment.json"


@contextmanager
def writing_files(target: Path, facts: dict[str, Any]) -> Iterator[Path]:
    """A folder to write files into; it becomes `target`, with the facts and all checksums, once they are on disk."""
    made = target.parent / f"writing-{os.getpid()}-{target.name}"
    shutil.rmtree(made, ignore_errors=True)  # of a process of the same number that was killed
    made.mkdir()
    try:
        yield made
        files = {file.name: [file.stat().st_size, file_sha(file)] for file in sorted(made.iterdir())}
        said = {**facts, "files": files}
        (made / _FACTS).write_text(
            json.dumps({**said, "sha": _digest(said)}, ensure_ascii=False) + "\n", "utf-8"
        )
        for file in made.iterdir():
            sync(file)
        sync(made)
        made.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def check_files(folder: Path, most: float = math.inf) -> None:
    """Look at the size of every file, and read them, small ones first, up to `most` bytes together.

    Raises CorruptLibrary, naming the first that is not what was saved.
    """
    with naming_damage(folder):
        files = sorted(facts_of(folder)["files"].items(), key=lambda file: file[1][0])
        for name, (size, _) in files:
            if (folder / name).stat().st_size != size:
                raise _damaged(folder / name)
        read = 0
        for name, (size, sha) in files:
            read += size
            if read > most:
                break
            if file_sha(folder / name) != sha:
                raise _damaged(folder / name)


def facts_of(folder: Path) -> dict[str, Any]:
    """What segment.json says, checked against its own digest. Raises CorruptLibrary."""
    with naming_damage(folder):
        facts: dict[str, Any] = json.loads((folder / _FACTS).read_text("utf-8"))
        if facts.pop("sha") != _digest(facts):
            raise _damaged(folder / _FACTS)
    return facts


def mapped(file: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array of a file without a header; NumPy parses its own with a parser that threads disturb in Python 3.11."""
    if 0 in shape:
        return np.empty(shape, dtype=dtype)  # nothing cannot be mapped
    return np.asarray(np.memmap(file, dtype=dtype, mode="r", shape=shape))


@contextmanager
def naming_damage(folder: Path) -> Iterator[None]:
    """Raises CorruptLibrary, naming the file, in the place of whatever damaged files make others raise."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, AttributeError) as error:
        name = error.filename if isinstance(error, OSError) else None
        raise _damaged(Path(name) if name else folder / _FACTS) from error


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _damaged(file: Path) -> CorruptLibrary:
    library = file.parent.parent.parent
    return CorruptLibrary(
        f"{file} is missing or damaged. Build it again from the texts: citewell rebuild --library {library}"
    )
