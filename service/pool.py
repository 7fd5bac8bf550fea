"""Threads for what would block the event loop: so many at once, so many waiting, each for so long."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from citewell.index.embedding import side_by_side
from citewell.service.errors import Overloaded, TookTooLong
from citewell.service.metrics import Metrics

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """A question that nobody waits for any more keeps its thread until it is done, so that no more run than should."""

    def __init__(self, name: str, threads: int, queue: int, timeout: float, metrics: Metrics) -> None:
        self._name = name
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"citewell-{name}")
        self._threads, self._queue, self._timeout, self._metrics = threads, queue, timeout, metrics
        self._turn = threading.Lock()
        self._inside = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work returns or raises. Raises Overloaded, TookTooLong."""
        if self._inside >= self._threads + self._queue:
            raise Overloaded
        self._count(1)
        asked, context = time.perf_counter(), copy_context()

        def done() -> T:
            self._metrics.stage(f"waiting to {self._name}", time.perf_counter() - asked)
            context.run(side_by_side.set, self._inside > 1)
            return context.run(work, *args, **kwargs)

        future = self._executor.submit(done)
        future.add_done_callback(lambda _: self._count(-1))
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if limit.expired():
                raise TookTooLong(self._timeout) from None
            raise

    def _count(self, more: int) -> None:
        with self._turn:
            self._inside += more
            self._metrics.waiting(self._name, max(0, self._inside - self._threads))

    def close(self) -> None:
        """Waits for what has begun."""
        self._executor.shutdown(wait=True, cancel_futures=True)
