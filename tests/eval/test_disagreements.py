"""The evaluation of disagreements: intervals, rows, and the figures that eval/RESULTS.md reports."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.eval.disagreements import (
    Pair,
    Share,
    bundled_pairs,
    evaluate,
    main,
    read_pairs,
    share,
    table,
)
from citewell.index.assertions import Statement


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 1, 0.025, 1.0)],
)
def test_the_interval_is_clopper_and_pearsons(part: int, whole: int, low: float, high: float) -> None:
    """From the table of the binomial distribution: 1 - (alpha / 2) ** (1 / n) where nothing was found."""
    assert share(part, whole) == Share(part, whole, part / whole, low, high)


def test_of_nothing_there_is_no_share() -> None:
    assert share(0, 0) == Share(0, 0, None, None, None)


@given(st.integers(1, 200).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_lies_in_its_interval(counts: tuple[int, int]) -> None:
    found = share(*counts)
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


DAM = "The Corda Dam cost $310 million."


def a_pair(b: str, expected: tuple[str, str] | None, split: str = "dev") -> Pair:
    spans = None
    if expected:
        starts = DAM.index(expected[0]), b.index(expected[1])
        spans = tuple(Span(at, at + len(said)) for at, said in zip(starts, expected, strict=True))
    return Pair(b, "money", split, Statement(DAM, "a"), Statement(b, "b"), spans)  # type: ignore[arg-type]


def test_found_missed_and_false_alarms_are_counted_in_each_half() -> None:
    rows = evaluate(
        [
            a_pair("The Corda Dam cost $280 million.", ("$310 million", "$280 million")),
            a_pair("The Corda Dam cost $250 million.", None),
            a_pair("The Corda Dam was cheap.", ("$310", "cheap")),
            a_pair("The Corda Dam cost $310 million.", None, "test"),
        ]
    )
    assert [(r.split, r.kind, r.pairs, r.disagree, r.found, r.false_alarms) for r in rows] == [
        ("dev", "money", 3, 2, 1, 1),
        ("dev", "all", 3, 2, 1, 1),
        ("test", "money", 1, 0, 0, 0),
        ("test", "all", 1, 0, 0, 0),
    ]
    assert (rows[1].precision.value, rows[1].recall.value) == (0.5, 0.5)
    assert "dev: precision 0.500 [0.013, 0.987] (1 of 2)" in table(rows)
    assert "test: precision of nothing" in table(rows)


def test_other_figures_than_the_expected_are_missed_and_a_false_alarm() -> None:
    row, _ = evaluate([a_pair("The Corda Dam cost $280 million.", ("Dam", "$280 million"))])
    assert (row.found, row.false_alarms) == (0, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"split": "train"},
        {"expected": ["$310 million"]},
        {"expected": ["$310 million", "$1"]},
        {"disagree": False},
        {"a": {"words": DAM}},
        {"a": None},
    ],
)
def test_a_line_that_is_no_pair_is_refused_with_its_number(tmp_path: Path, change: dict[str, object]) -> None:
    good = json.loads(bundled_pairs().read_text("utf-8").splitlines()[0])
    file = tmp_path / "pairs.jsonl"
    file.write_text(f"{json.dumps(good)}\n{json.dumps({**good, **change})}\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        read_pairs(file)
    assert str(refused.value).startswith(f"{file}:2: needs id,")


def test_the_bundled_pairs_are_read_with_what_they_stand_under() -> None:
    pairs = {pair.id: pair for pair in read_pairs(bundled_pairs())}
    assert len(pairs) == 194
    row = pairs["bundled-01"].b
    assert (row.article, row.language, row.heading) == (
        "ai-infrastructuurstrijd",
        "nl",
        "Allianties en datacenters",
    )
    assert row.header is not None
    assert row.header.startswith("| Bedrijf |")
    assert pairs["count-01"].a.article == "count-01-a"


def test_the_figures_are_those_of_the_results() -> None:
    """Whoever changes a rule has used up the test half: see eval/RESULTS.md."""
    rows = [row for row in evaluate(read_pairs(bundled_pairs())) if row.kind == "all"]
    assert [(row.split, row.disagree, row.found, row.false_alarms) for row in rows] == [
        ("dev", 39, 35, 0),
        ("test", 39, 33, 5),
    ]


def test_the_command_prints_a_table_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out.startswith("| half | kind |")
    main(["--json"])
    rows = json.loads(capsys.readouterr().out)
    assert {row["split"] for row in rows} == {"dev", "test"}
