"""What verify finds."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from citewell.corpus.article import Cut, Excluded, Passage, Span
from citewell.corpus.passages import fault_of
from citewell.index import calibration, tuned
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.verify import verify
from citewell.index.writing import add
from tests.fakes import WordEmbedder


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Two segments."""
    monkeypatch.setattr("citewell.index.merge._SMALL", 0)
    (tmp_path / "library").mkdir()
    library = Library(tmp_path / "library", WordEmbedder("sun", "moon"), create=True)
    for name in ("sun", "moon"):
        (tmp_path / f"{name}.txt").write_text(f"The {name} is far. It is round.\n")
        add(library, [tmp_path / f"{name}.txt"])
    return library


def faulty(library: Library) -> list[str]:
    return [check.name for check in verify(library) if check.faults]


def altered(library: Library, statement: str) -> None:
    with sqlite3.connect(library.folder / "citewell.db") as db:
        db.execute(statement)
    db.close()


def test_a_sound_library_has_no_fault(library: Library) -> None:
    assert [(check.name, check.looked_at, check.faults) for check in verify(library)] == [
        ("database", 1, ()),
        ("texts", 2, ()),
        ("spans", 2, ()),
        ("originals", 0, ()),
        ("index files", 2, ()),
        ("own configuration", 0, ()),
        ("index against store", 2, ()),
        ("history against store", 0, ()),
    ]


@pytest.mark.parametrize("name", [tuned.FILE, calibration.FILE])
def test_a_damaged_file_of_the_librarys_own_is_named(library: Library, name: str) -> None:
    tuned.write(library.store.own, tuned.Tuned(Config(k1=1.2), "gold"))
    calibration.write(library.store.own, calibration.shipped())
    (own,) = (check for check in verify(library) if check.name == "own configuration")
    assert (own.looked_at, own.faults) == (2, ())
    (library.folder / name).write_text("damaged", "utf-8")
    (own,) = (check for check in verify(library) if check.faults)
    assert (own.name, len(own.faults)) == ("own configuration", 1)
    assert own.faults[0].startswith(f"{library.folder / name} is damaged")


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE texts SET text = text || '!'", ["texts", "spans"]),
        ('UPDATE passages SET "end" = "end" - 1', ["spans", "index against store"]),
        ("DELETE FROM passages", ["spans", "index against store"]),
        ("UPDATE passages SET sentences = '[[0, 9999]]'", ["spans", "index against store"]),
        ("UPDATE articles SET live = NULL", ["database", "index against store", "history against store"]),
        ("UPDATE revisions SET title = 'Other'", ["database", "index against store"]),
        (
            "DELETE FROM changes WHERE number = 2",
            ["database", "index against store", "history against store"],
        ),
    ],
)
def test_a_store_that_was_altered_is_found_out(library: Library, statement: str, names: list[str]) -> None:
    altered(library, statement)
    assert faulty(library) == names


def test_every_damaged_index_file_is_named(library: Library) -> None:
    for file in library.index.glob("*/*"):
        whole = file.read_bytes()
        file.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        faults = {check.name: check.faults for check in verify(library)}
        assert len(faults["index files"]) == 1
        assert faults["index files"][0].startswith(f"{file} is missing or damaged")
        file.write_bytes(whole)
    assert faulty(library) == []


@pytest.mark.parametrize("damage", [lambda f: f.write_bytes(b"x"), lambda f: f.unlink()])
def test_a_damaged_pointer_is_named(library: Library, damage: Callable[[Path], object]) -> None:
    damage(library.index / "current")
    assert "index against store" in faulty(library)


@pytest.mark.parametrize(
    ("passages", "excluded", "sound"),
    [
        ([(0, 10)], [], True),
        ([(0, 4), (6, 10)], [(4, 6)], True),
        ([(0, 4), (5, 10)], [], False),
        ([(0, 6), (5, 10)], [], False),
        ([(1, 10)], [], False),
        ([(0, 9)], [], False),
        ([], [(0, 10)], True),
    ],
)
def test_spans_have_to_tile(
    passages: list[tuple[int, int]], excluded: list[tuple[int, int]], sound: bool
) -> None:
    cut = Cut(
        tuple(Passage(Span(*ends), None, None, (Span(*ends),)) for ends in passages),
        tuple(Excluded(Span(*ends), "test") for ends in excluded),
    )
    assert (fault_of(cut, 10) is None) is sound
