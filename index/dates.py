"""Dates and periods in a sentence, as intervals of days: 20 March 2026, March 2026, Q1 2026, 2025-2026, last year."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import regex

from citewell.corpus.article import Span
from citewell.index.units import AFTER

MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "januari februari maart april mei juni juli augustus september oktober november december",
    )
    for number, name in enumerate(names.split(), 1)
} | {"sept": 9}
_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b(?:\.(?=\s\d))?"
_YEAR = r"(?P<year>1\d{3}|20\d{2})(?!\d|[.,]\d|%)"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|e)?"
_QUARTERS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "eerste": 1,
    "tweede": 2,
    "derde": 3,
    "vierde": 4,
}
_ORDINAL = rf"(?P<ordinal>{'|'.join(_QUARTERS)})"
_OF_YEAR = rf",?\s(?:of\s|in\s|van\s|fiscal\s)*{_YEAR}"
_INTRODUCES = "in since until till before after during early mid late year spring summer autumn winter sinds vóór jaar begin eind"
_MAY_INTRODUCE = (
    "of by from for to season end vanaf tot tegen voor na uit van as and en fiscal through including"
)
_AMOUNT = rf"(?!\s?-?[a-z]+s\b|{AFTER.pattern})"  # for 1500 euros, to 2000 people
_FORMS = [
    rf"{_YEAR}-(?P<month_number>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?(?![\d-])",
    rf"{_DAY}\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?",
    rf"{_MONTH}\s{_DAY}(?![\d.,]*\d|\s?%)(?:,?\s{_YEAR})?",
    rf"{_MONTH},?\s(?:of\s)?{_YEAR}",
    rf"(?:q(?P<quarter>[1-4])|{_ORDINAL}\s(?:quarter|kwartaal))(?:{_OF_YEAR})?",
    rf"{_YEAR}\sq(?P<quarter>[1-4])",
    rf"(?:h(?P<half>[12])|{_ORDINAL}\s(?P<half_a_year>half|helft)){_OF_YEAR}",
    r"(?P<decade>1\d{2}0|20\d0)s\b",
    rf"{_YEAR}\s?[-–/]\s?(?P<until>(?:1\d|20)\d{{2}}|\d{{2}})(?!\d|-)",
    r"(?P<relative>last|past|previous|this|next|vorig|afgelopen|dit|volgend)\s(?:year|jaar)\b(?!\s\d)",
    rf"{_YEAR}(?=\s(?:season|seizoen|edition|editie)\b)",
    rf"(?:(?<=\b(?:{'|'.join(_INTRODUCES.split())})\s)|(?<=\())(?:{_MONTH}(?!\s?\d)|{_YEAR}(?!\s?[%$€]))",
    rf"(?<=\b(?:{'|'.join(_MAY_INTRODUCE.split())})\s)(?:{_MONTH}(?!\s?\d)|{_YEAR}{_AMOUNT})",
    r"(?P<year>1[89]\d{2}|20\d{2})(?![\d.,]*\d|\s?%|\s?[-–]?\s?[\p{L}\d])",
]  # fmt: skip
_PATTERN = regex.compile(rf"\b(?<![_#$€£]|[\p{{L}}\d][-‑.,/])(?:{'|'.join(_FORMS)})")
_HINT = regex.compile(rf"\d{{4}}|\bq[1-4]|year|jaar|quarter|kwartaal|\b(?:{'|'.join(MONTHS)})\b")
_LIMITS = {
    **dict.fromkeys(("by", "until", "till", "before", "no later than", "tegen", "vóór", "uiterlijk in", "uiterlijk op", "tot"), "to"),
    **dict.fromkeys(("since", "after", "from", "sinds", "vanaf", "na"), "from"),
}  # fmt: skip
_BEFORE = regex.compile(
    rf"\b(?P<limit>{'|'.join(sorted(_LIMITS, key=len, reverse=True))})\s(?:(?:the|het|end\sof|eind)\s)*$"
)
_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}  # keeps the length of any text


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both in; `span` is what was said of it."""

    span: Span
    first: date
    last: date
    limit: str = ""  # "to": by or until the period; "from": since or after it

    def overlaps(self, other: "Period") -> bool:
        return self.reach[0] <= other.reach[1] and other.reach[0] <= self.reach[1]

    @property
    def reach(self) -> tuple[date, date]:
        """With the limit: everything until it, or everything since."""
        return (
            date.min if self.limit == "to" else self.first,
            date.max if self.limit == "from" else self.last,
        )


def periods(text: str, published: str | None) -> tuple[Period, ...]:
    """In the order of the text. A day or month without a year is the nearest to the date of publication, or left out."""
    return tuple(_periods(text, published))


def published_on(published: str | None) -> Period | None:
    """The period that a date of publication leaves open: 2026, 2026-03 or 2026-03-20."""
    if published is None:
        return None
    year, *rest = (int(part) for part in published.split("-"))
    first, last = _days(year, rest[0] if rest else None, rest[1] if len(rest) > 1 else None)
    return Period(Span(0, 0), first, last)


def _periods(text: str, published: str | None) -> Iterator[Period]:
    text = text.translate(_LOWER)
    if not _HINT.search(text):
        return
    for match in _PATTERN.finditer(text):
        try:
            first, last = _resolve(
                {name: said for name, said in match.groupdict().items() if said}, published
            )
        except (ValueError, OverflowError):  # 31 June, or a month without any year
            continue
        before = _BEFORE.search(text, max(0, match.start() - 24), match.start())
        yield Period(Span(*match.span()), first, last, _LIMITS[before["limit"]] if before else "")


def _resolve(said: dict[str, str], published: str | None) -> tuple[date, date]:
    """First and last day. Raises ValueError where a year is missing and no date of publication helps."""
    if "decade" in said:
        return date(int(said["decade"]), 1, 1), date(int(said["decade"]) + 9, 12, 31)
    if "until" in said:
        begin, until = said["year"], said["until"]
        end = int(until if len(until) == 4 else begin[:2] + until)
        if end < int(begin):
            raise ValueError(until)
        return date(int(begin), 1, 1), date(end, 12, 31)
    if "relative" in said:
        shift = {"this": 0, "dit": 0, "next": 1, "volgend": 1}.get(said["relative"], -1)
        year = _origin(published).year + shift
        return date(year, 1, 1), date(year, 12, 31)
    month = MONTHS[said["month"]] if "month" in said else int(said.get("month_number", "0"))
    day = int(said["day"]) if "day" in said else None
    if "quarter" in said or "half" in said or "ordinal" in said:
        number = int(said.get("quarter") or said.get("half") or _QUARTERS[said["ordinal"]])
        return _part(number, 6 if "half" in said or "half_a_year" in said else 3, said, published)
    if "year" in said:
        return _days(int(said["year"]), month or None, day)
    origin = _origin(published)
    near = (_days(origin.year + shift, month, day) for shift in (-1, 0, 1))
    return min(near, key=lambda days: abs(days[0] - origin))


def _part(number: int, months: int, said: dict[str, str], published: str | None) -> tuple[date, date]:
    """A quarter or half of a year."""
    year = int(said["year"]) if "year" in said else _origin(published).year
    first, last = 1 + months * (number - 1), months * number
    return _days(year, first, None)[0], _days(year, last, None)[1]


def _origin(published: str | None) -> date:
    period = published_on(published)
    if period is None:
        raise ValueError("no date of publication")
    return period.first


def _days(year: int, month: int | None, day: int | None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if day is not None:
        return date(year, month, day), date(year, month, day)
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
