"""The report on a library over HTTP, as `citewell doctor --json` prints it."""

from collections.abc import Callable, Hashable
from dataclasses import astuple
from datetime import UTC, datetime

from fastapi import APIRouter

from citewell.index.health import Health, examine
from citewell.index.library import Library
from citewell.service.pool import Pool
from citewell.service.schemas import Report


def report_routes(
    library: Library, reporting: Pool, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> APIRouter:
    """It takes a second for some thousands of articles, so it is made in a thread of its own and kept for the day."""
    router = APIRouter()
    kept: dict[Hashable, Health] = {}

    def made() -> Report:
        now = clock()
        sources = tuple(astuple(source) for source in library.store.sources())
        state = (library.version(), library.store.change(), sources, now.date())
        if state not in kept:
            found = examine(library, lambda: now)
            kept.clear()
            kept[state] = found
        return Report.of(kept[state])

    @router.get("/v1/doctor", tags=["articles"])
    async def doctor() -> Report:
        """What is worth knowing of the library: duplicates, broken articles, sources out of reach, damage.

        The first report of a large library may take longer than a request may (503): ask again, it goes on.
        """
        return await reporting.run(made)

    return router
