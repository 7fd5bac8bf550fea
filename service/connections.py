"""A connection that cannot be held for nothing: heads of requests have a size and a time, connections a number.

uvicorn ends connections that are idle between requests; this adds those that are idle before, or send a head slowly.
"""

import asyncio
import json
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_HEAD = 65_536  # bytes of a request line and its headers
IDLE = 75  # seconds that a connection may say nothing


class Connection(HttpToolsProtocol):
    """`most` connections a process; `patience` are the seconds for a head."""

    most: ClassVar[int] = 10_000
    patience: ClassVar[float] = 30.0
    _deadline: asyncio.TimerHandle | None = None
    _head = -1  # bytes of the head that is being read; -1 between requests

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections. Try again in a second.")
        else:
            self._end_in(IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._head >= 0:
            self._head += len(data)
            if self._head > _MOST_HEAD:
                self._refuse(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    f"The headers have more than {_MOST_HEAD:,} bytes. Send fewer.",
                )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._end_in(self.patience)

    def on_headers_complete(self) -> None:
        self._head = -1
        self._end_in(None)
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST, f"{msg.rstrip('.')}. It must be HTTP/1.1.")

    def _end_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer with a problem what never becomes a request, and close."""
        said = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status,
            "detail": detail,
            "instance": "/",
        }
        body = json.dumps(said).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
