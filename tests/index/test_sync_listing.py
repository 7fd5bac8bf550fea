"""A feed or sitemap that is mirrored: the library holds what its pages give, and what did not change is not asked for."""

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.article import Draft
from citewell.corpus.errors import BadInput
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import listing_of
from citewell.index import sync_listing
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.sync import Synced
from citewell.index.sync_listing import dry_run, known_documents, sync
from citewell.index.verify import verify
from citewell.index.visiting import add
from citewell.index.visits import VISITS, Visits
from citewell.index.writing import Given, Outcome, hide, put, remove
from tests.fakes import WordEmbedder
from tests.site import Site, answer, redirect

LONG_AGO = "2020-01-01"
KIND = "text/plain"


@pytest.fixture
def fetcher(site: Site) -> Iterator[Fetcher]:
    with Fetcher(Allowed.of([site.host]), pause=0, sleep=lambda _: None) as fetcher:
        yield fetcher


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(Library(tmp_path, WordEmbedder("sun", "moon"), create=True)) as library:
        yield library


def sitemap(
    site: Site, *pages: str | tuple[str, str], path: str = "/sitemap.xml", kind: str = "urlset"
) -> str:
    """Paths, or paths with the day of their last change."""
    pairs = [(page, "") if isinstance(page, str) else page for page in pages]
    part = "url" if kind == "urlset" else "sitemap"
    places = "".join(
        f"<{part}><loc>{site.url(page)}</loc><lastmod>{day}</lastmod></{part}>" for page, day in pairs
    )
    return site.put(path, f'<?xml version="1.0"?><{kind}>{places}</{kind}>', "application/xml")


def feed(site: Site, *items: str, path: str = "/feed.xml") -> str:
    return site.put(
        path, f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>', "application/rss+xml"
    )


def item(site: Site, path: str, about: str = "") -> str:
    return f"<item><link>{site.url(path)}</link><description>{about}</description></item>"


def whole(path: str, words: str) -> str:
    """An entry that carries its text."""
    return f"<item><link>{path}</link><e:encoded xmlns:e='http://purl.org/rss/1.0/modules/content/'>{words}</e:encoded></item>"


def synced(
    library: Library, address: str, fetcher: Fetcher, keep_vanished: bool = False, allow_empty: bool = False
) -> Synced:
    known = known_documents(library.folder, address)
    listing = listing_of(address, fetcher, allow_empty, known)
    return sync(library, listing, fetcher, keep_vanished, allow_empty)


def results(done: Synced, site: Site) -> list[tuple[str, str]]:
    return [(each.result, each.file.removeprefix(site.url(""))) for each in done.files]


def texts(library: Library, site: Site) -> dict[str, str]:
    """By path, of what the library holds."""
    return {
        article.source.removeprefix(site.url("")): library.store.text(article.text_sha).strip()
        for article in library.store.articles()
    }


def asked(site: Site) -> list[str]:
    """What was asked since the last time, but for robots and lists."""
    paths = [path for path in site.paths if not path.endswith((".xml", ".gz"))]
    site.asked.clear()
    return sorted(paths)


# -- pages, one by one -----------------------------------------------------------------------------------------------


def added(library: Library, fetcher: Fetcher, *addresses: str) -> list[Outcome]:
    return add(library, [], addresses, fetcher)


def test_pages_are_added_and_the_rest_is_reported(library: Library, site: Site, fetcher: Fetcher) -> None:
    first, second = site.put("/a", "The sun.", KIND), site.put("/b", "The moon.", KIND)
    done = added(library, fetcher, first, "file:///etc/passwd", site.url("/none"), second, first)
    assert [(each.file, each.result) for each in done] == [
        (first, "added"),
        ("file:///etc/passwd", "refused"),
        (site.url("/none"), "refused"),
        (second, "added"),
    ]
    assert [each.reason for each in done if each.reason] == [
        "only http and https addresses are read, not file:",
        "the server answers 404: not there",
    ]
    assert texts(library, site) == {"/a": "The sun.", "/b": "The moon."}


def test_a_page_that_is_added_again_is_read_only_if_it_changed(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    address = site.put("/a", "The sun.", KIND)
    (first,) = added(library, fetcher, address)
    (again,) = added(library, fetcher, address)
    assert (again.result, again.article_id, again.passages) == ("unchanged", first.article_id, first.passages)
    assert "if-none-match" in site.asked[-1].headers
    site.put("/a", "The moon.", KIND)
    (changed,) = added(library, fetcher, address)
    assert (changed.result, changed.article_id) == ("updated", first.article_id)
    assert texts(library, site) == {"/a": "The moon."}


def test_one_address_in_several_spellings_is_one_article(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    address = site.put("/a", "The sun.", KIND)
    done = added(library, fetcher, address, address.replace("http", "HTTP") + "#top")
    assert [each.result for each in done] == ["added"]


def test_a_page_that_moved_keeps_its_article(library: Library, site: Site, fetcher: Fetcher) -> None:
    address = site.put("/a", "The sun.", KIND)
    (first,) = added(library, fetcher, address)
    site.pages["/a"] = redirect("/b", "301 Moved")
    site.put("/b", "The moon.", KIND)
    (moved,) = added(library, fetcher, address)
    assert (moved.result, moved.article_id) == ("updated", first.article_id)


def test_a_page_is_asked_for_whole_if_its_article_is_another_by_now(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    address = site.put("/a", "The sun.", KIND)
    (first,) = added(library, fetcher, address)
    assert first.article_id is not None
    remove(library, [first.article_id])
    (again,) = added(library, fetcher, address)
    assert again.result == "added"
    assert "if-none-match" not in site.asked[-1].headers


def test_what_pages_answered_is_forgotten_with_their_articles(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    (first,) = added(library, fetcher, site.put("/secret", "The sun.", KIND))
    assert first.article_id is not None
    purge(library, [first.article_id])
    assert not any(b"/secret" in file.read_bytes() for file in library.folder.rglob("*") if file.is_file())


def test_a_page_does_not_take_the_place_of_an_article(library: Library, site: Site, fetcher: Fetcher) -> None:
    file = library.folder / "mine.md"
    file.write_text("---\nid: mine\n---\nThe sun.")
    add(library, [file], [], fetcher)
    (theirs,) = added(library, fetcher, site.put("/a.md", "---\nid: mine\n---\nThe moon.", "text/markdown"))
    assert theirs.result == "added"
    assert theirs.article_id != "mine"


@pytest.mark.parametrize("harm", [b"", b"rubbish" * 999])
def test_what_pages_answered_may_get_lost(
    library: Library, site: Site, fetcher: Fetcher, harm: bytes
) -> None:
    address = site.put("/a", "The sun.", KIND)
    added(library, fetcher, address)
    (library.folder / VISITS).write_bytes(harm)
    assert [each.result for each in added(library, fetcher, address)] == ["unchanged"]
    assert [each.result for each in added(library, fetcher, address)] == ["unchanged"]
    assert "if-none-match" in site.asked[-1].headers


# -- sitemaps --------------------------------------------------------------------------------------------------------


def test_a_sitemap_is_mirrored(library: Library, site: Site, fetcher: Fetcher) -> None:
    for path, words in (("/a", "The sun."), ("/b", "The moon."), ("/c", "The stars.")):
        site.put(path, words, KIND)
    done = synced(library, sitemap(site, "/a", "/b", "/c"), fetcher)
    assert results(done, site) == [("added", "/a"), ("added", "/b"), ("added", "/c")]
    assert asked(site) == ["/a", "/b", "/c"]

    site.put("/b", "The new moon.", KIND)
    done = synced(library, sitemap(site, "/b", "/a", "/d"), fetcher)
    assert results(done, site) == [("updated", "/b"), ("refused", "/d"), ("removed", "/c")]
    assert done.unchanged == 1
    assert texts(library, site) == {"/a": "The sun.", "/b": "The new moon."}
    assert [check.faults for check in verify(library) if check.faults] == []


def test_a_page_whose_last_change_is_long_ago_is_not_asked_for(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    address = sitemap(site, ("/a", LONG_AGO), "/b")
    synced(library, address, fetcher)
    asked(site)
    done = synced(library, address, fetcher)
    assert (asked(site), done.files, done.unchanged) == (["/b"], (), 2)
    site.put("/a", "The new sun.", KIND)
    done = synced(library, sitemap(site, ("/a", "2020-01-02T10:00:00Z"), "/b"), fetcher)
    assert (asked(site), results(done, site)) == (["/a", "/b"], [("updated", "/a")])


@pytest.mark.parametrize("day", ["2999-01-01", "soon", ""])
def test_a_page_whose_last_change_says_nothing_is_asked_each_time(
    library: Library, site: Site, fetcher: Fetcher, day: str
) -> None:
    site.put("/a", "The sun.", KIND)
    address = sitemap(site, ("/a", day))
    for _ in range(2):
        synced(library, address, fetcher)
        assert asked(site) == ["/a"]


def test_a_page_that_cannot_be_read_keeps_its_article(library: Library, site: Site, fetcher: Fetcher) -> None:
    address = sitemap(site, "/a", "/b")
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    synced(library, address, fetcher)
    site.pages |= {"/a": answer("", "500 Ouch"), "/b": answer("", "410 Gone")}
    for _ in range(2):
        done = synced(library, address, fetcher)
        assert results(done, site) == [("refused", "/a"), ("refused", "/b")]
        assert texts(library, site) == {"/a": "The sun.", "/b": "The moon."}


def test_what_vanished_may_be_kept(library: Library, site: Site, fetcher: Fetcher) -> None:
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    synced(library, sitemap(site, "/a", "/b"), fetcher)
    done = synced(library, sitemap(site, "/a"), fetcher, keep_vanished=True)
    assert results(done, site) == [("kept", "/b")]
    assert set(texts(library, site)) == {"/a", "/b"}
    assert results(synced(library, sitemap(site, "/a"), fetcher), site) == [("removed", "/b")]


def test_what_changed_before_it_was_to_be_removed_goes_the_next_time(
    library: Library, site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the end another process stores a new revision of it."""
    site.put("/a", "The sun.", KIND)
    gone = site.put("/b", "The moon.", KIND)
    synced(library, sitemap(site, "/a", "/b"), fetcher)

    def late(*given: Any) -> set[str]:
        monkeypatch.setattr(sync_listing, "hide", hide)
        (held,) = (each.article_id for each in library.store.articles() if each.source == gone)
        put(library, [Given(held, gone, Draft("The new moon.", "b", "test-1"), b"")])
        return hide(*given)

    monkeypatch.setattr(sync_listing, "hide", late)
    shorter = sitemap(site, "/a")
    assert results(synced(library, shorter, fetcher), site) == []
    assert texts(library, site) == {"/a": "The sun.", "/b": "The new moon."}
    assert results(synced(library, shorter, fetcher), site) == [("removed", "/b")]
    assert texts(library, site) == {"/a": "The sun."}


def test_a_page_that_is_found_elsewhere_stays(library: Library, site: Site, fetcher: Fetcher) -> None:
    for path in ("/a", "/b", "/c"):
        added(library, fetcher, site.put(path, f"The sun of {path}.", KIND)) if path != "/c" else site.put(
            path, "The moon.", KIND
        )
    synced(library, sitemap(site, "/a", "/b", "/c", path="/one.xml"), fetcher)
    synced(library, sitemap(site, "/b", path="/other.xml"), fetcher)
    done = synced(library, sitemap(site, "/b", path="/one.xml"), fetcher)
    assert results(done, site) == [("removed", "/c")]
    assert set(texts(library, site)) == {"/a", "/b"}


def test_sitemaps_of_sitemaps(library: Library, site: Site, fetcher: Fetcher) -> None:
    for path in ("/a", "/b"):
        site.put(path, f"The sun of {path}.", KIND)
    sitemap(site, "/a", path="/one.xml")
    sitemap(site, "/b", path="/two.xml")
    plain = site.pages["/two.xml"]
    site.pages["/two.xml.gz"] = answer(
        gzip.compress(f"<urlset><url><loc>{site.url('/b')}</loc></url></urlset>".encode()),
        Content_Type="application/gzip",
    )
    address = sitemap(site, "/one.xml", "/two.xml.gz", path="/index.xml", kind="sitemapindex")
    assert results(synced(library, address, fetcher), site) == [("added", "/a"), ("added", "/b")]
    assert plain is not None

    site.pages["/two.xml.gz"] = answer("", "500 Ouch")  # nobody knows what it would list
    sitemap(site, "/c", path="/one.xml")
    site.put("/c", "The stars.", KIND)
    done = synced(library, address, fetcher)
    assert results(done, site) == [("refused", "/two.xml.gz"), ("added", "/c")]
    assert set(texts(library, site)) == {"/a", "/b", "/c"}


def test_a_loop_of_sitemaps_ends(library: Library, site: Site, fetcher: Fetcher) -> None:
    address = sitemap(site, "/index.xml", path="/index.xml", kind="sitemapindex")
    done = synced(library, address, fetcher)
    assert [each.result for each in done.files] == ["refused"]
    assert "below another" in str(done.files[0].reason)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("http://example.org/a", "of another site"),
        ("file:///etc/passwd", "not file:"),
        ("javascript:alert(1)", "not javascript:"),
        ("http://me:secret@127.0.0.1/", "name or password"),
    ],
)
def test_a_sitemap_lists_pages_of_its_own_site(
    library: Library, site: Site, fetcher: Fetcher, page: str, reason: str
) -> None:
    site.put("/a", "The sun.", KIND)
    body = f"<urlset><url><loc>{site.url('/a')}</loc></url><url><loc>{page}</loc></url></urlset>"
    done = synced(library, site.put("/sitemap.xml", body, "text/xml"), fetcher)
    assert [each.result for each in done.files] == ["refused", "added"]
    assert reason in str(done.files[0].reason)


# -- what never empties a library --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer("<urlset/>"), "lists no page"),
        (answer("<rss version='2.0'><channel/></rss>"), "lists no page"),
        (answer(""), "neither a feed nor a sitemap"),
        (answer("<html><body>Sun", Content_Type="text/html"), "citewell add"),
        (answer("<urlset><url><loc>http://127.0"), "broken XML"),
        (answer("<rss version='2.0'><channel><item>"), "broken XML"),
        (answer("", "404 Not Found"), "not there"),
        (answer("", "410 Gone"), "gone"),
        (answer("", "500 Ouch"), "answers 500"),
        (answer(gzip.compress(b"<urlset>", mtime=0)[:-3]), "broken off"),
        (answer(gzip.compress(b"<urlset>" + b" " * 60_000_000)), "bytes come"),
        (b"", "does not answer as HTTP has it"),
        (redirect("file:///etc/passwd"), "not file:"),
    ],
)
def test_a_source_that_is_empty_or_out_of_reach_changes_nothing(
    library: Library, site: Site, fetcher: Fetcher, reply: bytes, reason: str
) -> None:
    site.put("/a", "The sun.", KIND)
    address = sitemap(site, "/a")
    synced(library, address, fetcher)
    site.pages["/sitemap.xml"] = reply
    with pytest.raises(BadInput, match=reason) as refused:
        synced(library, address, fetcher)
    assert "Nothing was changed." in str(refused.value)
    assert texts(library, site) == {"/a": "The sun."}


@pytest.mark.parametrize("reply", [answer("<urlset/>"), answer("", "410 Gone")])
def test_a_source_that_is_empty_may_be_mirrored(
    library: Library, site: Site, fetcher: Fetcher, reply: bytes
) -> None:
    site.put("/a", "The sun.", KIND)
    address = sitemap(site, "/a")
    synced(library, address, fetcher)
    site.pages["/sitemap.xml"] = reply
    assert results(synced(library, address, fetcher, allow_empty=True), site) == [("removed", "/a")]
    assert texts(library, site) == {}


def test_a_source_out_of_reach_is_none_that_is_empty(library: Library, site: Site, fetcher: Fetcher) -> None:
    site.pages["/sitemap.xml"] = answer("", "503 Busy")
    with pytest.raises(BadInput, match=r"answers 503.*Nothing was changed"):
        synced(library, site.url("/sitemap.xml"), fetcher, allow_empty=True)


def test_the_last_article_stays_if_nothing_comes_for_it(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    """As when a site moves and its new pages cannot be read yet."""
    site.put("/a", "The sun.", KIND)
    synced(library, sitemap(site, "/a"), fetcher)
    done = synced(library, sitemap(site, "/b"), fetcher)
    assert results(done, site) == [("refused", "/b"), ("refused", "/a")]
    assert texts(library, site) == {"/a": "The sun."}
    done = synced(library, sitemap(site, "/b"), fetcher, allow_empty=True)
    assert results(done, site) == [("refused", "/b"), ("removed", "/a")]


# -- feeds -----------------------------------------------------------------------------------------------------------


def test_a_feed_is_mirrored(library: Library, site: Site, fetcher: Fetcher) -> None:
    site.put("/a", "The sun.", KIND)
    address = feed(site, item(site, "/a"), whole("/b", "The moon is full."), item(site, "/c"))
    done = synced(library, address, fetcher)
    assert results(done, site) == [("added", "/a"), ("added", "/b"), ("refused", "/c")]
    assert asked(site) == ["/a", "/c"]  # the text of the other came with the feed
    assert texts(library, site) == {"/a": "The sun.", "/b": "The moon is full."}


def test_an_entry_is_read_again_only_if_the_feed_says_something_else_of_it(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    address = feed(site, item(site, "/a"), whole("/b", "The moon."))
    synced(library, address, fetcher)
    asked(site)
    done = synced(library, address, fetcher)
    assert (asked(site), done.files, done.unchanged) == ([], (), 2)

    site.put("/a", "The new sun.", KIND)
    done = synced(library, feed(site, item(site, "/a", "News."), whole("/b", "The new moon.")), fetcher)
    assert results(done, site) == [("updated", "/a"), ("updated", "/b")]
    assert asked(site) == ["/a"]


def test_what_a_feed_lists_no_longer_goes_only_if_its_page_is_gone(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    for path in ("/a", "/b", "/c", "/d"):
        site.put(path, f"The sun of {path}.", KIND)
    synced(library, feed(site, *(item(site, path) for path in ("/a", "/b", "/c", "/d"))), fetcher)
    asked(site)
    site.pages |= {"/a": answer("", "410 Gone"), "/b": answer("", "500 Ouch")}
    site.put("/c", "The new sun.", KIND)
    done = synced(library, feed(site, item(site, "/d")), fetcher)
    assert asked(site) == ["/a", "/b", "/c"]
    assert results(done, site) == [("removed", "/a"), ("refused", "/b"), ("updated", "/c")]
    assert set(texts(library, site)) == {"/b", "/c", "/d"}


def test_a_feed_whose_pages_are_all_gone_empties_nothing(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    synced(library, feed(site, item(site, "/a")), fetcher)
    del site.pages["/a"]
    done = synced(library, feed(site, item(site, "/b")), fetcher)
    assert results(done, site) == [("refused", "/a"), ("refused", "/b")]
    assert texts(library, site) == {"/a": "The sun."}


def test_pages_that_a_feed_lists_no_longer_are_asked_in_turn(
    library: Library, site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_listing, "MOST_ASKED", 2)
    for path in ("/a", "/b", "/c", "/d", "/e"):
        site.put(path, f"The sun of {path}.", KIND)
    synced(library, feed(site, *(item(site, path) for path in ("/a", "/b", "/c", "/d", "/e"))), fetcher)
    asked(site)
    site.pages["/a"] = answer("", "500 Ouch")  # which keeps none of the others from its turn
    address = feed(site, item(site, "/e"))
    turns = []
    for _ in range(4):
        synced(library, address, fetcher)
        turns.append(asked(site))
    assert turns == [["/a", "/b"], ["/c", "/d"], ["/a", "/b"], ["/c", "/d"]]


def test_what_a_feed_lists_no_longer_may_be_kept_unasked(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    synced(library, feed(site, item(site, "/a"), item(site, "/b")), fetcher)
    asked(site)
    del site.pages["/a"]
    done = synced(library, feed(site, item(site, "/b")), fetcher, keep_vanished=True)
    assert (done.files, asked(site)) == ((), [])


def test_entries_with_nothing_to_read_are_a_line(library: Library, site: Site, fetcher: Fetcher) -> None:
    address = feed(
        site,
        "<item><title>Nothing</title></item>",
        "<item><link>javascript:alert(1)</link></item>",
        "<item><guid isPermaLink='false'>17</guid><description>The sun.</description></item>",
    )
    done = synced(library, address, fetcher)
    assert [(each.result, each.reason and each.reason[:7]) for each in done.files] == [
        ("refused", "neither"),
        ("refused", "only ht"),
        ("added", None),
    ]
    assert texts(library, site) == {"/feed.xml#17": "The sun."}


def test_robots_are_heeded_for_the_list_and_for_its_pages(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.pages["/robots.txt"] = answer("User-agent: *\nDisallow: /private")
    site.put("/private/a", "The sun.", KIND)
    done = synced(library, feed(site, item(site, "/private/a"), whole("/private/b", "The moon.")), fetcher)
    assert results(done, site) == [("refused", "/private/a"), ("added", "/private/b")]
    sitemap(site, "/a", path="/private/sitemap.xml")
    with pytest.raises(BadInput, match=r"robots\.txt"):
        synced(library, site.url("/private/sitemap.xml"), fetcher)


# -- the plan --------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_asks_no_page(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    for path in ("/a", "/b", "/c", "/d"):
        site.put(path, f"The sun of {path}.", KIND)
    synced(library, sitemap(site, ("/a", LONG_AGO), ("/b", LONG_AGO), "/c", "/d"), fetcher)
    asked(site)
    address = sitemap(site, ("/a", LONG_AGO), ("/b", "2021-01-01"), "/c", "/e")
    before = texts(library, site)
    planned = dry_run(library.folder, listing_of(address, fetcher))
    assert results(planned, site) == [("update", "/b"), ("ask", "/c"), ("remove", "/d"), ("add", "/e")]
    assert (planned.unchanged, planned.dry_run, asked(site)) == (1, True, [])
    assert texts(library, site) == before


def test_a_dry_run_needs_no_library(tmp_path: Path, site: Site, fetcher: Fetcher) -> None:
    planned = dry_run(tmp_path / "none", listing_of(sitemap(site, "/a"), fetcher))
    assert results(planned, site) == [("add", "/a")]
    assert not (tmp_path / "none").exists()


def test_pages_that_are_there_already_are_taken_over(library: Library, site: Site, fetcher: Fetcher) -> None:
    added(library, fetcher, site.put("/a", "The sun.", KIND))
    address = sitemap(site, ("/a", LONG_AGO))
    assert results(dry_run(library.folder, listing_of(address, fetcher)), site) == [("update", "/a")]
    assert synced(library, address, fetcher).files == ()
    asked(site)
    assert (synced(library, address, fetcher).unchanged, asked(site)) == (1, [])


def test_what_was_noted_is_forgotten_when_nothing_needs_it(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    address = sitemap(site, "/a", "/b")
    synced(library, address, fetcher)
    synced(library, sitemap(site, "/a"), fetcher)
    with closing(Visits(library.folder / VISITS)) as visits:
        assert set(visits.of(address)) == {site.url("/a")}


# -- a list that did not change ----------------------------------------------------------------------------------------


def conditional(site: Site) -> list[str]:
    """Lists that were asked only whether they changed, since the last time."""
    paths = [each.path for each in site.asked if "if-none-match" in each.headers]
    site.asked.clear()
    return sorted(path for path in paths if path.endswith((".xml", ".gz")))


def lists(site: Site) -> list[str]:
    """Those that were sent, since the last time."""
    paths = [each.path for each in site.asked if "if-none-match" not in each.headers]
    site.asked.clear()
    return sorted(path for path in paths if path.endswith((".xml", ".gz")))


def test_a_list_that_did_not_change_is_not_sent_again(library: Library, site: Site, fetcher: Fetcher) -> None:
    """Packed ones and those that lists of lists name, too; of several only those that changed are."""
    for path in "/a", "/b", "/c":
        site.put(path, f"The sun of {path}.", KIND)
    sitemap(site, "/a", path="/one.xml")
    places = f"<urlset><url><loc>{site.url('/b')}</loc></url></urlset>"
    site.put("/two.xml.gz", gzip.compress(places.encode(), mtime=0), "application/gzip")
    address = sitemap(site, "/one.xml", "/two.xml.gz", path="/all.xml", kind="sitemapindex")
    synced(library, address, fetcher)
    assert lists(site) == ["/all.xml", "/one.xml", "/two.xml.gz"]
    again = synced(library, address, fetcher)
    assert (again.files, again.unchanged) == ((), 2)
    assert conditional(site) == ["/all.xml", "/one.xml", "/two.xml.gz"]
    sitemap(site, "/a", "/c", path="/one.xml")
    assert results(synced(library, address, fetcher), site) == [("added", "/c")]
    site.asked.clear()
    sitemap(site, path="/one.xml")
    done = synced(library, address, fetcher)
    assert results(done, site) == [("removed", "/a"), ("removed", "/c")]
    assert texts(library, site) == {"/b": "The sun of /b."}


def test_a_list_that_moved_or_says_nothing_of_its_state_is_sent(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    sitemap(site, "/a", path="/old.xml")
    site.pages["/s.xml"] = redirect(site.url("/old.xml"))
    synced(library, site.url("/s.xml"), fetcher)
    site.asked.clear()
    synced(library, site.url("/s.xml"), fetcher)
    assert conditional(site) == ["/old.xml"]
    sitemap(site, "/a", path="/new.xml")
    site.pages["/s.xml"] = redirect(site.url("/new.xml"))
    synced(library, site.url("/s.xml"), fetcher)
    assert lists(site) == ["/new.xml", "/s.xml"]
    mute = f"<urlset><url><loc>{site.url('/a')}</loc></url></urlset>"
    site.pages["/mute.xml"] = answer(mute, Content_Type="text/xml")
    for _ in range(2):
        synced(library, site.url("/mute.xml"), fetcher)
        assert lists(site) == ["/mute.xml"]


def test_an_unchanged_list_still_brings_back_what_is_missing(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    """What could not be read, what was removed by hand, and entries that carry their text."""
    site.put("/a", "The sun.", KIND)
    site.pages["/b"] = answer("", "503 Service Unavailable")
    entry = "<item><link>/c</link><description>" + "The moon. " * 60 + "</description></item>"
    address = feed(site, item(site, "/a"), item(site, "/b"), entry)
    synced(library, address, fetcher)
    assert set(texts(library, site)) == {"/a", "/c"}
    remove(library, [each.article_id for each in library.store.articles()])
    site.put("/b", "The stars.", KIND)
    site.asked.clear()
    assert sorted(results(synced(library, address, fetcher), site)) == [
        ("added", "/a"),
        ("added", "/b"),
        ("added", "/c"),
    ]
    assert conditional(site) == ["/feed.xml"]


def test_pages_that_an_unchanged_feed_lists_no_longer_go_when_they_are_gone(
    library: Library, site: Site, fetcher: Fetcher
) -> None:
    site.put("/a", "The sun.", KIND)
    site.put("/b", "The moon.", KIND)
    synced(library, feed(site, item(site, "/a"), item(site, "/b")), fetcher)
    site.pages["/b"] = answer("", "500 Oops")
    address = feed(site, item(site, "/a"))
    assert results(synced(library, address, fetcher), site) == [("refused", "/b")]
    del site.pages["/b"]
    site.asked.clear()
    assert results(synced(library, address, fetcher), site) == [("removed", "/b")]
    assert conditional(site) == ["/feed.xml"]
    assert synced(library, address, fetcher).files == ()


def test_a_list_that_was_altered_is_sent_again(library: Library, site: Site, fetcher: Fetcher) -> None:
    site.put("/a", "The sun.", KIND)
    address = sitemap(site, "/a")
    synced(library, address, fetcher)
    with closing(sqlite3.connect(library.folder / VISITS)) as db, db:
        db.execute("UPDATE documents SET packed = x'00'")
    site.asked.clear()
    assert synced(library, address, fetcher).files == ()
    assert lists(site) == ["/sitemap.xml"]


def test_a_list_that_is_gone_is_forgotten(library: Library, site: Site, fetcher: Fetcher) -> None:
    site.put("/a", "The sun.", KIND)
    address = sitemap(site, "/a")
    synced(library, address, fetcher)
    del site.pages["/sitemap.xml"]
    with pytest.raises(BadInput, match="404"):
        synced(library, address, fetcher)
    assert set(known_documents(library.folder, address)) == {address}
    synced(library, address, fetcher, allow_empty=True)
    assert known_documents(library.folder, address) == {}


def test_a_purge_leaves_no_word_of_a_feed(library: Library, site: Site, fetcher: Fetcher) -> None:
    address = feed(site, whole("/a", "The sun is zanzibar."), whole("/b", "The moon."))
    synced(library, address, fetcher)
    assert known_documents(library.folder, address)
    purge(library, [each.article_id for each in library.store.articles() if each.source.endswith("/a")])
    assert known_documents(library.folder, address) == {}
    assert results(synced(library, feed(site, whole("/b", "The moon.")), fetcher), site) == []
