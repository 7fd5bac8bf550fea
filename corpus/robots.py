"""What the robots.txt of a site lets be fetched, and how often (RFC 9309); read once for each site."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from citewell.corpus.address import origin_of
from citewell.corpus.connecting import Unfetched
from citewell.corpus.request import NAME, Answer

MOST_BYTES = 5_000_000  # of a robots.txt; of a larger one it is not known what it says
_HEEDED = 500 * 1024  # of them, as the RFC asks for
_LONGEST_DELAY = 30.0  # seconds; a site that asks for more is asked this seldom
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Rules:
    """None: everything may be fetched."""

    parsed: Protego | None = None

    def allow(self, address: str) -> bool:
        return self.parsed is None or self.parsed.can_fetch(address, NAME)

    def delay(self) -> float:
        """Seconds between two requests that the site wants; 0 if it says none."""
        said = self.parsed.crawl_delay(NAME) if self.parsed else None
        return min(max(said or 0.0, 0.0), _LONGEST_DELAY)


class Robots:
    """For any number of threads; `get` gives the answer at an address, redirects followed."""

    def __init__(self, get: Callable[[str], Answer]) -> None:
        self._get = get
        self._known: dict[str, Rules | Unfetched] = {}
        self._turns: dict[str, threading.Lock] = {}

    def rules(self, address: str) -> Rules:
        """Raises Unfetched when it is not known what the site allows: then nothing is."""
        origin = origin_of(address)
        with self._turns.setdefault(origin, threading.Lock()):
            if origin not in self._known:
                self._known[origin] = self._read(origin)
            found = self._known[origin]
        if isinstance(found, Unfetched):
            raise Unfetched(str(found))
        return found

    def _read(self, origin: str) -> Rules | Unfetched:
        try:
            answer = self._get(f"{origin}/robots.txt")
        except Unfetched as error:
            return Unfetched(f"its robots.txt: {error}")
        if answer.status == 200:
            heeded = answer.body
            if len(heeded) > _HEEDED:
                heeded = heeded[: heeded.rfind(b"\n", 0, _HEEDED) + 1]
            return Rules(Protego.parse(heeded.decode("utf-8-sig", "replace")))
        if 400 <= answer.status < 500 and answer.status != _TOO_MANY:
            return Rules()
        return Unfetched(
            f"its robots.txt answers {answer.status}, so that nothing may be read; try again later"
        )
