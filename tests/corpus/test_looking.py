"""A look at a folder: what is there, without reading it."""

import os
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.corpus.looking import Look, look
from citewell.corpus.reading import Reading, read_each


def seen(folder: Path, without: str = "nowhere", allow_empty: bool = False) -> Look:
    return look(folder, folder / without, allow_empty)


def written(file: Path, words: str = "The sun is far.") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(words)
    return file


def test_files_have_the_names_that_their_articles_have_as_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "notes" / "a.txt")
    written(tmp_path / "notes" / "deep" / "b\n.md")
    written(tmp_path / "notes" / "c\u202e.md")
    (tmp_path / "notes" / "picture.png").write_bytes(b"\x89PNG")
    monkeypatch.chdir(tmp_path)
    found = seen(Path("notes"))
    for name, path in found.files.items():
        ((_, read),) = read_each([path])
        assert isinstance(read, Reading)
        assert (read.source, read.place) == (name, found.place(name))
    assert {name.removeprefix(found.root) for name in found.files} == {
        "/a.txt",
        "/deep/b\\n.md",
        "/c\u202e.md",
    }
    assert found.place(f"{found.root}/c\u202e.md") == "notes/c\\u202e.md"  # as a terminal may be shown it
    assert len(found.stamps) == 3
    assert found.root == str(tmp_path / "notes")


def test_a_look_at_the_same_folder_is_the_same_and_at_another_state_another(tmp_path: Path) -> None:
    file = written(tmp_path / "a.txt")
    first = seen(tmp_path)
    assert seen(tmp_path) == first
    written(tmp_path / "b.txt")
    second = seen(tmp_path)
    assert second != first
    written(file, "The sun is near.")
    os.utime(file, ns=(0, first.stamps[str(file)].mtime_ns))  # as tools do that keep the time
    assert seen(tmp_path) != second


def test_two_names_of_one_file_are_one(tmp_path: Path) -> None:
    file = written(tmp_path / "z.txt")
    (tmp_path / "a.txt").symlink_to(file)
    assert [*seen(tmp_path).files] == [str(file)]


def test_links_out_of_the_folder_are_refused_under_their_own_name(tmp_path: Path) -> None:
    written(tmp_path / "notes" / "a.txt")
    (tmp_path / "notes" / "out.txt").symlink_to(written(tmp_path / "secret.txt"))
    found = seen(tmp_path / "notes")
    assert [*found.files] == [str(tmp_path / "notes" / "a.txt")]
    assert [*found.refused] == [str(tmp_path / "notes" / "out.txt")]


def test_the_library_in_the_folder_does_not_count(tmp_path: Path) -> None:
    written(tmp_path / "library" / "originals" / "ab" / "abc.txt")
    file = written(tmp_path / "library.txt")
    assert [*seen(tmp_path, "library").files] == [str(file)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.txt")
    closed = written(tmp_path / "closed" / "b.txt").parent
    closed.chmod(0)
    try:
        assert [*seen(tmp_path).refused] == [str(closed)]
        with pytest.raises(BadInput, match="cannot be read: Permission denied"):
            seen(closed, allow_empty=True)
    finally:
        closed.chmod(0o700)


def test_nothing_there_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    for folder, said in ((tmp_path, "No article in"), (tmp_path / "missing", "No such folder")):
        with pytest.raises(BadInput, match=f"{said}.* --allow-empty"):
            seen(folder)
        assert not seen(folder, allow_empty=True).files


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    for allow_empty in (False, True):
        with pytest.raises(BadInput, match=r"a\.txt is no folder\. Add a file by: citewell add"):
            seen(written(tmp_path / "a.txt"), allow_empty=allow_empty)


def test_what_was_written_just_now_may_be_written_again_under_the_same_stamp(tmp_path: Path) -> None:
    new, old = written(tmp_path / "new.txt"), written(tmp_path / "old.txt")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    found = seen(tmp_path)
    assert [found.is_settled(found.stamps[str(file)]) for file in (new, old)] == [False, True]
