"""Which format a file has: what its first bytes show goes before what its name says."""

from enum import StrEnum
from pathlib import PurePath

import regex


class Format(StrEnum):
    PLAIN = "plain text"
    MARKDOWN = "Markdown"
    HTML = "HTML"
    PDF = "PDF"
    EPUB = "EPUB"
    DOCX = "DOCX"
    MAIL = "mail"
    JSON_LINES = "JSON lines"
    CSV = "CSV"
    FEED = "a feed"
    SITEMAP = "a sitemap"  # of addresses only: no file of articles


SUFFIXES = {
    ".txt": Format.PLAIN,
    ".text": Format.PLAIN,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".pdf": Format.PDF,
    ".epub": Format.EPUB,
    ".docx": Format.DOCX,
    ".eml": Format.MAIL,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
}
HEAD = 65_536  # bytes that a format shows itself in

_CONTAINERS = {Format.PDF, Format.EPUB, Format.DOCX}
_NOT_READ = (
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\0", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!\x1a\x07", "a rar archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office file of before 2007; save it as DOCX or PDF"),
    (b"{\\rtf", "RTF; save it as DOCX or PDF"),
    (b"\x89PNG", "a picture; run text recognition first"),
    (b"\xff\xd8\xff", "a picture; run text recognition first"),
    (b"GIF8", "a picture; run text recognition first"),
    (b"SQLite format 3\0", "a database"),
)
_PAGE = regex.compile(r"(?i)<(?:!doctype\s+html|html|head|body)\b")
_XML = regex.compile(r"(?i)<\?xml\b")
_ELEMENT = regex.compile(r"<(?P<name>[A-Za-z][\w:.-]*)")
_FEED = regex.compile(
    r"<(?:rss\b|(?:\w+:)?feed\b[^>]*http://www\.w3\.org/2005/Atom|\w+:RDF\b[^>]*http://purl\.org/rss/1\.0/)"
    r'|\{[^{}]*"https?:\\?/\\?/jsonfeed\.org\\?/version'
)
_SITEMAP = regex.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)\b")
_BEFORE_ELEMENT = regex.compile(
    r"(?si)\s*(?:<!--.*?-->\s*|<\?.*?\?>\s*|<!DOCTYPE\s+(?!html\b)[^\[>]*(?:\[.*?\]\s*)?>\s*)*+"
)
_FRONT_MATTER = regex.compile(r"---[ \t]*\r?\n")
_OBJECT = regex.compile(r'\{\s*"')
_MAIL_HEAD = regex.compile(r"(?:[A-Za-z][A-Za-z-]*:[ \t][^\n]*\n(?:[ \t][^\n]*\n)*)+")
_MAIL_FIELDS = (regex.compile(r"(?mi)^from: "), regex.compile(r"(?mi)^(?:subject|date|message-id): "))


def format_of(head: bytes, name: str) -> Format:
    """Raises ValueError with the reason for what no reader takes."""
    suffix = PurePath(name).suffix.lower()
    if shown := shown_format(head, suffix):
        return shown
    named = SUFFIXES.get(suffix)
    if named in _CONTAINERS:
        raise ValueError(f"no {named}, whatever its name says")
    return named or _format_of_words(_words(head))


def shown_format(head: bytes, suffix: str) -> Format | None:
    """What the first bytes show beyond doubt. Raises ValueError for an archive, a picture and the like."""
    if head.lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head[:1024]):
        return Format.PDF
    if head.startswith(b"PK\x03\x04"):
        if head[30:].startswith(b"mimetypeapplication/epub+zip") or suffix == ".epub":
            return Format.EPUB
        if b"word/" in head or suffix == ".docx":
            return Format.DOCX
        raise ValueError("a zip archive; unpack it first")
    for start, reason in _NOT_READ:
        if head.startswith(start):
            raise ValueError(reason)
    words = _words(head)
    rest = _behind_prolog(words)
    if _PAGE.match(rest):
        return Format.HTML
    if _FEED.match(rest):
        return Format.FEED
    if _SITEMAP.match(rest):
        raise ValueError("a sitemap; to mirror its pages: citewell sync ADDRESS")
    if _XML.match(words.lstrip()) and suffix not in (".xhtml", ".html", ".htm"):
        element = _ELEMENT.match(rest)
        raise ValueError(f"XML of another kind than a page ({element['name'] if element else 'no element'})")
    return None


def is_sitemap(head: bytes) -> bool:
    return _SITEMAP.match(_behind_prolog(_words(head))) is not None


def _behind_prolog(words: str) -> str:
    opening = _BEFORE_ELEMENT.match(words)
    return words[opening.end() if opening else 0 :][:4000]


def _words(head: bytes) -> str:
    return head.decode("utf-8", "replace").lstrip("\ufeff")


def _format_of_words(words: str) -> Format:
    """Of a file whose name says nothing."""
    if _OBJECT.match(words):
        return Format.JSON_LINES
    if _FRONT_MATTER.match(words):
        return Format.MARKDOWN
    mail = _MAIL_HEAD.match(words.replace("\r\n", "\n"))
    if mail and all(field.search(mail[0]) for field in _MAIL_FIELDS):
        return Format.MAIL
    return Format.PLAIN
