"""Every error as application/problem+json (RFC 9457), with a detail that says what to do next."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from citewell.corpus.errors import (
    BadInput,
    CitewellError,
    ClusterAway,
    LibraryBusy,
    LibraryMissing,
    ModelMismatch,
    NotFound,
    NotJson,
    NotWhole,
    TooLarge,
    TruthAway,
)
from citewell.service.errors import (
    BodyTooSlow,
    Ending,
    NotAllowed,
    NotAuthenticated,
    NotReady,
    Overloaded,
    ServiceError,
    TookTooLong,
    TooManyRequests,
    WrongHost,
    WrongOrigin,
)
from citewell.service.schemas import Problem

log = logging.getLogger("citewell")

_STATUS: tuple[tuple[type[CitewellError], HTTPStatus], ...] = (  # the first that fits
    (NotAuthenticated, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (WrongHost, HTTPStatus.FORBIDDEN),
    (WrongOrigin, HTTPStatus.FORBIDDEN),
    (BodyTooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (Ending, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotReady, HTTPStatus.SERVICE_UNAVAILABLE),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (TookTooLong, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotJson, HTTPStatus.BAD_REQUEST),
    (TooLarge, HTTPStatus(413)),
    (BadInput, HTTPStatus(422)),
    (LibraryMissing, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (LibraryBusy, HTTPStatus.SERVICE_UNAVAILABLE),
    (ClusterAway, HTTPStatus.SERVICE_UNAVAILABLE),
    (TruthAway, HTTPStatus.SERVICE_UNAVAILABLE),
    (ModelMismatch, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotWhole, HTTPStatus.SERVICE_UNAVAILABLE),
    (CitewellError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route whose errors have these statuses."""
    schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": schema} for status in statuses}


ALWAYS = documented(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)  # what any route of /v1 may answer


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem; what it does not expect is answered by the gate."""

    @app.exception_handler(CitewellError)
    async def on_purpose(request: Request, error: CitewellError) -> JSONResponse:
        return response_to(request.scope, error)

    @app.exception_handler(RequestValidationError)
    async def not_as_documented(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        was_read = first["type"] == "json_invalid" or not isinstance(first.get("input"), bytes)
        if not was_read:
            detail = "The body is not declared as JSON. Send Content-Type: application/json"
            return problem(request.scope, HTTPStatus(415), detail, kind="UnsupportedMediaType")
        status = HTTPStatus.BAD_REQUEST if first["type"] == "json_invalid" else HTTPStatus(422)
        detail = f"{where}: {first['msg']}. See /docs for what is taken."
        return problem(request.scope, status, detail, kind="BadRequest")

    @app.exception_handler(HTTPException)
    async def by_the_framework(request: Request, error: HTTPException) -> JSONResponse:
        allowed = (error.headers or {}).get("Allow")
        instead = f" Send {allowed}." if allowed else ""
        detail = f"{request.method} {request.url.path}: {error.detail}.{instead} See /docs for what is there."
        return problem(
            request.scope, HTTPStatus(error.status_code), detail, headers=dict(error.headers or {})
        )


def response_to(scope: Scope, error: CitewellError) -> JSONResponse:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(error, ModelMismatch):
        log.error("%s", error)
    headers = error.headers if isinstance(error, ServiceError) else None
    if isinstance(error, LibraryBusy | ClusterAway | TruthAway):
        headers = {"Retry-After": "1"}
    return problem(scope, status, str(error), type(error).__name__, headers)


def unexpected(scope: Scope) -> JSONResponse:
    return problem(scope, HTTPStatus.INTERNAL_SERVER_ERROR, "An unexpected error; the service's log has it.")


def problem(
    scope: Scope,
    status: HTTPStatus,
    detail: str,
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = Problem(
        type=f"urn:citewell:problem:{kind}" if kind else "about:blank",
        title=status.phrase,
        status=status,
        detail=detail,
        instance=quote(scope["path"]),
    )
    return JSONResponse(jsonable_encoder(body), status, headers, media_type="application/problem+json")
