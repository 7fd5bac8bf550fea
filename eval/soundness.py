"""What a set cannot tell: measures that are full already, differences that are too small for it, questions that leak."""

from collections.abc import Iterator, Sequence

import numpy as np

from citewell.eval.check import asked_before
from citewell.eval.judged import Judged
from citewell.eval.significance import detectable, fewest_questions

SATURATED = 0.97  # of the best system's mean
WORTH_FINDING = 0.05  # a difference in nDCG@10 that a set should show
_MEASURES = ("nDCG@10", "R@5", "R@10", "R@100")
_NAMED = 5


def warnings(judged: Judged, system: str) -> tuple[str, ...]:
    return (
        *judged.remarks,
        *_repeated(judged),
        *_saturated(judged),
        *_too_small(judged, system),
        *_leaks(judged),
    )


def _repeated(judged: Judged) -> Iterator[str]:
    """Of questions whose words are known: those of a TREC file alone have ids."""
    before = asked_before((asked.id, asked.text) for asked in judged.asked if asked.text != asked.id)
    if before:
        pairs = [f"{name} as {first}" for name, first in before.items()]
        yield f"{len(before)} questions ask the same as an earlier one, which counts twice: {_named(pairs)}."


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
    """By the spread of the differences between the system compared and the others: the median of them.

    A spread of 0 says nothing about the next questions, so a handful is too small whatever it is.
    """
    ours = judged.results[system]
    if not ours:
        yield "No question has an answer, so no ranking was judged."
        return
    if len(ours) < (fewest := fewest_questions()):
        yield f"{len(ours)} questions are too few: on fewer than {fewest} no difference is significant at the 5 % level."
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
        yield f"{len(judged.leaks)} questions stand word for word in what answers them: {_named(judged.leaks)}."


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
