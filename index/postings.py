"""Postings: for every term the passages that hold it, as arrays that can be mapped.

BM25 sees two numbers of an entry: how often the term is in the passage, and how long the passage is. Few pairs of them
occur, so an entry keeps the number of its pair, and a score is computed once for each pair instead of each entry.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.index.strings import Strings

_SHIFT = 32  # tf above, length below: both fit
_TERMS_KEPT = 4096  # a question looks its terms up many times


@dataclass(frozen=True, eq=False)
class Postings:
    """Of n passages; the entries of a term are in order of passage."""

    terms: Strings  # in order; the number of a term is its row
    offsets: NDArray[np.int64]  # (terms + 1,): row r has entries offsets[r]:offsets[r + 1]
    passages: NDArray[np.int32]  # (entries,)
    pairs: NDArray[np.uint16] | NDArray[np.uint32]  # (entries,): rows of `distinct`
    distinct: NDArray[np.int32]  # (pairs, 2): tf and length, in order
    lengths: NDArray[np.int32]  # (n,): terms in each passage

    @classmethod
    def of(cls, passages: Iterable[Sequence[str]]) -> Self:
        """Postings of analysed passages, numbered from 0."""
        number_of: defaultdict[str, int] = defaultdict(count().__next__)  # of a term, as it first occurs
        numbers, lengths = array("q"), array("i")
        for terms in passages:
            numbers.extend(map(number_of.__getitem__, terms))
            lengths.append(len(terms))
        ordered = sorted(number_of)
        row_of = np.empty(len(ordered), dtype=np.int64)
        row_of[[number_of[term] for term in ordered]] = np.arange(len(ordered))
        rows = row_of[np.array(numbers, dtype=np.int64)]
        passage = np.repeat(np.arange(len(lengths)), lengths)
        keys, counts = np.unique(rows * max(1, len(lengths)) + passage, return_counts=True)
        row, holder = np.divmod(keys, max(1, len(lengths)))
        return cls.joined(
            Strings.of(ordered),
            np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(ordered)))]).astype(np.int64),
            holder.astype(np.int32),
            counts.astype(np.int32),
            np.array(lengths, dtype=np.int32),
        )

    @classmethod
    def joined(
        cls,
        terms: Strings,
        offsets: NDArray[np.int64],
        passages: NDArray[np.int32],
        counts: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> Self:
        """From the tf of each entry, shape (entries,)."""
        keys = (counts.astype(np.int64) << _SHIFT) | lengths[passages]
        found, numbers = np.unique(keys, return_inverse=True)
        distinct = np.stack([found >> _SHIFT, found & ((1 << _SHIFT) - 1)], axis=1).astype(np.int32)
        pairs = numbers.astype(np.uint16 if len(found) <= 1 << 16 else np.uint32)
        return cls(terms, offsets, passages, pairs, distinct, lengths)

    def counts(self) -> NDArray[np.int32]:
        """The tf of each entry, shape (entries,)."""
        counts: NDArray[np.int32] = self.distinct[self.pairs, 0]
        return counts

    @cached_property
    def entries(self) -> Callable[[str], slice]:
        """Where a term's entries are; an empty slice for a term that no passage holds."""
        return lru_cache(maxsize=_TERMS_KEPT)(self._entries)

    def _entries(self, term: str) -> slice:
        row = self.terms.find(term)
        return slice(0, 0) if row is None else slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def holders(self, term: str) -> NDArray[np.int32]:
        return self.passages[self.entries(term)]

    def doc_freq(self, term: str) -> int:
        return len(self.holders(term))

    def held(self, terms: Iterable[str]) -> list[str]:
        """Those of many terms that some passage holds."""
        wanted = list(terms)
        return [wanted[i] for i in np.flatnonzero(self.terms.rows(wanted) >= 0).tolist()]

    def holds(self, term: str, passage: int) -> bool:
        holders = self.holders(term)
        place = int(np.searchsorted(holders, np.int32(passage)))
        return place < len(holders) and int(holders[place]) == passage
