"""An open segment with the model that made it: questions in, rankings out.

Lexical, dense and hybrid are three retrievers with one signature, so that an evaluation can ask any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import ModelMismatch
from citewell.index.analysis import analyse
from citewell.index.bm25 import InvertedBM25
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.scoring import Hit, Ranking, State, best_per_group, combine, cosines, top
from citewell.index.segment import Segment


@dataclass(frozen=True, eq=False)
class Query:
    """A question, analysed and embedded once for all retrievers."""

    text: str
    terms: tuple[tuple[str, ...], ...]  # for each of the segment's languages
    vector: NDArray[np.float32] | None  # (dim,); None if the model does not know the script
    lexical: State
    dense: State


Retriever = Callable[[Query, int], Ranking]


class Searcher:
    """Raises ModelMismatch when the segment was built with another model or another recipe."""

    def __init__(self, segment: Segment, embedder: Embedder, config: Config) -> None:
        if segment.model != embedder.fingerprint or segment.recipe != BUILD_RECIPE:
            raise ModelMismatch(
                f"The index was built with model {segment.model} and recipe {segment.recipe!r}; in use are "
                f"{embedder.fingerprint} and {BUILD_RECIPE!r}. Build it again: citewell rebuild"
            )
        self.segment, self.embedder, self.config = segment, embedder, config
        self._bm25 = InvertedBM25(segment.postings, config.k1, config.b)
        self._vectors = faiss.IndexFlatIP(embedder.dim)
        self._vectors.add(segment.passage_vectors.astype(np.float32))

    def query(self, question: str) -> Query:
        terms = tuple(tuple(analyse(question, language)) for language in self.segment.languages)
        known = any(term in self.segment.postings.terms for by_language in terms for term in by_language)
        lexical = State.OK if known else State.OUT_OF_VOCABULARY if any(terms) else State.EMPTY
        dense = State.OK if self.embedder.knows_script(question) else State.UNKNOWN_SCRIPT
        if not len(self.segment):
            lexical = dense = State.EMPTY
        vector = self.embedder.embed_queries([question])[0] if dense is State.OK else None
        return Query(question, terms, vector, lexical, dense)

    def idf(self, term: str) -> float:
        return self._bm25.idf_of(term)

    def lexical(self, query: Query, k: int) -> Ranking:
        """By BM25 over its upper bound."""
        scores = self._lexical_scores(query)
        found = top(scores, k)
        return Ranking(self._hits(found, np.round(scores[found], 6), k), {"lexical": query.lexical})

    def dense(self, query: Query, k: int) -> Ranking:
        """By the cosine of question and passage."""
        found = self._nearest(query, k)
        scores = np.round(self._passage_cosines(query, found), 6) if query.vector is not None else np.zeros(0)
        return Ranking(self._hits(found, scores, k), {"dense": query.dense})

    def hybrid(self, query: Query, k: int) -> Ranking:
        """The union of what both propose, by the score of `scoring.py`."""
        lexical = self._lexical_scores(query)
        depth = max(k, self.config.depth)
        found = np.union1d(top(lexical, depth), self._nearest(query, depth))
        spoken = query.vector is not None and query.dense is State.OK
        scores = combine(
            self.config,
            lexical[found] if query.lexical is State.OK else None,
            self._passage_cosines(query, found) if spoken else None,
            self._sentence_cosines(query, found) if spoken else None,
        )
        return Ranking(self._hits(found, scores, k), {"lexical": query.lexical, "dense": query.dense})

    def _lexical_scores(self, query: Query) -> NDArray[np.float64]:
        """BM25 over its upper bound for the question as analysed in each passage's language, shape (n,)."""
        scores = np.zeros(len(self.segment))
        for code, terms in enumerate(query.terms):
            bound = self._bm25.upper_bound(terms)
            if bound:
                of_language = self.segment.language_of == code
                scores[of_language] = self._bm25.get_scores(terms)[of_language] / bound
        return scores

    def _nearest(self, query: Query, k: int) -> NDArray[np.int64]:
        if query.vector is None or not len(self.segment):
            return np.empty(0, dtype=np.int64)
        _, found = self._vectors.search(query.vector[np.newaxis], min(k, len(self.segment)))
        nearest: NDArray[np.int64] = found[0]
        return nearest

    def _passage_cosines(self, query: Query, found: NDArray[np.int64]) -> NDArray[np.float64]:
        assert query.vector is not None
        return cosines(self.segment.passage_vectors[found], query.vector)

    def _sentence_cosines(self, query: Query, found: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosine of each passage's best sentence, its own if it has none, shape (len(found),)."""
        assert query.vector is not None
        starts = self.segment.sentence_offsets[found]
        sizes = self.segment.sentence_offsets[found + 1] - starts
        first = np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
        rows = first + np.arange(sizes.sum())
        best = best_per_group(cosines(self.segment.sentence_vectors[rows], query.vector), sizes)
        return np.where(sizes > 0, best, self._passage_cosines(query, found))

    def _hits(self, found: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> tuple[Hit, ...]:
        order = np.lexsort((found, -scores))[:k]
        return tuple(
            Hit(self.segment.passage_id(int(found[i])), float(scores[i]), int(found[i])) for i in order
        )
