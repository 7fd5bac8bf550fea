"""Answers to repeated questions, for as long as the snapshot that they came from is the published one."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

_OVERHEAD = 1_000  # bytes of an entry beside its answer, about


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in JSON, without the time taken, and what is counted of it."""

    before: bytes
    after: bytes
    verdict: str
    states: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, document: bytes, verdict: str, states: tuple[tuple[str, str], ...]) -> "Kept":
        before, mark, after = document.rpartition(b'"took_ms":')
        return cls(before + mark, after.lstrip(b"0123456789.e-"), verdict, states)

    def document(self, took_ms: float) -> bytes:
        return b"%s%r%s" % (self.before, took_ms, self.after)

    @property
    def size(self) -> int:
        return len(self.before) + len(self.after) + _OVERHEAD


class Cache:
    """The last answers of one version of the library, up to so many bytes; another version empties it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._turn = threading.Lock()
        self._version: Hashable = None
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bytes = 0

    def get(self, version: Hashable, request: Hashable) -> Kept | None:
        with self._turn:
            self._become(version)
            if (kept := self._kept.get(request)) is not None:
                self._kept.move_to_end(request)
            return kept

    def put(self, version: Hashable, request: Hashable, kept: Kept) -> None:
        """Of an answer to an older version nothing is kept."""
        with self._turn:
            if version != self._version or kept.size > self._most_bytes:
                return
            if (former := self._kept.pop(request, None)) is not None:
                self._bytes -= former.size
            self._kept[request] = kept
            self._bytes += kept.size
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.size

    def _become(self, version: Hashable) -> None:
        if version != self._version:
            self._version = version
            self._kept.clear()
            self._bytes = 0
