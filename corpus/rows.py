"""Rows of the database as values. Raises CorruptLibrary for a row that no writer wrote."""

import json
from typing import Any

from citewell.corpus.article import Article, Passage, Span
from citewell.corpus.errors import CorruptLibrary

ARTICLE_COLUMNS = (
    "article_id, source, number, text_sha, title, author, published, language, metadata, recorded_at, "
    "original_sha, reader"
)


def article_of(row: tuple[Any, ...]) -> Article:
    article_id, source, number, sha, title, author, published, language, metadata, *recorded = row
    try:
        said = json.loads(metadata)
    except ValueError:
        raise CorruptLibrary(
            f"The metadata of article {article_id!r} is damaged. Add the article again."
        ) from None
    return Article(article_id, source, number, sha, title, author, published, language, said, *recorded)


def passage_of(row: tuple[Any, ...]) -> Passage:
    start, end, heading, header_start, header_end, found = row
    try:
        sentences = tuple(Span(int(s), int(e)) for s, e in json.loads(found))
    except (ValueError, TypeError):
        raise CorruptLibrary(
            f"The spans of a passage {start}-{end} are damaged. Cut it again: citewell rebuild"
        ) from None
    header = None if header_start is None else Span(header_start, header_end)
    return Passage(Span(start, end), heading, header, sentences)
