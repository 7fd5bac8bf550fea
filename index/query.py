"""A question as it is asked of a library: its terms in each of the library's languages, and its vector."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from citewell.index.analysis import analyse
from citewell.index.bm25 import Statistics
from citewell.index.filter import Filter
from citewell.index.part import Part
from citewell.index.scoring import State
from citewell.index.spelling import KnowsWord, ReadAs, Reading, Spelled, Terms, commonest, read


@dataclass(frozen=True, eq=False)
class Query:
    """A question, analysed and embedded once for all retrievers, and what it is asked of."""

    text: str
    filter: Filter
    asked: Terms  # for each of the library's languages
    terms: Terms  # the same as they are searched: an unknown word as it is read
    read_as: tuple[ReadAs, ...]
    vector: NDArray[np.float32] | None  # (dim,); None if the model does not know the script
    lexical: State
    dense: State


@dataclass(frozen=True, eq=False)
class Whole:
    """What is known of all passages that can be found, also where a searcher holds only those that were proposed."""

    statistics: Statistics
    languages: tuple[str | None, ...]
    count: Callable[[Filter], int]
    spelled: Spelled

    def read(self, question: str, knows_word: KnowsWord) -> Reading:
        asked = analysed(question, self.languages)
        return read(question, asked, self.statistics.doc_freq, knows_word, self.spelled)


def whole_of(parts: Sequence[Part]) -> Whole:
    """Of parts that hold them all."""
    passages = sum(part.passages for part in parts)
    length = sum(part.total_length for part in parts)
    doc_freq = lru_cache(maxsize=65_536)(lambda term: sum(part.doc_freq(term) for part in parts))

    def held(terms: Iterable[str]) -> set[str]:
        return {term for part in parts for term in part.segment.postings.held(terms)}

    return Whole(
        Statistics(passages, length / passages if passages else 0.0, doc_freq),
        in_order(code for part in parts for code in part.segment.articles.languages),
        lambda given: sum(part.allowed(given).count for part in parts),
        lru_cache(maxsize=4096)(lambda term, known: commonest(term, known, held, doc_freq)),
    )


def in_order(languages: Iterable[str | None]) -> tuple[str | None, ...]:
    return tuple(sorted(set(languages), key=lambda code: code or ""))


def analysed(question: str, languages: Iterable[str | None]) -> Terms:
    """The question's terms, repeated as they occur, in each language."""
    return {language: tuple(analyse(question, language)) for language in languages}
