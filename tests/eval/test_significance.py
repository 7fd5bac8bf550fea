"""Intervals and tests: exact on small samples, equal to scipy's and to the definition of a closed test."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from citewell.eval.significance import (
    EXACT_UP_TO,
    LEVEL,
    detectable,
    fewest_questions,
    holm,
    mean_intervals,
    randomisation_p,
)

SMALL = st.lists(st.sampled_from([-1.0, -0.5, -0.37, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=9)


@given(SMALL)
def test_a_p_value_of_few_differences_is_the_share_of_sign_flips_as_extreme(differences: list[float]) -> None:
    """Every way of flipping, zeros included, one by one."""
    seen = abs(sum(differences))
    flips = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= seen - 1e-9
        for signs in product((1, -1), repeat=len(differences))
    ]
    assert randomisation_p(np.array(differences)) == pytest.approx(sum(flips) / len(flips))


@pytest.mark.parametrize("size", [EXACT_UP_TO + 1, 40, 164])
def test_a_p_value_of_many_differences_is_near_that_of_scipy(size: int) -> None:
    differences = np.random.default_rng(size).normal(0.2, 1, size)
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    ).pvalue
    ours = randomisation_p(differences)
    assert ours == pytest.approx(theirs, abs=4 * (theirs * (1 - theirs) / 10_000) ** 0.5 + 2e-4)
    assert randomisation_p(differences) == ours


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        pytest.param([], 1.0, id="none"),
        pytest.param([0.0, 0.0], 1.0, id="no difference"),
        pytest.param([0.5], 1.0, id="one difference: both signs are as large"),
        pytest.param([0.1] * 5, 2 / 32, id="five equal ones"),
        pytest.param([1.0, -1.0], 1.0, id="they cancel out"),
    ],
)
def test_small_p_values(differences: list[float], expected: float) -> None:
    assert randomisation_p(np.array(differences)) == expected


def test_a_p_value_is_never_zero() -> None:
    assert randomisation_p(np.ones(100)) == pytest.approx(1 / 10_001)


@given(st.lists(st.sampled_from([0.001, 0.01, 0.02, 0.04, 0.049, 0.2, 1.0]), min_size=1, max_size=6))
def test_holm_adjusts_as_the_closed_bonferroni_test(ps: list[float]) -> None:
    """A hypothesis falls when every set of hypotheses that holds it falls: the largest |S| times the least p in S."""
    numbers = range(len(ps))
    sets = [s for size in range(1, len(ps) + 1) for s in combinations(numbers, size)]
    expected = [max(min(1.0, len(s) * min(ps[i] for i in s)) for s in sets if n in s) for n in numbers]
    assert holm(ps) == pytest.approx(expected)


def test_holm_keeps_the_order_in_which_tests_were_given() -> None:
    assert holm([0.04, 0.01]) == [0.04, 0.02]
    assert holm([]) == []


def test_intervals_are_near_those_of_scipy() -> None:
    values = np.random.default_rng(7).beta(2, 1, size=(120, 2))
    low, high = mean_intervals(values)
    for column in range(2):
        theirs = stats.bootstrap(
            (values[:, column],),
            np.mean,
            n_resamples=20_000,
            method="percentile",
            rng=np.random.default_rng(1),
        ).confidence_interval
        assert (low[column], high[column]) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_intervals_of_equal_values_have_no_width_and_those_of_nothing_are_zero() -> None:
    low, high = mean_intervals(np.full((5, 1), 0.25))
    assert (low[0], high[0]) == pytest.approx((0.25, 0.25))
    assert [ends.tolist() for ends in mean_intervals(np.zeros((0, 2)))] == [[0, 0], [0, 0]]


def test_a_column_has_the_same_interval_whatever_stands_beside_it() -> None:
    values = np.random.default_rng(3).random((30, 3))
    together, alone = mean_intervals(values), mean_intervals(values[:, 1:2])
    assert [ends[1] for ends in together] == pytest.approx([ends[0] for ends in alone])


@settings(max_examples=20)
@given(st.integers(20, 200), st.floats(0.1, 2))
def test_a_detectable_difference_is_found_four_times_in_five(n: int, spread: float) -> None:
    """The power of a two-sided z-test at 5 % with that difference, by the normal distribution."""
    sample = np.tile([-spread, spread], n)
    least = detectable(sample)
    error = sample.std(ddof=1) / len(sample) ** 0.5
    assert stats.norm.sf(1.96 - least / error) == pytest.approx(0.80, abs=0.005)


def test_one_question_shows_no_difference() -> None:
    assert detectable(np.array([0.3])) == float("inf")


@pytest.mark.parametrize("tests", [1, 2, 3, 10])
def test_the_fewest_questions_are_those_on_which_a_total_loss_is_significant(tests: int) -> None:
    def total_loss(questions: int) -> float:
        return holm([randomisation_p(np.full(questions, -1.0))] * tests)[0]

    fewest = fewest_questions(tests)
    assert total_loss(fewest) < LEVEL <= total_loss(fewest - 1)
