"""Whether the service can answer, looked at once for all who ask: each look opens a connection to the truth."""

import asyncio
import logging
import time

from starlette.concurrency import run_in_threadpool

from citewell.corpus.errors import CitewellError, ClusterAway, ClusterError, TruthAway, TruthError
from citewell.index.library import Library
from citewell.service.errors import NotReady

KEPT = 1.0  # seconds that what was seen is told again
log = logging.getLogger("citewell")


class Readiness:
    """Of one process. Who asks meanwhile waits for the look that has begun, on no thread of its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._turn = asyncio.Lock()
        self._seen = float("-inf")
        self._fault: CitewellError | None = None

    async def check(self) -> None:
        """Raises what is wrong; of servers only which of them: whoever reaches the port may ask, without a key."""
        async with self._turn:
            if time.monotonic() - self._seen > KEPT:
                self._fault = await run_in_threadpool(self._look)
                self._seen = time.monotonic()
        if self._fault is not None:
            raise self._fault.with_traceback(None)

    def _look(self) -> CitewellError | None:
        try:
            self._library.check()
        except CitewellError as error:
            if self._library.truth is None and self._library.cluster is None:
                return error
            log.error("not ready: %s", error)  # noqa: TRY400 - it says all
            return NotReady(_which(error), isinstance(error, TruthAway | ClusterAway))
        return None


def _which(error: CitewellError) -> str:
    if isinstance(error, TruthError):
        return "The truth"
    return "The cluster" if isinstance(error, ClusterError) else "The library"
