"""While a site takes its time, others write: the lock of writers is not held for what is being read."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import listing_of
from citewell.corpus.server import Server
from citewell.index import writing
from citewell.index.library import Library
from citewell.index.sync_listing import sync
from citewell.index.verify import verify
from citewell.index.visiting import add as add_pages
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder
from tests.site import Asked, Site, answer
from tests.truths import kept_by

WORDS = "The sun of {} is hot."


@dataclass(frozen=True)
class Slow:
    """A page that is asked for at `begun` and answers after `free`."""

    begun: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _: Asked, to: socket.socket) -> None:
        self.begun.set()
        assert self.free.wait(60)
        to.sendall(answer(WORDS.format("the slow page"), Content_Type="text/plain"))


def opened(folder: Path, truth: Server | None) -> Library:
    """A writer that waits for nobody."""
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder("sun", "moon"), create=True, wait=0.0, truth=truth)


@contextmanager
def beside(work: "Future[object]", slow: Slow) -> Iterator[None]:
    """What is done while the slow page is waited for."""
    try:
        assert slow.begun.wait(60)
        yield
        assert not work.done()
    finally:
        slow.free.set()
        work.result(60)


@pytest.mark.parametrize("kind", ["pages", "sitemap", "feed"])
def test_others_write_while_a_page_is_waited_for(
    kind: str, tmp_path: Path, site: Site, truth: Path | Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it others were read, of which some are published by then and some are not."""
    monkeypatch.setattr(writing, "_BATCH", 2)
    paths = [f"/{number}" for number in range(5)]
    addresses = [site.put(path, WORDS.format(path), "text/plain") for path in paths]
    slow = site.pages["/5"] = Slow()
    addresses.append(site.url("/5"))
    items = "".join(f"<item><link>{address}</link></item>" for address in addresses)
    places = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    lists = {
        "sitemap": site.put("/sitemap.xml", f"<urlset>{places}</urlset>", "text/xml"),
        "feed": site.put("/feed.xml", f"<rss version='2.0'><channel>{items}</channel></rss>", "text/xml"),
    }
    note = tmp_path / "note.txt"
    note.write_text("The moon is cold.")
    folder = tmp_path / "library"
    with (
        closing(opened(folder, kept_by(truth))) as one,
        closing(opened(folder, kept_by(truth))) as other,
        Fetcher(Allowed.of([site.host]), pause=0) as fetcher,
        ThreadPoolExecutor(1) as threads,
    ):

        def work() -> object:
            if kind == "pages":
                return add_pages(one, [], addresses, fetcher)
            return sync(one, listing_of(lists[kind], fetcher), fetcher)

        with beside(threads.submit(work), slow):
            (added,) = add(other, [note])
            assert added.result == "added"
            assert added.article_id is not None
            with other.writing():
                other.rebuild()
            remove(other, [added.article_id])
        assert [fault for check in verify(one) for fault in check.faults] == []
        assert {each.source for each in one.store.articles()} == set(addresses)
