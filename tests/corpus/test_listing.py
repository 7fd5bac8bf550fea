"""What a feed or sitemap lists: bounds, and when a stamp can be trusted."""

import datetime
from collections.abc import Iterator

import pytest

from citewell.corpus import listing
from citewell.corpus.address import Allowed
from citewell.corpus.errors import BadInput
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import Listing, listing_of
from tests.site import Site, redirect

NOW = datetime.datetime(2026, 3, 20, 12, 0, tzinfo=datetime.UTC)
PAGE = "https://example.org/a"


@pytest.fixture
def fetcher(site: Site) -> Iterator[Fetcher]:
    with Fetcher(
        Allowed.of(["moved.test", "127.0.0.1"]), pause=0, resolve=lambda *_: ["127.0.0.1"]
    ) as fetcher:
        yield fetcher


def urlset(site: Site, *places: str, kind: str = "urlset") -> str:
    part = "url" if kind == "urlset" else "sitemap"
    listed = "".join(f"<{part}><loc>{place}</loc></{part}>" for place in places)
    return site.put(f"/{kind}.xml", f"<{kind}>{listed}</{kind}>", "text/xml")


@pytest.mark.parametrize(
    ("said", "is_settled"),
    [
        ("2026-03-18", True),
        ("2026-03-19", False),  # in the west it was not over two days later
        ("2026-03-20", False),
        ("2026-03", False),
        ("2026-03-20T11:58:00Z", True),
        ("2026-03-20T11:59:30Z", False),
        ("2026-03-20T13:58:00+02:00", True),
        ("2026-03-20T11:58:00", True),
        ("2027-01-01T00:00:00Z", False),
        ("last week", False),
        ("", False),
    ],
)
def test_a_stamp_counts_only_if_a_later_change_would_show_in_it(said: str, is_settled: bool) -> None:
    found = Listing(PAGE, {PAGE: said}, {}, {}, is_window=False, lost=(), documents={}, at=NOW)
    assert found.is_settled(PAGE) is is_settled


def test_a_list_has_a_bound(site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    monkeypatch.setattr(listing, "MOST_SITEMAPS", 2)
    address = urlset(site, *(site.url(f"/{number}") for number in range(3)))
    assert len(listing_of(address, fetcher).stamps) == 3
    with pytest.raises(BadInput, match="more than 3 pages"):
        listing_of(urlset(site, *(site.url(f"/{number}") for number in range(4))), fetcher)
    many = urlset(site, *(site.url(f"/{number}.xml") for number in range(3)), kind="sitemapindex")
    with pytest.raises(BadInput, match="more than 2 sitemaps"):
        listing_of(many, fetcher)


def test_pages_are_of_the_site_of_the_sitemap_also_where_that_redirects_to(
    site: Site, fetcher: Fetcher
) -> None:
    inner, outer = f"http://www.moved.test:{site.port}/a", site.url("/b")
    urlset(site, inner, outer, "http://elsewhere.test/c")
    site.pages["/sitemap.xml"] = redirect(f"http://moved.test:{site.port}/urlset.xml")
    found = listing_of(site.url("/sitemap.xml"), fetcher)
    assert (set(found.stamps), set(found.refused)) == ({inner, outer}, {"http://elsewhere.test/c"})


def test_an_index_may_be_two_below_another(site: Site, fetcher: Fetcher) -> None:
    leaf = urlset(site, site.url("/a"))
    body = "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>"
    second = site.put("/2.xml", body.format(leaf), "text/xml")
    first = site.put("/1.xml", body.format(second), "text/xml")
    zeroth = site.put("/0.xml", body.format(first), "text/xml")
    assert set(listing_of(first, fetcher).stamps) == {site.url("/a")}
    found = listing_of(zeroth, fetcher)
    assert (found.stamps, len(found.lost)) == ({}, 1)
