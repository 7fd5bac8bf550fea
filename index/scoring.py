"""The score of a passage for a question, on an absolute scale: it can be compared across questions.

score = share-weighted mean of BM25 over its upper bound for the question, the cosine of question and passage, and
the cosine of question and the passage's best sentence. A retriever that has nothing to say has no share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.index.config import Config


class State(StrEnum):
    """What a retriever had to say about one question."""

    OK = "ok"
    EMPTY = "empty"  # nothing left of the question after analysis, or nothing in the library
    OUT_OF_VOCABULARY = "out_of_vocabulary"  # no passage holds any of the words
    UNKNOWN_SCRIPT = "unknown_script"  # the model does not know the question's script
    UNAVAILABLE = "unavailable"  # the cluster did not give its list


@dataclass(frozen=True, slots=True)
class Parts:
    """What a score is the sum of, each part with its share applied, None for a silent retriever; and the ranks.

    A rank is one more than the number of passages that the retriever scored higher, None if it did not propose this one.
    """

    lexical: float | None
    passage: float | None
    sentence: float | None
    lexical_rank: int | None
    dense_rank: int | None
    reranker: float | None = None  # where there is one; 0 after the hits that it judged

    @classmethod
    def of(cls, said: NDArray[np.float64], lexical_rank: int | None, dense_rank: int | None) -> Self:
        """From the first three, shape (3,), NaN for what is silent."""
        lexical, passage, sentence = (None if math.isnan(part) else part for part in said.tolist())
        return cls(lexical, passage, sentence, lexical_rank, dense_rank)


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a ranking; a higher score is better."""

    passage_id: str
    score: float
    number: int  # of the passage in the searcher
    parts: Parts | None = None  # of a hybrid score


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hits of one question, best first, ties by passage id; and the state of each retriever that was asked."""

    hits: tuple[Hit, ...]
    retrievers: dict[str, State]


def combine(
    config: Config,
    lexical: NDArray[np.float64] | None,
    passage: NDArray[np.float64] | None,
    sentence: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Parts of the scores of c candidates, shape (3, c), rounded to 6 decimals; NaN for what is silent (given as None)."""
    given = (lexical, passage, sentence)
    weight = spoken(config, given)
    silent = np.full(next((len(values) for values in given if values is not None), 0), np.nan)
    return np.array(
        [
            silent if values is None or not weight else np.round(share * values / weight, 6)
            for share, values in zip(config.shares, given, strict=True)
        ]
    )


def spoken(config: Config, parts: Sequence[object | None]) -> float:
    """The shares of those of the three parts that are not silent (None), together."""
    return sum(share for share, part in zip(config.shares, parts, strict=True) if part is not None)


def total(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores, shape (c,): the sums of the parts that speak."""
    scores: NDArray[np.float64] = np.round(np.nansum(parts, axis=0), 6)
    return scores


def best_per_group(values: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The highest value of each group of neighbours, NaN for an empty group; shape (len(sizes),)."""
    best = np.full(len(sizes), np.nan)
    filled = sizes > 0
    if len(values):
        starts = np.cumsum(sizes)[filled] - sizes[filled]
        best[filled] = np.maximum.reduceat(values, starts)
    return best
