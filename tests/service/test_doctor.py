"""`citewell doctor` and `citewell clean`, in processes of their own."""

import json
from pathlib import Path

import pytest

from citewell.index.onnx_embedder import OnnxEmbedder
from tests.service.command import citewell

PROSE = (
    "The tide number {} comes two days after new moon, says harbour master {}, who has watched it for thirty years "
    "from the window above quay {} and wrote down every hour of it in book {}."
)


@pytest.fixture
def library(embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    """Six articles under one menu."""
    (tmp_path / "site").mkdir()
    for number in range(6):
        text = f"Our whole menu\n\nTide {number}\n\n{PROSE.replace('{}', f'n{number}')}\n"
        (tmp_path / "site" / f"{number}.md").write_text(f"---\npublished: 2026-01-01\n---\n{text}")
    added = citewell("add", tmp_path / "site", "--library", tmp_path / "library")
    assert added.code == 0
    return tmp_path / "library"


def test_repeated_lines_are_reported_left_out_and_put_back(library: Path) -> None:
    """Exit code 1 as long as there is a warning."""
    ill = citewell("doctor", "--library", library)
    assert ill.code == 1
    assert "repeated lines" in ill.out
    assert "citewell clean" in ill.out
    shown = json.loads(citewell("clean", "--dry-run", "--json", "--library", library).out)
    assert [line["line"] for line in shown["lines"]] == ["Our whole menu"]
    assert (shown["dry_run"], shown["changed"]) == (True, False)
    assert citewell("clean", "--library", library).code == 0
    well = citewell("doctor", "--json", "--library", library)
    said = json.loads(well.out)
    assert (well.code, said["is_well"], said["left_out"]) == (0, True, 1)
    assert citewell("verify", "--library", library).code == 0
    assert citewell("clean", "--undo", "--library", library).code == 0
    assert citewell("doctor", "--library", library).code == 1


def test_a_source_that_is_out_of_reach_is_a_warning_until_it_is_looked_at_again(
    embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    notes, library = tmp_path / "notes", tmp_path / "library"
    notes.mkdir()
    (notes / "a.md").write_text(f"---\npublished: 2026-01-01\n---\n# Tides\n\n{PROSE}\n")
    assert citewell("sync", notes, "--library", library).code == 0
    well = citewell("doctor", "--library", library)
    assert (well.code, f"{notes}: last looked at 20" in well.out) == (0, True)
    notes.rename(tmp_path / "away")
    assert citewell("sync", notes, "--dry-run", "--library", library).code == 1
    assert citewell("doctor", "--library", library).code == 0
    assert citewell("sync", notes, "--library", library).code == 1
    ill = citewell("doctor", "--json", "--library", library)
    said = json.loads(ill.out)
    assert (ill.code, [each["name"] for each in said["findings"]]) == (1, ["unreachable sources"])
    assert said["sources"][0]["fault"] == f"No such folder: {notes}"
    (tmp_path / "away").rename(notes)
    assert citewell("sync", notes, "--library", library).code == 0
    assert citewell("doctor", "--library", library).code == 0


def test_what_excludes_each_other_is_refused(library: Path) -> None:
    assert citewell("clean", "--dry-run", "--undo", "--library", library).code == 1
    assert citewell("doctor", "--what", "--library", library).code == 2
    assert citewell("doctor", "--library", library / "none").code == 1


def test_adding_says_which_articles_the_model_cannot_read(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    (tmp_path / "ru.txt").write_text(
        "Компания, которая выпускает чипы, получила больше заказов, чем может.\n"
    )
    (done,) = json.loads(citewell("add", tmp_path / "ru.txt", "--json", "--library", tmp_path / "l").out)[
        "files"
    ]
    assert "script" in done["note"]
