"""Whether the best of a grid of configurations is worth taking, judged on questions that it was not chosen on.

Questions are dealt into folds, those on the same evidence into the same; those of a fold are judged by what is best on
the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.passages import Bounds
from citewell.eval.gold import AnyEvidence, Question
from citewell.eval.significance import LEVEL, detectable, holm, mean_intervals, randomisation_p
from citewell.index.config import Config

FOLDS = 5
_SEED = 2026

Worth = NDArray[np.float64]  # of each configuration on each question, shape (configurations, questions)
Grid = tuple[
    str, str, Sequence[str], Sequence[Config | Bounds], Worth
]  # name, measure, parameters, configurations, worth


@dataclass(frozen=True, slots=True)
class Gain:
    """One grid: what is best on all questions, and what choosing so gains on questions that were not chosen on."""

    parameters: str
    measure: str
    tried: int
    now: float
    out_of_fold: float
    gain: float
    interval: tuple[float, float]  # 95 %
    p: float
    p_holm: float
    detectable: float | None  # the gain that so many questions show in 80 % of samples
    chosen: Mapping[str, float]
    of_folds: tuple[Mapping[str, float], ...]
    is_taken: bool  # of sizes: would be, if there were a way


def chosen_on(grids: Sequence[Grid], groups: NDArray[np.int64]) -> tuple[Gain, ...]:
    """Of each grid, whose first configuration is the present one, the best, and whether it is to be taken.

    It is when its gain out of fold is significant among the tests of all grids (Holm). Groups, shape (questions,), stand
    together in folds and in tests, as one observation.
    """
    judged = [out_of_fold(worth, groups) for *_, worth in grids]
    differences = [
        _by_group(values - worth[0], groups) for (values, _), (*_, worth) in zip(judged, grids, strict=True)
    ]
    ps = [randomisation_p(np.round(difference, 9)) for difference in differences]
    gains = []
    for grid, (values, of_folds), difference, p, p_holm in zip(
        grids, judged, differences, ps, holm(ps), strict=True
    ):
        name, by, parameters, configs, worth = grid
        said = [{each: getattr(config, each) for each in parameters} for config in configs]
        best, gain = _best(worth), float(difference.mean())
        low, high = mean_intervals(difference[:, np.newaxis])
        shown = detectable(difference) if difference.any() else None
        gains.append(
            Gain(
                name, by, len(configs), round(float(worth[0].mean()), 4), round(float(values.mean()), 4),
                round(gain, 4), (round(float(low[0]), 4), round(float(high[0]), 4)), round(p, 6), round(p_holm, 6),
                None if shown is None else round(shown, 4), said[best], tuple(said[i] for i in of_folds),
                best != 0 and gain > 0 and p_holm < LEVEL,
            )
        )  # fmt: skip
    return tuple(gains)


def out_of_fold(worth: Worth, groups: NDArray[np.int64]) -> tuple[NDArray[np.float64], list[int]]:
    """What each question is worth to the configuration that is best on the other folds, shape (questions,); and those."""
    names, number = np.unique(groups, return_inverse=True)
    folds = (np.random.default_rng(_SEED).permutation(len(names)) % FOLDS)[number]
    values, chosen = np.empty(len(groups)), []
    for fold in range(FOLDS):
        out = folds == fold
        chosen.append(_best(worth[:, ~out]))
        values[out] = worth[chosen[-1], out]
    return values, chosen


def groups_of(questions: Sequence[Question]) -> NDArray[np.int64]:
    """A number for each question, shape (questions,), the same for questions that share evidence, and so on."""
    of: dict[AnyEvidence, int] = {}
    for number, question in enumerate(questions):
        known = {of[evidence] for evidence in question.evidence if evidence in of}
        joined = [evidence for evidence, group in of.items() if group in known]
        of |= dict.fromkeys([*joined, *question.evidence], min(known, default=number))
    return np.array([of[question.evidence[0]] for question in questions], dtype=np.int64)


def _by_group(differences: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums of groups, shape (groups,), in such units that their mean is that of the questions."""
    names, number = np.unique(groups, return_inverse=True)
    sums: NDArray[np.float64] = np.bincount(number, differences) * len(names) / len(groups)
    return sums


def _best(worth: Worth) -> int:
    """Of equals the first."""
    return int(np.argmax(np.round(worth.mean(axis=1), 9)))
