"""Jobs over HTTP: listed, looked at, followed as server-sent events, cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from citewell.service.jobs import Job, Jobs
from citewell.service.problems import documented
from citewell.service.schemas import JobPage

JobId = Annotated[str, Path(examples=["de14097b34b84c498ecad1a64f356c91"])]
_LOOK = 0.25  # seconds between two looks


def job_routes(jobs: Jobs, stopping: Callable[[], bool]) -> APIRouter:
    router = APIRouter(tags=["jobs"])

    @router.get("/v1/jobs")
    def list_jobs(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str, Query(description="`next` of the page before.")] = "",
    ) -> JobPage:
        """The newest first, a page at a time; finished ones are kept up to a thousand."""
        found = jobs.page(cursor, limit + 1)
        return JobPage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    @router.get("/v1/jobs/{job_id}", responses=documented(404))
    def get_job(job_id: JobId) -> Job:
        """How far a job is, and which articles were refused."""
        return jobs.get(job_id)

    @router.delete("/v1/jobs/{job_id}", responses=documented(404))
    def cancel_job(job_id: JobId) -> Job:
        """Begin no more of a job; what was added or is being added stays, and a finished job is left as it is."""
        return jobs.cancel(job_id)

    def known(job_id: JobId) -> tuple[Job, bool]:
        return jobs.look(job_id)

    @router.get("/v1/jobs/{job_id}/events", response_class=EventSourceResponse, responses=documented(404))
    async def follow_job(
        known: Annotated[tuple[Job, bool], Depends(known)],
    ) -> AsyncIterator[ServerSentEvent]:
        """The job as an event `progress` whenever it has changed, until it stays as it is."""
        (job, stays), shown = known, None
        while not stopping():
            if job != shown:
                yield ServerSentEvent(data=job, event="progress")
                shown = job
            if stays:
                return
            await asyncio.sleep(_LOOK)
            job, stays = await run_in_threadpool(jobs.look, job.id)

    return router
