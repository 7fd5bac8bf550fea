"""The figures and dates of a sentence. English and Dutch are read in full; of other languages digits, units, ISO dates."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import regex

from citewell.corpus.article import Span
from citewell.index.columns import Columns, columns_of, name_at
from citewell.index.dates import Period
from citewell.index.figures import figure, is_label
from citewell.index.numerals import NUMBER
from citewell.index.quantity import DATE, SCORE, Quantity

_SHARES = {
    "50": "half|de helft", "33.3": "(?:a|one) third|een derde", "66.7": "two[ -]thirds|twee derde",
    "25": "(?:a|one) quarter|een kwart", "75": "three[ -]quarters|driekwart",
}  # fmt: skip
_SHARE = regex.compile(rf"\b(?i:{'|'.join(f'({words})' for words in _SHARES.values())})(?=\s(?:of|van)\b)")
_SPORT = regex.compile(
    r"\b(?i:won|wins?|beat|lost|loses?|drew|draws?|ended|defeat(?:ed)?|victory|match|final|gelijk|versloeg|verloor|zege|wedstrijd)\b"
)
_SCORE = regex.compile(
    r"(?<![\w.,/–-])(\d{1,3})\s?[-–]\s?(\d{1,3})(?![\w/–-]|[.,]\d|\s?%|\s(?!win|draw|defeat|loss)\p{Ll}+s\b)"
)
_DATED = regex.compile(
    r"\b(?i:year|start|end|date|since|founded|built|open|complet|launch|period|timing|establish|born|died|jaar|begin|eind|datum|"
    r"sinds|opgericht|gebouwd|geopend)"
)


def quantities(
    text: str, language: str | None, dates: Sequence[Period] = (), header: str | None = None
) -> tuple[Quantity, ...]:
    """In the order of the text; `dates` are its periods, `header` the names of the columns if it is a row of a table."""
    columns = columns_of(text, header)
    found = [_dated(period) for period in dates if not _is_number(text, period, columns)]
    found += [
        quantity for quantity in (*_scores(text), *_shares(text)) if not _overlaps(quantity.span, found)
    ]
    found += _figures(text, language or "en", found, columns)
    return tuple(sorted(found, key=lambda quantity: quantity.span))


def _is_number(text: str, period: Period, columns: Columns) -> bool:
    """1950 alone in a cell is a year only under a name such as Start."""
    return any(
        cell.of(text).strip() == period.span.of(text) and not _DATED.search(name) for cell, name in columns
    )


def _dated(period: Period) -> Quantity:
    low, high = (Decimal(day.toordinal()) for day in period.reach)
    return Quantity(period.span, Decimal(period.first.toordinal()), low, high, DATE)


def _scores(text: str) -> Iterator[Quantity]:
    """3-1, where something was won or lost; which side had how many is not told."""
    if _SPORT.search(text):
        for match in _SCORE.finditer(text):
            low, high = sorted((Decimal(match[1]), Decimal(match[2])))
            yield Quantity(Span(*match.span()), high, low, high, SCORE)


def _shares(text: str) -> Iterator[Quantity]:
    """Half of, a third of: give or take one in a hundred."""
    for match in _SHARE.finditer(text):
        assert match.lastindex is not None
        value = Decimal(list(_SHARES)[match.lastindex - 1])
        yield Quantity(Span(*match.span()), value, value - 1, value + 1, "%")


def _overlaps(span: Span, found: Sequence[Quantity]) -> bool:
    return any(span.start < other.span.end and other.span.start < span.end for other in found)


def _figures(text: str, language: str, found: Sequence[Quantity], columns: Columns) -> Iterator[Quantity]:
    end = 0
    for match in NUMBER.get(language, NUMBER[""]).finditer(text):
        if match.start() < end or _overlaps(Span(*match.span()), found) or is_label(text, match, language):
            continue
        quantity = figure(text, match, language, name_at(match.start(), columns))
        if quantity is not None:
            end = quantity.span.end
            yield quantity
