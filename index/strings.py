"""Many strings as two arrays that can be mapped: nothing is read but what is asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

_ERRORS = "surrogatepass"  # every str can be kept, and bytes sort as code points do


@dataclass(frozen=True, eq=False, slots=True)
class Strings(Sequence[str]):
    """s strings in UTF-8, end to end."""

    content: NDArray[np.uint8]
    offsets: NDArray[np.int64]  # (s + 1,): string i has bytes offsets[i]:offsets[i + 1]

    @classmethod
    def of(cls, strings: Iterable[str]) -> Self:
        encoded = [string.encode("utf-8", _ERRORS) for string in strings]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> list[str]: ...
    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        return self._bytes(number % len(self)).decode("utf-8", _ERRORS)

    def __iter__(self) -> Iterator[str]:
        content = self.content.tobytes()
        for start, end in pairwise(self.offsets.tolist()):
            yield content[start:end].decode("utf-8", _ERRORS)

    def find(self, string: str) -> int | None:
        """Number of the first such string among strings that are in order; None if it is not there."""
        wanted = string.encode("utf-8", _ERRORS)
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else None

    def rows(self, wanted: Iterable[str]) -> NDArray[np.int64]:
        """What `find` says of each of many strings, shape (wanted,), all searched side by side; -1 where there is none."""
        asked = Strings.of(wanted)
        width = (
            int(np.diff(asked.offsets).max(initial=0)) + 1
        )  # a longer string is not equal to its beginning
        keys = asked._keys(np.arange(len(asked)), width)
        low, high = np.zeros(len(asked), dtype=np.int64), np.full(len(asked), len(self))
        for _ in range(len(self).bit_length()):
            middle = (low + high) // 2
            is_less = self._keys(np.minimum(middle, len(self) - 1), width) < keys
            is_open = low < high
            low = np.where(is_open & is_less, middle + 1, low)
            high = np.where(is_open & ~is_less, middle, high)
        there = np.flatnonzero(low < len(self))
        found = np.full(len(asked), -1)
        same = there[self._keys(low[there], width) == keys[there]]
        found[same] = low[same]
        return found

    def _keys(self, numbers: NDArray[np.int64], width: int) -> NDArray[np.bytes_]:
        """The first bytes of some strings, shape (numbers,), to compare; each is one more, since NumPy drops zeros at the end."""
        starts = self.offsets[numbers]
        places = starts[:, np.newaxis] + np.arange(width)
        is_there = places < self.offsets[numbers + 1][:, np.newaxis]
        content = self.content if len(self.content) else np.zeros(1, dtype=np.uint8)
        taken = np.where(is_there, content[np.minimum(places, len(content) - 1)] + np.uint8(1), np.uint8(0))
        return taken.reshape(-1).view(f"S{width}")

    def _bytes(self, number: int) -> bytes:
        return self.content[self.offsets[number] : self.offsets[number + 1]].tobytes()
