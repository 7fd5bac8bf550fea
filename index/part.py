"""A segment as a snapshot shows it: without the passages of dead articles, and under a filter without still others."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import CorruptLibrary
from citewell.index.codes import cosines, products
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.neighbours import ONE_BY_ONE, SPARE, selected
from citewell.index.scoring import best_per_group
from citewell.index.segment import Segment

_FILTERS_KEPT = 32


@dataclass(frozen=True, eq=False)
class Allowed:
    """Some passages of a segment; `mask`, shape (n,), is None when it is all of them."""

    mask: NDArray[np.bool_] | None
    count: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> "Allowed":
        count = int(mask.sum())
        return cls(None if count == len(mask) else mask, count)

    def among(self, passing: NDArray[np.bool_]) -> "Allowed":
        """Those that also pass, shape (n,)."""
        return Allowed.of(passing if self.mask is None else passing & self.mask)

    @cached_property
    def bitmap(self) -> NDArray[np.uint8] | None:
        return None if self.mask is None else np.packbits(self.mask, bitorder="little")


class Part:
    """Passages keep the numbers that they have in the segment."""

    def __init__(self, segment: Segment, dead: Collection[int] = ()) -> None:
        self.segment = segment
        self.dead = frozenset(dead)
        self.live = Allowed(None, len(segment))
        if dead:
            alive = np.ones(len(segment.articles), dtype=np.bool_)
            alive[list(dead)] = False
            self.live = Allowed.of(alive[segment.article_of])
        lengths = segment.postings.lengths
        self.passages = self.live.count
        self.total_length = int((lengths if self.live.mask is None else lengths[self.live.mask]).sum())
        self.allowed = lru_cache(_FILTERS_KEPT)(self._allowed)
        self.by_language = lru_cache(_FILTERS_KEPT)(self._by_language)

    def _allowed(self, given: Filter) -> Allowed:
        """The live passages that pass."""
        if given == EVERYTHING:
            return self.live
        return self.live.among(given.passes(self.segment.articles)[self.segment.article_of])

    def _by_language(self, given: Filter) -> dict[str | None, Allowed]:
        """The live passages that pass, those in each language."""
        articles, allowed = self.segment.articles, self.allowed(given)
        if len(articles.languages) == 1:
            return {articles.languages[0]: allowed}
        of_passage = articles.language_of[self.segment.article_of]
        return {language: allowed.among(of_passage == i) for i, language in enumerate(articles.languages)}

    def doc_freq(self, term: str) -> int:
        """How many live passages hold the term."""
        if self.live.mask is None:
            return self.segment.postings.doc_freq(term)
        return int(self.live.mask[self.segment.postings.holders(term)].sum())

    def holds(self, term: str, language: str | None, given: Filter) -> bool:
        """Whether a live passage in that language that passes holds the term."""
        holders, mask = self.segment.postings.holders(term), self.by_language(given)[language].mask
        return len(holders) > 0 if mask is None else bool(mask[holders].any())

    def cosines(self, question: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of passages by their numbers, shape (len(numbers),). Raises CorruptLibrary for vectors that are none."""
        values = products(self.segment.passage_vectors[numbers], question.astype(np.float64))
        if not np.isfinite(values).all():
            raise CorruptLibrary(
                f"The vectors of segment {self.segment.id} are damaged. Build the index again: citewell rebuild"
            )
        return values

    def best_sentences(
        self, question: NDArray[np.float32], numbers: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The cosine of each passage's best sentence, NaN if it has none, shape (len(numbers),)."""
        starts = self.segment.sentence_offsets[numbers]
        sizes = self.segment.sentence_offsets[numbers + 1] - starts
        rows = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        return best_per_group(cosines(self.segment.sentence_codes[rows], question), sizes)

    def nearest(self, question: NDArray[np.float32], k: int, given: Filter = EVERYTHING) -> NDArray[np.int64]:
        """Numbers of the passages with the nearest vectors, shape (at least k if so many pass,).

        Some more than k, of which the nearest by cosine can be taken. One by one, also of equal ones at the edge the
        first; in clusters if more pass than are compared one by one.
        """
        allowed = self.allowed(given)
        wide = min(k + SPARE, allowed.count)
        if wide == 0:
            return np.empty(0, dtype=np.int64)
        clusters = self.segment.clusters
        if clusters is not None and allowed.count > ONE_BY_ONE:
            found = clusters.nearest(question, wide, allowed.bitmap, allowed.count / len(self.segment))
            if len(found) == wide:
                return found
        return self._nearest_one_by_one(question, k, wide, allowed)

    def _nearest_one_by_one(
        self, question: NDArray[np.float32], k: int, wide: int, allowed: Allowed
    ) -> NDArray[np.int64]:
        index = self.segment.one_by_one
        params = faiss.SearchParameters(**selected(allowed.bitmap))
        scores, found = index.search(question[np.newaxis], wide, params=params)
        numbers: NDArray[np.int64] = found[0]
        edge = scores[0, -1]
        if wide == allowed.count or scores[0, k - 1] > edge:
            return numbers
        below = float(np.nextafter(edge, np.float32(-np.inf)))
        _, _, tied = index.range_search(question[np.newaxis], below, params=params)
        above = numbers[scores[0] > edge]
        return np.concatenate([above, np.setdiff1d(tied, above)[:wide]])
