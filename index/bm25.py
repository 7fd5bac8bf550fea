"""BM25 over an inverted index: rank-bm25's model with Lucene's idf, its per-document dictionaries replaced by postings.

score(q, p) = sum over t in q of idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length))
idf(t) = ln(1 + (N - doc_freq + 0.5) / (doc_freq + 0.5)), as in Lucene and Milvus: never negative.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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

    def doc_freq(self, term: str) -> int:
        row = self.terms.get(term)
        return 0 if row is None else int(self.offsets[row + 1] - self.offsets[row])


def idf(passages: int, doc_freq: int) -> float:
    """Lucene's inverse document frequency; defined for terms that no passage holds, too."""
    return math.log(1 + (passages - doc_freq + 0.5) / (doc_freq + 0.5))


class InvertedBM25(BM25Okapi):  # type: ignore[misc]
    """The same scores as the class it extends, without walking every passage for every term."""

    def __init__(self, postings: Postings, k1: float = 1.5, b: float = 0.75) -> None:
        self.postings = postings
        super().__init__(postings, k1=k1, b=b)

    def _initialize(self, corpus: Postings) -> Postings:
        self.corpus_size = len(corpus.lengths)
        self.avgdl = float(corpus.lengths.mean()) if self.corpus_size else 0.0
        self.doc_len = corpus.lengths
        norm = corpus.lengths / self.avgdl if self.avgdl else np.zeros(self.corpus_size)
        self.saturation: NDArray[np.float64] = self.k1 * (1 - self.b + self.b * norm)  # (passages,)
        return corpus

    def _calc_idf(self, nd: Postings) -> None:
        """Nothing to prepare: `idf_of` computes it for the terms that are asked for."""

    def idf_of(self, term: str) -> float:
        return idf(self.corpus_size, self.postings.doc_freq(term))

    def get_scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Score of every passage, shape (passages,); a term asked for twice counts twice."""
        scores = np.zeros(self.corpus_size)
        for term in query:
            row = self.postings.terms.get(term)
            if row is not None:
                entries = slice(*self.postings.offsets[row : row + 2])
                holders, tf = self.postings.passages[entries], self.postings.counts[entries]
                scores[holders] += self.idf_of(term) * (tf * (self.k1 + 1) / (tf + self.saturation[holders]))
        return scores

    def upper_bound(self, query: Sequence[str]) -> float:
        """What no passage can reach: every term of the question, the unknown ones too, at its limit for high tf."""
        return float(sum(self.idf_of(term) for term in query) * (self.k1 + 1))
