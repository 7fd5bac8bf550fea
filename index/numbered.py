"""The passages of all parts of an index, numbered through from the first part to the last."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from citewell.index.filter import Filter
from citewell.index.part import Part
from citewell.index.segment import Segment

Found = tuple[NDArray[np.int64], NDArray[np.float64]]  # numbers of passages and their scores


class Numbered:
    """`bases` are the numbers of the first passage of each part, dead ones counted; `passages` how many live."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.bases = np.cumsum([0, *(len(part.segment) for part in parts)])
        self._firsts = self.bases.tolist()
        self.passages = sum(part.passages for part in parts)

    def locate(self, number: int) -> tuple[Segment, int]:
        """The segment of a passage and its number there."""
        part = bisect_right(self._firsts, number) - 1
        return self.parts[part].segment, number - self._firsts[part]

    def passage_id(self, number: int) -> str:
        segment, local = self.locate(number)
        return segment.passage_id(local)

    def numbers_of(self, article_id: str) -> NDArray[np.int64]:
        """The live passages of an article, in their order there."""
        found = [np.empty(0, dtype=np.int64)]
        for base, part in zip(self.bases, self.parts, strict=False):
            for article in part.segment.articles.numbers_of([article_id]):
                if article not in part.dead:
                    found.append(base + np.flatnonzero(part.segment.article_of == article))
        return np.concatenate(found)

    def passing(self, numbers: NDArray[np.int64], given: Filter) -> NDArray[np.int64]:
        """Those of the passages that pass."""
        kept = [np.empty(0, dtype=np.int64)]
        for part, mine, local in self.by_part(numbers):
            mask = part.allowed(given).mask
            kept.append(numbers[mine if mask is None else mine[mask[local]]])
        return np.concatenate(kept)

    def by_part(
        self, numbers: NDArray[np.int64]
    ) -> Iterator[tuple[Part, NDArray[np.int64], NDArray[np.int64]]]:
        """For each part that has some of the passages: where they stand among `numbers`, and their own numbers."""
        if len(self.parts) == 1 and len(numbers):
            yield self.parts[0], np.arange(len(numbers)), numbers
            return
        of_part = np.searchsorted(self.bases, numbers, side="right") - 1
        for number in np.unique(of_part):
            mine = np.flatnonzero(of_part == number)
            yield self.parts[number], mine, numbers[mine] - self.bases[number]

    def best(self, numbers: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> Found:
        """The k best of them in no order, ties at the edge by passage id."""
        if len(numbers) <= k:
            return numbers, scores
        bar = np.partition(scores, -k)[-k]
        above, tied = np.flatnonzero(scores > bar), np.flatnonzero(scores == bar)
        tied = tied[np.argsort(numbers[tied])]
        wanted = k - len(above)  # numbers of a part are in the order of ids: few ids have to be made
        few = np.concatenate([tied[mine[:wanted]] for _, mine, _ in self.by_part(numbers[tied])])
        first = sorted(few.tolist(), key=lambda i: self.passage_id(int(numbers[i])))[:wanted]
        kept = np.concatenate([above, np.array(first, dtype=np.int64)])
        return numbers[kept], scores[kept]
