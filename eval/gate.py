"""Whether ranking got worse than a baseline: only a loss that is significant and not small counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from citewell.corpus.errors import BadInput
from citewell.eval.report import COMPARED, Report
from citewell.eval.significance import LEVEL, fewest_questions, holm, randomisation_p

LEAST_LOSS = 0.02  # of a mean; a smaller loss passes, significant or not

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier report of one system: what each question was worth, by id and text."""

    system: str
    values: Mapping[tuple[str, str], Values]


@dataclass(frozen=True, slots=True)
class Change:
    measure: str
    before: float
    now: float
    p_holm: float
    is_loss: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """`compared` questions are in both; of the others one side has no judgement."""

    changes: tuple[Change, ...]
    compared: int
    only_before: int
    only_now: int

    @property
    def passed(self) -> bool:
        return not any(change.is_loss for change in self.changes)


def read_baseline(file: Path) -> Baseline:
    """A report that `citewell eval` wrote as JSON. Raises BadInput for anything else."""
    try:
        content = json.loads(file.read_text("utf-8-sig"))
        system = content["system"]
        values = {
            (row["id"], row["question"]): _numbers(row["values"][system])
            for row in content["by_question"]
            if row["values"]
        }
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"{file} is no report. Make one: citewell eval --json > {file}") from None
    return Baseline(system, values)


def _numbers(said: Mapping[str, Any]) -> Values:
    if not all(type(value) in (int, float) and np.isfinite(value) for value in said.values()):
        raise ValueError("values")
    return dict(said)


def gate(report: Report, baseline: Baseline) -> Gate:
    """Compare on the questions that both have.

    Raises BadInput if they are too few for any loss to be significant, or the systems or measures are not the same.
    """
    if report.system != baseline.system:
        raise BadInput(
            f"The baseline is of {baseline.system}, and {report.system} was judged. Judge {baseline.system}."
        )
    now = {(q.id, q.question): q.values[report.system] for q in report.by_question if q.values}
    common = [key for key in now if key in baseline.values]
    if not common:
        raise BadInput(
            "The baseline has none of the questions of this set. Make a new one: citewell eval --json"
        )
    found = []
    for measure in COMPARED:
        if all(measure in values[key] for values in (now, baseline.values) for key in common):
            before, after = (np.array([of[key][measure] for key in common]) for of in (baseline.values, now))
            found.append((measure, before, after))
    if not found:
        raise BadInput(
            "The baseline has none of the measures that are compared. Make a new one: citewell eval --json"
        )
    if len(common) < (needed := fewest_questions(len(found))):
        raise BadInput(
            f"The baseline and this set have {len(common)} questions in common, on which no loss could be significant. "
            f"Compare on {needed} or more."
        )
    ps = holm([randomisation_p(np.round(after - before, 9)) for _, before, after in found])
    changes = []
    for (measure, before, after), p in zip(found, ps, strict=True):
        means = float(before.mean()), float(after.mean())
        is_loss = p < LEVEL and means[0] - means[1] > LEAST_LOSS
        changes.append(Change(measure, round(means[0], 4), round(means[1], 4), round(p, 6), is_loss))
    return Gate(tuple(changes), len(common), len(baseline.values) - len(common), len(now) - len(common))
