"""How often each key may ask: a bucket of requests for each, shared by all worker processes.

A bucket is one number, the moment when it will be full again (the generic cell rate algorithm, ITU-T I.371), in memory that
the workers inherit. The system's clock since it started is the same in each of them.
"""

import fcntl
import math
import mmap
import os
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_NUMBER = struct.Struct("d")


@dataclass(frozen=True, slots=True)
class Left:
    """What is left in a bucket; `wait` is None if the request may go on, else seconds until it may."""

    requests: int
    refill: float  # seconds until the bucket is full
    wait: float | None


class Limits:
    """Buckets numbered from 0. A `rate` (requests a minute) of 0 is no limit."""

    def __init__(
        self, rate: float, burst: int, buckets: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.burst = rate, burst
        self._each = 60 / rate if rate else 0.0
        self._clock = clock
        self._file, name = tempfile.mkstemp(prefix="citewell-limits-")
        Path(name).unlink()  # it goes with the object; its lock is let go even by a killed process
        os.ftruncate(self._file, buckets * _NUMBER.size)
        self._memory = mmap.mmap(self._file, buckets * _NUMBER.size)
        weakref.finalize(self, os.close, self._file)
        self._turn = threading.Lock()

    def take(self, bucket: int, requests: int = 1) -> Left:
        """Take so many from a bucket, all or none."""
        with self._turn:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                now, place = self._clock(), bucket * _NUMBER.size
                (full,) = _NUMBER.unpack_from(self._memory, place)
                full = max(full, now)
                after = full + requests * self._each
                wait = after - now - self.burst * self._each
                if wait <= 1e-9:
                    full = after
                    _NUMBER.pack_into(self._memory, place, full)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
        left = self.burst - (full - now) / self._each
        return Left(max(0, math.floor(left + 1e-9)), full - now, wait if wait > 1e-9 else None)

    def headers(self, left: Left) -> dict[str, str]:
        """As the draft of the IETF on RateLimit header fields has them."""
        window = max(1, math.ceil(self.burst * self._each))
        return {
            "RateLimit-Policy": f'"key";q={self.burst};w={window}',
            "RateLimit": f'"key";r={left.requests};t={math.ceil(left.refill)}',
        }
