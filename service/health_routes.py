"""Whether the service runs and can answer, and its figures."""

from collections.abc import Callable
from contextlib import suppress

from fastapi import APIRouter, Response

from citewell.index.library import Library
from citewell.service.errors import Ending
from citewell.service.jobs import Jobs
from citewell.service.metrics import MEDIA_TYPE, Metrics
from citewell.service.problems import documented
from citewell.service.readiness import Readiness
from citewell.service.schemas import Health


def health_routes(library: Library, jobs: Jobs, metrics: Metrics, stopping: Callable[[], bool]) -> APIRouter:
    router, readiness = APIRouter(tags=["health"]), Readiness(library)

    @router.get("/health/live")
    async def live() -> Health:
        """The process runs."""
        return Health("live")

    @router.get("/health/ready", responses=documented(500, 503))
    async def ready() -> Health:
        """Ready when the model is loaded and articles and passages can be read, until the service is asked to end."""
        if stopping():
            raise Ending
        await readiness.check()
        return Health("ready")

    @router.get(
        "/metrics",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **documented(401, 403, 429),
        },
    )
    def figures() -> Response:
        """For Prometheus: requests, stages, verdicts, states of retrievers, age of the snapshot, jobs."""
        published = None
        with suppress(OSError):
            published = (library.index / "current").stat().st_mtime
        return Response(metrics.exposed(published, jobs.counts()), headers={"Content-Type": MEDIA_TYPE})

    return router
