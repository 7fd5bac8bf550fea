"""BM25 over an inverted index: rank-bm25's model with Lucene's idf, its per-document dictionaries replaced by postings.

score(q, p) = sum over t in q of idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length))
idf(t) = ln(1 + (N - doc_freq + 0.5) / (doc_freq + 0.5)), as in Lucene and Milvus: never negative.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from citewell.index.postings import Postings

_ROUNDING = 1 - 1e-12  # sums of the same numbers differ by less
_Found = tuple[NDArray[np.int64], NDArray[np.float64]]  # numbers of passages, in order, and their scores


def idf(passages: int, doc_freq: int) -> float:
    """Lucene's inverse document frequency; defined for terms that no passage holds, too."""
    return math.log(1 + (passages - doc_freq + 0.5) / (doc_freq + 0.5))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 knows of all passages that are live, wherever their postings lie."""

    passages: int
    average_length: float
    doc_freq: Callable[[str], int]

    @classmethod
    def of(cls, postings: Postings) -> Self:
        lengths = postings.lengths
        return cls(len(lengths), float(lengths.mean()) if len(lengths) else 0.0, postings.doc_freq)


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a query: idf times its count in the query, and its entries in the postings."""

    weight: float
    passages: NDArray[np.int32]
    pairs: NDArray[np.uint16] | NDArray[np.uint32]


class InvertedBM25(BM25Okapi):  # type: ignore[misc]
    """The same scores as the class it extends, without walking every passage for every term.

    With statistics of more than these postings, the scores are those that the passages have among all.
    """

    block = 1 << 15  # passages scored together: what is added up for them stays in the processor's cache

    few = 1 << 12  # allowed passages that are scored one by one instead

    def __init__(
        self, postings: Postings, k1: float = 1.5, b: float = 0.75, statistics: Statistics | None = None
    ) -> None:
        self.postings = postings
        self.statistics = statistics or Statistics.of(postings)
        super().__init__(postings, k1=k1, b=b)

    def _initialize(self, corpus: Postings) -> Postings:
        self.corpus_size = self.statistics.passages
        self.avgdl = self.statistics.average_length
        self.doc_len = corpus.lengths
        tf, length = corpus.distinct.T
        norm = length / self.avgdl if self.avgdl else np.zeros(len(length))
        saturation = self.k1 * (1 - self.b + self.b * norm)
        self.impact: NDArray[np.float64] = tf * (self.k1 + 1) / (tf + saturation)  # (pairs,), times idf
        return corpus

    def _calc_idf(self, nd: Postings) -> None:
        """Nothing to prepare: `idf_of` computes it for the terms that are asked for."""

    def idf_of(self, term: str) -> float:
        return idf(self.corpus_size, self.statistics.doc_freq(term))

    def get_scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Score of every passage of the postings, shape (passages,); a term asked for twice counts twice."""
        scores = np.zeros(len(self.doc_len))
        for term in self._known(query):
            np.add.at(scores, term.passages, term.weight * self.impact.take(term.pairs))
        return scores

    def get_batch_scores(self, query: Sequence[str], doc_ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of some passages, shape (len(doc_ids),)."""
        scores = np.zeros(len(doc_ids))
        for term in self._known(query):
            self._add(scores, doc_ids, term)
        return scores

    def best(self, query: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None) -> _Found:
        """Passages, in order of number, among which are the k best and all that tie with the last of them.

        Block by block; the k best so far are a bar for the next. A term is added up for whole blocks only as long as
        the terms that are left could lift a passage without it over the bar; the others, which are the common ones,
        are looked up for what is still in reach (MaxScore, Turtle and Flood 1995).
        """
        if allowed is not None and np.count_nonzero(allowed) <= self.few:
            numbers = np.flatnonzero(allowed)
            scores = self.get_batch_scores(query, numbers)
            return numbers[scores > 0], scores[scores > 0]
        terms = self._known(query)
        most = float(self.impact.max(initial=0.0))
        reach = [*accumulate((term.weight * most for term in reversed(terms)), initial=0.0)][::-1]
        starts = np.arange(0, len(self.doc_len) + self.block, self.block, dtype=np.int32)
        edges = [np.searchsorted(term.passages, starts).tolist() for term in terms]
        numbers, scores, bar = np.empty(0, dtype=np.int64), np.empty(0), 0.0
        sums = np.empty(self.block)
        for i, start in enumerate(starts[:-1].tolist()):
            whole = sum(1 for left in reach[:-1] if left >= bar)
            parts = [
                _Term(term.weight, term.passages[edge[i] : edge[i + 1]], term.pairs[edge[i] : edge[i + 1]])
                for term, edge in zip(terms, edges, strict=True)
            ]
            found = self._best_of_block(parts, whole, reach, bar, start, sums, allowed)
            if not len(found[0]):
                continue
            numbers, scores = np.concatenate([numbers, found[0]]), np.concatenate([scores, found[1]])
            if len(numbers) >= k:
                bar = float(np.partition(scores, -k)[-k]) * _ROUNDING
                numbers, scores = numbers[scores >= bar], scores[scores >= bar]
        return numbers, scores

    def _best_of_block(
        self,
        terms: Sequence[_Term],
        whole: int,
        reach: Sequence[float],
        bar: float,
        start: int,
        sums: NDArray[np.float64],
        allowed: NDArray[np.bool_] | None,
    ) -> _Found:
        """Of the passages from `start` those that reach the bar; the first `whole` terms are added up for all of them.

        reach[i] is what the terms from the i-th on can add at most; `sums` is room for a block.
        """
        sums[:] = 0
        for term in terms[:whole]:
            places = np.subtract(term.passages, start, dtype=np.intp)
            np.add.at(sums, places, term.weight * self.impact.take(term.pairs))
        numbers = np.flatnonzero(sums >= bar - reach[whole]) if bar > reach[whole] else np.flatnonzero(sums)
        scores = sums[numbers]
        numbers += start
        if allowed is not None:
            kept = allowed[numbers]
            numbers, scores = numbers[kept], scores[kept]
        for i, term in enumerate(terms[whole:], start=whole):
            self._add(scores, numbers, term)
            kept = scores + reach[i + 1] >= bar
            numbers, scores = numbers[kept], scores[kept]
        return numbers, scores

    def _known(self, query: Sequence[str]) -> list[_Term]:
        """The query's terms that some passage holds, the weightiest first, ties by term."""
        counts = Counter(query)
        found = {term: self.postings.entries(term) for term in counts}
        held = {term: entries for term, entries in found.items() if entries.stop > entries.start}
        weights = sorted((-self.idf_of(term) * counts[term], term) for term in held)
        return [
            _Term(-weight, self.postings.passages[held[term]], self.postings.pairs[held[term]])
            for weight, term in weights
        ]

    def _add(self, scores: NDArray[np.float64], numbers: NDArray[np.int64], term: _Term) -> None:
        """Add a term to the scores of some passages, which are in no order."""
        if not len(term.passages):
            return
        place = np.searchsorted(
            term.passages, numbers.astype(np.int32)
        )  # of one type, or all would be copied
        place[place == len(term.passages)] = 0
        holding = np.flatnonzero(term.passages[place] == numbers)
        scores[holding] += term.weight * self.impact.take(term.pairs[place[holding]])

    def upper_bound(self, query: Sequence[str]) -> float:
        """What no passage can reach: every term of the question, the unknown ones too, at its limit for high tf."""
        return float(sum(self.idf_of(term) for term in query) * (self.k1 + 1))
