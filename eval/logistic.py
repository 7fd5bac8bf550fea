"""Logistic regression with a ridge and weights that are not negative: more of a signal never lowers the probability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Rows = NDArray[np.float64]  # (n, d)
Labels = NDArray[np.bool_]  # (n,)


@dataclass(frozen=True, eq=False, slots=True)
class Logistic:
    """Log odds are rows @ weights + intercept."""

    weights: NDArray[np.float64]  # (d,)
    intercept: float

    def log_odds(self, rows: Rows) -> NDArray[np.float64]:
        found: NDArray[np.float64] = rows @ self.weights + self.intercept
        return found

    def probabilities(self, rows: Rows) -> NDArray[np.float64]:
        found: NDArray[np.float64] = 1 / (1 + np.exp(-self.log_odds(rows)))
        return found


def fit(rows: Rows, labels: Labels, ridge: float, least: float = 0.0) -> Logistic:
    """Least sum of log losses, and of half the ridge times the squared weights of the signals in standard deviations.

    No weight is below `least`.
    """
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    standard, signs = (rows - mean) / scale, np.where(labels, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        intercept, weights = parameters[0], parameters[1:]
        margins = signs * (standard @ weights + intercept)
        slopes = -signs / (1 + np.exp(np.clip(margins, -500, 500)))
        value = float(np.logaddexp(0, -margins).sum() + ridge / 2 * weights @ weights)
        return value, np.concatenate([[slopes.sum()], standard.T @ slopes + ridge * weights])

    bounds = [(None, None), *[(least, None)] * rows.shape[1]]
    best = minimize(loss, np.zeros(1 + rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = best[1:] / scale
    return Logistic(weights, float(best[0] - weights @ mean))


def rescaled(model: Logistic, rows: Rows, labels: Labels) -> Logistic:
    """The same order of rows, its log odds stretched and moved to fit the labels (Platt, 1999)."""
    odds = model.log_odds(rows)[:, np.newaxis]
    platt = fit(odds, labels, ridge=1.0)
    stretch = float(platt.weights[0])
    return Logistic(stretch * model.weights, stretch * model.intercept + platt.intercept)
