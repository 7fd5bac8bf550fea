"""A look at a feed or sitemap that is mirrored: which pages it lists now, and what tells each from its former state."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from citewell.corpus.address import address_of, host_and_port
from citewell.corpus.children import Children
from citewell.corpus.connecting import Unfetched
from citewell.corpus.decoding import unpacked_gzip
from citewell.corpus.errors import BadInput
from citewell.corpus.fetching import Fetcher
from citewell.corpus.finding import Refused
from citewell.corpus.listed import Entry, Sitemap
from citewell.corpus.reading import Reading, checked, too_large
from citewell.corpus.sniff import HEAD, Format, is_sitemap, shown_format
from citewell.corpus.text import as_source, escaped
from citewell.corpus.visit import NO_VALIDATORS, Document

MOST_BYTES = 52_428_800  # of one sitemap, as the protocol has it, and of a feed
MOST_PAGES = 100_000
MOST_SITEMAPS = 500
_MOST_KEPT = MOST_BYTES  # bytes of all of them together, packed
_DEEPEST = 2  # sitemaps of sitemaps
_GZIP = b"\x1f\x8b"
_KEEP = "Nothing was changed. To take its articles out of the library: --allow-empty"


class FeedEntry:
    """An entry that carries its whole text, so that its page need not be read."""

    def __init__(self, name: str, entry: Entry) -> None:
        self.address, self.sha, self._entry = name, entry.state, entry

    def read(self, children: Children) -> Reading | Refused:
        original = self._entry.original.encode("utf-8", "replace")
        if len(original) > children.limits.article:
            return Refused(escaped(self.address), too_large(len(original), children.limits))
        draft = self._entry.draft
        assert draft is not None
        return Reading(escaped(self.address), self.address, checked(draft, original), original)


@dataclass(frozen=True, slots=True)
class Listing:
    """By the name that a library gives them as source, which is the address: pages with what tells their states.

    A stamp is empty where only the page itself can tell. `is_window`: what it does not list any longer may be there still.
    `lost` are sitemaps in it that could not be read; `documents` what it was read from, if that can be asked for by state.
    """

    address: str
    stamps: Mapping[str, str]
    entries: Mapping[str, FeedEntry]  # pages that need not be fetched
    refused: Mapping[str, Refused]
    is_window: bool
    lost: tuple[str, ...]
    documents: Mapping[str, Document]
    at: datetime.datetime  # when it was begun, UTC

    def is_settled(self, name: str) -> bool:
        """Whether a later change of the page shows in its stamp: a sitemap's may be as coarse as a day."""
        return self.is_window or _is_long_before(self.stamps[name], self.at)


def listing_of(
    given: str,
    fetcher: Fetcher,
    allow_empty: bool = False,
    known: Mapping[str, Document] = MappingProxyType({}),
) -> Listing:
    """What was known of it by address is fetched only if it changed.

    Raises BadInput for what is no feed or sitemap, cannot be read or, unless that is allowed, is empty or not there.
    """
    at = datetime.datetime.now(datetime.UTC)
    try:
        address = address_of(given)
    except ValueError as error:
        raise BadInput(f"{escaped(given)}: {error}.") from None
    try:
        with Children() as children:
            found = _Looking(address, fetcher, children, known)
            is_feed = found.look()
    except Unfetched as error:
        if not (error.gone and allow_empty):
            keep = f" {_KEEP}" if error.gone else " Nothing was changed."
            raise BadInput(f"{address}: {error}.{keep}") from None
        return Listing(address, {}, {}, {}, is_window=False, lost=(), documents={}, at=at)
    except ValueError as error:
        raise BadInput(f"{address}: {error}. Nothing was changed.") from None
    if not found.stamps and not found.refused and not allow_empty:
        raise BadInput(f"{address} lists no page. {_KEEP}")
    is_window = is_feed and bool(found.stamps or found.refused)
    said = (found.stamps, found.entries, found.refused)
    return Listing(address, *said, is_window, tuple(found.lost), found.documents, at)


class _Looking:
    """What was found so far."""

    def __init__(
        self, address: str, fetcher: Fetcher, children: Children, known: Mapping[str, Document]
    ) -> None:
        self._address, self._fetcher, self._children, self._known = address, fetcher, children, known
        self.documents: dict[str, Document] = {}
        self.stamps: dict[str, str] = {}
        self.entries: dict[str, FeedEntry] = {}
        self.refused: dict[str, Refused] = {}
        self.lost: list[str] = []  # sitemaps that cannot be read now
        self._sitemaps = 0
        self._sites = {_site(address)}

    def look(self) -> bool:
        """Whether it is a feed. Raises ValueError with the reason when it cannot be read, or is something else."""
        base, content = self._fetched(self._address)
        self._sites.add(_site(base))
        if is_sitemap(content[:HEAD]):
            self._take_pages(self._children.read_sitemap(content), base, 1)
            return False
        if not content.strip() or shown_format(content[:HEAD], "") is not Format.FEED:
            raise ValueError(f"neither a feed nor a sitemap. Add a page by: citewell add {self._address}")
        for entry in self._children.read_feed(content, base):
            self._take_entry(entry, base)
        return True

    def _fetched(self, address: str) -> tuple[str, bytes]:
        """The address that it came from in the end, and the bytes."""
        former = self._known.get(address)
        fetched = self._fetcher.fetch(address, MOST_BYTES, former.validators if former else NO_VALIDATORS)
        if fetched is None:
            assert former is not None
            self.documents[address] = former
            base, content = former.validators.address, former.content
        else:
            base, content = fetched.address, fetched.content
            self._keep(address, Document.of(fetched.validators, content))
        return base, unpacked_gzip(content, MOST_BYTES) if content.startswith(_GZIP) else content

    def _keep(self, address: str, document: Document) -> None:
        room = _MOST_KEPT - sum(len(each.packed) for each in self.documents.values())
        if document.validators.headers(document.validators.address) and len(document.packed) <= room:
            self.documents[address] = document

    def _take_entry(self, entry: Entry, base: str) -> None:
        try:
            name = (
                address_of(entry.link, base)
                if entry.link
                else f"{self._address}#{as_source(entry.key)[:200]}"
            )
            if not entry.link and entry.draft is None:
                raise ValueError("neither a text nor a page that it links to")
        except ValueError as error:
            name = as_source(entry.link or entry.key)[:200]
            self.refused[name] = Refused(f"{self._address}, {escaped(name)}", str(error))
            return
        if name in self.stamps:
            return  # the first is the newest
        self.stamps[name] = entry.state
        if entry.draft is not None:
            self.entries[name] = FeedEntry(name, entry)

    def _take_pages(self, sitemap: Sitemap, base: str, depth: int) -> None:
        for address, said in sitemap.places:
            try:
                place = address_of(address, base)
                if _site(place) not in self._sites:
                    raise ValueError("of another site than the sitemap")
            except ValueError as error:
                name = as_source(address)[:200]
                self.refused[name] = Refused(escaped(name), str(error))
                continue
            if sitemap.is_index:
                self._take_sitemap(place, depth + 1)
            else:
                self.stamps[place] = said
                if len(self.stamps) > MOST_PAGES:
                    raise ValueError(f"more than {MOST_PAGES:,} pages; mirror the sitemaps in it one by one")

    def _take_sitemap(self, address: str, depth: int) -> None:
        """One that cannot be read costs its own pages only, and nothing counts as vanished."""
        self._sitemaps += 1
        if self._sitemaps > MOST_SITEMAPS:
            raise ValueError(f"more than {MOST_SITEMAPS} sitemaps in it; mirror them one by one")
        try:
            if depth > _DEEPEST + 1:
                raise ValueError(f"a sitemap more than {_DEEPEST} below another")
            base, content = self._fetched(address)
            sitemap = self._children.read_sitemap(content)
        except ValueError as error:
            self.refused[address] = Refused(address, str(error))
            self.lost.append(address)
            return
        self._take_pages(sitemap, base, depth)


def _site(address: str) -> str:
    return host_and_port(address)[0].removeprefix("www.")


def _is_long_before(said: str, at: datetime.datetime) -> bool:
    """Whether a moment, or a day anywhere on the earth, was over then."""
    try:
        moment = datetime.datetime.fromisoformat(said.strip())
    except ValueError:
        return False
    is_day = len(said.strip()) <= len("2026-11-21")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return moment + datetime.timedelta(days=2 if is_day else 0, minutes=1) < at
