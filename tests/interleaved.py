"""A library as two processes have it, where one writes before each statement by which the other reads the store, once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.repeated import Repeated
from citewell.index.backup import backup, restore
from citewell.index.clean import leave_out
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import put, remove
from citewell.service.requests import ArticleRequest
from citewell.service.writer import given_of
from tests.fakes import WordEmbedder

Read = Callable[[Library], Any]
Write = Callable[[Library], object]
MENU = "Home and away and more"
TEXTS = {
    "a": f"The tide of the harbour comes in twice a day.\n\n{MENU}",
    "b": f"The tide of the harbour comes in twice each day.\n\n{MENU}",
    "c": f"The moon moves the tide of the sea.\n\n{MENU}",
}


def written(library: Library, name: str, text: str) -> None:
    put(library, [given_of(name, ArticleRequest(title=name, text=text, source="https://example.org/"))])


def _purged_and_put(library: Library) -> None:
    purge(library, ["a"])
    written(library, "a", TEXTS["a"])


def _rebuilt(library: Library) -> None:
    with library.writing():
        library.rebuild()


WRITES: dict[str, Write] = {
    "purge": lambda library: purge(library, ["a"]),
    "purge and put": _purged_and_put,
    "remove": lambda library: remove(library, ["a"]),
    "update": lambda library: written(library, "a", "The tide of the bay comes in at night."),
    "clean": lambda library: leave_out(library, [Repeated("example.org", MENU, 3, 3)]),
    "restore": lambda library: restore(library, library.folder / "old.zip"),
    "rebuild": _rebuilt,
}


def _model() -> WordEmbedder:
    return WordEmbedder("tide", "moon", "sea")


def make(folder: Path) -> None:
    """Of each article one revision is kept; beside the library lies a backup of another content."""
    folder.mkdir()
    with closing(Library(folder, _model(), create=True)) as library:
        library.store.keep_revisions(1)
        written(library, "a", "The tide of the harbour was low.")
        backup(library, folder / "old.zip")
        for name, text in TEXTS.items():
            written(library, name, text)


@contextmanager
def twice(folder: Path) -> Iterator[tuple[Library, Library]]:
    with closing(Library(folder, _model())) as mine, closing(Library(folder, _model())) as theirs:
        yield mine, theirs


def before_each_statement(
    folder: Path, monkeypatch: pytest.MonkeyPatch, read: Read, write: Write
) -> Iterator[tuple[Any, Any, Any]]:
    """What was read before; what is, when something is written before its first, its second, ... statement; what is after."""
    make(folder / "made")
    for number in count(1):
        copied = shutil.copytree(folder / "made", folder / str(number))
        with twice(copied) as (mine, theirs), monkeypatch.context() as patched:
            before, rows, done = read(mine), mine.store.database.rows, count(1)

            def late(*statement: Any, of: Any = (number, theirs, rows, done)) -> Any:
                number, theirs, rows, done = of
                if next(done) == number:
                    write(theirs)
                return rows(*statement)

            patched.setattr(mine.store.database, "rows", late)
            found = read(mine)
            if next(done) <= number:  # it had fewer
                return
            yield before, found, read(mine)
