"""A page of the web as an article: fetched, then read by what its content and its type say that it is."""

from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from citewell.corpus.address import address_of
from citewell.corpus.article import Draft
from citewell.corpus.children import Children
from citewell.corpus.connecting import Unfetched
from citewell.corpus.fetching import Fetched, Fetcher
from citewell.corpus.finding import Refused
from citewell.corpus.originals import sha_of
from citewell.corpus.reading import Reading, Unmodified, read_bytes
from citewell.corpus.sniff import HEAD, SUFFIXES, Format, is_sitemap, shown_format
from citewell.corpus.visit import NO_VALIDATORS, Former

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/x-rst": ".txt",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "message/rfc822": ".eml",
}
_SAYS_LITTLE = {"", "text/plain", "application/octet-stream", "binary/octet-stream", "application/x-download"}
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_WORDS = {".html", ".xhtml", ".md", ".txt", ".htm", ".markdown", ".text"}


class Page:
    """One address to be read, once. The article's source is that address, wherever it redirects to."""

    def __init__(self, address: str, fetcher: Fetcher, former: Former | None = None) -> None:
        self.address, self._fetcher, self._former = address, fetcher, former
        self.validators, self.sha = NO_VALIDATORS, ""  # of what was read
        self.is_gone = False

    def read(self, children: Children) -> Reading | Refused | Unmodified:
        former = self._former
        try:
            validators = former.validators if former else NO_VALIDATORS
            fetched = self._fetcher.fetch(self.address, children.limits.article, validators)
            if former and (fetched is None or sha_of(fetched.content) == former.sha):
                self.validators, self.sha = fetched.validators if fetched else validators, former.sha
                return Unmodified(self.address, former.article_id, former.revision)
            assert fetched is not None
            content = in_utf8(fetched)
            draft = draft_of(fetched, content, children)
            self.validators, self.sha = fetched.validators, sha_of(fetched.content)
            return Reading(self.address, self.address, draft, content)
        except ValueError as error:
            self.is_gone = isinstance(error, Unfetched) and error.gone
            return Refused(self.address, str(error))


def draft_of(fetched: Fetched, content: bytes, children: Children) -> Draft:
    """Its id is always made of its address: a page does not choose which article it takes the place of.

    Raises ValueError with the reason why it cannot be read.
    """
    if is_sitemap(content[:HEAD]):
        raise ValueError("a sitemap, of many articles; to mirror them: citewell sync ADDRESS")
    if shown_format(content[:HEAD], "") is Format.FEED:
        raise ValueError("a feed, of many articles; to mirror them: citewell sync ADDRESS")
    draft = read_bytes(content, _name(fetched, content), children)
    said = draft.metadata.get("url", "")
    try:
        own = address_of(said, fetched.address) if said else fetched.address
    except ValueError:
        own = fetched.address
    return replace(draft, article_id=None, metadata={**draft.metadata, "url": own})


def in_utf8(fetched: Fetched) -> bytes:
    """Words whose charset nothing but a header says become UTF-8, since their bytes alone could not be read again."""
    content, charset = fetched.content, fetched.charset
    if _suffix(fetched) not in _WORDS or content.startswith(_BYTE_ORDER_MARKS):
        return content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return content.decode(charset).encode("utf-8") if charset else content
        except (LookupError, UnicodeError, ValueError):
            return content
    return content


def _name(fetched: Fetched, content: bytes) -> str:
    """As of a file: the last part of the path, with an ending that says what its type says."""
    url = urlsplit(fetched.address)
    stem = PurePosixPath(unquote(url.path)).stem or url.hostname or "page"
    suffix = _suffix(fetched)
    if suffix is None and shown_format(content[:HEAD], "") is None:
        raise ValueError(f"{fetched.media_type[:60]}, which is no article")
    return stem + (suffix or "")


def _suffix(fetched: Fetched) -> str | None:
    """None for a type that only the content can make good."""
    own = PurePosixPath(unquote(urlsplit(fetched.address).path)).suffix.lower()
    if fetched.media_type in _SUFFIXES:
        return _SUFFIXES[fetched.media_type]
    if fetched.media_type in _SAYS_LITTLE:
        return own if own in SUFFIXES else ".txt" if fetched.media_type == "text/plain" else ""
    return None
