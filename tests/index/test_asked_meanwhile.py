"""What somebody else does to a library while it is asked."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.errors import CorruptLibrary, LibraryBusy
from citewell.index.answer import ask, search
from citewell.index.library import Library
from tests.interleaved import WRITES, Read, Write, before_each_statement, make, twice


def asked(library: Library) -> dict[str, Any]:
    question = "tide of the harbour"
    names = [*"ab", "a.4b3d368c0735.0-69"]
    answer = library.asking(lambda index: ask(index, library.store, question, 3, explain=True, absent=names))
    return {name: value for name, value in asdict(answer).items() if name != "took_ms"}


def searched(library: Library) -> dict[str, Any]:
    found = library.asking(lambda index: search(index, library.store, "tide", 3))
    return {name: value for name, value in asdict(found).items() if name != "took_ms"}


@pytest.mark.parametrize("question", [asked, searched])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_answer_is_of_before_or_of_after(
    write: Write, question: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before, found, after in before_each_statement(tmp_path, monkeypatch, question, write):
        assert found in (before, after)


@pytest.mark.parametrize("name", ["update", "clean", "restore"])
def test_what_is_erased_and_not_published_yet_is_busy_and_no_damage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of the only revision that is published is gone, or is cut otherwise."""
    make(tmp_path / "library")
    with twice(tmp_path / "library") as (mine, theirs):
        publish, said = theirs.engine._publish, []  # type: ignore[attr-defined]

        def late(*arguments: Any, **named: Any) -> None:
            with pytest.raises(LibraryBusy) as busy:
                searched(mine)
            said.append(str(busy.value))
            publish(*arguments, **named)

        monkeypatch.setattr(theirs.engine, "_publish", late)
        WRITES[name](theirs)
        assert "Try again when it has finished" in said[0]
        assert searched(mine)["hits"]


def test_a_text_that_is_gone_is_damage(tmp_path: Path) -> None:
    make(tmp_path / "library")
    with twice(tmp_path / "library") as (mine, theirs):
        with theirs.store.database.transaction() as db:
            db.execute("DELETE FROM passages")
        with pytest.raises(CorruptLibrary, match="Build it again"):
            searched(mine)


def test_a_library_without_an_index_is_not_called_busy(tmp_path: Path) -> None:
    """Nobody writes to it, and waiting would not help."""
    make(tmp_path / "library")
    with twice(tmp_path / "library") as (mine, _):
        shutil.rmtree(mine.index)
        with pytest.raises(CorruptLibrary, match="has no index yet"):
            searched(mine)
