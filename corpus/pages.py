"""The pages of texts: where each page starts, kept for a text as it was read from certain bytes.

Two sources may have one text and not the same pages.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from citewell.corpus.article import Article, Span
from citewell.corpus.database import Database, Place, Transaction
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.rows import with_digest

_COLUMNS = "text_sha, original_sha, starts, digest"


def put_pages(db: Transaction, text_sha: str, original_sha: str, starts: Sequence[int]) -> None:
    """Within a transaction, in place of what was kept before; no row for a text without pages."""
    of_text = "FROM pages WHERE text_sha = ? AND original_sha = ?"
    known = db.execute(f"SELECT {_COLUMNS} {of_text}", (text_sha, original_sha)).fetchone()
    row = with_digest(text_sha, original_sha, json.dumps(list(starts), separators=(",", ":")))
    if known and not (starts and tuple(known) == row):
        db.execute(f"DELETE {of_text}", (text_sha, original_sha))
        known = None
    if starts and not known:
        db.execute("INSERT INTO pages VALUES (?, ?, ?, ?)", row)


def drop_pages(db: Transaction, text_sha: str) -> None:
    """Of a text, those that no revision was read with."""
    db.execute(
        "DELETE FROM pages WHERE text_sha = ? AND NOT EXISTS (SELECT 1 FROM revisions "
        "WHERE revisions.text_sha = pages.text_sha AND revisions.original_sha = pages.original_sha)",
        (text_sha,),
    )


def pages_of(database: Database, article: Article) -> tuple[int, ...]:
    """Where the pages of a revision's text start; none if it has no pages. Raises CorruptLibrary if that is damaged."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM pages WHERE text_sha = ? AND original_sha = ?",
        article.text_sha,
        article.original_sha,
    )
    return _starts_of(rows[0], database.place) if rows else ()


def pages_in(article: Article, starts: object, digest: object, place: Place) -> tuple[int, ...]:
    """The same from the cells of its row, which are None if there is none."""
    if starts is None and digest is None:
        return ()
    return _starts_of((article.text_sha, article.original_sha, starts, digest), place)


def check_pages(database: Database) -> None:
    """Raises CorruptLibrary if what is kept of the pages of any text is damaged."""
    for row in database.rows(f"SELECT {_COLUMNS} FROM pages"):
        _starts_of(row, database.place)


def _starts_of(row: tuple[Any, ...], place: Place) -> tuple[int, ...]:
    if with_digest(*row[:-1]) != row:
        raise CorruptLibrary(
            f"{place}: the pages of text {row[0][:12]} are damaged. Restore the library from a backup, or make a new one "
            "from the articles."
        )
    return tuple(json.loads(row[2]))


def pages_at(span: Span, starts: Sequence[int]) -> tuple[int, ...]:
    """The numbers of the pages that a span of a text stands on, counted from 1; none for a text without pages.

    A page without a word, which starts where the next does, holds none.
    """
    if not starts:
        return ()
    first, last = bisect_right(starts, span.start), bisect_right(starts, max(span.start, span.end - 1))
    return tuple(page for page in range(first, last + 1) if page == last or starts[page] > starts[page - 1])
