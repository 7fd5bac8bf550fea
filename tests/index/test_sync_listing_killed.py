"""kill -9 while a sitemap or feed is mirrored: what was stored stays, and the next run does the rest."""

import json
import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from citewell.index.library import Library
from citewell.index.verify import verify
from tests.fakes import WordEmbedder
from tests.forked import Forked
from tests.site import Site

PAGES, GONE = 40, 15


def made(site: Site, kind: str, state: int) -> str:
    """Pages of a first or second state, of which the list says nothing but where they are; the first ones are gone then."""
    site.pages.clear()
    paths = [f"/{number:03}" for number in range(GONE * state, PAGES + GONE * state)]
    for number, path in enumerate(paths):
        site.put(path, f"The sun of {path} is hot. " * (1 + (state * number) % 2), "text/plain")
    if kind == "sitemap":
        places = "".join(f"<url><loc>{site.url(path)}</loc></url>" for path in paths)
        return site.put("/list.xml", f"<urlset>{places}</urlset>", "text/xml")
    items = "".join(
        f"<item><link>{site.url(path)}</link><title>{state}</title></item>"
        if number % 2
        else f"<item><link>{site.url(path)}</link><description>{'The moon. ' * (60 + state)}</description></item>"
        for number, path in enumerate(paths)
    )
    return site.put("/list.xml", f"<rss version='2.0'><channel>{items}</channel></rss>", "text/xml")


def syncing(library: Path, site: Site, address: str) -> Forked:
    return Forked("tests.index.syncing_site", library, address, site.host)


def finished(library: Path, site: Site, address: str) -> Counter[str]:
    with syncing(library, site, address) as process:
        process.stdout.readline()
        done = json.loads(process.stdout.read())
    return Counter(file["result"] for file in done["files"])


def killed(library: Path, site: Site, address: str, after: int) -> None:
    """When so many pages were asked for; some of those before are stored by then."""
    site.asked.clear()
    with syncing(library, site, address) as process:
        while process.poll() is None and len(site.paths) <= after:
            time.sleep(0.002)
        process.kill()


def stored(folder: Path) -> dict[str, str]:
    """The texts by source; the library opens and nothing is wrong with it once it has caught up."""
    with closing(Library(folder, WordEmbedder("sun", "moon"))) as library:
        library.catch_up_if_free()
        assert [fault for check in verify(library) for fault in check.faults] == []
        return {a.source: library.store.text(a.text_sha) for a in library.store.articles()}


def check_kills(folder: Path, site: Site, kind: str, rounds: int, seed: int) -> None:
    chance, in_the_middle = random.Random(seed), 0
    for number in range(5 * rounds):
        if number >= rounds and in_the_middle:
            break  # else every kill came too early or too late, as a machine is slow or fast
        library, before = folder / f"library {number}", dict[str, str]()
        for state in (0, 1):
            address = made(site, kind, state)
            for after in (chance.randrange(12, 18), chance.randrange(1, PAGES)):
                library.mkdir(exist_ok=True)
                killed(library, site, address, after)
                found = stored(library) if (library / "citewell.db").exists() else {}
                listed = {site.url(path) for path in site.pages}
                assert before.keys() & listed <= found.keys()  # nothing is lost that the list still has
                in_the_middle += found.keys() not in (before.keys(), set()) and len(found) < PAGES
                before = found
            finished(library, site, address)
            before = stored(library)
            assert len(before) == PAGES
            site.asked.clear()
            assert finished(library, site, address) == Counter()
            conditional = [each.path for each in site.asked if "if-none-match" in each.headers]
            assert conditional.count("/list.xml") == 1
            assert len(conditional) == (
                PAGES + 1 if kind == "sitemap" else 1
            )  # a feed says that nothing changed
        new = folder / f"new {number}"
        new.mkdir()
        finished(new, site, address)
        assert stored(new) == stored(library)
    assert in_the_middle


@pytest.mark.parametrize("kind", ["sitemap", "feed"])
def test_a_sync_goes_on_where_it_was_killed(tmp_path: Path, site: Site, kind: str) -> None:
    check_kills(tmp_path, site, kind, 1, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sitemap", "feed"])
def test_a_sync_goes_on_wherever_it_was_killed(tmp_path: Path, site: Site, kind: str) -> None:
    check_kills(tmp_path, site, kind, 4, seed=2)
