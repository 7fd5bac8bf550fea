"""Measures: exact on small tables, and equal to trec_eval's on anything."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Qrel, R, ScoredDoc, iter_calc, nDCG

from citewell.eval.measures import Judgements, measure, ndcg, recall, reciprocal_rank


@pytest.mark.parametrize(
    ("ranking", "judged", "expected"),
    [
        pytest.param(["a", "b"], {"a": 3, "b": 1}, 1.0, id="the ideal order"),
        pytest.param(
            ["b", "a"],
            {"a": 3, "b": 1},
            (1 + 3 / log2(3)) / (3 + 1 / log2(3)),
            id="grades the wrong way round",
        ),
        pytest.param(["x", "x2", "a"], {"a": 1}, 1 / 2, id="one hit, at rank 3: 1 / log2(4)"),
        pytest.param(["a"], {"a": 1, "b": 1}, 1 / (1 + 1 / log2(3)), id="one of two found"),
        pytest.param(["x", "y"], {"a": 1}, 0.0, id="no hit"),
        pytest.param([], {"a": 1}, 0.0, id="empty ranking"),
        pytest.param(["a"], {}, 0.0, id="empty judgements"),
        pytest.param(["a"], {"a": 0}, 0.0, id="nothing relevant"),
        pytest.param(["a"], {"a": -2}, 0.0, id="only a negative grade"),
        pytest.param(["bad", "a"], {"a": 1, "bad": -3}, 1 / log2(3), id="a negative grade counts as none"),
        pytest.param(["x", "y", "a"], {"a": 1}, 0.5, id="depth holds the last rank"),
        pytest.param(["x", "y", "z", "a"], {"a": 1}, 0.0, id="a hit below the depth"),
    ],
)
def test_ndcg_at_3_discounts_the_grade_by_the_rank(
    ranking: list[str], judged: Judgements, expected: float
) -> None:
    assert ndcg(ranking, judged, 3) == pytest.approx(expected, abs=1e-12)


def test_the_ideal_ranking_of_ndcg_is_no_longer_than_the_depth() -> None:
    """Four relevant ids cannot all stand in the first three, so three are full marks."""
    assert ndcg(["a", "b", "c"], dict.fromkeys("abcd", 1), 3) == 1.0


@pytest.mark.parametrize(
    ("ranking", "judged", "expected"),
    [
        pytest.param(["a", "x"], {"a": 1}, 1.0, id="first"),
        pytest.param(["x", "a"], {"a": 1}, 1 / 2, id="second"),
        pytest.param(["x", "b", "a"], {"a": 3, "b": 1}, 1 / 2, id="the first relevant one counts, not the best"),
        pytest.param(["bad", "none", "a"], {"a": 1, "bad": -1, "none": 0}, 1 / 3, id="0 and less are not relevant"),
        pytest.param(["x", "y", "z", "a"], {"a": 1}, 0.0, id="below the depth"),
        pytest.param(["x"], {"a": 1}, 0.0, id="no hit"),
        pytest.param([], {"a": 1}, 0.0, id="empty ranking"),
        pytest.param(["a"], {}, 0.0, id="empty judgements"),
    ],
)  # fmt: skip
def test_reciprocal_rank_at_3_is_one_over_the_rank_of_the_first_relevant_hit(
    ranking: list[str], judged: Judgements, expected: float
) -> None:
    assert reciprocal_rank(ranking, judged, 3) == expected


@pytest.mark.parametrize(
    ("ranking", "judged", "expected"),
    [
        pytest.param(["a", "x", "b"], {"a": 1, "b": 2}, 1.0, id="all found"),
        pytest.param(["a", "x"], {"a": 1, "b": 2}, 1 / 2, id="half found"),
        pytest.param(["x", "y", "z", "a"], {"a": 1}, 0.0, id="below the depth"),
        pytest.param(["a", "b"], {"a": 1, "b": 0, "c": -1}, 1.0, id="0 and less are not relevant"),
        pytest.param(["x"], {"a": 1}, 0.0, id="no hit"),
        pytest.param([], {"a": 1}, 0.0, id="empty ranking"),
        pytest.param(["a"], {}, 0.0, id="empty judgements"),
        pytest.param(["a"], {"a": 0}, 0.0, id="nothing relevant"),
    ],
)
def test_recall_at_3_is_the_share_of_relevant_ids_found(
    ranking: list[str], judged: Judgements, expected: float
) -> None:
    assert recall(ranking, judged, 3) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("nDCG@2", 1 / log2(3)), ("RR@2", 1 / 2), ("R@2", 1.0), ("R@1", 0.0)]
)
def test_a_measure_is_found_by_its_name(name: str, expected: float) -> None:
    assert measure(name)(["x", "a"], {"a": 1}) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "name", ["", "nDCG", "nDCG@", "nDCG@0", "nDCG@-1", "nDCG@1.5", "ndcg@10", "MAP@10", " R@10", "R@10 "]
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"there are nDCG@k, RR@k and R@k"):
        measure(name)


POOL = [f"d{number}" for number in range(150)]
THEIRS = {"nDCG@10": nDCG @ 10, "RR@10": RR @ 10, "R@100": R @ 100}


@given(
    ranking=st.tuples(st.permutations(POOL), st.integers(1, len(POOL))).map(
        lambda drawn: drawn[0][: drawn[1]]
    ),
    judged=st.dictionaries(st.sampled_from(POOL), st.integers(-1, 4), min_size=1, max_size=40),
)
def test_measures_equal_those_of_ir_measures(ranking: list[str], judged: dict[str, int]) -> None:
    """Another project's formulas (pytrec_eval) on the same ranking and judgements."""
    qrels = [Qrel("q", name, grade) for name, grade in judged.items()]
    run = [ScoredDoc("q", name, float(-rank)) for rank, name in enumerate(ranking)]
    theirs = {str(found.measure): found.value for found in iter_calc(list(THEIRS.values()), qrels, run)}
    ours = {name: measure(name)(ranking, judged) for name in THEIRS}
    assert ours == pytest.approx(theirs, abs=1e-9)
