"""Rows of the database as values. Each row holds a digest of itself, since databases do not notice a bit that flips.

Raises CorruptLibrary for a row that no writer wrote.
"""

import hashlib
import json
from typing import Any

from citewell.corpus.article import Article, Change, Excluded, Passage, Span
from citewell.corpus.database import Place
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.repeated import Repeated
from citewell.corpus.sources import Source

ARTICLE_COLUMNS = (
    "article_id, source, number, text_sha, title, author, published, language, metadata, recorded_at, "
    "original_sha, reader, revisions.digest"
)
CHANGE_COLUMNS = "number, article_id, kind, revision, former, recorded_at, digest"
POINTER_COLUMNS = "id, live, articles.digest"
PASSAGE_COLUMNS = 'text_sha, start, "end", heading, header_start, header_end, sentences, digest'
REPEATED_COLUMNS = 'site, line, articles, "of", digest'
SOURCE_COLUMNS = "place, looked_at, tried_at, fault, digest"
EXCLUDED_COLUMNS = 'text_sha, start, "end", rule, NULL, NULL, NULL, digest'  # as many as of a passage


def with_digest(*cells: object) -> tuple[object, ...]:
    """The cells of a row and their digest."""
    return (*cells, hashlib.sha256(ascii(cells).encode()).hexdigest()[:16])


def article_of(row: tuple[Any, ...], place: Place) -> Article:
    article_id, source, number, sha, title, author, published, language, metadata, *recorded, _ = row
    if _is_altered(row):
        raise damaged(place, article_id)
    said = json.loads(metadata)
    return Article(article_id, source, number, sha, title, author, published, language, said, *recorded)


def live_article_of(row: tuple[Any, ...], place: Place) -> Article:
    """From the columns of the pointer, then those of the revision that it points at."""
    check_pointer(row[:3], place)
    if row[3] is None:
        raise damaged(place, row[0])
    return article_of(row[3:], place)


def check_pointer(row: tuple[Any, ...], place: Place) -> None:
    """An article's id and the number of its live revision."""
    if _is_altered(row):
        raise damaged(place, row[0])


def change_of(row: tuple[Any, ...], place: Place) -> Change:
    if _is_altered(row):
        raise damaged_changes(place)
    return Change(*row[:-1])


def damaged_changes(place: Place) -> CorruptLibrary:
    return CorruptLibrary(
        f"{place}: what it says of its changes is damaged. Restore the library from a backup, or make a new one from the "
        "articles."
    )


def keeping_of(row: tuple[Any, ...], place: Place) -> int | None:
    """How many revisions of an article are kept; None for all."""
    if _is_altered(row):
        raise CorruptLibrary(
            f"{place}: what it says of keeping revisions is damaged. Restore the library from a backup, or say it again: "
            f"citewell add --keep-revisions N --library {place.folder}"
        )
    keep: int | None = row[0]
    return keep


def passage_of(row: tuple[Any, ...], place: Place) -> Passage:
    sha, start, end, heading, header_start, header_end, sentences, _ = row
    if _is_altered(row):
        raise _damaged_spans(place, sha)
    header = None if header_start is None else Span(header_start, header_end)
    return Passage(Span(start, end), heading, header, tuple(Span(s, e) for s, e in json.loads(sentences)))


def excluded_of(row: tuple[Any, ...], place: Place) -> Excluded:
    sha, start, end, rule, *_, digest = row
    if _is_altered((sha, start, end, rule, digest)):
        raise _damaged_spans(place, sha)
    return Excluded(Span(start, end), rule)


def repeated_of(row: tuple[Any, ...], place: Place) -> Repeated:
    if _is_altered(row):
        raise CorruptLibrary(
            f"{place}: what it says of repeated lines is damaged. Find them again: citewell clean --library {place.folder}"
        )
    return Repeated(*row[:-1])


def source_of(row: tuple[Any, ...], place: Place) -> Source:
    if _is_altered(row):
        raise CorruptLibrary(
            f"{place}: what it says of mirrored sources is damaged. Restore the library from a backup."
        )
    return Source(*row[:-1])


def _is_altered(row: tuple[Any, ...]) -> bool:
    return with_digest(*row[:-1]) != row


def damaged(place: Place, article_id: object) -> CorruptLibrary:
    return CorruptLibrary(
        f"{place}: what it says of article {article_id!r} is damaged. Restore the library from a backup, or make a new "
        "one from the articles."
    )


def _damaged_spans(place: Place, sha: object) -> CorruptLibrary:
    return CorruptLibrary(
        f"{place}: the spans of text {str(sha)[:12]} are damaged. Cut it again: citewell rebuild --library {place.folder}"
    )
