"""What every request passes on its way in and out: its id, who asks, its body, its log line and its figures.

HEAD is answered as GET is, without the body.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from citewell.corpus.errors import CitewellError, TooLarge
from citewell.service import problems
from citewell.service.access import Access, Caller
from citewell.service.errors import BodyTooSlow, NotFinished
from citewell.service.metrics import Metrics
from citewell.service.pool import Pool
from citewell.service.settings import Settings

log = logging.getLogger("citewell")
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SMALL_BODY = 1_000_000  # bytes; of whatever holds no article and no citations to verify
_CITATIONS_BODY = 16_000_000
_EVENTS = re.compile(r"/v1/jobs/[^/]+/events")  # which have no end, so no HEAD
_HEADERS = ((b"x-content-type-options", b"nosniff"),)


class Gate:
    """Answers what may not go on itself, as a problem; an error that nobody thought of, too."""

    def __init__(
        self, app: ASGIApp, access: Access, settings: Settings, metrics: Metrics, looking: Pool
    ) -> None:
        """Keys that another machine keeps are looked at in threads of a pool."""
        self._app, self._access, self._settings, self._metrics = app, access, settings, metrics
        self._looking = looking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        name = headers.get(b"x-request-id", b"").decode("latin-1")
        name = name if _OWN_ID.fullmatch(name) else secrets.token_hex(8)
        request_id.set(name)
        began, status, caller = time.perf_counter(), 0, Caller(None, {})
        method, bare = scope["method"], scope["method"] == "HEAD"
        if bare and not _EVENTS.fullmatch(scope["path"]):
            scope = {**scope, "method": "GET"}

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = {"X-Request-ID": name, **caller.headers}
                said = [*message.get("headers", ()), *_HEADERS]
                message = {
                    **message,
                    "headers": said + [(k.lower().encode(), v.encode()) for k, v in more.items()],
                }
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        try:
            asked = method, scope["path"], headers
            if self._access.waits(method, scope["path"]):
                caller = await self._looking.run(self._access.check, *asked)
            else:
                caller = self._access.check(*asked)
            scope.setdefault("state", {})["caller"] = caller
            body = await self._body(scope, headers, receive)
            await self._app(scope, _given(body, receive), sending)
        except NotFinished:
            status = status or 499  # as others write of a client that went
        except CitewellError as error:
            if not status:
                await problems.response_to(scope, error)(scope, receive, sending)
        except Exception as error:
            log.exception("unexpected error", exc_info=error)
            if not status:
                await problems.unexpected(scope)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(method, _route_of(scope), status, seconds)
            if log.isEnabledFor(logging.INFO):
                key = caller.key.id if caller.key else None
                said = {"method": method, "path": scope["path"], "status": status, "key": key}
                log.info("request", extra={**said, "ms": round(1000 * seconds, 2)})
        return None

    async def _body(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The whole body. Raises TooLarge as soon as too much has come or is announced, BodyTooSlow."""
        most = self._most_bytes(scope["method"], scope["path"])
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            raise _too_large(most)
        if announced == b"0" and b"transfer-encoding" not in headers:
            return b""
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise NotFinished("The client went.")
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise _too_large(most)
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise BodyTooSlow(self._settings.timeout) from None

    def _most_bytes(self, method: str, path: str) -> int:
        if path == "/v1/citations/verify":
            return _CITATIONS_BODY
        if method in ("PUT", "POST") and (path == "/v1/articles" or path.startswith("/v1/articles/")):
            return int(self._settings.body_mb * 1_000_000)
        return _SMALL_BODY


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body has more than {most:,} bytes. Send less at once.")


def _given(body: bytes, receive: Receive) -> Receive:
    """A body that was read before; then whatever else comes."""
    first = True

    async def receiving() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receiving


def _route_of(scope: Scope) -> str:
    """The route's pattern, never the path, so that there are as many figures as routes."""
    return str(getattr(scope.get("route", scope.get("endpoint")), "path", "other"))
