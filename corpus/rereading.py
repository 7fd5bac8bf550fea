"""An article read again from its original bytes, by the reader of today."""

import io
from dataclasses import replace

import regex

from citewell.corpus.address import address_of
from citewell.corpus.article import Article, Draft, is_web
from citewell.corpus.children import Children
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.finding import Refused
from citewell.corpus.reader import RECORDS, read_as
from citewell.corpus.reading import ONLY_A_SUMMARY, Found, Reading, Unmodified, checked, language_of
from citewell.corpus.reading import read_as as read_one
from citewell.corpus.records import MAPPABLE, Mapped, records
from citewell.corpus.sniff import Format
from citewell.corpus.stored import Stored
from citewell.corpus.text import text_sha

_SENT = {Format.PLAIN, Format.MARKDOWN}  # what is sent over HTTP, with a title and more beside the text
_PAIR = regex.compile(rf" ({'|'.join(MAPPABLE)})=(.*?)(?= (?:{'|'.join(MAPPABLE)})=|$)")
_UNNAMED = "record 1"  # what a record without a title is called when it is read alone


class Kept:
    """An article of the store, to be read from its original."""

    def __init__(self, article: Article, store: Stored) -> None:
        self.article, self._store = article, store

    def read(self, children: Children) -> Found:
        """Unmodified if what comes of it is what is stored."""
        article = self.article
        try:
            content = self._content()
            draft = _with_what_stays(_read(article, content, children), article)
        except (ValueError, CorruptLibrary) as error:
            return Refused(article.article_id, str(error))
        if _said(draft) == _said_of(article) and draft.pages == self._store.pages(article):
            return Unmodified(article.article_id, article.article_id, article.revision)
        return Reading(article.article_id, article.source, draft, content, article.revision)

    def _content(self) -> bytes:
        if not has_original(self.article):
            raise ValueError("its original was not kept")
        if self.article.original_sha == self.article.text_sha:
            return self._store.text(self.article.text_sha).encode()
        return self._store.originals.get(self.article.original_sha)


def has_original(article: Article) -> bool:
    return article.original_sha != "" and read_as(article.reader) is not None


def _read(article: Article, content: bytes, children: Children) -> Draft:
    kind = read_as(article.reader)
    assert kind is not None
    if kind in RECORDS:
        return checked(_read_record(article, content, kind, children), content)
    if kind is not Format.FEED:
        return read_one(kind, content, article.title, children)
    for entry in children.read_feed(content, article.source if is_web(article.source) else ""):
        if entry.draft is not None:
            return checked(entry.draft, content)
    raise ValueError(ONLY_A_SUMMARY)


def _read_record(article: Article, content: bytes, kind: Format, children: Children) -> Draft:
    """With the names of fields by which it was read."""
    mapped: Mapped = dict(_PAIR.findall(article.reader))
    name = article.source.rpartition("#")[0]
    for record in records(io.BytesIO(content), name, kind, mapped, children.limits.article):
        if isinstance(record.found, str):
            raise ValueError(record.found)
        unnamed = record.found.title == _UNNAMED
        return replace(record.found, title=article.title) if unnamed else record.found
    raise ValueError("no article in it")


def _with_what_stays(draft: Draft, article: Article) -> Draft:
    """Its id, and what was said of it beside its bytes."""
    kind = read_as(article.reader)
    metadata = dict(draft.metadata)
    if kind in _SENT:
        metadata |= article.metadata
        draft = replace(
            draft,
            title=article.title,
            author=article.author or draft.author,
            published=article.published or draft.published,
            language=article.language or draft.language,
        )
    elif kind not in RECORDS and is_web(article.source) and "url" in article.metadata:
        metadata["url"] = _own_address(draft, article) if kind is Format.HTML else article.metadata["url"]
    return replace(draft, article_id=article.article_id, metadata=metadata)


def _own_address(draft: Draft, article: Article) -> str:
    """That a page names as its own, else the one where it was found."""
    known = article.metadata["url"]
    try:
        return address_of(draft.metadata["url"], known) if "url" in draft.metadata else known
    except ValueError:
        return known


def _said(draft: Draft) -> tuple[object, ...]:
    language = language_of(draft)
    said = (draft.title, draft.author, draft.published, language, dict(draft.metadata))
    return (text_sha(draft.text), *said)


def _said_of(article: Article) -> tuple[object, ...]:
    said = (article.title, article.author, article.published, article.language, dict(article.metadata))
    return (article.text_sha, *said)
