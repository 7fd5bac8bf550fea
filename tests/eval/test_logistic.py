"""Logistic regression: scikit-learn as an independent implementation, and weights that are never negative."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from citewell.eval.logistic import Logistic, fit, rescaled


def drawn(seed: int, n: int = 200) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 3.0, 0.0, -5.0]
    odds = rows @ [1.0, 0.2, -8.0, 0.0] - 0.5
    return rows, random.random(n) < 1 / (1 + np.exp(-odds))


@pytest.mark.parametrize("ridge", [0.5, 20.0])
def test_without_a_bound_it_is_that_of_scikit_learn(ridge: float) -> None:
    rows, labels = drawn(1)
    ours = fit(rows, labels, ridge, least=-np.inf).probabilities(rows)
    scaler = StandardScaler().fit(rows)
    theirs = LogisticRegression(C=1 / ridge, tol=1e-8).fit(scaler.transform(rows), labels)
    assert ours == pytest.approx(theirs.predict_proba(scaler.transform(rows))[:, 1], abs=1e-4)


def test_more_of_a_signal_never_lowers_the_probability() -> None:
    rows, labels = drawn(2)
    model = fit(rows, labels, ridge=1.0)
    assert (model.weights >= 0).all()
    assert model.weights[2] == 0.0  # what speaks against has no weight
    assert model.weights[0] > 0


def test_a_signal_that_is_always_the_same_has_no_weight() -> None:
    rows, labels = drawn(3)
    rows[:, 3] = 7.0
    model = fit(rows, labels, ridge=1.0)
    assert model.weights[3] == 0.0
    assert np.isfinite(model.probabilities(rows)).all()


def test_without_signals_the_probability_is_the_share_of_right_ones() -> None:
    labels = np.arange(10) < 3
    model = fit(np.zeros((10, 1)), labels, ridge=1.0)
    assert model.probabilities(np.zeros((1, 1))) == pytest.approx([0.3], abs=1e-4)


def test_rescaling_keeps_the_order_and_fits_the_mean() -> None:
    rows, labels = drawn(4)
    model = Logistic(np.array([3.0, 0.5, 0.0, 0.0]), 4.0)
    fitted = rescaled(model, rows, labels)
    assert (np.argsort(fitted.log_odds(rows)) == np.argsort(model.log_odds(rows))).all()
    assert fitted.probabilities(rows).mean() == pytest.approx(labels.mean(), abs=1e-3)
