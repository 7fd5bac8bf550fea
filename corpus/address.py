"""Web addresses: how one is written that is given, met in a page or redirected to, and which hosts were allowed by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import httpx2
import regex

from citewell.corpus.errors import BadInput
from citewell.corpus.text import escaped

_SCHEME = regex.compile(r"(?i)[a-z][a-z0-9+.-]+://")
_LONGEST = 4_000  # characters
_PORTS = {"http": 80, "https": 443}
_ALLOWED = regex.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>\d{1,5}))?")


def looks_like_address(given: str) -> bool:
    """Whether it is meant as an address and not as a file, whether it can be read or not."""
    return _SCHEME.match(given) is not None


def address_of(given: str, base: str | None = None) -> str:
    """The one way to write it: host in lower case and ASCII, no default port, no fragment; joined to a base if there is one.

    Raises ValueError, with the reason, for what is no address of http or https, or holds a name and password.
    """
    try:
        url = httpx2.URL(base).join(given.strip()) if base is not None else httpx2.URL(given.strip())
        url = httpx2.URL(str(url.copy_with(scheme=url.scheme.lower(), fragment=None)))
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise ValueError("no web address") from None
    if url.scheme not in _PORTS:
        raise ValueError(f"only http and https addresses are read, not {escaped(url.scheme) or 'this'}:")
    if url.userinfo:
        raise ValueError("an address with a name or password in it; what it leads to is not read")
    host = url.raw_host.decode("ascii").rstrip(".")
    if not host or (url.port is not None and not 0 < url.port <= 65_535):
        raise ValueError("no web address")
    url = url.copy_with(host=host, port=None if url.port == _PORTS[url.scheme] else url.port)
    url = url.copy_with(path="/") if url.path in ("", "/") else url
    if len(str(url)) > _LONGEST:
        raise ValueError(f"an address of {len(str(url)):,} characters; at most {_LONGEST:,} are read")
    return str(url)


def host_and_port(address: str) -> tuple[str, int]:
    url = httpx2.URL(address)
    return url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def origin_of(address: str) -> str:
    """Scheme, host and port, as in https://example.org."""
    url = httpx2.URL(address)
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts that may be read although they are not public, each with its port, or None for any."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Each written NAME or NAME:PORT. Raises BadInput."""
        return cls(frozenset(map(_host, names)))

    def __contains__(self, place: tuple[str, int]) -> bool:
        host, port = place
        return (host, None) in self.hosts or (host, port) in self.hosts


def _host(given: str) -> tuple[str, int | None]:
    match = _ALLOWED.fullmatch(given.strip())
    if match is None or not 0 < int(match["port"] or 1) <= 65_535:
        raise BadInput(f"--allow-host {escaped(given)!r} names no host: write NAME or NAME:PORT.")
    try:
        host, _ = host_and_port(address_of(f"http://{match['host']}/"))
    except ValueError:
        raise BadInput(f"--allow-host {escaped(given)!r} names no host: write NAME or NAME:PORT.") from None
    return host, int(match["port"]) if match["port"] else None
