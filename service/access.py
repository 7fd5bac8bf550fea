"""Who may do what: the names that the service is reached by, the pages that may ask, keys and their limits."""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from citewell.corpus.errors import BadInput
from citewell.service.errors import (
    NotAllowed,
    NotAuthenticated,
    TooManyRequests,
    WrongHost,
    WrongOrigin,
)
from citewell.service.key_rows import Key, Scope
from citewell.service.keys import MOST_KEYS, Keys
from citewell.service.limits import Limits
from citewell.service.settings import Settings

_READING = {"/v1/ask", "/v1/ask:batch", "/v1/citations/verify", "/mcp"}  # though they are asked by POST
_SAFE = {"GET", "HEAD", "OPTIONS"}


def scope_of(method: str, path: str) -> Scope | None:
    """What a request needs; None for the page, the documentation and the health of the service."""
    if path in ("/metrics", "/v1/doctor"):
        return "admin"
    if path == "/v1/jobs" or path.startswith("/v1/jobs/"):
        return "write"
    if path == "/mcp" or path.startswith(("/mcp/", "/v1/")) or path == "/v1":
        return "read" if method in _SAFE or path in _READING else "write"
    return None


def limits_of(settings: Settings) -> Limits:
    return Limits(settings.rate, settings.burst, MOST_KEYS + 1)


@dataclass(slots=True)
class Caller:
    """Who asks, with the headers that say what is left to them."""

    key: Key | None
    headers: dict[str, str]


class Access:
    """Decides on a request by its method, path and headers alone."""

    def __init__(self, keys: Keys, settings: Settings, limits: Limits | None = None) -> None:
        """Several workers are given one set of limits, so that they share them."""
        self._keys, self._limits = keys, limits or limits_of(settings)
        self._hosts = {host.lower() for host in settings.hosts} | {"localhost"}
        self._origins = {origin.lower() for origin in settings.origins}

    def waits(self, method: str, path: str) -> bool:
        """Whether the decision may have to wait for another machine."""
        return not self._keys.is_near and scope_of(method, path) is not None

    def check(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> Caller:
        """Raises an error of `service/errors.py`; what it says never depends on what is in the library."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        self._check_host(host)
        if (origin := headers.get(b"origin")) is not None:
            self._check_origin(origin.decode("latin-1").lower(), host)
        scope = scope_of(method, path)
        if scope is None or not self._keys.needed:
            return Caller(None, {})
        caller = Caller(self._key_in(headers), {})
        self.charge(caller)
        assert caller.key is not None
        if not caller.key.may(scope):
            raise NotAllowed(scope)
        return caller

    def charge(self, caller: Caller, requests: int = 1) -> None:
        """Count so many requests. Raises TooManyRequests; more than a full bucket holds count as a full one."""
        if caller.key is None or not self._limits.rate or not requests:
            return
        left = self._limits.take(caller.key.number, min(requests, self._limits.burst))
        caller.headers = self._limits.headers(left)
        if left.wait is not None:
            raise TooManyRequests(math.ceil(left.wait), caller.headers)

    def _check_host(self, host: str) -> None:
        """An address cannot be made to point elsewhere, as a name can (DNS rebinding)."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            raise WrongHost from None
        if name not in self._hosts and not _is_address(name):
            raise WrongHost

    def _check_origin(self, origin: str, host: str) -> None:
        if origin not in self._origins and origin not in (f"http://{host}", f"https://{host}"):
            raise WrongOrigin

    def _key_in(self, headers: Mapping[bytes, bytes]) -> Key:
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise NotAuthenticated(given=False)
        if (key := self._keys.find(token)) is None:
            raise NotAuthenticated(given=True)
        return key


def check_exposure(host: str, keys: Keys) -> None:
    """Raises BadInput for an address that others can reach, unless a key keeps them out."""
    if host == "localhost" or is_loopback(host) or any(key.revoked is None for key in keys.all()):
        return
    raise BadInput(
        f"{host} is not a loopback address, and there is no key. Make one first: citewell keys create --scope read; or "
        "use 127.0.0.1 or ::1."
    )


def is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
