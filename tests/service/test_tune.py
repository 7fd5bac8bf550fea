"""`citewell eval tune`: what it writes, what it says, and what is in force after it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.index import calibration, tuned
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.service.evaluation import tune_library
from tests.eval.test_tune import QUESTIONS, N, make


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """The words lead to the evidence, the model to another article."""
    texts = {f"right-{i}": f"Here thing{i} is alpha{i}." for i in range(N)}
    texts |= {f"wrong-{i}": f"Here topic{i} is common." for i in range(N)}
    library = make(tmp_path, texts)
    yield library
    library.close()


def gold(library: Library, questions: int = N) -> Path:
    rows = [
        {"id": f"q{i}", "kind": "fact", "question": asked, "evidence": [{"article": f"right-{i}", "quote": f"thing{i} is alpha{i}"}]}
        for i, asked in enumerate(QUESTIONS[:questions])
    ]  # fmt: skip
    file = library.folder / "gold.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_a_significant_gain_is_written_and_in_force_and_the_next_step_is_named(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    file = gold(library)
    tune_library(library, file, dry_run=False, as_json=False)
    said = capsys.readouterr().out
    written = tuned.read(library.store.own)
    assert written is not None
    assert "nDCG@10 0.6309 -> 1.0000" in said
    assert f"written to {library.folder / tuned.FILE}, in force from now on" in said
    assert f"citewell eval calibrate {file} --library {library.folder}" in said
    assert library.config == written.config != Config()
    assert written.tuned_on == f"{N} questions of gold.jsonl"
    tune_library(library, file, dry_run=False, as_json=True)
    again = json.loads(capsys.readouterr().out)
    assert (again["is_better"], again["written"], again["calibration"]) == (False, None, "none")
    assert again["present"] == again["config"]


def test_a_dry_run_says_the_same_and_writes_nothing(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    tune_library(library, gold(library), dry_run=True, as_json=False)
    assert "nothing is written: --dry-run" in capsys.readouterr().out
    tune_library(library, gold(library), dry_run=True, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["is_better"], said["written"]) == (True, None)
    assert not (library.folder / tuned.FILE).exists()
    assert not (library.folder / calibration.FILE).exists()


def test_too_few_questions_are_said_and_nothing_is_written(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    tune_library(library, gold(library, 5), dry_run=False, as_json=False)
    assert capsys.readouterr().out == (
        "5 answerable questions are too few to tune on; it takes 20 on different evidence. Nothing is changed.\n"
    )
    assert not (library.folder / tuned.FILE).exists()
