"""Connections to public addresses only: a name is looked up once, and what was checked is what is connected to.

Whatever is read over one is taken from the budget of the request that reads: seconds, and bytes as they are received.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

import httpcore2

from citewell.corpus.address import Allowed
from citewell.corpus.public import why_not_public

Resolve = Callable[[str, int], Sequence[str]]  # the IP addresses of a host, best first
_MOST_TRIED = 4  # addresses of one host


class Unfetched(ValueError):
    """What was asked for did not come, and why; `gone` if it is not there any longer (404 or 410)."""

    def __init__(self, reason: str, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


def resolved(host: str, port: int) -> list[str]:
    """As the machine looks names up; numbers in any spelling are looked up, too. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


class Budget:
    """Of one request. The seconds go by the clock."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self.is_connected_anew = False
        self._end, self._bytes_left, self._most = time.monotonic() + seconds, most_bytes, most_bytes

    def seconds(self, at_most: float | None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if at_most is None else min(left, at_most)

    def take(self, received: int) -> None:
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise Unfetched(f"more than {self._most:,} bytes come, which is the most that is taken")


class CheckedBackend(httpcore2.NetworkBackend):
    """What a pool connects by. Every request is made `within` a budget, by the thread that has it."""

    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        self._allowed, self._resolve = allowed, resolve
        self._sockets = httpcore2.SyncBackend()
        self._own = threading.local()

    @contextmanager
    def within(self, budget: Budget) -> Iterator[None]:
        self._own.budget = budget
        try:
            yield
        finally:
            del self._own.budget

    @property
    def budget(self) -> Budget:
        budget: Budget = self._own.budget
        return budget

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        self.budget.is_connected_anew = True
        failed: Exception | None = None
        for address in self._checked(host, port)[:_MOST_TRIED]:
            try:
                seconds = self.budget.seconds(timeout)
                stream = self._sockets.connect_tcp(address, port, seconds, local_address, socket_options)
                return _Stream(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or Unfetched(f"{host} has no address")

    def _checked(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host. One that is not public speaks against all: names can be made to alternate."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise Unfetched(f"no host {host} is known") from None
        if (host, port) not in self._allowed:
            for address in addresses:
                if kind := why_not_public(address):
                    raise Unfetched(
                        f"{host} is at {address}, which is {kind}; if it may be read: --allow-host {host}:{port}"
                    )
        return addresses


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, backend: CheckedBackend) -> None:
        self._stream, self._backend = stream, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        budget = self._backend.budget
        received = self._stream.read(max_bytes, budget.seconds(timeout))
        budget.take(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.budget.seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        seconds = self._backend.budget.seconds(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
