"""What a cited sentence claims: each figure with its attribute and period, and whether it is a forecast, part or change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from citewell.corpus.article import Span
from citewell.index import cues
from citewell.index.attributes import attribute_of
from citewell.index.columns import columns_of, name_at
from citewell.index.dates import Period, periods
from citewell.index.names import Word, names_of, numbered, words_of
from citewell.index.quantities import quantities
from citewell.index.quantity import Quantity
from citewell.index.units import MONEY

_BREAK = regex.compile(
    r"\([^()]{0,24}\)(*SKIP)(*FAIL)|[;:()|]|,(?!\d)|\s[–—-]\s|\b(?:so that|while|whereas|but|although|though|which|who|whose|because|when|before|if|"
    r"maar|terwijl|zodat|waarbij|omdat|toen|wanneer)\b"
)
_ASIDE = 5  # words at most: "In 2024," and ", in February," date the whole sentence
_NEAR = 4  # words between "grew" and its figure


@dataclass(frozen=True, slots=True)
class Statement:
    """A cited sentence with what it stands under; a row of a table comes with the names of its columns."""

    text: str
    article: str = ""
    revision: int = 1
    title: str = ""
    heading: str | None = None
    header: str | None = None
    published: str | None = None  # ISO 8601
    language: str | None = "en"


@dataclass(frozen=True, slots=True)
class Scan:
    """The figures of a statement, before anything is made of them."""

    statement: Statement
    dates: tuple[Period, ...]
    figures: tuple[Quantity, ...]


Contrasts = Mapping[int, frozenset[int]]  # men or women, input or output: group and what is said of it


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure and what its clause says of it."""

    quantity: Quantity
    attribute: str | None
    is_general: bool  # of a count: its noun says no more than the attribute does, as in 600 people work
    clause: str
    periods: tuple[Period, ...]
    weekdays: frozenset[int]
    mood: str  # forecast, future, past or nothing
    time: str  # now, then or nothing
    change: bool
    part: bool
    together: bool
    contrasts: Contrasts  # of the clause


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement, read once for all that it is compared with."""

    statement: Statement
    claims: tuple[Claim, ...]
    names: frozenset[str]
    words: frozenset[str]  # words and names of the sentence and of what it stands under
    contrasts: Contrasts


def scan(statement: Statement) -> Scan:
    dates = periods(statement.text, statement.published)
    return Scan(statement, dates, quantities(statement.text, statement.language, dates, statement.header))


def read(scanned: Scan) -> Reading:
    """A sentence without figures is not read further."""
    statement, dates, figures = scanned.statement, scanned.dates, scanned.figures
    text, language = statement.text, statement.language
    if not figures:
        return Reading(statement, (), frozenset(), frozenset(), {})
    words, around = words_of(text), words_of(above(statement))
    free = [word for word in words if not any(_is_in(word, figure.span) for figure in figures)]
    return Reading(
        statement,
        tuple(_claims(statement, words, free, figures, dates)),
        frozenset(names_of(free, words[0].start, language)),
        frozenset(word.lower for word in (*words, *around)).union(numbered(words), numbered(around)),
        _contrasts(free),
    )


def above(statement: Statement) -> str:
    """What the sentence stands under."""
    return " ".join(filter(None, (statement.title, statement.heading, statement.header)))


def _claims(
    statement: Statement,
    words: Sequence[Word],
    free: Sequence[Word],
    figures: Sequence[Quantity],
    dates: Sequence[Period],
) -> Iterator[Claim]:
    """`free` are the words outside the figures."""
    text = statement.text.lower()
    if len(text) != len(statement.text):  # İ becomes two characters, and offsets would not fit
        text = statement.text
    clauses = _clauses(text)
    asides = [
        date
        for date in dates
        for clause in clauses
        if _is_in(date.span, clause) and sum(_is_in(word, clause) for word in words) <= _ASIDE
    ]
    columns = columns_of(text, statement.header)
    for figure in figures:
        clause = next(clause for clause in clauses if _is_in(figure.span, clause))
        inside, column = clause.of(text), name_at(figure.span.start, columns) or ""
        before, after = text[clause.start : figure.span.start], text[figure.span.end : clause.end]
        near = [word for word in words if _is_in(word, clause)]
        said = [d for d in dates if d.span != figure.span and (_is_in(d.span, clause) or d in asides)]
        attribute = _attribute(figure, near, column)
        yield Claim(
            figure,
            attribute,
            _is_general(figure, words, column, attribute),
            f"{inside} {column}",
            tuple(said) or periods(f"{column} ({statement.title})", statement.published),
            frozenset(cues.WEEKDAYS[word.lower] for word in near if word.lower in cues.WEEKDAYS),
            _mood(inside),
            "now" if cues.NOW.search(inside) else "then" if cues.THEN.search(text) else "",
            _is_change(before, after),
            _is_part(figure, text[: clause.end], before, after),
            cues.SUM.search(inside) is not None,
            _contrasts(word for word in free if _is_in(word, clause)),
        )


def _clauses(text: str) -> list[Span]:
    """They tile the text; a break belongs to the clause that it begins."""
    starts = [0, *(match.start() for match in _BREAK.finditer(text) if match.start())]
    return [Span(*ends) for ends in pairwise([*starts, len(text) + 1])]


def _is_in(inner: Span | Word, outer: Span) -> bool:
    return outer.start <= inner.start < outer.end


def _attribute(figure: Quantity, near: Sequence[Word], column: str) -> str | None:
    """Of the nearest word that has one; the name of a column goes before the words of the cell."""
    for word in column.lower().split():
        if of_column := attribute_of(word, figure.unit):
            return of_column
    found = [
        (_distance(word, figure.span), name)
        for word in near
        if word.said.islower() and (name := attribute_of(word.lower, figure.unit)) is not None
    ]
    return min(found)[1] if found else None


def _is_general(figure: Quantity, words: Sequence[Word], column: str, attribute: str | None) -> bool:
    inside = [word.lower for word in words if _is_in(word, figure.span)] + column.lower().split()
    return any(word in cues.PEOPLE or attribute_of(word, figure.unit) == attribute for word in inside)


def _distance(word: Word, span: Span) -> int:
    """Characters between them."""
    return (
        span.start - word.start - len(word.said) if word.start < span.start else max(0, word.start - span.end)
    )


def _contrasts(words: Iterable[Word]) -> Contrasts:
    found = {cues.CONTRASTS[word.lower] for word in words if word.lower in cues.CONTRASTS}
    return {group: frozenset(kind for of, kind in found if of == group) for group, _ in found}


def _mood(clause: str) -> str:
    moods = (("forecast", cues.FORECAST), ("future", cues.FUTURE), ("past", cues.PAST))
    return next((mood for mood, words in moods if words.search(clause)), "")


def _is_change(before: str, after: str) -> bool:
    """Grew by 12, grew 12, 12 higher; but what grew to 12 is 12."""
    if cues.CHANGED.match(after):
        return True
    if cues.TO.search(before) or cues.FROM.search(before):
        return False
    if cues.BY.search(before):
        return cues.CHANGE.search(before) is not None
    return cues.CHANGE.search(" ".join(before.split()[-_NEAR:])) is not None


def _is_part(figure: Quantity, text: str, before: str, after: str) -> bool:
    return (
        cues.PART.search(before) is not None
        or cues.MORE.match(after) is not None
        or (figure.unit in MONEY and cues.OF_WHOLE.match(after) is not None)
        or cues.OF_THEM.search(text, figure.span.start, figure.span.end) is not None
        or cues.PART_OF_THEM.match(text) is not None
    )
