"""The gate: only a loss that is significant and not small counts."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.eval.gate import Baseline, gate, read_baseline
from citewell.eval.report import report
from citewell.eval.report_table import gate_table
from tests.eval.judgings import judged

N = 60
MIXED = [i % 3 / 2 for i in range(N)]


def baseline(folder: Path, worth: list[float]) -> Baseline:
    file = folder / "baseline.json"
    file.write_text(json.dumps(asdict(report(judged({"hybrid": worth}, quotes=True)))), "utf-8")
    return read_baseline(file)


def less(worth: list[float], count: int, by: float = 1.0) -> list[float]:
    """So many of the questions that are worth most lose so much."""
    best = sorted(range(len(worth)), key=lambda i: (-worth[i], i))[:count]
    return [value - by if i in best else value for i, value in enumerate(worth)]


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        pytest.param(MIXED, True, id="the same"),
        pytest.param(less(MIXED, 12), False, id="large and significant"),
        pytest.param(less(MIXED, 3), True, id="larger than the least loss, not significant: three of three is chance"),
        pytest.param([value - 0.01 for value in MIXED], True, id="significant on every question, but small"),
        pytest.param([value - 0.03 for value in MIXED], False, id="the same on every question, and larger"),
        pytest.param([min(1.0, value + 0.5) for value in MIXED], True, id="a gain"),
    ],
)  # fmt: skip
def test_a_loss_counts_when_it_is_significant_and_not_small(
    tmp_path: Path, now: list[float], passed: bool
) -> None:
    found = gate(report(judged({"hybrid": now}, quotes=True)), baseline(tmp_path, MIXED))
    assert found.passed is passed
    assert [change.measure for change in found.changes] == ["nDCG@10", "R@5", "first quote"]
    assert (found.compared, found.only_before, found.only_now) == (N, 0, 0)
    assert ("LOSS" in gate_table(found)) is not passed


def test_questions_of_one_side_alone_are_counted_and_left_out(tmp_path: Path) -> None:
    found = gate(report(judged({"hybrid": MIXED[:10]})), baseline(tmp_path, MIXED[:8]))
    assert (found.compared, found.only_before, found.only_now) == (8, 0, 2)
    found = gate(report(judged({"hybrid": MIXED[:8]})), baseline(tmp_path, MIXED[:11]))
    assert (found.compared, found.only_before, found.only_now) == (8, 3, 0)
    assert "on 8 questions; 3 are in the baseline only, 0 here only;" in gate_table(found)


def test_questions_on_which_no_loss_could_be_significant_are_no_gate(tmp_path: Path) -> None:
    """Three measures: 3 * 2 / 2**6 is 0.09, 3 * 2 / 2**7 is 0.047."""
    with pytest.raises(BadInput) as refused:
        gate(report(judged({"hybrid": [0.0] * 6}, quotes=True)), baseline(tmp_path, [1.0] * 6))
    said = "have 6 questions in common, on which no loss could be significant. Compare on 7 or more."
    assert str(refused.value) == f"The baseline and this set {said}"
    lost = gate(report(judged({"hybrid": [0.0] * 7}, quotes=True)), baseline(tmp_path, [1.0] * 7))
    assert not lost.passed


def test_a_baseline_without_any_measure_is_refused() -> None:
    empty = Baseline("hybrid", {(f"q{i}", f"What about q{i}?"): {} for i in range(N)})
    with pytest.raises(BadInput, match="none of the measures"):
        gate(report(judged({"hybrid": MIXED})), empty)


def test_a_measure_that_the_baseline_lacks_is_not_compared(tmp_path: Path) -> None:
    found = gate(report(judged({"hybrid": MIXED})), baseline(tmp_path, MIXED))
    assert [change.measure for change in found.changes] == ["nDCG@10", "R@5"]


def test_a_baseline_of_another_set_is_refused() -> None:
    other = Baseline("hybrid", {("q0", "Another question?"): {"nDCG@10": 1.0}})
    with pytest.raises(BadInput, match="none of the questions of this set"):
        gate(report(judged({"hybrid": [1.0]})), other)


def test_a_baseline_of_another_system_is_refused() -> None:
    other = Baseline("lexical", {("q0", "What about q0?"): {"nDCG@10": 1.0}})
    with pytest.raises(BadInput, match="The baseline is of lexical, and hybrid was judged"):
        gate(report(judged({"hybrid": [1.0]})), other)


@pytest.mark.parametrize(
    "content",
    [
        None, "", "[]", "{}", "[" * 100_000, '{"system": "x"}', '{"system": "x", "by_question": [{"id": "q", "question": "?"}]}',
        '{"system": "x", "by_question": [{"id": "q", "question": "?", "values": {"x": {"nDCG@10": NaN}}}]}',
        '{"system": "x", "by_question": [{"id": "q", "question": "?", "values": {"x": {"nDCG@10": "1"}}}]}',
        '{"system": "y", "by_question": [{"id": "q", "question": "?", "values": {"x": {}}}]}',
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "baseline.json"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as refused:
        read_baseline(file)
    assert str(refused.value).startswith(f"{file} ")
