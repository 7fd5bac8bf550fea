"""Measures of confidence: small exact cases, and scikit-learn as an independent implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from citewell.eval.abstention import (
    Outcome,
    auroc,
    calibration_error,
    error_interval,
    measure,
    risk_coverage,
)
from citewell.eval.disagreements import Share

JUDGED = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60)


def arrays(pairs: list[tuple[int, bool]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([value / 20 for value, _ in pairs]), np.array([right for _, right in pairs])


@given(JUDGED.filter(lambda pairs: len({right for _, right in pairs}) == 2))
def test_the_area_under_the_curve_is_that_of_scikit_learn(pairs: list[tuple[int, bool]]) -> None:
    confidences, right = arrays(pairs)
    assert auroc(confidences, right) == pytest.approx(roc_auc_score(right, confidences), abs=1e-4)


@pytest.mark.parametrize("right", [[True, True], [False, False]])
def test_without_both_there_is_no_area(right: list[bool]) -> None:
    assert auroc(np.array([0.1, 0.9]), np.array(right)) is None


def test_the_calibration_error_is_of_five_bins_of_as_many_questions() -> None:
    """Bins of two: gaps 0.05, 0.25, 0.05, 0.35 and 0.05, computed by hand."""
    confidences = np.array([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 0.6, 0.7, 0.9, 1.0])
    right = np.array([0, 0, 0, 1, 1, 0, 1, 1, 1, 1], dtype=np.bool_)
    gaps = (0.05, 0.25, 0.05, 0.35, 0.05)
    assert calibration_error(confidences, right) == pytest.approx(sum(gaps) / 5)


def test_a_confidence_that_is_the_share_of_right_ones_has_no_error() -> None:
    confidences = np.repeat([0.2, 0.8], 50)
    right = np.concatenate([np.tile(np.arange(5) < 1, 10), np.tile(np.arange(5) < 4, 10)])
    assert calibration_error(confidences, right) == pytest.approx(0.0)


@given(JUDGED)
@settings(max_examples=5, deadline=None)
def test_the_error_lies_between_0_and_1_and_its_interval_is_repeatable(pairs: list[tuple[int, bool]]) -> None:
    confidences, right = arrays(pairs)
    assert 0.0 <= calibration_error(confidences, right) <= 1.0
    assert error_interval(confidences, right) == error_interval(confidences, right)


def test_the_interval_of_the_error_narrows_with_questions() -> None:
    confidences, right = np.full(20, 0.5), np.arange(20) % 2 == 0
    low, high = error_interval(confidences, right)
    more_low, more_high = error_interval(np.tile(confidences, 50), np.tile(right, 50))
    assert more_high - more_low < high - low


def test_risk_falls_with_the_questions_that_are_left_out() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, False])
    assert risk_coverage(confidences, right) == ((0.25, 0.0), (0.5, 0.0), (0.75, 0.3333), (1.0, 0.5))


def test_equal_confidences_are_answered_together() -> None:
    assert risk_coverage(np.full(4, 0.5), np.array([True, False, True, True])) == ((1.0, 0.25),)


def test_what_is_measured_of_outcomes() -> None:
    outcomes = [
        Outcome(0.9, answered=True, right=True, answerable=True),
        Outcome(0.7, answered=True, right=False, answerable=False),
        Outcome(0.6, answered=True, right=False, answerable=True),
        Outcome(0.2, answered=False, right=True, answerable=True),
        Outcome(0.1, answered=False, right=False, answerable=False),
    ]
    found = measure(outcomes)
    assert (found.questions, found.right) == (5, 2)
    assert (found.coverage.part, found.coverage.whole) == (3, 5)
    assert (found.kept.part, found.kept.whole) == (1, 2)
    assert (found.risk.part, found.risk.whole) == (2, 3)
    assert found.false_answers == Share(1, 2, 0.5, 0.0126, 0.9874)
    right = [outcome.right for outcome in outcomes]
    confidences = [outcome.confidence for outcome in outcomes]
    assert found.auroc == pytest.approx(roc_auc_score(right, confidences), abs=1e-4)
    assert found.brier == pytest.approx(brier_score_loss(right, confidences), abs=1e-4)
    assert found.curve[-1] == (1.0, 0.6)


def test_where_nothing_is_answered_there_is_no_risk() -> None:
    found = measure([Outcome(0.1, answered=False, right=False, answerable=False)])
    assert found.risk == Share(0, 0, None, None, None)
    assert found.false_answers.part == 0
