"""python -m tests.index.one_write OPERATION FOLDER [BYTES]: one write to the library in a folder, in a process of its own.

With BYTES no file grows beyond so many from the moment that the library is open. Says on stdout `done`, or on which
error made on purpose it ended; any other ends the process.
"""

import resource
import sys
from collections.abc import Callable
from pathlib import Path

from citewell.corpus.errors import CitewellError
from citewell.index.backup import backup, restore
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

WORDS = ("sun", "moon", "star", "comet", "cloud")
AXES = tuple(f"word{number}" for number in range(300))  # so that vectors take some room


def embedder() -> WordEmbedder:
    return WordEmbedder(*WORDS, *AXES)


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(f"---\nid: {name}\n---\n{text}", encoding="utf-8")
    return file


def make(folder: Path) -> None:
    """A library of four articles and a removed one in several segments, and beside it a backup of three of them."""
    (folder / "library").mkdir(parents=True)
    library = Library(folder / "library", embedder(), create=True)
    for number, (name, word) in enumerate(zip("abcd", WORDS, strict=False)):
        text = " ".join(f"The {word} of {name} in year {year} is far." for year in range(8 * number + 1))
        add(library, [written(folder / "articles", name, text)])
    remove(library, ["b"])
    backup(library, folder / "old.zip", vectors=True)
    add(library, [written(folder / "articles", "e", "The cloud of e is near.")])
    written(folder / "articles", "new", " ".join(f"The star of day {day} is new." for day in range(40)))
    written(folder / "articles", "a", " ".join(f"The sun of day {day} is new." for day in range(40)))
    library.close()


def _rebuild(library: Library, _: Path) -> None:
    with library.writing():
        library.rebuild()


OPERATIONS: dict[str, Callable[[Library, Path], object]] = {
    "add": lambda library, folder: add(library, [folder / "articles" / "new.md"]),
    "update": lambda library, folder: add(library, [folder / "articles" / "a.md"]),
    "remove": lambda library, _: remove(library, ["c"]),
    "rebuild": _rebuild,
    "backup": lambda library, folder: backup(library, folder / "new.zip", vectors=True),
    "restore": lambda library, folder: restore(library, folder / "old.zip"),
    "purge": lambda library, _: purge(library, ["c"]),
}

if __name__ == "__main__":
    operation, folder = OPERATIONS[sys.argv[1]], Path(sys.argv[2])
    try:
        library = Library(folder / "library", embedder())
        if sys.argv[3:]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)  # Python ignores SIGXFSZ
        operation(library, folder)
        print("done")
    except CitewellError as error:
        print(f"{type(error).__name__}: {error}")
