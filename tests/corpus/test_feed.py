"""Feeds and sitemaps: what they list, and what is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.feed import read_feed
from citewell.corpus.finding import Refused, find_files
from citewell.corpus.listed import Entry
from citewell.corpus.reading import Reading, read_all
from citewell.corpus.sitemap import read_sitemap
from citewell.corpus.sniff import Format, is_sitemap, shown_format

WORDS = "The sun rises in the east and sets in the west. " * 12  # 132 words
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Sky</title><link>https://sky.example/</link><language>en-gb</language><lastBuildDate>now</lastBuildDate>
{}
</channel></rss>"""
ITEM = """<item><title>Sun &amp; moon</title><link>https://sky.example/sun</link><guid isPermaLink="false">17</guid>
<dc:creator>A. Stronomer</dc:creator><pubDate>Fri, 20 Mar 2026 23:30:00 +0100</pubDate>
<description>Short.</description><content:encoded><![CDATA[<h2>Heat</h2><p>The sun is&nbsp;hot.</p><ul><li>very</li></ul>]]></content:encoded></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://sky.example/blog/">
<title>Himmel</title><id>urn:sky</id><updated>2026-03-21T00:00:00Z</updated>
<entry><title type="html">Sonne &amp;amp; &lt;b>Mond&lt;/b></title><link rel="edit" href="edit/1"/><link href="sonne"/><id>urn:1</id>
<author><name>A. Stronom</name></author><published>2026-03-20T10:00:00Z</published><updated>2026-03-22T10:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Die Sonne ist hei&#223;.</p></div></content></entry>
</feed>"""
RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://sky.example/"><title>Sky</title></channel>
<item rdf:about="https://sky.example/sun"><title>Sun</title><description>A star.</description><dc:date>2026-03-20</dc:date></item>
</rdf:RDF>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Sky",
        "items": [
            {
                "id": "1", "url": "/sun", "title": "Sun", "content_html": "<p>The sun is hot.</p>",
                "date_published": "2026-03-20T10:00:00Z", "authors": [{"name": "A"}, {"name": "B"}],
            },
            {"id": 2, "content_text": "The moon is cold."},
            {"id": "3", "url": "https://sky.example/stars", "summary": "Stars."},
        ],
    }
)  # fmt: skip


def entries(feed: str, base: str = "") -> list[Entry]:
    return read_feed(feed.encode(), base)


def one(feed: str, base: str = "") -> Entry:
    (entry,) = entries(feed, base)
    return entry


def test_rss() -> None:
    entry = one(RSS.format(ITEM))
    assert (entry.key, entry.link) == ("17", "https://sky.example/sun")
    assert entry.draft is not None
    assert entry.draft.text == "Heat\n\nThe sun is hot.\n\n- very\n"
    assert (entry.draft.title, entry.draft.author) == ("Sun & moon", "A. Stronomer")
    assert (entry.draft.published, entry.draft.language) == ("2026-03-20", "en")
    assert entry.draft.metadata == {"url": "https://sky.example/sun"}


def test_atom() -> None:
    entry = one(ATOM)
    assert (entry.key, entry.link) == ("urn:1", "https://sky.example/blog/sonne")
    assert entry.draft is not None
    assert (entry.draft.text, entry.draft.title) == ("Die Sonne ist heiß.\n", "Sonne & Mond")
    assert (entry.draft.author, entry.draft.published, entry.draft.language) == (
        "A. Stronom",
        "2026-03-20",
        "de",
    )


def test_rdf() -> None:
    entry = one(RDF)
    assert (entry.link, entry.draft) == ("https://sky.example/sun", None)


def test_json_feed() -> None:
    first, second, third = entries(JSON, "https://sky.example/feed.json")
    assert first.link == "https://sky.example/sun"
    assert first.draft is not None
    assert (first.draft.text, first.draft.author, first.draft.published) == (
        "The sun is hot.\n",
        "A, B",
        "2026-03-20",
    )
    assert second.draft is not None
    assert (second.key, second.link, second.draft.text) == ("2", None, "The moon is cold.\n")
    assert (third.link, third.draft) == ("https://sky.example/stars", None)


@pytest.mark.parametrize("feed", [RSS.format(ITEM * 3), ATOM, JSON], ids=["rss", "atom", "json"])
def test_an_entry_is_read_again_from_what_is_kept_of_it(feed: str) -> None:
    for entry in entries(feed, "https://sky.example/"):
        again = one(entry.original, "https://sky.example/")
        assert (again.key, again.link, again.draft) == (entry.key, entry.link, entry.draft)
        assert one(again.original, "https://sky.example/") == again


def test_the_state_of_an_entry_is_its_own() -> None:
    both = entries(RSS.format(ITEM + ITEM.replace("17", "18")))
    assert one(RSS.format(ITEM)).state == both[0].state != both[1].state
    assert one(RSS.format(ITEM.replace("hot", "warm"))).state != both[0].state
    assert one(RSS.format(ITEM).replace("now", "then")).state == both[0].state


@pytest.mark.parametrize(
    ("description", "is_whole"),
    [
        (WORDS, True),
        (f"&lt;p>{WORDS}&lt;/p>", True),
        ("Short.", False),
        (f"{WORDS} …", False),
        (f"{WORDS} [...]", False),
        (f"{WORDS} &lt;a href='/x'>Continue reading&lt;/a>", False),
        (f"{WORDS} Read more »", False),
        ("", False),
    ],
)
def test_a_description_may_be_the_whole_text(description: str, is_whole: bool) -> None:
    item = f"<item><link>https://sky.example/a</link><description>{description}</description></item>"
    assert (one(RSS.format(item)).draft is not None) is is_whole


@pytest.mark.parametrize(
    ("item", "link"),
    [
        ("<link>/a</link>", "https://sky.example/a"),
        ("<guid>https://sky.example/g</guid>", "https://sky.example/g"),
        ('<guid isPermaLink="false">https://sky.example/g</guid>', None),
        ("<guid>tag:1</guid>", None),
        ("<link/>", None),
    ],
)
def test_links(item: str, link: str | None) -> None:
    entry = one(
        RSS.format(f"<item><title>A</title><description>Short.</description>{item}</item>"),
        "https://sky.example/b/c",
    )
    assert entry.link == link
    assert (entry.draft is None) == (link is not None)  # what links to nothing is all there is


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("Fri, 20 Mar 2026 10:00:00 GMT", "2026-03-20"), ("20 Mar 26 10:00 +0900", "2026-03-20"),
        ("2026-03-20T10:00:00+02:00", "2026-03-20"), ("2026-03", "2026-03"), ("yesterday", None), ("", None),
        ("Fri, 31 Feb 2026 10:00:00 GMT", None), ("Fri, 20 Mar 99999 10:00:00 GMT", None),
    ],
)  # fmt: skip
def test_dates(said: str, day: str | None) -> None:
    entry = one(RSS.format(f"<item><pubDate>{said}</pubDate><description>Sun.</description></item>"))
    assert entry.draft is not None
    assert entry.draft.published == day


def test_names_of_characters_that_only_html_has_are_understood() -> None:
    entry = one(
        RSS.format(
            "<item><title>Caf&eacute;&nbsp;&amp; &unknown; bar</title><description>Sun.</description></item>".replace(
                "&unknown;", ""
            )
        )
    )
    assert entry.draft is not None
    assert entry.draft.title == "Café & bar"


def test_what_is_quoted_in_an_entry_is_no_entry() -> None:
    inner = '<entry xmlns="http://www.w3.org/2005/Atom"><title>Inner</title></entry>'
    assert len(entries(ATOM.replace("</entry>", f"<source>{inner}</source></entry>", 1))) == 1


def test_a_feed_may_be_empty() -> None:
    assert entries(RSS.format("")) == []


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize(
    ("feed", "reason"),
    [
        (f"<!DOCTYPE rss [{BOMB}]>" + RSS.format("<item><title>&a9;</title></item>").split("?>", 1)[1].strip(), "entit"),
        ('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>', "entit"),
        ('<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><rss/>', "entit"),
        (RSS.format(ITEM)[:-30], "broken XML"),
        (RSS.format("<item><title>a & b</title></item>"), "broken XML"),
        (RSS.format("<item><title>&nothing;</title></item>"), "broken XML"),
        ("<rss>" + "<a>" * 100_000, "broken XML"),
        ("", "broken XML"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 3}', "without a list"),
        ('{"version": "https://jsonfeed.org/version/1", "items": [3]}', "without a list"),
        ('{"version": "https://jsonfeed.org/version/1"', "broken JSON"),
        ('{"items": ' + "[" * 100_000, "nested too deeply|broken JSON"),
        (RSS.format("<item/>" * 50_001), "at most 50,000"),
    ],
)  # fmt: skip
def test_what_is_refused(feed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        entries(feed)


def test_an_old_doctype_without_entities_is_let_pass() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
    feed = (
        doctype
        + "<rss version='0.91'><channel><item><title>A</title><description>Sun.</description></item></channel></rss>"
    )
    assert len(entries(feed)) == 1
    assert shown_format(feed.encode(), ".xml") is Format.FEED


@given(st.text(), st.text())
def test_any_words_make_a_feed_or_a_reason(title: str, body: str) -> None:
    item = f"<item><title>{title}</title><description><![CDATA[{body}]]></description></item>"
    try:
        found = read_feed(RSS.format(item).encode("utf-8", "replace"), "")
    except ValueError:
        return
    for entry in found:
        assert entry.draft is None or entry.draft.text.strip()


# -- as files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "feed", [RSS.format(ITEM), RSS.format(ITEM).split("\n", 1)[1], ATOM, RDF, JSON, "<!-- a -->" + ATOM]
)
def test_feeds_are_known_by_their_content(feed: str) -> None:
    for suffix in ("", ".xml", ".txt", ".rss"):
        assert shown_format(feed.encode(), suffix) is Format.FEED


@pytest.mark.parametrize(
    "words", ["<feed> the cat", "feed", "<feedback xmlns='x'>", '{"version": 1}', "<rssx>"]
)
def test_what_only_looks_like_a_feed(words: str) -> None:
    assert shown_format(words.encode(), ".txt") is None


def read(folder: Path, content: str) -> list[Reading | Refused]:
    (folder / "feed.xml").write_text(content)
    return list(read_all(find_files([folder])))


def test_a_file_gives_the_entries_that_carry_their_text(tmp_path: Path) -> None:
    short = "<item><link>https://sky.example/b</link><description>Short.</description></item>"
    first, second = read(tmp_path, RSS.format(ITEM + short))
    assert isinstance(first, Reading)
    assert (first.source, first.place) == ("https://sky.example/sun", f"{tmp_path}/feed.xml, record 1")
    assert b"The sun is" in first.original
    assert b"Short." not in first.original[first.original.index(b"</item>") :]
    assert isinstance(second, Refused)
    assert second.reason.startswith("a summary, not the whole text")


def test_an_empty_file_of_a_feed_is_said_so(tmp_path: Path) -> None:
    assert read(tmp_path, RSS.format("")) == [Refused(f"{tmp_path}/feed.xml", "no entry in it")]


def test_a_sitemap_is_no_file_of_articles(tmp_path: Path) -> None:
    file = tmp_path / "sitemap.xml"
    file.write_text(SITEMAP)
    (refused,) = read_all([file])
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("a sitemap; to mirror its pages: citewell sync")


# -- sitemaps --------------------------------------------------------------------------------------------------------

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://sky.example/a?b=1&amp;c=2 </loc><lastmod>2026-03-20</lastmod></url>
<url><loc>https://sky.example/b</loc></url><url/></urlset>"""


def test_a_sitemap() -> None:
    found = read_sitemap(SITEMAP.encode())
    assert found.places == (("https://sky.example/a?b=1&c=2", "2026-03-20"), ("https://sky.example/b", ""))
    assert not found.is_index
    assert is_sitemap(SITEMAP.encode())
    index = SITEMAP.replace("urlset", "sitemapindex").replace("url>", "sitemap>").replace("<url/>", "")
    assert read_sitemap(index.encode()).is_index
    assert is_sitemap(index.encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SITEMAP[:-20], "broken XML"),
        ("<html/>", "no sitemap"),
        ("<urlset>" + "<url><loc>https://a.example/</loc></url>" * 50_001 + "</urlset>", "50,000"),
        (f"<!DOCTYPE urlset [{BOMB}]><urlset><url><loc>&a9;</loc></url></urlset>", "entit"),
    ],
)  # fmt: skip
def test_sitemaps_that_are_refused(content: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_sitemap(content.encode())
