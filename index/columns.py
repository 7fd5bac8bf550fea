"""The columns of a table's row, by which a bare number in a cell is understood."""

from collections.abc import Sequence

import regex

from citewell.corpus.article import Span

Columns = Sequence[tuple[Span, str]]  # each cell with the name of its column
_CELL = regex.compile(r"[^|]+")


def columns_of(text: str, header: str | None) -> Columns:
    """None if the text is no row of a table."""
    if not header or not text.startswith("|"):
        return []
    names = (name[0].strip() for name in _CELL.finditer(header))
    return [(Span(*cell.span()), name) for cell, name in zip(_CELL.finditer(text), names, strict=False)]


def name_at(start: int, columns: Columns) -> str | None:
    """The name of the column that a place in the row is in."""
    return next((name for cell, name in columns if cell.start <= start < cell.end), None)
