"""Whatever a file is: a line in the report with the reason, the others are added, nothing is lost, no traceback."""

from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.finding import find_files
from citewell.index.library import Library
from citewell.index.verify import verify
from citewell.index.writing import Outcome, add
from tests.corpus.bad_inputs import LINKS, ODD, REFUSED, by_chance, write_by_hand
from tests.corpus.samples import VALID
from tests.fakes import WordEmbedder


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
    found = set(REFUSED) - {"archive.zip", "bomb.txt.gz"}  # passed by in a folder, as pictures are
    assert {name.encode("unicode_escape").decode() for name in found} <= set(refused)
    assert len(refused) >= len(found) + LINKS + 1
    assert refused["large.txt"] == "1,000,000,000 bytes; an article has at most 20,000,000"
    texts = " ".join(str(each.reason) for each in outcomes)
    assert "root:" not in texts  # of /etc/passwd
    assert len(REFUSED) + len(ODD) + LINKS >= 60


def test_archives_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("archive.zip", "bomb.txt.gz"):
        (tmp_path / name).write_bytes(REFUSED[name])
    (tmp_path / "library").mkdir()
    with closing(Library(tmp_path / "library", WordEmbedder("tide"), create=True)) as library:
        outcomes = add(library, [tmp_path / "archive.zip", tmp_path / "bomb.txt.gz", tmp_path / "gone.txt"])
    assert [each.reason for each in outcomes] == [
        "a zip archive; unpack it first",
        "a gzip archive; unpack it first",
        "No such file or directory",
    ]


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
