"""What a set cannot tell: measures that are full already, differences that are too small for it, questions that leak."""

from collections.abc import Iterator

import numpy as np

from citewell.eval.judged import Judged
from citewell.eval.significance import detectable

SATURATED = 0.97  # of the best system's mean
WORTH_FINDING = 0.05  # a difference in nDCG@10 that a set should show
_MEASURES = ("nDCG@10", "R@5", "R@10", "R@100")
_NAMED = 5


def warnings(judged: Judged, system: str) -> tuple[str, ...]:
    return (*judged.remarks, *_saturated(judged), *_too_small(judged, system), *_leaks(judged))


def _saturated(judged: Judged) -> Iterator[str]:
    for measure in _MEASURES:
        means = {name: _mean(judged, name, measure) for name in judged.results}
        best = max(means, key=lambda name: means[name])
        if means[best] >= SATURATED:
            yield f"{measure} is saturated: {best} has {means[best]:.3f}, so what is better can hardly show."


def _mean(judged: Judged, system: str, measure: str) -> float:
    values = [result.values[measure] for result in judged.results[system].values()]
    return float(np.mean(values)) if values else 0.0


def _too_small(judged: Judged, system: str) -> Iterator[str]:
    """By the spread of the differences between the system compared and the others: the median of them."""
    ours = judged.results[system]
    if not ours:
        yield "No question has an answer, so no ranking was judged."
        return
    found = [
        detectable(np.array([r.values["nDCG@10"] - theirs[q].values["nDCG@10"] for q, r in ours.items()]))
        for name, theirs in judged.results.items()
        if name != system
    ]
    if found and (least := float(np.median(found))) > WORTH_FINDING:
        size = f"a difference of {least:.3f} in nDCG@10" if np.isfinite(least) else "any difference"
        yield (
            f"{len(ours)} questions are too few: {size} would be needed to be found at the 5 % level four times in five."
        )


def _leaks(judged: Judged) -> Iterator[str]:
    if judged.leaks:
        named = ", ".join(judged.leaks[:_NAMED]) + (", ..." if len(judged.leaks) > _NAMED else "")
        yield f"{len(judged.leaks)} questions stand word for word in what answers them: {named}."
