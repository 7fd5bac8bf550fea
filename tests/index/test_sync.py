"""A folder that is mirrored: the library holds what its files give, and what did not change is not touched."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.corpus import finding, reading
from citewell.corpus.children import Limits
from citewell.corpus.finding import find_files
from citewell.corpus.looking import look
from citewell.corpus.records import Mapped
from citewell.index import sync as mirroring
from citewell.index import writing
from citewell.index.backup import backup, restore
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.seen import SEEN
from citewell.index.snapshot import read
from citewell.index.sync import Synced, dry_run, sync
from citewell.index.verify import verify
from citewell.index.writing import add, hide, remove
from tests.fakes import WordEmbedder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(opened(tmp_path / "library")) as library:
        yield library


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def opened(folder: Path) -> Library:
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder("sun", "moon"), create=True)


def written(folder: Path, name: str, words: str, day: int = 1) -> Path:
    """A file that was last changed on that day, long ago."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(words)
    os.utime(file, (day * 86_400, day * 86_400))
    return file


def synced(library: Library, folder: Path, keep_vanished: bool = False, allow_empty: bool = False) -> Synced:
    return sync(library, look(folder, library.folder, allow_empty), keep_vanished=keep_vanished)


def results(done: Synced, folder: Path) -> list[tuple[str, str]]:
    return [(each.result, each.file.removeprefix(f"{folder}/")) for each in done.files]


def articles(library: Library) -> dict[str, tuple[str, str]]:
    """Source and text of each."""
    return {a.article_id: (a.source, library.store.text(a.text_sha)) for a in library.store.articles()}


def jsonl(*records: dict[str, str]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file that is read or whose bytes are looked at from now on."""
    read: list[Path] = []

    def each(files: Iterable[Path], mapped: Mapped | None, limits: Limits) -> Iterator[object]:
        kept = list(files)
        read.extend(kept)
        return reading.read_each(kept, mapped, limits)

    def opening(file: Path) -> BinaryIO:
        read.append(file)
        return finding.opened(file)

    monkeypatch.setattr(writing, "read_each", each)
    monkeypatch.setattr(mirroring, "opened", opening)
    return read


def test_new_files_are_added_changed_ones_updated_vanished_ones_removed(
    library: Library, notes: Path
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        written(notes, name, f"The sun of {name} is far.")
    assert results(synced(library, notes), notes) == [("added", f"{name}.txt") for name in "abc"]
    written(notes, "a.txt", "The moon is near.", day=2)
    (notes / "b.txt").unlink()
    written(notes, "deep/d.txt", "The moon is far.")
    done = synced(library, notes)
    assert results(done, notes) == [("updated", "a.txt"), ("added", "deep/d.txt"), ("removed", "b.txt")]
    assert done.unchanged == 1
    assert sorted(text for _, text in articles(library).values()) == [
        "The moon is far.",
        "The moon is near.",
        "The sun of c.txt is far.",
    ]
    assert [fault for check in verify(library) for fault in check.faults] == []


def test_what_did_not_change_is_neither_read_nor_embedded_nor_written(
    library: Library, notes: Path, reads: list[Path]
) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.jsonl", jsonl({"text": "The moon is near."}, {"text": "The moon is far."}))
    synced(library, notes)
    embedder = library.embedder
    assert isinstance(embedder, WordEmbedder)
    before = library.store.change(), [*embedder.embedded], read(library.index)
    reads.clear()
    assert synced(library, notes) == Synced(str(notes), False, (), 3)
    assert (library.store.change(), embedder.embedded, read(library.index)) == before
    assert reads == []


def test_a_file_that_was_only_touched_is_not_read_as_an_article(
    library: Library, notes: Path, reads: list[Path]
) -> None:
    file = written(notes, "a.txt", "The sun is far.")
    synced(library, notes)
    reads.clear()
    written(notes, "a.txt", "The sun is far.", day=2)
    assert synced(library, notes).files == ()
    assert reads == [file]  # its bytes, once
    assert synced(library, notes).files == ()
    assert reads == [file]


def test_a_dry_run_says_what_a_sync_then_does_and_does_nothing(library: Library, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.txt", "The moon is far.")
    written(notes, "c.txt", "The moon is far.")
    synced(library, notes)
    written(notes, "a.txt", "The sun is near.", day=2)
    written(notes, "c.txt", "The moon is far.", day=2)  # touched
    (notes / "b.txt").unlink()
    written(notes, "d.txt", "The sun is near.")
    (notes / "e.txt").symlink_to("/nowhere")
    files = (file for file in library.folder.rglob("*") if file.is_file())
    before = {
        file: file.read_bytes() for file in files if not file.name.endswith("-shm")
    }  # that SQLite's readers share
    planned = dry_run(library.folder, look(notes, library.folder))
    assert results(planned, notes) == [
        ("update", "a.txt"),
        ("remove", "b.txt"),
        ("add", "d.txt"),
        ("refuse", "e.txt"),
    ]
    assert planned.unchanged == 1
    assert {file: file.read_bytes() for file in before} == before
    assert {result for result, _ in results(synced(library, notes), notes)} == {
        "updated", "removed", "added", "refused",
    }  # fmt: skip


def test_a_dry_run_needs_no_library(tmp_path: Path, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    assert results(dry_run(tmp_path / "none", look(notes, tmp_path / "none")), notes) == [("add", "a.txt")]
    assert not (tmp_path / "none").exists()


def test_what_vanished_is_kept_on_request_for_that_time(library: Library, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.txt", "The moon is far.")
    synced(library, notes)
    (notes / "b.txt").unlink()
    assert results(synced(library, notes, keep_vanished=True), notes) == [("kept", "b.txt")]
    assert len(articles(library)) == 2
    assert results(synced(library, notes), notes) == [("removed", "b.txt")]
    assert len(articles(library)) == 1


def test_what_changed_before_it_was_to_be_removed_goes_the_next_time(
    library: Library, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the end another process stores a new revision of it. Only `seen.py` knows whose it is."""
    record = {"id": "one", "text": "The sun is far.", "url": "https://example.org/1"}
    written(notes, "a.jsonl", jsonl(record))
    synced(library, notes)
    (notes / "a.jsonl").unlink()

    def late(*given: Any) -> set[str]:
        monkeypatch.setattr(mirroring, "hide", hide)
        written(notes.parent, "other.jsonl", jsonl({**record, "text": "The sun is near."}))
        add(library, [notes.parent / "other.jsonl"])
        return hide(*given)

    monkeypatch.setattr(mirroring, "hide", late)
    assert results(synced(library, notes, allow_empty=True), notes) == []
    assert set(articles(library)) == {"one"}
    assert results(synced(library, notes, allow_empty=True), notes) == [("removed", "a.jsonl")]
    assert set(articles(library)) == set()


def test_records_that_vanished_are_removed(library: Library, notes: Path) -> None:
    """Also those whose source is their own address, and not the file."""
    first = {"id": "one", "text": "The sun is far.", "url": "https://example.org/1"}
    second = {"id": "two", "text": "The moon is far."}
    written(notes, "a.jsonl", jsonl(first, second))
    synced(library, notes)
    assert set(articles(library)) == {"one", "two"}
    written(notes, "a.jsonl", jsonl(second), day=2)
    assert ("removed", "a.jsonl") in results(synced(library, notes), notes)
    assert set(articles(library)) == {"two"}
    written(notes, "a.jsonl", jsonl(first), day=3)
    synced(library, notes)
    (notes / "a.jsonl").unlink()
    assert results(synced(library, notes, allow_empty=True), notes) == [("removed", "a.jsonl")]


@pytest.mark.parametrize(
    "broken", ["", "\0\0\0", "not JSON\n", '{"id": "one", "text": "The sun."}\nnot JSON\n']
)
def test_a_file_that_cannot_be_read_now_keeps_its_articles(
    library: Library, notes: Path, broken: str
) -> None:
    """All of them, since nobody knows which ones it would give; tried again each time, until it can be read."""
    whole = jsonl(
        {"id": "one", "text": "The sun is far."}, {"id": "two", "text": "Far.", "url": "https://example.org/"}
    )
    written(notes, "a.jsonl", whole)
    synced(library, notes)
    written(notes, "a.jsonl", broken, day=2)
    for _ in range(2):
        done = synced(library, notes)
        assert "refused" in {each.result for each in done.files}
        assert set(articles(library)) == {"one", "two"}
    written(notes, "a.jsonl", jsonl({"id": "one", "text": "The sun."}), day=3)
    assert "removed" in {each.result for each in synced(library, notes).files}
    assert set(articles(library)) == {"one"}


def test_nothing_is_removed_from_a_folder_that_cannot_be_listed(
    library: Library, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "closed/b.txt", "The moon is far.")
    synced(library, notes)
    scandir = os.scandir

    def closed(place: str) -> "os._ScandirIterator[str]":
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", closed)
        assert results(synced(library, notes), notes) == [("refused", "closed")]
    assert len(articles(library)) == 2
    assert synced(library, notes).files == ()


def test_a_file_that_vanishes_between_look_and_reading_is_refused_and_removed_next_time(
    library: Library, notes: Path
) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.txt", "The moon is far.")
    synced(library, notes)
    written(notes, "a.txt", "The sun is near.", day=2)
    looked = look(notes, library.folder)
    (notes / "a.txt").unlink()
    assert [each.reason for each in sync(library, looked).files] == ["No such file or directory"]
    assert len(articles(library)) == 2
    assert results(synced(library, notes), notes) == [("removed", "a.txt")]


def test_a_file_that_changes_between_look_and_reading_is_looked_at_again(
    library: Library, notes: Path
) -> None:
    written(notes, "a.txt", "The sun is far.")
    looked = look(notes, library.folder)
    written(notes, "a.txt", "The sun is near", day=2)  # as long
    assert results(sync(library, looked), notes) == [("added", "a.txt")]
    assert [text for _, text in articles(library).values()] == ["The sun is near"]
    written(notes, "a.txt", "The sun is far.", day=1)
    assert results(synced(library, notes), notes) == [("updated", "a.txt")]


def test_an_empty_folder_empties_the_library_only_if_that_is_allowed(
    library: Library, notes: Path, tmp_path: Path
) -> None:
    written(notes, "a.txt", "The sun is far.")
    add(library, [written(tmp_path, "other.txt", "The moon.")])
    synced(library, notes)
    shutil.rmtree(notes)
    assert results(synced(library, notes, allow_empty=True), notes) == [("removed", "a.txt")]
    assert len(articles(library)) == 1  # what is not of the folder stays


def test_what_was_added_from_the_folder_belongs_to_it(library: Library, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    add(library, [written(notes, "b.txt", "The moon is far.")])
    (notes / "b.txt").unlink()
    assert results(synced(library, notes), notes) == [("added", "a.txt"), ("removed", "b.txt")]


def test_what_was_removed_or_purged_comes_back_while_its_file_is_there(library: Library, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    for take_away in (remove, purge):
        (name,) = (each.article_id for each in synced(library, notes).files)
        assert name is not None
        take_away(library, [name])
        assert articles(library) == {}


def test_a_purge_leaves_no_name_behind(library: Library, notes: Path) -> None:
    written(notes, "xyzzyplugh.md", "---\nid: secret\n---\nThe sun is far.")
    written(notes, "a.txt", "The moon is far.")
    synced(library, notes)

    def holding() -> list[str]:
        files = (file for file in library.folder.rglob("*") if file.is_file())
        return [file.name for file in files if b"xyzzyplugh" in file.read_bytes()]

    assert any(file.startswith(SEEN) for file in holding())
    (notes / "xyzzyplugh.md").unlink()
    synced(library, notes)
    purge(library, ["secret"])
    assert holding() == []
    assert synced(library, notes).files == ()


def test_a_renamed_file_is_one_removed_and_one_added_unless_it_has_an_id(
    library: Library, notes: Path
) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.md", "---\nid: moon\n---\nThe moon is far.")
    synced(library, notes)
    (notes / "a.txt").rename(notes / "c.txt")
    (notes / "b.md").rename(notes / "d.md")
    assert results(synced(library, notes), notes) == [
        ("added", "c.txt"),
        ("updated", "d.md"),
        ("removed", "a.txt"),
    ]
    assert articles(library)["moon"][0] == str(notes / "d.md")
    assert synced(library, notes).files == ()


def test_an_id_belongs_to_the_file_that_had_it_first(library: Library, notes: Path) -> None:
    written(notes, "b.md", "---\nid: moon\n---\nThe moon is far.")
    synced(library, notes)
    written(notes, "a.md", "---\nid: moon\n---\nThe sun is far.")
    (refused,) = synced(library, notes).files
    assert (refused.result, refused.reason) == (
        "refused",
        f"the id 'moon' is that of {notes / 'b.md'}, too. Give it another.",
    )
    (notes / "b.md").unlink()
    assert results(synced(library, notes), notes) == [("updated", "a.md")]
    assert articles(library)["moon"] == (str(notes / "a.md"), "The sun is far.")


def test_what_is_remembered_can_be_lost(library: Library, notes: Path) -> None:
    written(notes, "a.txt", "The sun is far.")
    written(notes, "b.txt", "The moon is far.")
    synced(library, notes)
    (notes / "b.txt").unlink()
    (library.folder / SEEN).unlink()
    done = synced(library, notes)
    assert (results(done, notes), done.unchanged) == ([("removed", "b.txt")], 1)


def test_after_a_restore_everything_is_compared_anew(library: Library, notes: Path, tmp_path: Path) -> None:
    """A revision of the same number may be another one then."""
    written(notes, "a.txt", "The sun is far.")
    synced(library, notes)
    backup(library, tmp_path / "backup.zip")
    written(notes, "a.txt", "The sun is near.", day=2)
    synced(library, notes)
    restore(library, tmp_path / "backup.zip")
    assert results(synced(library, notes), notes) == [("updated", "a.txt")]
    assert [text for _, text in articles(library).values()] == ["The sun is near."]


def test_another_mapping_reads_again(library: Library, notes: Path) -> None:
    written(notes, "a.jsonl", jsonl({"id": "one", "text": "The sun is far.", "body": "The moon is far."}))
    synced(library, notes)
    done = sync(library, look(notes, library.folder), {"text": "body"})
    assert [each.result for each in done.files] == ["updated"]


# -- any history --------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["The sun is far.", "The moon is far.", "The sun is near. The moon, too."])
_IDS = st.sampled_from([None, None, "x", "y", "z"])
_PLAIN = st.tuples(_IDS, _WORDS).map(
    lambda given: (given[:1], f"---\nid: {given[0]}\n---\n{given[1]}" if given[0] else given[1])
)
_URLS = st.sampled_from([None, "https://example.org/1", "https://example.org/2"])
_RECORDS = st.lists(st.tuples(_IDS, _URLS, _WORDS), min_size=1, max_size=3).map(
    lambda given: (
        tuple(name for id_, url, _ in given for name in (id_, url)),
        jsonl(*({k: v for k, v in zip(("id", "url", "text"), each, strict=True) if v} for each in given)),
    )
)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "a.md": _PLAIN,
        "b.md": _PLAIN,
        "deep/c.md": _PLAIN,
        "d.jsonl": _RECORDS,
        "deep/e.jsonl": _RECORDS,
    },
)


def _is_sound(files: dict[str, tuple[tuple[str | None, ...], str]]) -> bool:
    """No two articles have one id."""
    names = [name for given, _ in files.values() for name in given if name]
    return len(names) == len(set(names))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_FILES.filter(_is_sound), min_size=2, max_size=4))
def test_after_any_history_the_library_is_what_a_new_one_would_be(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[str, tuple[tuple[str | None, ...], str]]]
) -> None:
    """And a second sync reads nothing and writes nothing."""
    made = tmp_path_factory.mktemp("history")
    with closing(opened(made / "library")) as library:
        for day, state in enumerate(history, 1):
            for name in ("a.md", "b.md", "deep/c.md", "d.jsonl", "deep/e.jsonl"):
                file = made / "notes" / name
                file.parent.mkdir(parents=True, exist_ok=True)
                words = state[name][1] if name in state else None
                if words is None:
                    file.unlink(missing_ok=True)
                elif not file.exists() or file.read_text() != words:
                    written(made / "notes", name, words, day)
            done = synced(library, made / "notes", allow_empty=True)
            assert "refused" not in {each.result for each in done.files}
            with closing(opened(made / f"new {day}")) as new:
                add(new, find_files([made / "notes"]) if state else [])
                assert articles(library) == articles(new)
            change = library.store.change()
            assert synced(library, made / "notes", allow_empty=True).files == ()
            assert library.store.change() == change
        assert [fault for check in verify(library) for fault in check.faults] == []
