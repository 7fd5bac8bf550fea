"""How sure a figure is: intervals by bootstrap, paired randomisation tests, Holm's correction. Seeded: same in, same out."""

from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LEVEL = 0.05  # below it a p is called significant
RESAMPLES = 10_000
EXACT_UP_TO = 14  # differences that are not 0: their signs are flipped in every way
_SEED = 2026
_CHUNK = 250  # resamples at a time
_POWER = 2.8  # standard errors: found at the 5 % level in 80 % of samples


def mean_intervals(values: Values) -> tuple[Values, Values]:
    """The ends of the 95 % intervals of the means of columns; `values` has shape (questions, columns), the ends (columns,).

    Percentile bootstrap (Efron, 1979): questions are drawn again, with all their columns.
    """
    n, columns = values.shape
    if not n:
        return np.zeros(columns), np.zeros(columns)
    rng = np.random.default_rng(_SEED)
    means = [
        rng.multinomial(n, np.full(n, 1 / n), size=_CHUNK) @ values / n for _ in range(RESAMPLES // _CHUNK)
    ]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5], axis=0)
    return low, high


def randomisation_p(differences: Values) -> float:
    """Two-sided p of a mean difference, shape (questions,): how often flipped signs give one as large.

    Paired randomisation (Fisher, 1935; for retrieval Smucker, Allan and Carterette, 2007). Every way of flipping is
    tried where few differences are not 0; else 10,000 at random, and what was seen counts as one of them.
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    bar = abs(moved.sum()) * (1 - 1e-12)  # sums of the same numbers differ in their last bits
    if len(moved) <= EXACT_UP_TO:
        every = 1 - 2 * (np.arange(2 ** len(moved))[:, np.newaxis] >> np.arange(len(moved)) & 1)
        return float(np.mean(np.abs(every @ moved) >= bar))
    rng = np.random.default_rng(_SEED)
    found = 0
    for _ in range(RESAMPLES // _CHUNK):
        drawn = rng.integers(0, 256, size=(_CHUNK, -(-len(moved) // 8)), dtype=np.uint8)
        signs = 1.0 - 2.0 * np.unpackbits(drawn, axis=1, count=len(moved))
        found += int((np.abs(signs @ moved) >= bar).sum())
    return (found + 1) / (RESAMPLES + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """The p of each of several tests, adjusted so that the chance of any false alarm stays what it is (Holm, 1979)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted = [0.0] * len(ps)
    worst = 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = worst
    return adjusted


def fewest_questions(tests: int = 1) -> int:
    """On fewer nothing is significant: of n differences that all agree p is 2 / 2**n, by Holm times so many tests."""
    return next(n for n in count(1) if tests * 2 / 2**n < LEVEL)


def detectable(differences: Values) -> float:
    """The mean difference, shape (questions,), that such a set shows at the 5 % level with a chance of 80 %."""
    if len(differences) < 2:
        return float("inf")
    return float(_POWER * differences.std(ddof=1) / len(differences) ** 0.5)
