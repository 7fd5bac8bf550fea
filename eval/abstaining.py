"""How well a library, or a public set, is answered and not answered by the calibration in force; and by one of its own."""

import numpy as np

from citewell.eval import abstention
from citewell.eval.abstention import Abstention, Outcome
from citewell.eval.answering import Example
from citewell.eval.calibrate import Examples, judged_out_of_fold
from citewell.eval.judged import Judged
from citewell.eval.systems import DEFAULT
from citewell.index.answerability import ANSWERING, NAMES, Signals
from citewell.index.calibration import Fitted

OUT_OF_FOLD = "fitted to the other folds"


def of_answers(judged: Judged) -> dict[str, Abstention]:
    """Of each half; empty where no calibration serves."""
    halves = {asked.id: asked.split or "all" for asked in judged.asked}
    found: dict[str, list[Outcome]] = {}
    for answer in judged.answers:
        if answer.confidence is None:
            continue
        result = judged.results[DEFAULT].get(answer.question)
        first = {name for name, _ in result.ranking[:ANSWERING]} if result else set()
        right = not first.isdisjoint(judged.qrels.get(answer.question, {}))
        outcome = Outcome(answer.confidence, answer.verdict == "answered", right, answer.answerable)
        found.setdefault(halves[answer.question], []).append(outcome)
    return {half: abstention.measure(outcomes) for half, outcomes in sorted(found.items())}


def of_examples(name: str, examples: list[Example], fitted: Fitted | None) -> dict[str, Abstention]:
    """By a calibration, if there is one, and by one that is fitted to the other folds."""
    found = {}
    if fitted is not None:
        outcomes = []
        for example in examples:
            confidence = confidence_of(fitted, example)
            outcomes.append(
                Outcome(confidence, confidence >= fitted.threshold, example.right, example.answerable)
            )
        found[name] = abstention.measure(outcomes)
    return {**found, OUT_OF_FOLD: judged_out_of_fold(Examples(examples, [])).abstention}


def confidence_of(fitted: Fitted, example: Example) -> float:
    return fitted.confidence(Signals(**dict(zip(NAMES, np.asarray(example.row).tolist(), strict=True))))
