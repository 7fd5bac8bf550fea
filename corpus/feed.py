"""A feed (RSS 2.0, RSS 1.0, Atom, JSON Feed): its entries, with their whole text where they carry it. Runs in a child process.

An entry carries its whole text in what is called its content, or in a description that reads like one.
"""

import datetime
import hashlib
import html as characters
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import regex
from lxml import etree

from citewell.corpus.article import Draft
from citewell.corpus.characters import decoded
from citewell.corpus.fields import if_usable, language, one_line, published
from citewell.corpus.html import parsed
from citewell.corpus.listed import Entry
from citewell.corpus.markup import text_of
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import count_words, normalise
from citewell.corpus.xml import local_name, words_of, xml_of

_LEAST_WHOLE = 100  # words of a description that may be the whole text
_CUT_OFF = regex.compile(r"(?i)(?:…|\.\.\.|\[…\]|\[\.\.\.\]|(?:read|continue|keep) (?:more|reading)\W*)\s*\Z")
_ENTRIES = {"item", "entry"}
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_KEPT_OF_HEAD = {"title", "link", "language", "id"}
_MOST_ENTRIES = 50_000


def read_feed(content: bytes, base: str) -> list[Entry]:
    """In the order of the feed; `base` is its address or empty. Raises ValueError for what is broken or no feed."""
    entries = list(_of_json(content, base) if content.lstrip()[:1] == b"{" else _of_xml(content, base))
    if len(entries) > _MOST_ENTRIES:
        raise ValueError(f"a feed of {len(entries):,} entries; at most {_MOST_ENTRIES:,} are read")
    return entries


def _of_xml(content: bytes, base: str) -> Iterator[Entry]:
    root = xml_of(content, base or None)
    entries = [each for each in root.iter() if local_name(each) in _ENTRIES and _is_entry(each, root)]
    head = _head(root)
    channel = _child(head, "channel")
    common = root.get(_LANGUAGE) or words_of(_child(head if channel is None else channel, "language"))
    for entry in entries:
        said = {local_name(each): each for each in reversed(entry) if isinstance(each.tag, str)}
        whole, words = _own_text(entry, said)
        alone = _alone(head, entry)
        link = _link(entry, base)
        spoken = entry.get(_LANGUAGE) or common
        date = words_of(said.get("pubDate")) or words_of(said.get("published")) or words_of(said.get("date"))
        key = words_of(said.get("guid", said.get("id"))) or link or _plain(words_of(said.get("title")))
        yield _entry(
            key, link, alone, whole or (words if link is None else ""), _plain(words_of(said.get("title"))),
            _author(said), _day(date or words_of(said.get("updated"))), spoken,
        )  # fmt: skip


def _is_entry(element: etree._Element, root: etree._Element) -> bool:
    """Of the feed itself, not of something that is quoted in it."""
    parent = element.getparent()
    return parent is not None and (parent is root or parent.getparent() is root)


def _head(root: etree._Element) -> etree._Element:
    """The feed without entries, and without what says nothing of them."""
    head = etree.Element(root.tag, dict(root.attrib), root.nsmap)
    channel = _child(root, "channel")
    if channel is not None and local_name(root) == "rss":
        inner = etree.SubElement(head, channel.tag, dict(channel.attrib), channel.nsmap)
    else:
        inner = head
    source = root if channel is None else channel
    for each in source:
        if local_name(each) in _KEPT_OF_HEAD and len(each) == 0:
            inner.append(deepcopy(each))
    return head


def _alone(head: etree._Element, entry: etree._Element) -> str:
    feed = deepcopy(head)
    channel = _child(feed, "channel")
    own = deepcopy(entry)
    own.tail = None
    (feed if channel is None else channel).append(own)
    return str(etree.tostring(feed, encoding="unicode"))


def _own_text(entry: etree._Element, said: Mapping[str, etree._Element]) -> tuple[str, str]:
    """The whole text, if the entry carries it, and whatever text there is."""
    content = entry.find(_CONTENT)
    if content is None and (atom := said.get("content")) is not None and atom.get("src") is None:
        content = atom
    if content is not None and (text := _text_of(content)):
        return text, text
    summary = said.get("description", said.get("summary"))
    text = _text_of(summary) if summary is not None else ""
    return (text if _reads_whole(text) else ""), text


def _reads_whole(text: str) -> bool:
    return count_words(text) >= _LEAST_WHOLE and not _CUT_OFF.search(text)


def _text_of(element: etree._Element) -> str:
    if len(element):  # XHTML
        return normalise(text_of(element))
    words = words_of(element)
    return normalise(words) if element.get("type") in ("text", "text/plain") else _of_markup(words)


def _of_markup(words: str) -> str:
    """Of HTML; words without any are as they stand."""
    if "<" not in words and "&" not in words:
        return normalise(words)
    body = parsed(f"<!DOCTYPE html><body>{words}</body>").find("body") if words.strip() else None
    return normalise(text_of(body)) if body is not None else ""


def _link(entry: etree._Element, base: str) -> str | None:
    links = [each for each in entry if local_name(each) == "link"]
    for each in links:
        if each.get("href") and each.get("rel", "alternate") == "alternate":
            return urljoin(str(each.base or base), str(each.get("href")))
    for each in links:
        if words := words_of(each):
            return urljoin(str(each.base or base), words)
    guid = _child(entry, "guid")
    if guid is not None and guid.get("isPermaLink") != "false" and words_of(guid).startswith("http"):
        return words_of(guid)
    about = str(entry.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about", ""))
    return about if about.startswith("http") else None


def _author(said: Mapping[str, etree._Element]) -> str | None:
    author = said.get("creator", said.get("author"))
    name = _child(author, "name") if author is not None else None
    return one_line(words_of(name if name is not None else author))


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((each for each in element if local_name(each) == name), None)


def _of_json(content: bytes, base: str) -> Iterator[Entry]:
    try:
        feed = json.loads(decoded(content))
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON (line {error.lineno})") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("a JSON Feed without a list of items")
    head = {key: feed[key] for key in ("version", "title", "language") if key in feed}
    for item in items:
        own = json.dumps(head | {"items": [item]}, ensure_ascii=False, indent=1)
        text = _of_markup(_string(item, "content_html")) or normalise(_string(item, "content_text"))
        summary = normalise(_string(item, "summary"))
        link = urljoin(base, _string(item, "url")) if _string(item, "url") else None
        authors = item.get("authors")
        names = [each.get("name") for each in authors or () if isinstance(each, dict)]
        yield _entry(
            str(item.get("id") or link or _string(item, "title")), link, own,
            text or (summary if link is None or _reads_whole(summary) else ""), _string(item, "title"),
            one_line(", ".join(str(name) for name in names if name)),
            _day(_string(item, "date_published") or _string(item, "date_modified")),
            _string(item, "language") or _string(head, "language"),
        )  # fmt: skip


def _string(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value.strip() if isinstance(value, str) else ""


def _entry(
    key: str,
    link: str | None,
    original: str,
    text: str,
    title: str,
    author: str | None,
    day: str | None,
    spoken: str,
) -> Entry:
    state = hashlib.sha256(original.encode("utf-8", "replace")).hexdigest()
    draft = None
    if text.strip():
        draft = Draft(
            text=text.rstrip() + "\n",
            title=one_line(title) or first_title(text) or "untitled",
            reader=recipe_of(Format.FEED),
            author=author,
            published=day,
            language=if_usable(language, spoken),
            metadata={"url": link} if link else {},
        )
    return Entry(key or state, link, state, original, draft)


def _plain(title: str) -> str:
    """Titles are HTML in some feeds and text in others."""
    words = characters.unescape(title)
    return " ".join(regex.sub(r"</?[A-Za-z][^<>]*>", "", words).split())


def _day(said: str) -> str | None:
    """Of a date as mail has it, or ISO 8601."""
    try:
        moment: datetime.datetime = parsedate_to_datetime(said)
        return moment.date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return if_usable(published, said)
