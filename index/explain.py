"""Why a passage has the score that it has."""

from dataclasses import dataclass

import numpy as np

from citewell.index.query import Query
from citewell.index.reranking import SHARE
from citewell.index.scoring import Hit, spoken
from citewell.index.search import Searcher


@dataclass(frozen=True, slots=True)
class Values:
    """One number for each part of a score, null for a silent retriever or where there is no reranker."""

    lexical: float | None
    passage: float | None
    sentence: float | None
    reranker: float | None = None


@dataclass(frozen=True, slots=True)
class Ranks:
    """One more than how many passages a retriever scored higher; null if it did not propose this one."""

    lexical: int | None
    dense: int | None


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the question, analysed in the passage's language."""

    term: str
    idf: float
    held: bool  # by the passage, or the title and heading that it is indexed with
    asked: str | None = None  # the unknown term that is read as this one


@dataclass(frozen=True, slots=True)
class Explanation:
    """`parts` add up to the score in decimals; each is its raw value times its weight."""

    parts: Values
    ranks: Ranks
    raw: Values  # BM25 over its upper bound, cosine of the passage, of its best sentence, what the reranker says
    weights: Values
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Filtered:
    """How many passages pass the filter, of how many."""

    passing: int
    of: int


def explained(searcher: Searcher, query: Query, hit: Hit) -> Explanation:
    """Of a hit of a hybrid ranking."""
    assert hit.parts is not None
    segment, local = searcher.locate(hit.number)
    raw: list[float | None] = [
        None if values is None else round(float(values[0]), 6)
        for values in searcher.values(query, np.array([hit.number]))
    ]
    weight = spoken(searcher.config, raw)
    kept = 1.0 if hit.parts.reranker is None else 1 - SHARE
    weights: list[float | None] = [
        None if value is None or not weight else round(kept * share / weight, 6)
        for share, value in zip(searcher.config.shares, raw, strict=True)
    ]
    reranked = None if hit.parts.reranker is None else round(hit.parts.reranker / SHARE, 6)
    language = segment.article(local).language
    terms = dict.fromkeys(zip(query.terms[language], query.asked[language], strict=True))
    raw.append(reranked)
    weights.append(None if reranked is None else SHARE)
    return Explanation(
        Values(hit.parts.lexical, hit.parts.passage, hit.parts.sentence, hit.parts.reranker),
        Ranks(hit.parts.lexical_rank, hit.parts.dense_rank),
        Values(*raw),
        Values(*weights),
        tuple(
            Term(
                term,
                round(searcher.idf(term), 6),
                segment.postings.holds(term, local),
                asked if asked != term else None,
            )
            for term, asked in terms
        ),
    )


def filtered(searcher: Searcher, query: Query) -> Filtered:
    return Filtered(searcher.count(query.filter), searcher.passages)
