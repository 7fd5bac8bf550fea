"""Backup and restore."""

import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, CitewellError
from citewell.index import calibration, tuned
from citewell.index.answer import ask
from citewell.index.backup import backup, check_backup, restore
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.response import Answer
from citewell.index.verify import verify
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder


def a_library(folder: Path) -> Library:
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder("sun", "moon"), create=True)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.md"
    file.write_text(f"---\nid: {name}\n---\n{text}", encoding="utf-8")
    return file


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = a_library(tmp_path / "library")
    add(
        library, [written(tmp_path, "sun", "The sun is hot."), written(tmp_path, "moon", "The moon is cold.")]
    )
    add(library, [written(tmp_path, "sun", "The sun is very hot.")])
    remove(library, ["moon"])
    return library


def asked(library: Library, question: str) -> Answer:
    return replace(ask(library.searcher(), library.store, question), took_ms=0.0)


def test_a_restored_library_is_the_library(library: Library, tmp_path: Path) -> None:
    """Answers, revisions, what was removed, and what is cited from old revisions."""
    library.rebuild()
    backup(library, tmp_path / "file.zip")
    other = a_library(tmp_path / "other")
    assert restore(other, tmp_path / "file.zip") == 1
    assert asked(other, "sun") == asked(library, "sun")
    assert other.store.revisions("sun") == library.store.revisions("sun")
    assert other.store.revisions("moon") == library.store.revisions("moon")
    assert all(check.faults == () for check in verify(other))


def test_a_librarys_own_calibration_comes_along_and_goes_when_the_backup_has_none(
    library: Library, tmp_path: Path
) -> None:
    backup(library, tmp_path / "without.zip")
    shipped = calibration.shipped()
    fitted = replace(shipped, config=library.config.fingerprint, model=library.embedder.fingerprint)
    calibration.write(library.store.own, fitted)
    backup(library, tmp_path / "with.zip")
    other = a_library(tmp_path / "other")
    restore(other, tmp_path / "with.zip")
    assert asked(other, "sun").calibration.id == fitted.id
    restore(other, tmp_path / "without.zip")
    assert asked(other, "sun").calibration.state == "none"
    (library.folder / calibration.FILE).write_text("damaged", "utf-8")
    backup(library, tmp_path / "damaged.zip")
    check_backup(tmp_path / "damaged.zip")


def test_a_librarys_own_configuration_comes_along_and_goes_when_the_backup_has_none(
    library: Library, tmp_path: Path
) -> None:
    backup(library, tmp_path / "without.zip")
    tuned.write(library.store.own, tuned.Tuned(Config(k1=1.2), "gold"))
    backup(library, tmp_path / "with.zip")
    other = a_library(tmp_path / "other")
    restore(other, tmp_path / "with.zip")
    assert tuned.read(other.store.own) == tuned.Tuned(Config(k1=1.2), "gold")
    library.rebuild()
    assert asked(other, "sun") == asked(library, "sun")
    restore(other, tmp_path / "without.zip")
    assert other.config == Config()
    (library.folder / tuned.FILE).write_text("damaged", "utf-8")
    backup(library, tmp_path / "damaged.zip")
    check_backup(tmp_path / "damaged.zip")


def test_restoring_goes_back_in_time_under_a_reader(library: Library, tmp_path: Path) -> None:
    """A process that serves the library answers with the old content, then with the restored."""
    reader = Library(library.folder, library.embedder)
    backup(library, tmp_path / "file.zip")
    before = {c.quote.text for c in asked(reader, "sun").citations}
    add(
        library, [written(tmp_path, "sun", "The sun has set."), written(tmp_path, "star", "The star shines.")]
    )
    assert {c.quote.text for c in asked(reader, "sun star").citations} == {
        "The sun has set.",
        "The star shines.",
    }
    restore(library, tmp_path / "file.zip")
    assert {c.quote.text for c in asked(reader, "sun star").citations} == before


def test_a_backup_of_the_same_change_number_is_told_from_the_present_content(
    library: Library, tmp_path: Path
) -> None:
    """Change numbers of two libraries cannot be compared: the restored store has an epoch of its own."""
    other = a_library(tmp_path / "other")
    for name in ("a", "b", "c", "d"):
        add(other, [written(tmp_path, name, f"The moon of {name}.")])
    assert other.store.change() == library.store.change()
    backup(other, tmp_path / "file.zip")
    epoch = library.store.epoch()
    restore(library, tmp_path / "file.zip")
    assert library.store.epoch() not in (epoch, other.store.epoch())
    assert {c.article.id for c in asked(library, "moon").citations} == {"a", "b", "c", "d"}


def test_vectors_come_along_when_asked(library: Library, tmp_path: Path) -> None:
    for vectors, computed in ((False, True), (True, False)):
        backup(library, tmp_path / "file.zip", vectors)
        embedder = WordEmbedder("sun", "moon")
        shutil.rmtree(tmp_path / "other", ignore_errors=True)
        (tmp_path / "other").mkdir()
        restore(Library(tmp_path / "other", embedder, create=True), tmp_path / "file.zip")
        assert bool(embedder.embedded) is computed


def test_a_backup_while_others_write_is_of_one_moment(library: Library, tmp_path: Path) -> None:
    """Every article of the batch before, or of the batch after, never a mixture in one article."""
    done = threading.Event()

    def write() -> None:
        for round_ in range(12):
            add(library, [written(tmp_path, name, f"The sun in round {round_}.") for name in ("a", "b")])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    number = 0
    while not done.is_set():
        backup(library, tmp_path / f"{number}.zip")
        number += 1
    writer.join()
    for file in (tmp_path / "0.zip", tmp_path / f"{number - 1}.zip"):
        shutil.rmtree(tmp_path / "other", ignore_errors=True)
        other = a_library(tmp_path / "other")
        restore(other, file)
        assert all(check.faults == () for check in verify(other))
        other.close()


@pytest.mark.parametrize("damage", ["empty", "text", "other zip", "other file in it"])
def test_what_is_no_backup_is_refused_and_nothing_is_lost(
    library: Library, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "file.zip"
    if damage in ("empty", "text"):
        file.write_bytes(b"" if damage == "empty" else b"no backup")
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(
                "readme" if damage == "other zip" else "manifest.json", '{"files": {"../x": "1"}}'
            )
    before = asked(library, "sun")
    for refuse in (lambda: check_backup(file), lambda: restore(library, file)):
        with pytest.raises(BadInput, match="cannot be restored"):
            refuse()
    assert asked(library, "sun") == before
    assert [path for path in library.folder.iterdir() if path.name.startswith(".citewell")] == []


def test_a_place_that_cannot_be_written_is_named(library: Library, tmp_path: Path) -> None:
    with pytest.raises(CitewellError, match="cannot be written to"):
        backup(library, tmp_path / "nowhere" / "file.zip")
