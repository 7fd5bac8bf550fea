"""Whatever a file is: a line in the report with the reason, the others are added, nothing is lost, no traceback."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from citewell.corpus import reading
from citewell.corpus.article import LONGEST_LINE
from citewell.corpus.finding import Refused, find_files
from citewell.index.library import Library
from citewell.index.verify import verify
from citewell.index.writing import Outcome, add
from tests.corpus.bad_inputs import LINKS, by_chance, odd_files, refused_files, write_by_hand
from tests.corpus.samples import VALID
from tests.fakes import WordEmbedder

ROWS = "| a | b |\n" * 2_000
PROSE = "The tide of the harbour comes in twice a day, and goes out as often as it came. " * 10 + "\n\n"


def added(folder: Path, tmp_path: Path) -> list[Outcome]:
    """What adding a folder says, checked for what always holds; the library held an article before."""
    (tmp_path / "library").mkdir()
    before = tmp_path / "before.txt"
    before.write_text("The sun was here before.")
    for name, content in VALID.items():
        (folder / f"0-good-{name}").write_bytes(content)
    with closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library:
        add(library, [before])
        outcomes = add(library, find_files([folder]))
        assert all(fault == () for fault in (check.faults for check in verify(library)))
        kept = {article.source for article in library.store.articles()}
    assert str(before) in kept
    for outcome in outcomes:
        assert outcome.result in ("added", "updated", "unchanged", "refused")
        assert bool(outcome.reason) == (outcome.result == "refused")
        assert "\n" not in f"{outcome.file} {outcome.reason}"
        assert "Traceback" not in f"{outcome.reason}"
    good = [outcome for outcome in outcomes if "/0-good-" in outcome.file]
    assert {Path(each.file.split(",")[0]).name for each in good} == {f"0-good-{name}" for name in VALID}
    assert {each.result for each in good} == {"added"}
    return outcomes


def test_every_known_fault_is_a_line_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    write_by_hand(folder)
    outcomes = added(folder, tmp_path)
    refused = {
        each.file.removeprefix(f"{folder}/").split(", record")[0]: each.reason
        for each in outcomes
        if each.reason
    }
    found = set(refused_files()) - {"archive.zip", "bomb.txt.gz"}  # passed by in a folder, as pictures are
    assert {name.encode("unicode_escape").decode() for name in found} <= set(refused)
    assert len(refused) >= len(found) + LINKS + 1
    assert (
        refused["large.txt"] == "1,000,000,000 bytes; an article has at most 20,000,000 (max_article_bytes)"
    )
    assert refused["endless.txt"] == "not a regular file"
    assert refused["encrypted.pdf"] == "encrypted; save it without a password"
    assert (
        refused["pictures.pdf"] == "no text on its 3 pages, only pictures; run text recognition (OCR) first"
    )
    texts = " ".join(str(each.reason) for each in outcomes)
    assert "root:" not in texts  # of /etc/passwd
    assert len(refused_files()) + len(odd_files()) + LINKS >= 60


def test_archives_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("archive.zip", "bomb.txt.gz"):
        (tmp_path / name).write_bytes(refused_files()[name])
    (tmp_path / "library").mkdir()
    with closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library:
        outcomes = add(library, [tmp_path / "archive.zip", tmp_path / "bomb.txt.gz", tmp_path / "gone.txt"])
    assert [each.reason for each in outcomes] == [
        "a zip archive; unpack it first",
        "a gzip archive; unpack it first",
        "No such file or directory",
    ]


def test_streams_without_an_end_are_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "library").mkdir()
    streams = [tmp_path / "pipe.txt", Path("/dev/zero"), Path("/dev/tty")]
    with closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library:
        outcomes = add(library, find_files(streams))
    assert {each.result for each in outcomes} == {"refused"}
    assert [each.reason for each in outcomes[:2]] == ["not a regular file"] * 2


def test_files_that_vanish_or_change_while_others_are_read_are_a_line_each(tmp_path: Path) -> None:
    """Whatever becomes of files between the look at the folder and their turn, and while they are read."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("a", "gone", "grown", "link", "turned", "z"):
        (folder / f"{name}.txt").write_text(f"The tide of {name} comes twice a day.")

    def items() -> Iterator[Path | Refused]:
        for item in find_files([folder]):
            yield item
            if item == folder / "a.txt":
                (folder / "gone.txt").unlink()
                (folder / "link.txt").unlink()
                (folder / "link.txt").symlink_to("link.txt")
                (folder / "turned.txt").unlink()
                (folder / "turned.txt").mkdir()
                (folder / "grown.txt").write_text("x" * 30_000_000)

    (tmp_path / "library").mkdir()
    with closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library:
        outcomes = add(library, items())
        assert not [fault for check in verify(library) for fault in check.faults]
    said = {Path(each.file).stem: each.reason for each in outcomes}
    assert said == {
        "a": None,
        "gone": "No such file or directory",
        "grown": "30,000,000 bytes; an article has at most 20,000,000 (max_article_bytes)",
        "link": f"Symlink loop from '{folder}/link.txt'",
        "turned": "Is a directory",
        "z": None,
    }


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.pdf", "a.jsonl", "a.csv"])
def test_a_file_that_is_written_to_while_it_is_read_is_a_line(tmp_path: Path, name: str) -> None:
    """What was read of it before is not lost, and the next one is added."""
    (tmp_path / name).write_bytes(VALID[name])
    (tmp_path / "z.txt").write_text("The tide comes twice a day.")
    (tmp_path / "library").mkdir()
    real = reading._check_unchanged

    def written_to(before: os.stat_result, stream: BinaryIO) -> None:
        if before.st_size == len(VALID[name]):
            with (tmp_path / name).open("ab") as file:
                file.write(b"more")
        real(before, stream)

    with (
        pytest.MonkeyPatch.context() as patched,
        closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library,
    ):
        patched.setattr(reading, "_check_unchanged", written_to)
        outcomes = add(library, [tmp_path / name, tmp_path / "z.txt"])
    assert [each.reason for each in outcomes if each.reason] == ["it changed while it was read; add it again"]
    assert outcomes[-1].result == "added"


def check_chance(tmp_path: Path, count: int, seed: int) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    names = []
    for name, content in by_chance(count, seed):
        (folder / name).write_bytes(content)
        names.append(name)
    outcomes = added(folder, tmp_path)
    said = {each.file.removeprefix(f"{folder}/").split(", record")[0] for each in outcomes}
    assert set(names) <= said


def test_files_with_a_fault_anywhere_are_added_or_refused(tmp_path: Path) -> None:
    check_chance(tmp_path, 36, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_files_with_a_fault_anywhere_are_added_or_refused(tmp_path: Path, seed: int) -> None:
    check_chance(tmp_path, 180, seed)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("title.jsonl", json.dumps({"title": "long title " * 20_000, "text": PROSE * 40})),
        ("heading.md", f"# {'long heading ' * 20_000}\n\n{PROSE * 40}"),
        ("table.md", f"| {'| '.join(['long column '] * 20_000)}|\n{'|---' * 20_000}|\n{ROWS}"),
    ],
)
def test_an_endless_title_heading_or_header_does_not_stand_before_every_passage_of_its_article(
    tmp_path: Path, name: str, content: str
) -> None:
    """It would be stored, counted and embedded once for each."""
    (tmp_path / name).write_text(content)
    (tmp_path / "library").mkdir()
    embedder = WordEmbedder("tide")
    with closing(Library(tmp_path / "library", embedder, create=True)) as library:
        (outcome,) = add(library, [tmp_path / name])
        (article,) = library.store.articles()
        cut = library.store.cut(article.text_sha)
    assert (outcome.passages or 0) > 10
    assert len(article.title) <= LONGEST_LINE
    assert max(len(passage.heading or "") for passage in cut.passages) <= LONGEST_LINE
    assert sum(map(len, embedder.embedded)) < 4 * len(content) + LONGEST_LINE * len(embedder.embedded)
