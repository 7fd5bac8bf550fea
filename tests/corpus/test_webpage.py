"""Pages of the web as articles: by their content, their type and their charset, from a real server."""

from collections.abc import Iterator

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.children import Children, Limits
from citewell.corpus.fetching import Fetcher
from citewell.corpus.finding import Refused
from citewell.corpus.originals import sha_of
from citewell.corpus.reading import Reading, Unmodified, read_bytes
from citewell.corpus.visit import Former, Validators
from citewell.corpus.webpage import Page
from tests.corpus.samples import CSV, HTML, JSON_LINES, MAIL, MARKDOWN, MORE, PDF, WORDS, docx, epub
from tests.site import Site, answer, redirect


@pytest.fixture
def fetcher(site: Site) -> Iterator[Fetcher]:
    with Fetcher(Allowed.of([site.host]), pause=0) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(Limits(article=100_000)) as children:
        yield children


def read(fetcher: Fetcher, site: Site, children: Children, path: str = "/a") -> Reading:
    found = Page(site.url(path), fetcher).read(children)
    assert isinstance(found, Reading)
    return found


def reason(fetcher: Fetcher, site: Site, children: Children, path: str = "/a") -> str:
    found = Page(site.url(path), fetcher).read(children)
    assert isinstance(found, Refused)
    assert found.place == site.url(path)
    return found.reason


@pytest.mark.parametrize(
    ("path", "content", "kind", "reader"),
    [
        ("/a", HTML, "text/html; charset=utf-8", "html-1"),
        ("/a", HTML, "", "html-1"),
        ("/a", HTML, "text/plain", "html-1"),
        ("/a", HTML, "image/png", "html-1"),
        ("/a", f"<p>{WORDS}", "text/html", "html-1"),
        ("/a.pdf", PDF, "application/pdf", "pdf-1"),
        ("/a", PDF, "application/x-download", "pdf-1"),
        ("/a", PDF, "text/html", "pdf-1"),
        ("/a", epub(), "application/epub+zip", "epub-1"),
        ("/a", docx(), "application/octet-stream", "docx-1"),
        ("/a", MAIL, "message/rfc822", "mail-1"),
        ("/a", WORDS, "text/plain", "plain-2"),
        ("/a", WORDS, "", "plain-2"),
        ("/a.md", MARKDOWN, "text/plain; charset=utf-8", "markdown-1"),
        ("/a", MARKDOWN, "text/markdown", "markdown-1"),
        ("/a.html", WORDS, "text/plain", "html-1"),
    ],
)
def test_a_page_is_read_by_what_it_is(
    fetcher: Fetcher, site: Site, children: Children, path: str, content: str | bytes, kind: str, reader: str
) -> None:
    site.pages[path] = answer(content, Content_Type=kind)
    found = read(fetcher, site, children, path)
    original = content.encode() if isinstance(content, str) else content
    assert (found.draft.reader.partition("/")[0], found.original) == (reader, original)
    assert WORDS in found.draft.text
    assert found.draft.original_sha == sha_of(original)
    assert found.draft.article_id is None  # a page does not choose which article it is
    assert (found.place, found.source) == (site.url(path), site.url(path))


@pytest.mark.parametrize(
    ("path", "content", "kind", "said"),
    [
        ("/a", "body{}", "text/css", "text/css, which is no article"),
        ("/a", "{}", "application/json", "application/json, which is no article"),
        ("/a", b"\0\1\2", "application/x-thing", "application/x-thing, which is no article"),
        ("/a", b"\x89PNG\r\n", "image/png", "a picture"),
        ("/a", b"PK\x03\x04", "application/zip", "a zip archive"),
        ("/a", b"\0\1\2", "text/plain", "a binary file"),
        ("/a", "", "text/html", "empty"),
        ("/a", "<html></html>", "text/html", "no main text"),
        ("/a.csv", CSV, "text/plain", "CSV, of many articles"),
        ("/a", JSON_LINES, "", "JSON lines, of many articles"),
        ("/a", "<rss version='2.0'><channel/></rss>", "text/xml", "a feed, of many articles"),
        ("/a", "<urlset/>", "text/xml", "a sitemap, of many articles"),
        ("/a", "<?xml version='1.0'?><svg/>", "text/xml", "XML of another kind"),
        ("/a", "x" * 100_001, "text/plain", "at most 100,000"),
        ("/a", b"%PDF-1.4 broken", "application/pdf", "damaged"),
    ],
)
def test_what_is_no_article_is_a_reason(
    fetcher: Fetcher, site: Site, children: Children, path: str, content: str | bytes, kind: str, said: str
) -> None:
    site.pages[path] = answer(content, Content_Type=kind)
    assert said in reason(fetcher, site, children, path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("Der Fluß läuft über.".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        ("Der Fluß läuft über.".encode("utf-16"), "text/html; charset=utf-16"),
        ("Der Fluß läuft über.".encode(), "text/plain; charset=ISO-8859-1"),  # which it is not
        ("Der Fluß läuft über.".encode(), "text/plain; charset=x-unknown"),
        ("<p>Der Fluß läuft über.".encode("cp1252"), "text/html"),
        ("<p>Der Fluß läuft über.".encode("cp1252"), "text/html; charset=utf-8"),  # which it is not
        ('<meta charset="latin-1"><p>Der Fluß läuft über.'.encode("cp437"), 'text/html; charset="CP437"'),
        ("\ufeffDer Fluß läuft über.".encode(), "text/plain; charset=latin-1"),
    ],
)
def test_charsets(fetcher: Fetcher, site: Site, children: Children, content: bytes, kind: str) -> None:
    site.pages["/a"] = answer(content, Content_Type=kind)
    found = read(fetcher, site, children)
    assert found.draft.text.strip() == "Der Fluß läuft über."
    name = "a.html" if "html" in kind else "a.txt"
    assert read_bytes(found.original, name, children).text == found.draft.text  # from what is kept alone


@pytest.mark.parametrize("charset", ["x-unknown", "rot13", "zlib", "ascii", "utf-8", ""])
def test_a_charset_that_it_is_not_in_is_a_reason(
    fetcher: Fetcher, site: Site, children: Children, charset: str
) -> None:
    site.pages["/a"] = answer(b"\xe4\xfc\xdf" * 9, Content_Type=f"text/plain; charset={charset}")
    assert "not UTF-8" in reason(fetcher, site, children)


def test_the_source_is_the_address_that_was_given_and_the_url_that_of_the_page(
    fetcher: Fetcher, site: Site, children: Children
) -> None:
    site.pages |= {
        "/a": redirect("/b", "301 Moved"),
        "/b": answer(f"<p>{WORDS} {MORE}", Content_Type="text/html"),
    }
    found = read(fetcher, site, children)
    assert (found.source, found.draft.metadata["url"]) == (site.url("/a"), site.url("/b"))


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("https://example.org/tides", "https://example.org/tides"),
        ("/tides", "/a"),
        ("javascript:alert(1)", "/a"),
    ],
)
def test_a_page_says_its_own_address(
    fetcher: Fetcher, site: Site, children: Children, canonical: str, url: str
) -> None:
    site.pages["/a"] = answer(HTML.replace("https://example.org/tides", canonical), Content_Type="text/html")
    expected = url if url.startswith("https") else site.url(url)
    assert read(fetcher, site, children).draft.metadata["url"] == expected


def test_what_is_unchanged_is_not_read(fetcher: Fetcher, site: Site, children: Children) -> None:
    site.put("/a", WORDS, "text/plain")
    first = Page(site.url("/a"), fetcher)
    assert isinstance(first.read(children), Reading)
    former = Former(first.validators, first.sha, "a-1", 7)
    again = Page(site.url("/a"), fetcher, former)
    assert again.read(children) == Unmodified(site.url("/a"), "a-1", 7)
    assert (again.validators, again.sha) == (first.validators, first.sha)


def test_the_same_bytes_are_not_read_again(fetcher: Fetcher, site: Site, children: Children) -> None:
    """From a server that knows nothing of validators."""
    site.pages["/a"] = answer("\0\0\0", Content_Type="text/plain")
    former = Former(Validators(), sha_of(b"\0\0\0"), "a-1", 1)
    assert isinstance(Page(site.url("/a"), fetcher, former).read(children), Unmodified)


def test_a_page_that_is_gone_is_told_from_one_that_cannot_be_read(
    fetcher: Fetcher, site: Site, children: Children
) -> None:
    site.pages |= {
        "/410": answer("", "410 Gone"),
        "/500": answer("", "500 Ouch"),
        "/css": answer("", Content_Type="a/b"),
    }
    for path, is_gone in (("/404", True), ("/410", True), ("/500", False), ("/css", False)):
        page = Page(site.url(path), fetcher)
        assert isinstance(page.read(children), Refused)
        assert page.is_gone is is_gone
