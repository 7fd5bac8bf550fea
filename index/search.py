"""An open snapshot with the model that made it: questions in, rankings out.

Lexical, dense and hybrid are three retrievers with one signature, so that an evaluation can ask any of them. The
passages of all parts are numbered through; a ranking does not depend on how they are spread over parts.
"""

import hashlib
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import ModelMismatch
from citewell.index.as_of import AsOf
from citewell.index.bm25 import InvertedBM25
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.numbered import Found, Numbered
from citewell.index.part import Part
from citewell.index.query import Query, Whole, whole_of
from citewell.index.reranking import Reranking
from citewell.index.scoring import Hit, Parts, Ranking, State, combine, total

Retriever = Callable[[Query, int], Ranking]
_Values = NDArray[np.float64] | None


class Searcher(Numbered):
    """Raises ModelMismatch when a segment was built with another model or another recipe."""

    as_of: AsOf | None = None  # of which moment it answers; None: of the snapshot

    def __init__(
        self,
        snapshot_id: str,
        parts: Sequence[Part],
        embedder: Embedder,
        config: Config,
        reranking: Reranking | None = None,
        whole: Whole | None = None,
    ) -> None:
        for segment in (part.segment for part in parts):
            if segment.model != embedder.fingerprint or segment.recipe != BUILD_RECIPE:
                raise ModelMismatch(
                    f"The index was built with model {segment.model} and recipe {segment.recipe!r}; in use are "
                    f"{embedder.fingerprint} and {BUILD_RECIPE!r}. Use what it was built with (a service: start it again), "
                    "or build it again: citewell rebuild"
                )
        super().__init__(parts)
        self.snapshot_id, self.embedder, self.config, self.reranking = (
            snapshot_id,
            embedder,
            config,
            reranking,
        )
        self._whole = whole or whole_of(parts)
        self.passages, self.languages = self._whole.statistics.passages, self._whole.languages
        self._bm25 = [
            InvertedBM25(p.segment.postings, config.k1, config.b, self._whole.statistics) for p in parts
        ]

    def answering(self, as_of: AsOf) -> Self:
        """The same searcher, which says of which moment it answers."""
        same = copy(self)
        same.as_of = as_of
        return same

    @property
    def fingerprint(self) -> str:
        """Of all that makes a score, but for the model: the configuration, and the reranker if there is one."""
        if self.reranking is None:
            return self.config.fingerprint
        said = f"{self.config.fingerprint} {self.reranking.fingerprint}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def about(
        self, question: str, given: Filter = EVERYTHING, names: Sequence[str] = ()
    ) -> tuple["Searcher", Query]:
        """Itself: it holds every passage, those of the named articles too."""
        return self, self.query(question, given)

    def query(
        self, question: str, given: Filter = EVERYTHING, vector: NDArray[np.float32] | None = None
    ) -> Query:
        """Without the question's vector it is computed, unless nothing could be found with it."""
        reading = self._whole.read(question, self.embedder.knows_word)
        terms = reading.terms
        asked = [
            (language, part)
            for part in self.parts
            for language, allowed in part.by_language(given).items()
            if allowed.count
        ]
        known = any(part.holds(term, language, given) for language, part in asked for term in terms[language])
        said = any(terms[language] for language, _ in asked)
        lexical = State.OK if known else State.OUT_OF_VOCABULARY if said else State.EMPTY
        dense = State.OK if self.embedder.knows_script(question) else State.UNKNOWN_SCRIPT
        if not asked:
            dense = State.EMPTY
        if dense is not State.OK:
            vector = None
        elif vector is None:
            vector = self.embedder.embed_queries([question])[0]
        return Query(question, given, reading.asked, terms, reading.read_as, vector, lexical, dense)

    def count(self, given: Filter) -> int:
        """How many passages pass."""
        return self._whole.count(given)

    def idf(self, term: str) -> float:
        return self._bm25[0].idf_of(term)

    def lexical(self, query: Query, k: int) -> Ranking:
        """By BM25 over its upper bound."""
        numbers, scores = self.matching(query, k)
        return Ranking(self._hits(numbers, np.round(scores, 6), k), {"lexical": query.lexical})

    def dense(self, query: Query, k: int) -> Ranking:
        """By the cosine of question and passage."""
        numbers, scores = self.nearest(query, k)
        return Ranking(self._hits(numbers, scores, k), {"dense": query.dense})

    def hybrid(self, query: Query, k: int) -> Ranking:
        """The k best of what both propose, by the score of `scoring.py`, and of `reranking.py` if there is a reranker."""
        return self._hybrid(query, max(k, self.config.depth), k)

    def proposed(self, query: Query, depth: int) -> Ranking:
        """All that either proposes among its best `depth`, by the same score."""
        return self._hybrid(query, depth, 2 * depth)

    def _hybrid(self, query: Query, depth: int, k: int) -> Ranking:
        matching, nearest = self.matching(query, depth), self.nearest(query, depth)
        numbers = np.union1d(matching[0], nearest[0])
        parts = combine(self.config, *self.values(query, numbers))
        hits = self._hits(numbers, total(parts), max(k, self.reranking.first) if self.reranking else k)
        found = np.array([hit.number for hit in hits], dtype=np.int64)
        said = parts[:, np.searchsorted(numbers, found)].T
        ranks = _ranks(found, *matching), _ranks(found, *nearest)
        ranked = tuple(
            Hit(hit.passage_id, hit.score, hit.number, Parts.of(each, lexical, dense))
            for hit, each, lexical, dense in zip(hits, said, *ranks, strict=True)
        )
        return Ranking(self._reranked(query, ranked)[:k], {"lexical": query.lexical, "dense": query.dense})

    def _reranked(self, query: Query, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        if self.reranking is None:
            return hits
        return self.reranking.of(
            query.text, hits, [self.locate(hit.number) for hit in hits[: self.reranking.first]]
        )

    def scored(self, query: Query, numbers: NDArray[np.int64]) -> tuple[Hit, ...]:
        """The scores that passages, which pass, would have had without being proposed; both retrievers may not be silent.

        As those of hits that a reranker has not judged, if there is one.
        """
        parts = combine(self.config, *self.values(query, numbers))
        of_number = dict(zip(numbers.tolist(), parts.T, strict=True))
        hits = self._hits(numbers, total(parts), len(numbers))
        scored = tuple(replace(hit, parts=Parts.of(of_number[hit.number], None, None)) for hit in hits)
        return self.reranking.unjudged(scored) if self.reranking else scored

    def values(self, query: Query, numbers: NDArray[np.int64]) -> tuple[_Values, _Values, _Values]:
        """Of passages that pass: BM25 over its upper bound, their cosines and those of their best sentences.

        Each has shape (len(numbers),), and is None for a silent retriever.
        """
        passage = sentence = None
        if query.vector is not None:
            passage = self._passage_cosines(query, numbers)
            sentence = self._sentence_cosines(query, numbers)
            sentence = np.where(np.isnan(sentence), passage, sentence)
        lexical = self._lexical_scores(query, numbers) if query.lexical is State.OK else None
        return lexical, passage, sentence

    def matching(self, query: Query, k: int) -> Found:
        """The k best by BM25 over its upper bound, with their scores."""
        numbers, scores = [np.empty(0, dtype=np.int64)], [np.empty(0)]
        if query.lexical is not State.OK:
            return numbers[0], scores[0]
        for base, part, bm25 in zip(self.bases, self.parts, self._bm25, strict=False):
            for language, allowed in part.by_language(query.filter).items():
                if bound := bm25.upper_bound(query.terms[language]):
                    found, raw = bm25.best(query.terms[language], k, allowed.mask)
                    numbers.append(base + found)
                    scores.append(raw / bound)
        return self.best(np.concatenate(numbers), np.concatenate(scores), k)

    def _lexical_scores(self, query: Query, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """BM25 over its upper bound, the question analysed in each passage's language; shape (len(numbers),)."""
        values = np.zeros(len(numbers))
        for part, mine, local in self.by_part(numbers):
            bm25 = self._bm25[self.parts.index(part)]
            for language, allowed in part.by_language(query.filter).items():
                chosen = slice(None) if allowed.mask is None else allowed.mask[local]
                if bound := bm25.upper_bound(query.terms[language]):
                    values[mine[chosen]] = bm25.get_batch_scores(query.terms[language], local[chosen]) / bound
        return values

    def nearest(self, query: Query, k: int) -> Found:
        """The k best by cosine, with their cosines, rounded: those of equal vectors can differ in their last bits."""
        if query.vector is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        found = [
            base + part.nearest(query.vector, k, query.filter)
            for base, part in zip(self.bases, self.parts, strict=False)
        ]
        numbers = np.concatenate([np.empty(0, dtype=np.int64), *found])
        return self.best(numbers, np.round(self._passage_cosines(query, numbers), 6), k)

    def _passage_cosines(self, query: Query, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        assert query.vector is not None
        values = np.empty(len(numbers))
        for part, mine, local in self.by_part(numbers):
            values[mine] = part.cosines(query.vector, local)
        return values

    def _sentence_cosines(self, query: Query, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        assert query.vector is not None
        values = np.empty(len(numbers))
        for part, mine, local in self.by_part(numbers):
            values[mine] = part.best_sentences(query.vector, local)
        return values

    def _hits(self, numbers: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> tuple[Hit, ...]:
        kept = zip(*(values.tolist() for values in self.best(numbers, scores, k)), strict=True)
        hits = (Hit(self.passage_id(number), score, number) for number, score in kept)
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.passage_id)))


def _ranks(
    found: NDArray[np.int64], numbers: NDArray[np.int64], scores: NDArray[np.float64]
) -> list[int | None]:
    """Of passages among those that a retriever proposed with these scores; None for one that it did not propose."""
    score_of = dict(zip(numbers.tolist(), scores.tolist(), strict=True))
    lowest_first = np.sort(scores)
    return [
        None if (score := score_of.get(number)) is None
        else len(lowest_first) - int(np.searchsorted(lowest_first, score, side="right")) + 1
        for number in found.tolist()
    ]  # fmt: skip
