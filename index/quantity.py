"""A figure or date as a value: exact, with the interval that it claims and the place where it stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from citewell.corpus.article import Span

COUNT, DATE, SCORE = "count", "date", "score"  # units beside those of units.py


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure and the interval that it claims, in base units; a date in days since the year 1, a score as its ends."""

    span: Span  # with "about" and the unit
    value: Decimal
    low: Decimal
    high: Decimal
    unit: str
    nouns: tuple[str, ...] = ()  # of a count: terms of what is counted
    per: str = ""  # year, million input tokens

    @property
    def written(self) -> str:
        """The value for a program: 35000000000, 2026-03-05, 2026-03-01/2026-03-31 or ../2027-06-30, 3-1."""
        if self.unit == SCORE:
            return f"{self.high}-{self.low}"
        if self.unit == DATE:
            first, last = (date.fromordinal(int(day)) for day in (self.low, self.high))
            ends = (
                "" if first == date.min else first.isoformat(),
                "" if last == date.max else last.isoformat(),
            )
            return ends[0] if ends[0] == ends[1] else "/".join(end or ".." for end in ends)
        return f"{self.value.normalize():f}"

    def agrees(self, other: "Quantity") -> bool:
        """Whether both can be true of one thing."""
        if self.unit == SCORE:
            return (self.low, self.high) == (other.low, other.high)
        return self.low <= other.high and other.low <= self.high
