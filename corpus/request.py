"""One request and its answer, within limits of time and size, over connections that are checked; redirects are not followed."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Self

import httpcore2
import httpx2

from citewell.corpus.address import Allowed, host_and_port
from citewell.corpus.connecting import Budget, CheckedBackend, Resolve, Unfetched
from citewell.corpus.decoding import ACCEPTED, decoded_body

NAME = "citewell"
_AGENT = f"{NAME}/{version('citewell')}"
_HEAD_BYTES = 200_000  # status line, headers and what goes before them, beside those of the body
_CONNECTIONS = 8
_KEPT_OPEN = 2.0  # seconds: shorter than servers do, so that none is closed as it is taken


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: to connect, to wait for more, and for everything that one fetch takes but waiting as it was told."""

    connect: float = 10.0
    read: float = 20.0
    whole: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Headers by name in lower case, the last of each; the body is decoded, and read for status 200 only."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """For any number of threads; cookies, proxies and passwords of the environment are left alone."""

    def __init__(
        self,
        allowed: Allowed,
        patience: Patience,
        resolve: Resolve,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._patience = patience
        self._backend = CheckedBackend(allowed, resolve)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_KEPT_OPEN,
            network_backend=self._backend,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def get(self, address: str, headers: Mapping[str, str], most_bytes: int, seconds: float) -> Answer:
        """Raises Unfetched when no answer comes, or one that is not taken."""
        host, _ = host_and_port(address)
        budget = Budget(seconds, most_bytes + _HEAD_BYTES)
        try:
            with self._backend.within(budget):
                try:
                    return self._get(address, headers, most_bytes)
                except (httpcore2.NetworkError, httpcore2.RemoteProtocolError):
                    if budget.is_connected_anew:
                        raise
                    return self._get(address, headers, most_bytes)  # the server had closed what was kept open
        except httpcore2.TimeoutException:
            raise Unfetched(f"{host} does not answer in time; try again later") from None
        except (httpcore2.ConnectError, ssl.SSLError) as error:
            raise Unfetched(f"no connection to {host}: {_said(error)}") from None
        except httpcore2.NetworkError:
            raise Unfetched(f"the connection to {host} broke off; try again later") from None
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            raise Unfetched(f"{host} does not answer as HTTP has it ({_said(error)})") from None

    def _get(self, address: str, headers: Mapping[str, str], most_bytes: int) -> Answer:
        url = httpx2.URL(address)
        sent = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": _AGENT,
            "Accept-Encoding": ACCEPTED,
            **headers,
        }
        timeout = {
            "connect": self._patience.connect,
            "read": self._patience.read,
            "write": self._patience.read,
        }
        place = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        with self._pool.stream(
            "GET", place, headers=[*sent.items()], extensions={"timeout": timeout}
        ) as response:
            said = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            if response.status != 200:
                return Answer(response.status, said, b"")
            length = said.get("content-length", "")
            if length.isascii() and length.isdecimal() and int(length) > most_bytes:
                raise Unfetched(f"{int(length):,} bytes; at most {most_bytes:,} are taken")
            chunks = response.iter_stream()
            return Answer(200, said, decoded_body(chunks, said.get("content-encoding", ""), most_bytes))


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
