"""Judgements and runs in the files of TREC, so that trec_eval judges ours and we judge those of other systems.

A judgement: question, iteration (ignored), document, relevance. A line of a run: question, Q0 (ignored), document, rank
(ignored, as by trec_eval), score, name of the system.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citewell.corpus.errors import BadInput
from citewell.eval.lines import lines

HIGHEST_GRADE = 1000  # of more digits than a float holds no gain could be counted
Scored = Sequence[tuple[str, float]]  # ids with scores, best first


@dataclass(frozen=True, slots=True)
class Run:
    """Rankings of one system by question."""

    name: str
    rankings: Mapping[str, tuple[tuple[str, float], ...]]


def read_qrels(file: Path) -> dict[str, dict[str, int]]:
    """Judgements by question, those of 0 and less included. Raises BadInput, naming file and line."""
    qrels: dict[str, dict[str, int]] = {}
    for place, line in lines(file):
        try:
            question, _, document, said = line.split()
            relevance = grade(said, place)
        except ValueError:
            raise BadInput(
                f"{place}: needs question, iteration, document and relevance, a whole number"
            ) from None
        if document in qrels.setdefault(question, {}):
            raise BadInput(f"{place}: {document!r} is judged twice for question {question!r}")
        qrels[question][document] = relevance
    if not qrels:
        raise BadInput(f"{file}: no judgement in it")
    return qrels


def grade(said: str, place: str) -> int:
    """Raises ValueError for no whole number, BadInput for one above the highest grade."""
    relevance = int(said)
    if relevance > HIGHEST_GRADE:
        raise BadInput(f"{place}: a relevance above {HIGHEST_GRADE:,}; judge on a shorter scale")
    return relevance


def read_run(file: Path) -> Run:
    """Raises BadInput, naming file and line, for a bad score, a document that occurs twice, or lines out of order.

    Equal scores are ranked as trec_eval does: in single precision, by document id, the last first.
    """
    rankings: dict[str, dict[str, float]] = {}
    last: dict[str, float] = {}
    name = ""
    for place, line in lines(file):
        if len(fields := line.split()) != 6:
            raise BadInput(f"{place}: needs question, Q0, document, rank, score and name of the run")
        question, _, document, _, said, tag = fields
        score = _score(said, place)
        ranking = rankings.setdefault(question, {})
        if document in ranking:
            raise BadInput(f"{place}: {document!r} occurs twice for question {question!r}")
        if score > last.get(question, math.inf):
            raise BadInput(
                f"{place}: the score rises from {last[question]:g} to {score:g}; sort each question by score"
            )
        if name and tag != name:
            raise BadInput(
                f"{place}: the run was called {name!r} before and is {tag!r} here; a file holds one run"
            )
        ranking[document], last[question], name = score, score, tag
    if not rankings:
        raise BadInput(f"{file}: no line in it")
    return Run(name, {question: ranked_by_trec_eval(ranking) for question, ranking in rankings.items()})


def ranked_by_trec_eval(scores: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    by_id = sorted(scores.items(), reverse=True)
    return tuple(sorted(by_id, key=lambda hit: -np.float32(hit[1])))


def write_run(file: Path, name: str, rankings: Mapping[str, Scored]) -> None:
    """Scores fall strictly, by the least that single precision shows, so that every reader finds the same order."""
    with file.open("w", encoding="utf-8") as opened:
        for question, ranking in rankings.items():
            before = np.float32(np.inf)
            for rank, (document, said) in enumerate(ranking, start=1):
                score = min(np.float32(said), np.nextafter(before, np.float32(-np.inf)))
                opened.write(
                    f"{one_word(question)} Q0 {one_word(document)} {rank} {score!s} {name.replace(' ', '-')}\n"
                )
                before = score


def write_qrels(file: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    with file.open("w", encoding="utf-8") as opened:
        for question, judged in qrels.items():
            for document, relevance in sorted(judged.items()):
                opened.write(f"{one_word(question)} 0 {one_word(document)} {relevance}\n")


def _score(said: str, place: str) -> float:
    try:
        score = float(said)
    except ValueError:
        raise BadInput(f"{place}: {said!r} is no score") from None
    if not math.isfinite(score):
        raise BadInput(f"{place}: the score is {said}; give a number")
    return score


def one_word(name: str) -> str:
    """The id itself. Raises BadInput for one that a TREC file cannot hold."""
    if name.split() != [name] or any("\ud800" <= character <= "\udfff" for character in name):
        raise BadInput(
            f"The id {name!r} cannot stand in a TREC file: it is empty, or has blanks or half a character in it. "
            "Give another, or judge without --output."
        )
    return name
