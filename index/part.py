"""A segment as a snapshot shows it: without the passages of dead articles, with the search structures over it."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.index.codes import encode
from citewell.index.segment import Segment


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
        self._nearest = _exact(segment)
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

    def nearest(self, question: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Numbers of the k live passages whose codes are nearest to the question's, shape (at most k,)."""
        k = min(k, self.passages)
        if k == 0:
            return np.empty(0, dtype=np.int64)
        params: Any = None
        if self._bitmap is not None:
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(self._bitmap))  # type: ignore[call-arg, arg-type]
        asked = encode(question[np.newaxis]).astype(np.float32)  # the library compares codes with codes
        _, found = self._nearest.search(asked, k, params=params)
        numbers: NDArray[np.int64] = found[0]
        return numbers


def _exact(segment: Segment) -> Any:
    """An exact index over the codes; a row's score does not depend on the rows beside it."""
    dim = segment.passage_codes.shape[1]
    index = faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
    )
    index.is_trained = True
    for first in range(0, len(segment), 65_536):  # the library takes codes as floats: not all at once
        index.add(segment.passage_codes[first : first + 65_536].astype(np.float32))
    return index
