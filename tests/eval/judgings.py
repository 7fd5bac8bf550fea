"""Judged sets made of figures: what each question is worth to each system."""

from collections.abc import Mapping, Sequence

from citewell.eval.evaluate import FIRST_QUOTE
from citewell.eval.judged import RANK_MEASURES, Answered, Asked, Judged, Result


def judged(
    worth: Mapping[str, Sequence[float]],
    kinds: Sequence[str] | None = None,
    answers: Sequence[Answered] = (),
    quotes: bool = False,
) -> Judged:
    """Question i is worth worth[system][i] by every measure, its relevant passage at rank 1 if that is above 0."""
    questions = [f"q{i}" for i in range(len(next(iter(worth.values()))))]
    names = (*RANK_MEASURES, FIRST_QUOTE) if quotes else RANK_MEASURES
    results = {
        system: {
            question: Result.of(
                ((f"{question}.right" if value else f"{question}.<b>wrong</b>", 0.5), ("other", 0.25)),
                dict.fromkeys(names, value),
                1.5,
            )
            for question, value in zip(questions, values, strict=True)
        }
        for system, values in worth.items()
    }
    asked = [
        Asked(question, f"What about {question}?", kind, "dev")
        for question, kind in zip(questions, kinds or ["fact"] * len(questions), strict=True)
    ]
    unanswerable = [Asked(a.question, "Who?", "unanswerable", "dev") for a in answers if not a.answerable]
    qrels = {question: {f"{question}.right": 1} for question in questions}
    return Judged("insects", (*asked, *unanswerable), qrels, results, tuple(answers), (2.0, 4.0))
