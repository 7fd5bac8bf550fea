"""How good confidences are: whether they tell right answers from wrong ones, and mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from citewell.eval.disagreements import Share, share

_BINS = 5
_RESAMPLES = 2000
_LEVEL = 0.95
_POINTS = 20  # of the curve

Confidences = NDArray[np.float64]
Right = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: `right` if the first three passages answer it, whether they were given or not."""

    confidence: float
    answered: bool
    right: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Abstention:
    """Of some questions, with exact 95 % intervals. Risk is the share of answers that are wrong."""

    questions: int
    right: int  # answered right if all were answered
    coverage: Share  # answered, of all
    kept: Share  # answered, of those that are answered right
    risk: Share  # wrong, of those answered
    false_answers: Share  # answered, of those without an answer in the sources
    auroc: float | None
    brier: float
    ece: float
    ece_interval: tuple[float, float]
    curve: tuple[tuple[float, float], ...]  # (coverage, risk), the surest answers first
    best_plain: tuple[str, float] | None = (
        None  # the score that alone has the highest AUROC, where scores are known
    )


def measure(outcomes: Sequence[Outcome]) -> Abstention:
    """Raises ValueError for no question."""
    confidences = np.array([each.confidence for each in outcomes])
    answered, right, answerable = (
        np.array([getattr(each, name) for each in outcomes], dtype=np.bool_)
        for name in ("answered", "right", "answerable")
    )
    return Abstention(
        len(outcomes),
        int(right.sum()),
        share(int(answered.sum()), len(outcomes)),
        share(int((answered & right).sum()), int(right.sum())),
        share(int((answered & ~right).sum()), int(answered.sum())),
        share(int((answered & ~answerable).sum()), int((~answerable).sum())),
        auroc(confidences, right),
        round(float(np.mean((confidences - right) ** 2)), 4),
        round(calibration_error(confidences, right), 4),
        error_interval(confidences, right),
        risk_coverage(confidences, right),
    )


def auroc(confidences: Confidences, right: Right) -> float | None:
    """Chance that a right one has more confidence than a wrong one, ties half (Mann and Whitney); None without both."""
    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return None
    ranks = rankdata(confidences)
    return round(float((ranks[right].sum() - good * (good + 1) / 2) / (good * bad)), 4)


def calibration_error(confidences: Confidences, right: Right) -> float:
    """Expected calibration error: of five bins of as many questions, by confidence, the mean of |confidence - share right|."""
    order = np.argsort(confidences, kind="stable")
    bins = [each for each in np.array_split(order, _BINS) if len(each)]
    gaps = [len(each) * abs(confidences[each].mean() - right[each].mean()) for each in bins]
    return float(sum(gaps) / len(confidences))


def error_interval(confidences: Confidences, right: Right) -> tuple[float, float]:
    """95 % of the calibration errors of questions drawn with replacement; biased upwards, as the error itself is."""
    drawn = np.random.default_rng(0).integers(0, len(right), (_RESAMPLES, len(right)))
    errors = [calibration_error(confidences[rows], right[rows]) for rows in drawn]
    low, high = np.quantile(errors, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return round(float(low), 4), round(float(high), 4)


def risk_coverage(confidences: Confidences, right: Right) -> tuple[tuple[float, float], ...]:
    """The share of wrong ones among the surest, at twenty shares of the questions; equal confidences stand together."""
    ordered = np.sort(confidences)[::-1]
    points = []
    for step in range(1, _POINTS + 1):
        bar = ordered[max(0, round(step * len(ordered) / _POINTS) - 1)]
        kept = confidences >= bar
        points.append((round(float(kept.mean()), 4), round(float((~right[kept]).mean()), 4)))
    return tuple(dict.fromkeys(points))
