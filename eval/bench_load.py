"""Load on a service over HTTP: so many connections that each send the next request when they have the answer."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it; `milliseconds` are those of the answers with status 2xx."""

    seconds: float
    milliseconds: tuple[float, ...]
    failed: tuple[str, ...]  # status line, or what went wrong

    @property
    def per_second(self) -> float:
        return round(len(self.milliseconds) / self.seconds, 1)


@dataclass(slots=True)
class _Client(asyncio.Protocol):
    """One connection; `requests` may be shared by several."""

    requests: Iterator[bytes]
    look: Callable[[bytes], str | None]
    times: list[float]
    failed: list[str]
    done: asyncio.Future[None]
    received: bytearray = field(default_factory=bytearray)
    wanted: int = 0  # bytes of the answer; 0 until its head was read
    began: float = 0.0
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.wanted:
            head, mark, _ = self.received.partition(b"\r\n\r\n")
            if not mark:
                return
            (length,) = [
                line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            ]
            self.wanted = len(head) + 4 + int(length)
        if len(self.received) >= self.wanted:
            took = 1000 * (time.perf_counter() - self.began)
            answer = bytes(self.received)
            wrong = self.look(answer) if answer[9:10] == b"2" else answer[9:12].decode()
            if wrong is None:
                self.times.append(took)
            else:
                self.failed.append(wrong)
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.failed.append(f"connection lost: {exc}")
            self.done.set_result(None)

    def _next(self) -> None:
        assert self.transport is not None
        request = next(self.requests, None)
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self.transport.close()
            return
        self.received.clear()
        self.wanted = 0
        self.began = time.perf_counter()
        self.transport.write(request)


async def load(
    port: int,
    requests: Iterator[bytes],
    connections: int,
    look: Callable[[bytes], str | None] = lambda _: None,
) -> Load:
    """Send all requests; `look` says what is wrong with an answer (head and body), if anything."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    failed: list[str] = []
    clients = [_Client(requests, look, times, failed, loop.create_future()) for _ in range(connections)]
    began = time.perf_counter()
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    return Load(time.perf_counter() - began, tuple(times), tuple(failed))


def request(method: str, path: str, key: str, body: object = None) -> bytes:
    """A whole request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def asked(questions: Sequence[str], key: str) -> Iterator[bytes]:
    return iter([request("POST", "/v1/ask", key, {"question": question}) for question in questions])
