"""Which files are meant by names of files and folders."""

import os
import re
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.corpus.finding import Refused, find_files, opened


def a_file(folder: Path, name: str, content: bytes = b"words") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def names(found: list[Path | Refused], folder: Path) -> list[str]:
    return [each.relative_to(folder).as_posix() for each in found if isinstance(each, Path)]


def refused(found: list[Path | Refused], folder: Path) -> dict[str, str]:
    return {each.place.removeprefix(f"{folder}/"): each.reason for each in found if isinstance(each, Refused)}


def test_a_folder_gives_every_file_a_reader_takes_in_order_of_name(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "folder.txt").mkdir()
    for name in ["b.md", "a.txt", "c.MARKDOWN", "d.pdf", "noext", "deep/er/e.txt", "folder.txt/f.md"]:
        a_file(tmp_path, name)
    found = names(find_files([tmp_path]), tmp_path)
    assert found == ["a.txt", "b.md", "c.MARKDOWN", "d.pdf", "deep/er/e.txt", "folder.txt/f.md"]


def test_in_a_folder_content_is_known_whatever_its_name(tmp_path: Path) -> None:
    for name, content in [
        ("paper", b"%PDF-1.7"),
        ("page.php", b"<!DOCTYPE html><p>Words"),
        ("picture", b"\x89PNG"),
        ("program.py", b"words"),
        ("all.zip", b"PK\x03\x04"),
    ]:
        a_file(tmp_path, name, content)
    assert names(find_files([tmp_path]), tmp_path) == ["page.php", "paper"]


def test_a_link_within_the_folder_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    a_file(tmp_path, "b.txt")
    (tmp_path / "a.txt").symlink_to("b.txt")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    found = find_files([tmp_path])
    assert names(found, tmp_path) == ["a.txt"]
    assert refused(found, tmp_path) == {}


OUT = "a link that leads out of the folder; add what it leads to by its own name"


def test_a_link_that_leads_out_nowhere_or_around_is_refused(tmp_path: Path) -> None:
    outside = a_file(tmp_path, "outside.txt")
    folder = tmp_path / "folder"
    folder.mkdir()
    a_file(folder, "good.txt")
    (folder / "out.txt").symlink_to(outside)
    (folder / "out").symlink_to(tmp_path)
    (folder / "unwanted.png").symlink_to(tmp_path / "picture.png")
    (folder / "gone.txt").symlink_to("nothing.txt")
    (folder / "one.txt").symlink_to("two.txt")
    (folder / "two.txt").symlink_to("one.txt")
    found = find_files([folder])
    assert names(found, folder) == ["good.txt"]
    assert refused(found, folder) == {
        "out.txt": OUT,
        "out": OUT,
        "gone.txt": "a link that leads nowhere",
        "one.txt": "a link in a loop of links",
        "two.txt": "a link in a loop of links",
    }


def test_what_is_no_file_is_passed_by_unless_it_is_named_like_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.txt")
    a_file(tmp_path, "good.txt")
    good, refused = find_files([tmp_path])
    assert names([good], tmp_path) == ["good.txt"]
    assert refused == Refused(str(tmp_path / "pipe.txt"), "not a regular file")


def test_files_come_in_the_order_they_were_named(tmp_path: Path) -> None:
    b, a = a_file(tmp_path, "b.txt"), a_file(tmp_path, "a.pdf")
    assert find_files([b, a]) == [b, a]  # that there is no reader for one is said when it is read


def test_a_file_named_twice_is_found_once(tmp_path: Path) -> None:
    a, b = a_file(tmp_path, "a.txt"), a_file(tmp_path, "b.txt")
    assert find_files([b, tmp_path, tmp_path / "." / "a.txt"]) == [b, a]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("gone", "No such file or folder: {path}"),
        ("gone.txt", "No such file or folder: {path}"),
        ("empty", "No article in {path}: files that are read end in .csv, .docx, .eml"),
        ("pictures", "No article in {path}: files that are read end in .csv, .docx, .eml"),
    ],
)
def test_a_path_without_an_article_is_refused(tmp_path: Path, missing: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pictures").mkdir()
    a_file(tmp_path, "pictures/a.png", b"\x89PNG")
    path = tmp_path / missing
    with pytest.raises(BadInput, match=re.escape(message.format(path=path))):
        find_files([path])


def test_a_path_longer_than_the_system_takes_is_refused_and_the_rest_is_found(tmp_path: Path) -> None:
    a_file(tmp_path, "a.txt")
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(tmp_path)
        for _ in range(40):
            Path("d" * 120).mkdir()
            os.chdir("d" * 120)
            Path("x" * 100 + ".txt").write_text("words")
    finally:
        os.fchdir(before)
        os.close(before)
    found = find_files([tmp_path])
    assert names(found, tmp_path)[0] == "a.txt"
    assert set(refused(found, tmp_path).values()) == {"File name too long"}


def test_a_pipe_that_took_the_place_of_a_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        opened(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("given", "is_named"),
    [
        ("example.org/tides", True),
        ("www.example.org", True),
        ("a-b.example.CO.uk/tides", True),
        ("notes.txt", False),
        ("notes/tides.txt", False),
        ("/example.org/tides", False),
    ],
)
def test_what_is_not_there_may_be_an_address_without_its_scheme(given: str, is_named: bool) -> None:
    with pytest.raises(BadInput) as raised:
        find_files([Path(given)])
    assert (f"https://{given}" in str(raised.value)) is is_named
