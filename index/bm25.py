"""BM25 over an inverted index: rank-bm25's model with Lucene's idf, its per-document dictionaries replaced by postings.

score(q, p) = sum over t in q of idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length))
idf(t) = ln(1 + (N - doc_freq + 0.5) / (doc_freq + 0.5)), as in Lucene and Milvus: never negative.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi


@dataclass(frozen=True, slots=True)
class Postings:
    """For every term the passages that hold it, in order of passage, and how often."""

    terms: Mapping[str, int]  # term -> row, rows in order of the term
    offsets: NDArray[np.int64]  # (terms + 1,): row r has entries offsets[r]:offsets[r + 1]
    passages: NDArray[np.int32]  # (entries,)
    counts: NDArray[np.int32]  # (entries,): tf
    lengths: NDArray[np.int32]  # (passages,): terms in each passage

    @classmethod
    def of(cls, passages: Iterable[Sequence[str]]) -> Self:
        """Postings of analysed passages, numbered from 0."""
        entries: dict[str, list[tuple[int, int]]] = {}
        lengths: list[int] = []
        for number, terms in enumerate(passages):
            lengths.append(len(terms))
            for term, count in Counter(terms).items():
                entries.setdefault(term, []).append((number, count))
        ordered = sorted(entries)
        flat = np.array([pair for term in ordered for pair in entries[term]], dtype=np.int32).reshape(-1, 2)
        return cls(
            terms={term: row for row, term in enumerate(ordered)},
            offsets=np.cumsum([0, *(len(entries[term]) for term in ordered)], dtype=np.int64),
            passages=np.ascontiguousarray(flat[:, 0]),
            counts=np.ascontiguousarray(flat[:, 1]),
            lengths=np.array(lengths, dtype=np.int32),
        )

    def entries(self, term: str) -> slice:
        """Where the term's entries are; an empty slice for a term that no passage holds."""
        row = self.terms.get(term)
        return slice(0) if row is None else slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def holders(self, term: str) -> NDArray[np.int32]:
        return self.passages[self.entries(term)]

    def doc_freq(self, term: str) -> int:
        return len(self.holders(term))


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


class InvertedBM25(BM25Okapi):  # type: ignore[misc]
    """The same scores as the class it extends, without walking every passage for every term.

    With statistics of more than these postings, the scores are those that the passages have among all.
    """

    pruned_from = 20_000  # passages; with fewer, scoring all of them is faster than choosing

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
        norm = corpus.lengths / self.avgdl if self.avgdl else np.zeros(len(corpus.lengths))
        self.saturation: NDArray[np.float64] = self.k1 * (1 - self.b + self.b * norm)  # (passages,)
        return corpus

    def _calc_idf(self, nd: Postings) -> None:
        """Nothing to prepare: `idf_of` computes it for the terms that are asked for."""

    def idf_of(self, term: str) -> float:
        return idf(self.corpus_size, self.statistics.doc_freq(term))

    def get_scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Score of every passage of the postings, shape (passages,); a term asked for twice counts twice."""
        scores = np.zeros(len(self.doc_len))
        for weight, entries in self._weighted(query):
            holders = self.postings.passages[entries]
            scores[holders] += self._contribution(weight, holders, self.postings.counts[entries])
        return scores

    def get_batch_scores(self, query: Sequence[str], doc_ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of some passages, shape (len(doc_ids),)."""
        scores = np.zeros(len(doc_ids))
        for weight, entries in self._weighted(query):
            self._add(scores, doc_ids, weight, entries)
        return scores

    def best(
        self, query: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Passages, in order of number, among which are the k best and all that tie with the last of them; their scores.

        Terms are taken in order of what they can add at most. As soon as what is left cannot lift a passage without
        any term so far among the k best, only passages found so far go on (MaxScore, Turtle and Flood 1995).
        """
        if len(self.doc_len) < self.pruned_from:
            scores = self.get_scores(query)
            numbers = np.flatnonzero(scores if allowed is None else scores * allowed)
            return numbers, scores[numbers]
        weighted = self._weighted(query)
        left = sum(weight for weight, _ in weighted) * (self.k1 + 1)
        scores = np.zeros(len(self.doc_len))
        found: list[NDArray[np.int32]] = []
        for i, (weight, entries) in enumerate(weighted):
            holders, counts = self.postings.passages[entries], self.postings.counts[entries]
            if allowed is not None:
                kept = allowed[holders]
                holders, counts = holders[kept], counts[kept]
            scores[holders] += self._contribution(weight, holders, counts)
            found.append(holders)
            left -= weight * (self.k1 + 1)
            candidates = self._unbeaten(scores, found, k, left) if i + 1 < len(weighted) else None
            if candidates is not None:
                kept_scores = scores[candidates]
                for other, more in weighted[i + 1 :]:
                    self._add(kept_scores, candidates, other, more)
                return candidates, kept_scores
        numbers = np.unique(np.concatenate(found)).astype(np.int64) if found else np.empty(0, dtype=np.int64)
        return numbers, scores[numbers]

    def _weighted(self, query: Sequence[str]) -> list[tuple[float, slice]]:
        """Known terms with idf times their count in the query, the weightiest first, ties by term."""
        counts = Counter(term for term in query if term in self.postings.terms)
        weights = sorted((-self.idf_of(term) * count, term) for term, count in counts.items())
        return [(-weight, self.postings.entries(term)) for weight, term in weights]

    def _contribution(
        self, weight: float, holders: NDArray[np.int32], counts: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        added: NDArray[np.float64] = weight * (counts * (self.k1 + 1) / (counts + self.saturation[holders]))
        return added

    def _add(
        self, scores: NDArray[np.float64], numbers: NDArray[np.int64], weight: float, entries: slice
    ) -> None:
        """Add a term to the scores of some passages, which are in no order."""
        holders = self.postings.passages[entries]
        place = np.searchsorted(holders, numbers)
        place[place == len(holders)] = 0
        holding = np.flatnonzero(holders[place] == numbers) if len(holders) else np.empty(0, dtype=np.int64)
        at = place[holding]
        scores[holding] += self._contribution(weight, holders[at], self.postings.counts[entries][at])

    def _unbeaten(
        self, scores: NDArray[np.float64], found: Sequence[NDArray[np.int32]], k: int, left: float
    ) -> NDArray[np.int64] | None:
        """The passages that can still be among the k best; None while a passage without any term so far can be."""
        if sum(map(len, found)) < k:
            return None
        numbers = np.unique(np.concatenate(found)).astype(np.int64)
        so_far = scores[numbers]
        if len(numbers) < k or (bar := np.partition(so_far, -k)[-k]) <= left:
            return None
        unbeaten: NDArray[np.int64] = numbers[so_far + left >= bar]
        return unbeaten

    def upper_bound(self, query: Sequence[str]) -> float:
        """What no passage can reach: every term of the question, the unknown ones too, at its limit for high tf."""
        return float(sum(self.idf_of(term) for term in query) * (self.k1 + 1))
