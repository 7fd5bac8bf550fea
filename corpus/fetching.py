"""What is at a web address: redirects followed within limits, robots.txt heeded, one request at a time for each host.

What may be connected to is decided at every hop, in `connecting.py`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ssl import SSLContext
from types import TracebackType
from typing import Self

from citewell.corpus.address import Allowed, address_of, host_and_port
from citewell.corpus.connecting import Resolve, Unfetched, resolved
from citewell.corpus.request import Answer, Patience, Requests
from citewell.corpus.robots import MOST_BYTES as MOST_OF_ROBOTS
from citewell.corpus.robots import Robots
from citewell.corpus.visit import NO_VALIDATORS, Validators

MOST_REDIRECTS = 10
PAUSE = 0.25  # seconds between two requests to a host, unless its robots.txt asks for more
_LONGEST_WAIT = 60.0  # seconds that a server may ask for before it is asked again
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {404, 410}
_BUSY = {429, 503}
_LONGEST_VALIDATOR = 1_000  # characters
_REASONS = {
    401: "it wants a password",
    403: "it is not for everyone",
    404: "not there",
    410: "gone",
    429: "it is asked too often; try again later",
    451: "it may not be shown",
}


NOBODY = Allowed()
PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Fetched:
    """The address that it came from in the end; the type is in lower case, as is the charset, if they were said."""

    address: str
    content: bytes
    media_type: str
    charset: str
    validators: Validators


class Fetcher:
    """For any number of threads."""

    def __init__(
        self,
        allowed: Allowed = NOBODY,
        patience: Patience = PATIENCE,
        pause: float = PAUSE,
        resolve: Resolve = resolved,
        tls: SSLContext | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._requests = Requests(allowed, patience, resolve, tls)
        self._robots = Robots(self._robots_txt)
        self._patience, self._pause, self._sleep = patience, pause, sleep
        self._turns: dict[str, threading.Lock] = {}
        self._last: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests.__exit__(kind, error, trace)

    def fetch(self, address: str, most_bytes: int, former: Validators = NO_VALIDATORS) -> Fetched | None:
        """None if it is as it was when it had those validators. Raises Unfetched, and ValueError for no address."""
        at, answer = self._follow(address_of(address), most_bytes, former, heeding=True)
        if answer.status == 304 and former.headers(at):
            return None
        if answer.status != 200:
            reason = _REASONS.get(answer.status, "try again later")
            raise Unfetched(f"the server answers {answer.status}: {reason}", gone=answer.status in _GONE)
        media_type, charset = _content_type(answer.headers.get("content-type", ""))
        return Fetched(at, answer.body, media_type, charset, _validators(at, answer.headers))

    def _robots_txt(self, address: str) -> Answer:
        return self._follow(address, MOST_OF_ROBOTS, NO_VALIDATORS, heeding=False)[1]

    def _follow(self, address: str, most_bytes: int, former: Validators, heeding: bool) -> tuple[str, Answer]:
        """The last address, and what it answers."""
        seconds = self._patience.whole
        for _ in range(MOST_REDIRECTS + 1):
            answer, taken = self._ask(address, most_bytes, former, heeding, seconds)
            seconds -= taken
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return address, answer
            address = _redirected(address, answer.headers["location"])
        raise Unfetched(f"more than {MOST_REDIRECTS} redirects")

    def _ask(
        self, address: str, most_bytes: int, former: Validators, heeding: bool, seconds: float
    ) -> tuple[Answer, float]:
        """The answer, and the seconds that it took beside waiting. A busy server is asked once more."""
        host, _ = host_and_port(address)
        pause = self._pause
        if heeding:
            rules = self._robots.rules(address)
            if not rules.allow(address):
                raise Unfetched(f"the robots.txt of {host} does not let it be read")
            pause = max(pause, rules.delay())
        with self._turns.setdefault(host, threading.Lock()):
            answer, taken = self._request(host, address, most_bytes, former, pause, seconds)
            wait = _wait(answer)
            if wait is None:
                return answer, taken
            if wait > _LONGEST_WAIT:
                raise Unfetched(f"{host} is busy and wants to be asked again in {wait:,.0f} seconds")
            self._sleep(wait)
            again, taken_again = self._request(host, address, most_bytes, former, pause, seconds - taken)
            return again, taken + taken_again

    def _request(
        self, host: str, address: str, most_bytes: int, former: Validators, pause: float, seconds: float
    ) -> tuple[Answer, float]:
        if (wait := self._last.get(host, -pause) + pause - time.monotonic()) > 0:
            self._sleep(wait)
        began = time.monotonic()
        try:
            answer = self._requests.get(address, former.headers(address), most_bytes, seconds)
        finally:
            self._last[host] = time.monotonic()
        return answer, self._last[host] - began


def _redirected(address: str, location: str) -> str:
    try:
        target = address_of(location, address)
    except ValueError as error:
        raise Unfetched(f"it redirects to where nothing is read: {error}") from None
    if address.startswith("https:") and target.startswith("http:"):
        raise Unfetched("it redirects from https to http, which anyone on the way could change")
    return target


def _wait(answer: Answer) -> float | None:
    """The seconds that a busy server wants to be left alone; None if it says none."""
    said = answer.headers.get("retry-after", "").strip()
    if answer.status not in _BUSY or not said:
        return None
    if said.isascii() and said.isdecimal():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _content_type(said: str) -> tuple[str, str]:
    media_type, *parameters = said.lower().split(";")
    pairs = (parameter.partition("=")[::2] for parameter in parameters)
    charset = next((value for name, value in pairs if name.strip() == "charset"), "")
    return media_type.strip(), charset.strip().strip("\"'")


def _validators(address: str, headers: Mapping[str, str]) -> Validators:
    said = [headers.get(name, "") for name in ("etag", "last-modified")]
    etag, modified = (each if len(each) <= _LONGEST_VALIDATOR and each.isprintable() else "" for each in said)
    return Validators(address, etag, modified)
