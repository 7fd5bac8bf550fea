"""The HTTP face of a library, put together: questions in, cited passages out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import Scope

from citewell.index.library import Library
from citewell.service import mcp, problems
from citewell.service.access import Access, scope_of
from citewell.service.article_routes import article_routes
from citewell.service.asking import Asking
from citewell.service.drain import Drainer
from citewell.service.examples import OF_SCHEMAS
from citewell.service.exchange import known_parameters
from citewell.service.gate import Gate
from citewell.service.health_routes import health_routes
from citewell.service.job_routes import job_routes
from citewell.service.jobs import Jobs
from citewell.service.keys import Keys
from citewell.service.limits import Limits
from citewell.service.metrics import Metrics
from citewell.service.pool import Pool
from citewell.service.question_routes import question_routes
from citewell.service.report_routes import report_routes
from citewell.service.requests import ArticleRequest, ArticlesRequest
from citewell.service.schemas import Problem
from citewell.service.settings import Settings
from citewell.service.writer import Writer

_PAGE = Path(__file__).parent / "page"
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_ALLOWED = ["Authorization", "Content-Type", "If-None-Match", "X-Request-ID"]
_ALLOWED += ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"]  # of agents that run in a page
_ASKED_AGAIN = {"Cache-Control": "no-cache"}  # so that modules of two versions never meet
_EXPOSED = ["ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"]


def create_app(
    library: Library,
    settings: Settings = Settings(),
    limits: Limits | None = None,
    metrics: Metrics | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """Serve a library that is open; jobs are worked on between startup and shutdown of the application.

    Several workers are given the same `limits`, so that they share them. `stopping` says that the service is to end.
    """
    metrics = metrics or Metrics()
    kept = library.store.database if library.truth else library.folder
    access, jobs = Access(Keys(kept), settings, limits), Jobs(kept)
    writer = Writer(library, settings.timeout / 2)
    asking, drainer = Asking(library, settings, metrics), Drainer(jobs, writer)
    writing = Pool("write", 1, settings.queue, settings.timeout, metrics)
    reporting = Pool("report", 1, settings.queue, settings.timeout, metrics)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        drainer.start()
        try:
            yield
        finally:
            drainer.stop()
            asking.close()
            writing.close()
            reporting.close()
            writer.close()
            jobs.close()

    app = FastAPIOffline(
        title="citewell",
        version=version("citewell"),
        description="Ask a question over your articles; get the passages that answer it, with citations.",
        docs_url="/docs",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},  # else the page would ask a server elsewhere
        lifespan=living,
        telemetry={"auto_configure": True, "logs": False, "exclude": _holds_a_question(settings)},
    )
    problems.install(app)
    checked = APIRouter(dependencies=[Depends(known_parameters)], responses=problems.ALWAYS)
    checked.include_router(question_routes(library, asking, access))
    checked.include_router(article_routes(library, writer, writing, jobs, drainer))
    checked.include_router(job_routes(jobs, stopping))
    checked.include_router(report_routes(library, reporting))
    app.include_router(checked)
    app.include_router(health_routes(library, jobs, metrics, stopping))

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html", headers={**_PAGE_HEADERS, **_ASKED_AGAIN})

    app.router.routes.append(Route(mcp.Endpoint.path, mcp.Endpoint(library, asking), methods=["POST"]))
    app.mount("/page", _Assets(directory=_PAGE), name="page")
    app.openapi = _described(app.openapi)  # type: ignore[method-assign]
    app.add_middleware(Gate, access=access, settings=settings, metrics=metrics, looking=asking.looking)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=_ALLOWED,
            expose_headers=_EXPOSED,
        )
    return app


class _Assets(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(_ASKED_AGAIN)
        return response


def _holds_a_question(settings: Settings) -> Callable[[Scope], bool]:
    """Requests that are not traced, since a trace holds the address, and this address the question."""
    return lambda scope: scope["path"] == "/v1/search" and not settings.log_questions


def _described(plain: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document, made when it is asked for first: that takes as long as making all the rest of the service."""

    @cache
    def described() -> dict[str, Any]:
        document = plain()
        _complete(document)
        return document

    return described


def _complete(document: dict[str, Any]) -> None:
    """With errors, bodies that are read in threads, keys; without what FastAPI assumes."""
    schemas = document["components"]["schemas"]
    models: list[Any] = [(model, "validation") for model in (Problem, ArticleRequest, ArticlesRequest)]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    schemas.update(found["$defs"])
    for name, example in OF_SCHEMAS.items():
        schemas[name]["examples"] = [example]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "Made by `citewell keys create`."}
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if scope := scope_of(method.upper(), path):
                operation["security"] = [{}, {"key": []}]  # none as long as there is no key
                operation["description"] = f"{operation['description']}\n\nScope of the key: {scope}."
