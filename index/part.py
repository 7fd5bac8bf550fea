"""A segment as a snapshot shows it: without the passages of dead articles, with the search structures over it."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.index.codes import encode
from citewell.index.segment import Segment

SPARE = 100  # nearest by codes beyond those asked for


class Part:
    """Passages keep the numbers that they have in the segment."""

    def __init__(self, segment: Segment, dead: Collection[int] = ()) -> None:
        self.segment = segment
        self.dead = frozenset(dead)
        self.live: NDArray[np.bool_] | None = None  # (n,); None when everything is live
        if dead:
            self.live = ~np.isin(segment.article_of, list(dead))
        lengths = segment.postings.lengths if self.live is None else segment.postings.lengths[self.live]
        self.passages = len(lengths)
        self.total_length = int(lengths.sum())
        self._bitmap = None if self.live is None else np.packbits(self.live, bitorder="little")

    @cached_property
    def languages(self) -> dict[str | None, NDArray[np.bool_] | None]:
        """For each language which passages are live and in it, shape (n,); None for all of them."""
        segment = self.segment
        if len(segment.languages) == 1:
            return {segment.languages[0]: self.live}
        live = np.ones(len(segment), dtype=np.bool_) if self.live is None else self.live
        return {
            language: live & (segment.language_of == code) for code, language in enumerate(segment.languages)
        }

    def doc_freq(self, term: str) -> int:
        """How many live passages hold the term."""
        if self.live is None:
            return self.segment.postings.doc_freq(term)
        return int(self.live[self.segment.postings.holders(term)].sum())

    def holds(self, term: str, language: str | None) -> bool:
        """Whether a live passage in that language holds the term."""
        holders, allowed = self.segment.postings.holders(term), self.languages[language]
        return len(holders) > 0 if allowed is None else bool(allowed[holders].any())

    def nearest(self, question: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Numbers of passages, shape (at least k if there are so many,): the live ones with the nearest codes.

        Some more than k, of which the nearest by cosine can be taken; of equal ones at the edge the first.
        """
        wide = min(k + SPARE, self.passages)
        if wide == 0:
            return np.empty(0, dtype=np.int64)
        asked = encode(question[np.newaxis]).astype(np.float32)  # the library compares codes with codes
        params: Any = None
        if self._bitmap is not None:
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(self._bitmap))  # type: ignore[call-arg, arg-type]
        scores, found = self.segment.scan.search(asked, wide, params=params)
        numbers: NDArray[np.int64] = found[0]
        edge = scores[0, -1]
        if wide == self.passages or scores[0, k - 1] > edge:
            return numbers
        _, _, tied = self.segment.scan.range_search(
            asked, float(edge) - 0.5, params=params
        )  # scores are whole numbers
        above = numbers[scores[0] > edge]
        return np.concatenate([above, np.setdiff1d(tied, above)[:wide]])
