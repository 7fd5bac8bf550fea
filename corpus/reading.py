"""From files to drafts: which reader takes a file, and why it cannot be read when it cannot."""

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import BinaryIO, Protocol

import regex

from citewell.corpus.ahead import ahead
from citewell.corpus.article import LONGEST_LINE, Draft, is_web
from citewell.corpus.children import LIMITS, Children, Limits
from citewell.corpus.errors import BadInput, UnreadableFile
from citewell.corpus.finding import Refused, opened
from citewell.corpus.language import guess_language
from citewell.corpus.originals import sha_of
from citewell.corpus.reader import ISOLATED, RECORDS, reader_of
from citewell.corpus.records import Mapped, Record, records
from citewell.corpus.sniff import HEAD, SUFFIXES, Format, format_of
from citewell.corpus.text import as_source, escaped, normalise

_AT_ONCE = 2  # files that are waited for while others are stored
ONLY_A_SUMMARY = (
    "a summary, not the whole text; to read the page that it links to: citewell sync ADDRESS_OF_THE_FEED"
)
_READABLE_ID = regex.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Reading:
    """One article: its place, as a report names it, its source, a draft, and the bytes that it was made of.

    One that is to follow a revision is not stored when the article has another by then.
    """

    place: str
    source: str
    draft: Draft
    original: bytes
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class Unmodified:
    """A place whose article, which the library holds in that revision, is as it was: nothing was read."""

    place: str
    article_id: str
    revision: int


Found = Reading | Refused | Unmodified


class Readable(Protocol):
    """What gives one article and is no file, as a page of the web; never raises for what it is."""

    def read(self, children: Children) -> Found: ...


Item = Path | Refused | Readable


def read_all(
    files: Iterable[Path | Refused], mapped: Mapped | None = None, limits: Limits = LIMITS
) -> Generator[Reading | Refused, None, None]:
    """Every article of the files, in order, a few files ahead of who takes them; in their places what is refused."""
    with closing(read_each(files, mapped, limits)) as found:
        for _, each in found:
            if not isinstance(each, Unmodified):  # which no file is
                yield each


def read_each(
    files: Iterable[Item], mapped: Mapped | None = None, limits: Limits = LIMITS
) -> Generator[tuple[Item, Found], None, None]:
    """The same, each with the file that it is of; what a file gives comes together."""

    def read(file: Item) -> Iterable[tuple[Item, Found]]:
        if isinstance(file, Path | Refused):
            return zip(repeat(file), _read_file(file, mapped or {}, children))
        return [(file, file.read(children))]

    with ThreadPoolExecutor(_AT_ONCE) as threads, Children(limits) as children:
        for found in ahead(threads, read, files, _AT_ONCE + 1, _is_waited_for):
            yield from found


def _is_waited_for(file: Item) -> bool:
    """Whether it is read elsewhere, in a child process or from a site, as far as its name tells."""
    kind = SUFFIXES.get(file.suffix.lower()) if isinstance(file, Path) else None
    return not isinstance(file, Refused) and (kind is None or kind in ISOLATED)


def read_file(path: Path, limits: Limits = LIMITS) -> Draft:
    """The one article of a file. Raises UnreadableFile with the reason."""
    for found in read_all([path], limits=limits):
        if isinstance(found, Refused):
            raise UnreadableFile(path, found.reason)
        return found.draft
    raise UnreadableFile(path, "no article in it")


def read_bytes(content: bytes, name: str, children: Children) -> Draft:
    """One article that is at hand; its name may show its format. Raises ValueError with the reason."""
    if len(content) > children.limits.article:
        raise ValueError(too_large(len(content), children.limits))
    if not content.strip():
        raise ValueError("empty file")
    kind = format_of(content[:HEAD], name)
    stem = " ".join(normalise(Path(name).stem).split()) or "untitled"
    if kind in RECORDS or kind is Format.FEED:
        raise ValueError(f"{kind}, of many articles; add it as a file")
    return read_as(kind, content, stem, children)


def read_as(kind: Format, content: bytes, title: str, children: Children) -> Draft:
    """One article of a format; the title is for one that says none. Raises ValueError with the reason."""
    read = children.read if kind in ISOLATED else _read_here
    return checked(read(kind, content, title), content)


def too_large(size: int, limits: Limits) -> str:
    return f"{size:,} bytes; an article has at most {limits.article:,} (max_article_bytes)"


def _read_here(kind: Format, content: bytes, name: str) -> Draft:
    return reader_of(kind)(content, name)


def checked(draft: Draft, content: bytes) -> Draft:
    if not draft.text.strip():
        raise ValueError("no text in it")
    return replace(draft, title=draft.title[:LONGEST_LINE], original_sha=sha_of(content))


def _read_file(file: Path | Refused, mapped: Mapped, children: Children) -> Iterable[Reading | Refused]:
    """Never raises for what the file is; records are read as they are taken."""
    if isinstance(file, Refused):
        return [file]
    place = escaped(str(file))
    try:
        source = as_source(str(file.resolve()))
        with opened(file) as stream:
            kind = format_of(head, file.name) if (head := stream.peek(HEAD).strip()) else None
            if kind in RECORDS:
                return _read_records(file, place, source, kind, mapped, children.limits)
            content = _bytes_of(stream, children.limits)
        if kind is Format.FEED:
            return _read_feed(content, place, source, children)
        return [Reading(place, source, read_bytes(content, file.name, children), content)]
    except OSError as error:
        return [Refused(place, error.strerror or "cannot be read")]
    except (ValueError, RuntimeError) as error:  # the latter for a loop of links
        return [Refused(place, str(error))]


def _bytes_of(stream: BinaryIO, limits: Limits) -> bytes:
    before = os.fstat(stream.fileno())
    if before.st_size > limits.article:
        raise ValueError(too_large(before.st_size, limits))
    content = stream.read(limits.article + 1)
    _check_unchanged(before, stream)
    return content


def _check_unchanged(before: os.stat_result, stream: BinaryIO) -> None:
    now = os.fstat(stream.fileno())
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise ValueError("it changed while it was read; add it again")


def _read_records(
    file: Path, place: str, source: str, kind: Format, mapped: Mapped, limits: Limits
) -> Iterator[Reading | Refused]:
    found = False
    try:
        with opened(file) as stream:
            before = os.fstat(stream.fileno())
            for record in records(stream, file.name, kind, mapped, limits.article):
                found = True
                yield _reading_of(record, place, source)
            _check_unchanged(before, stream)
    except OSError as error:
        yield Refused(place, error.strerror or "cannot be read")
    except ValueError as error:
        yield Refused(place, str(error))
    else:
        if not found:
            yield Refused(place, "no article in it")


def _read_feed(content: bytes, place: str, source: str, children: Children) -> list[Reading | Refused]:
    """Of the entries that carry their whole text; each like a record."""
    records = (
        Record(number, entry.original.encode(), entry.draft or ONLY_A_SUMMARY)
        for number, entry in enumerate(children.read_feed(content, ""), 1)
    )
    return [_reading_of(each, place, source) for each in records] or [Refused(place, "no entry in it")]


def _reading_of(record: Record, place: str, source: str) -> Reading | Refused:
    own_place = f"{place}, record {record.number}"
    if isinstance(record.found, str):
        return Refused(own_place, record.found)
    url = record.found.metadata.get("url", "")
    own_source = url if is_web(url) else f"{source}#{record.number}"
    try:
        return Reading(own_place, own_source, checked(record.found, record.original), record.original)
    except ValueError as error:
        return Refused(own_place, str(error))


def article_id_of(draft: Draft, source: str) -> str:
    """The id that the article gives itself, else one made of its source: readable start, then a digest."""
    if draft.article_id is not None:
        if not _READABLE_ID.fullmatch(draft.article_id):
            raise BadInput(
                f"{source}: the id {draft.article_id!r} is not usable. Use letters, digits, dots, hyphens and "
                "underscores, 100 at most, a letter or digit first."
            )
        return draft.article_id
    return id_of_source(source)


def id_of_source(source: str) -> str:
    stem = regex.sub(r"[^A-Za-z0-9]+", "-", Path(source).stem).strip("-").lower()[:40] or "article"
    return f"{stem}-{hashlib.sha256(source.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def language_of(draft: Draft) -> str | None:
    """The language that the article says it is in, else the one its function words show."""
    return draft.language or guess_language(draft.text)
