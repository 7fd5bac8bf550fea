"""One report of a judged set: means with intervals, differences with tests, and what the set cannot tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from citewell.eval.abstention import Abstention
from citewell.eval.evaluate import FIRST_QUOTE
from citewell.eval.judged import Answered, Asked, Judged
from citewell.eval.quotes import QuoteReport
from citewell.eval.significance import Values, holm, mean_intervals, randomisation_p
from citewell.eval.soundness import warnings
from citewell.eval.systems import DEFAULT

COMPARED = ("nDCG@10", "R@5", FIRST_QUOTE)  # measures that differences are tested on


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One system on the questions of one kind."""

    system: str
    kind: str
    questions: int
    measures: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The system's mean less that of the other; `p` is two-sided, `p_holm` adjusted for all tests of the report."""

    measure: str
    system: str
    other: str
    difference: Estimate
    p: float
    p_holm: float
    wins: int
    losses: int


@dataclass(frozen=True, slots=True)
class QuestionValues:
    id: str
    kind: str
    split: str | None
    question: str
    values: Mapping[str, Mapping[str, float]]  # by system and measure; empty for an unanswerable one


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """How questions without and with an answer were answered by the default."""

    unanswerable: int
    answered_all_the_same: int
    answerable: int
    refused: int


@dataclass(frozen=True, slots=True)
class Index:
    passages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of a ranking of ten, the question embedded before; `embedding` is that, analysis included."""

    system: str
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """All but `latency` is the same whenever the same is judged. `risk_coverage`: (coverage, risk), from a calibration."""

    set: str
    system: str  # that the others are compared with
    questions: int
    measures: Mapping[str, float]  # of that system, over all
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    no_answer: NoAnswer | None
    risk_coverage: tuple[tuple[float, float], ...]
    quotes: QuoteReport | None
    index: Index | None
    by_question: tuple[QuestionValues, ...]
    latency: tuple[Latency, ...]
    abstention: Mapping[str, Abstention]  # by half, or by what made the confidences


def report(
    judged: Judged,
    index: Index | None = None,
    quotes: QuoteReport | None = None,
    abstention: Mapping[str, Abstention] | None = None,
) -> Report:
    """Compared with the others is the default, or else the first system."""
    names = list(judged.results)
    system = DEFAULT if DEFAULT in names else names[0]
    rows = tuple(_rows(judged))
    overall = next((row.measures for row in rows if (row.system, row.kind) == (system, "all")), {})
    return Report(
        judged.name,
        system,
        len(judged.asked),
        {name: estimate.mean for name, estimate in overall.items()},
        rows,
        _comparisons(judged, system),
        warnings(judged, system),
        _no_answer(judged.answers),
        _curve(abstention or {}),
        quotes,
        index,
        tuple(_of_question(judged, asked) for asked in judged.asked),
        _latency(judged),
        abstention or {},
    )


def _curve(abstention: Mapping[str, Abstention]) -> tuple[tuple[float, float], ...]:
    """Of the half that nothing was fitted to; else of the last."""
    chosen = abstention.get("test") or next(iter([*abstention.values()][::-1]), None)
    return chosen.curve if chosen else ()


def values_of(judged: Judged, system: str, measure: str, questions: Sequence[str]) -> Values | None:
    """Of each question, shape (questions,); None if the system does not have the measure."""
    results = judged.results[system]
    if not questions or measure not in results[questions[0]].values:
        return None
    return np.array([results[question].values[measure] for question in questions])


def answerable(judged: Judged) -> list[Asked]:
    """The questions that systems have results for."""
    results = next(iter(judged.results.values()), {})
    return [asked for asked in judged.asked if asked.id in results]


def _rows(judged: Judged) -> list[Row]:
    asked = answerable(judged)
    kinds = [kind for kind in dict.fromkeys(each.kind for each in asked) if kind != "all"]
    made = []
    for kind in [*kinds, "all"]:
        questions = [each.id for each in asked if kind in (each.kind, "all")]
        columns = [
            (system, measure, values)
            for system, results in judged.results.items()
            for measure in (results[questions[0]].values if questions else ())
            if (values := values_of(judged, system, measure, questions)) is not None
        ]
        values = np.array([column for _, _, column in columns]).T.reshape(len(questions), len(columns))
        low, high = mean_intervals(values)
        means = values.mean(axis=0) if len(questions) else np.zeros(0)
        for system in judged.results:
            measures = {
                measure: _estimate(means[i], low[i], high[i])
                for i, (name, measure, _) in enumerate(columns)
                if name == system
            }
            made.append(Row(system, kind, len(questions), measures))
    order = list(judged.results)
    return sorted(made, key=lambda row: order.index(row.system))


def _comparisons(judged: Judged, system: str) -> tuple[Comparison, ...]:
    questions = [asked.id for asked in answerable(judged)]
    found = []
    for other in judged.results:
        for measure in COMPARED if other != system else ():
            ours, theirs = (values_of(judged, name, measure, questions) for name in (system, other))
            if ours is not None and theirs is not None:
                found.append((measure, other, np.round(ours - theirs, 9)))
    if not found:
        return ()
    ps = [randomisation_p(differences) for _, _, differences in found]
    low, high = mean_intervals(np.column_stack([differences for _, _, differences in found]))
    made = []
    for i, ((measure, other, differences), adjusted) in enumerate(zip(found, holm(ps), strict=True)):
        difference = _estimate(differences.mean(), low[i], high[i])
        wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
        made.append(
            Comparison(measure, system, other, difference, round(ps[i], 6), round(adjusted, 6), wins, losses)
        )
    return tuple(made)


def _estimate(mean: float, low: float, high: float) -> Estimate:
    """Rounded; what rounds to 0 has no sign."""
    return Estimate(*(round(float(value), 4) + 0.0 for value in (mean, low, high)))


def _no_answer(answers: Sequence[Answered]) -> NoAnswer | None:
    if not answers:
        return None
    said = [(each.answerable, each.verdict == "answered") for each in answers]
    return NoAnswer(
        sum(not can for can, _ in said), said.count((False, True)),
        sum(can for can, _ in said), said.count((True, False)),
    )  # fmt: skip


def _of_question(judged: Judged, asked: Asked) -> QuestionValues:
    values = {
        system: {name: round(value, 6) for name, value in results[asked.id].values.items()}
        for system, results in judged.results.items()
        if asked.id in results
    }
    return QuestionValues(asked.id, asked.kind, asked.split, asked.text, values)


def _latency(judged: Judged) -> tuple[Latency, ...]:
    times = {
        system: [result.ms for result in results.values() if result.ms is not None]
        for system, results in judged.results.items()
    }
    times["embedding"] = list(judged.embedding_ms)
    return tuple(
        Latency(system, *(round(float(ms), 3) for ms in np.percentile(taken, [50, 95])))
        for system, taken in times.items()
        if taken
    )
