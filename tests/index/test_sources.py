"""When mirrored sources were looked at, what was wrong with them then, and what the report says of it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import listing_of
from citewell.corpus.looking import look
from citewell.corpus.server import Server
from citewell.corpus.sources import Source
from citewell.index import sync as folders
from citewell.index import sync_listing as listings
from citewell.index.backup import backup, restore
from citewell.index.health import examine
from citewell.index.library import Library
from citewell.index.source_health import STALE, UNSEEN
from citewell.index.verify import verify
from citewell.index.visits import VISITS
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder
from tests.index.histories import Days
from tests.site import Site, answer
from tests.truths import altered, another, kept_by

PROSE = "The sun rises late over the harbour, says the harbour master, who has watched it for thirty years by now. "


def opened(folder: Path, truth: Server | None = None) -> Library:
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder("sun", "moon"), create=True, truth=truth)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(opened(tmp_path / "library")) as library:
        yield library


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text(PROSE * 2)
    return folder


def days(library: Library) -> Days:
    """A clock for the store."""
    library.store.clock = clock = Days()
    clock.next()
    return clock


def sources(library: Library) -> list[tuple[str, str, str, str | None]]:
    """Days and faults of all that are mirrored."""
    return [
        (Path(each.place).name, each.looked_at[:10], each.tried_at[:10], each.fault)
        for each in library.store.sources()
    ]


def findings(library: Library, now: datetime) -> dict[str, tuple[str, ...]]:
    found = examine(library, lambda: now).findings
    return {each.name: each.examples for each in found if "source" in each.name}


def test_the_store_remembers_the_last_look_and_the_last_miss(tmp_path: Path, truth: Path | Server) -> None:
    with closing(opened(tmp_path / "library", kept_by(truth))) as library:
        clock, before = days(library), library.store.change()
        library.store.note_miss("/never", "it is not there")
        library.store.note_look("/b")
        library.store.note_look("/a", "a part of it is not there")
        clock.next()
        library.store.note_miss("/b", "it is not there")
        assert library.store.sources() == [
            Source("/a", "2026-01-01T12:00:00.000Z", "2026-01-01T12:00:00.000Z", "a part of it is not there"),
            Source("/b", "2026-01-01T12:00:00.000Z", "2026-01-02T12:00:00.000Z", "it is not there"),
        ]
        library.store.note_look("/b")
        library.store.forget_source("/a")
        assert sources(library) == [("b", "2026-01-02", "2026-01-02", None)]
        assert library.store.change() == before  # the index has nothing to follow
        other = kept_by(another(truth))
        with closing(opened(tmp_path / "restored", other)) as copy:
            backup(library, tmp_path / "backup.zip")
            restore(copy, tmp_path / "backup.zip")
            assert copy.store.sources() == library.store.sources()


def test_an_altered_row_is_named(tmp_path: Path, truth: Path | Server) -> None:
    server = kept_by(truth)
    with closing(opened(tmp_path / "library", server)) as library:
        library.store.note_look("/a")
        altered(server or tmp_path / "library" / "citewell.db", "UPDATE sources SET looked_at = '2030'")
        with pytest.raises(CorruptLibrary, match="mirrored sources is damaged"):
            library.store.sources()
        assert [fault for check in verify(library) for fault in check.faults]


def test_a_sync_of_a_folder_is_a_look_and_a_dry_run_is_none(
    library: Library, notes: Path, tmp_path: Path
) -> None:
    clock = days(library)
    folders.dry_run(library.folder, look(notes, library.folder))
    assert sources(library) == []
    folders.sync(library, look(notes, library.folder))
    assert sources(library) == [("notes", "2026-01-01", "2026-01-01", None)]
    clock.next()
    folders.sync(library, look(notes, library.folder))
    assert sources(library) == [("notes", "2026-01-02", "2026-01-02", None)]
    folders.missed(library.folder, str(notes), "No such folder: notes. Nothing was changed. Do that")
    assert sources(library)[0][3] == "No such folder: notes"
    folders.missed(tmp_path / "no library", str(notes), "No such folder: notes. Nothing was changed.")
    assert not (tmp_path / "no library").exists()


def test_a_source_that_may_be_empty_and_is_is_one_no_longer(library: Library, notes: Path) -> None:
    folders.sync(library, look(notes, library.folder))
    (notes / "deep" / "a.txt").unlink()
    folders.sync(library, look(notes, library.folder, allow_empty=True))
    assert sources(library) == []


def test_a_sitemap_of_which_a_part_is_out_of_reach_says_so(library: Library, site: Site) -> None:
    clock = days(library)
    place = "<sitemap><loc>{}</loc></sitemap>"
    parts = "".join(place.format(site.url(path)) for path in ("/one.xml", "/two.xml"))
    address = site.put("/sitemap.xml", f"<sitemapindex>{parts}</sitemapindex>", "text/xml")
    site.put("/one.xml", f"<urlset><url><loc>{site.url('/a')}</loc></url></urlset>", "text/xml")
    site.put("/a", PROSE, "text/plain")
    with Fetcher(Allowed.of([site.host]), pause=0, sleep=lambda _: None) as fetcher:
        listings.sync(library, listing_of(address, fetcher), fetcher)
        fault = f"{site.url('/two.xml')}: the server answers 404: not there"
        assert sources(library) == [("sitemap.xml", "2026-01-01", "2026-01-01", fault)]
        assert findings(library, clock.now)["unreachable sources"] == (
            f"{address}, last looked at on 2026-01-01: {fault}",
        )
        site.put("/two.xml", "<urlset></urlset>", "text/xml")
        listings.sync(library, listing_of(address, fetcher), fetcher)
        assert "unreachable sources" not in findings(library, clock.now)
        site.pages["/sitemap.xml"] = answer("", "410 Gone")
        listings.sync(library, listing_of(address, fetcher, True), fetcher, allow_empty=True)
        assert sources(library) == []


def test_the_report_says_what_was_not_looked_at_for_long(library: Library, notes: Path) -> None:
    """Of a mirrored source it counts when it was looked at, of others when something came of it."""
    clock = days(library)
    other = notes.with_name("other")
    other.mkdir()
    (other / "b.txt").write_text("Boats lie in the mud at low water, and their masters sit in the inn. " * 3)
    folders.sync(library, look(notes, library.folder))
    add(library, [other / "b.txt"])
    known = examine(library, clock).sources
    assert [(each.place, each.looked_at) for each in known] == [(str(notes), "2026-01-01T12:00:00.000Z")]
    assert findings(library, clock.now + timedelta(days=UNSEEN)) == {}
    later = findings(library, clock.now + timedelta(days=UNSEEN, seconds=1))
    assert later == {"stale sources": (f"{notes}, last looked at on 2026-01-01",)}
    clock.now += timedelta(days=STALE)
    folders.sync(library, look(notes, library.folder))
    today = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=STALE, seconds=1)
    assert findings(library, today) == {"stale sources": (f"{other}, last on 2026-01-01",)}


def test_a_source_that_cannot_be_reached_is_a_warning(library: Library, notes: Path) -> None:
    clock = days(library)
    folders.sync(library, look(notes, library.folder))
    library.store.note_miss(str(notes), "No such folder: notes")
    found = examine(library, clock)
    assert findings(library, clock.now) == {
        "unreachable sources": (f"{notes}, last looked at on 2026-01-01: No such folder: notes",)
    }
    assert not found.is_well


def test_a_folder_that_is_gone_may_be_mirrored_as_empty(library: Library, notes: Path) -> None:
    folders.sync(library, look(notes, library.folder))
    library.store.note_miss(str(notes), "No such folder: notes")
    (found,) = (each for each in examine(library).findings if each.name == "unreachable sources")
    assert found.advice.endswith(f"if it is gone for good: citewell sync {notes} --allow-empty")


@pytest.mark.parametrize("noted", [True, False])
def test_an_address_that_is_gone_for_good_is_said_until_its_articles_are_removed(
    library: Library, site: Site, noted: bool
) -> None:
    """Also where another machine mirrored it: then all articles of its host are taken for its own."""
    clock = days(library)
    site.put("/a", PROSE, "text/plain")
    address = site.put("/sitemap.xml", f"<urlset><url><loc>{site.url('/a')}</loc></url></urlset>", "text/xml")
    with Fetcher(Allowed.of([site.host]), pause=0, sleep=lambda _: None) as fetcher:
        listings.sync(library, listing_of(address, fetcher), fetcher)
    if not noted:
        (library.folder / VISITS).unlink()
    folders.missed(library.folder, address, f"{address}: it does not answer. Nothing was changed.")
    (article,) = library.store.articles()
    (found,) = (each for each in examine(library, clock).findings if each.name == "unreachable sources")
    assert f"citewell sync {address}. " in found.advice
    assert found.advice.endswith(f"citewell remove {article.article_id}")
    remove(library, [article.article_id])
    assert findings(library, clock.now + timedelta(days=UNSEEN + 1)) == {}
