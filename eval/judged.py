"""What judging gives, before anything is averaged: each system's ranking of each question, and what it is worth."""

import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from citewell.eval.measures import Qrels
from citewell.eval.trec import Scored

RANK_MEASURES = ("nDCG@10", "RR@10", "R@1", "R@5", "R@10", "R@100")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set; public sets have no kinds and no halves."""

    id: str
    text: str
    kind: str = "all"
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One system on one question; `ms` is how long a ranking of ten took, the question embedded before.

    Rankings are kept small: of 10,000 questions there are millions of hits.
    """

    ids: tuple[str, ...]
    scores: "array[float]"
    values: Mapping[str, float]  # by measure
    ms: float | None = None

    @classmethod
    def of(cls, ranking: Scored, values: Mapping[str, float], ms: float | None = None) -> Self:
        ids = tuple(sys.intern(name) for name, _ in ranking)
        return cls(ids, array("d", (score for _, score in ranking)), values, ms)

    @property
    def ranking(self) -> Scored:
        return tuple(zip(self.ids, self.scores, strict=True))


@dataclass(frozen=True, slots=True)
class Answered:
    """What the default answered; `right` if the first quote holds all of some evidence."""

    question: str
    answerable: bool
    verdict: str
    confidence: float | None
    right: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Systems on a set. Every system has a result for every question that has a relevant passage or document."""

    name: str
    asked: tuple[Asked, ...]
    qrels: Qrels
    results: Mapping[str, Mapping[str, Result]]  # by system and question
    answers: tuple[Answered, ...] = ()
    embedding_ms: tuple[float, ...] = ()  # of each question, its analysis included
    leaks: tuple[str, ...] = ()  # questions that stand word for word in what answers them
    remarks: tuple[str, ...] = ()  # on what was judged
