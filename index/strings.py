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

    def _bytes(self, number: int) -> bytes:
        return self.content[self.offsets[number] : self.offsets[number + 1]].tobytes()
