"""Sources that disagree: two cited sentences that give one thing different figures. Both are shown, neither is judged.

Rules first: two figures are left alone if anything says that they are not of one thing, or not said of it in one sense.
What is left is scored by the words, names and attribute that the sentences share; there is one threshold.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from citewell.index import cues
from citewell.index.analysis import analyse
from citewell.index.assertions import Claim, Reading, Statement, above, read, scan
from citewell.index.dates import published_on
from citewell.index.quantity import COUNT, DATE, SCORE, Quantity

THRESHOLD = 0.6  # chosen on the dev half of eval/sets/disagreements.jsonl; see eval/RESULTS.md
_SUBJECT, _NAMES, _TITLE, _SAID = 0.4, 0.2, 0.1, 0.3  # weights of what is shared
_LASTING = frozenset((DATE, SCORE, "m", "m²", "m³", "kg"))  # what hardly changes between two publications
_LONG = timedelta(days=180)  # between two publications: a level may have changed
Idf = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Difference:
    """The figures in which two statements differ; `score` is 0 to 1."""

    a: Quantity
    b: Quantity
    score: float


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation's quote as a statement, and where the quote begins in the article's text, in code points."""

    rank: int
    start: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class Figure:
    """text[start:end] of the article's text is the figure as said; `value` is in the base unit."""

    rank: int
    start: int
    end: int
    text: str
    value: str  # 35000000000; 2026-03-05 or 2026-03-01/2026-03-31; 3-1
    unit: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two citations side by side; which of them is right is not said."""

    a: Figure
    b: Figure


def disagreements(cited: Sequence[Cited], idf: Idf) -> tuple[Disagreement, ...]:
    """At most one for each two citations, in the order that they are given in. `idf` is of an analysed term."""
    scans = [(citation, scan(citation.statement)) for citation in cited]
    units = Counter(unit for _, found in scans for unit in {figure.unit for figure in found.figures})
    readings = [
        (citation, read(found))
        for citation, found in scans
        if any(units[figure.unit] > 1 for figure in found.figures)  # else nothing can differ from it
    ]
    pairs = ((x, y, difference(a, b, idf)) for (x, a), (y, b) in combinations(readings, 2))
    return tuple(Disagreement(_figure(x, pair.a), _figure(y, pair.b)) for x, y, pair in pairs if pair)


def _figure(cited: Cited, quantity: Quantity) -> Figure:
    said, start = quantity.span.of(cited.statement.text), cited.start
    return Figure(
        cited.rank,
        start + quantity.span.start,
        start + quantity.span.end,
        said,
        quantity.written,
        quantity.unit,
    )


def difference(a: Reading, b: Reading, idf: Idf) -> Difference | None:
    """The best pair of figures that differ, if its score reaches the threshold; of equals the first in the text."""
    found = [Difference(x.quantity, y.quantity, _score(a, b, x, y, idf)) for x, y in _candidates(a, b)]
    best = max(found, key=lambda pair: (pair.score, -pair.a.span.start, -pair.b.span.start), default=None)
    return best if best and best.score >= THRESHOLD else None


def _candidates(a: Reading, b: Reading) -> list[tuple[Claim, Claim]]:
    """Pairs of figures that no rule takes out. A figure that the other sentence confirms is in none."""
    if _are_revisions(a.statement, b.statement) or _are_of_others(a, b):
        return []
    pairs = [(x, y) for x in a.claims for y in b.claims if _is_comparable(x, y)]
    confirmed = {id(claim) for x, y in pairs if x.quantity.agrees(y.quantity) for claim in (x, y)}
    return [
        (x, y)
        for x, y in pairs
        if not {id(x), id(y)} & confirmed
        and _is_one_sense(x, y)
        and not _is_contrasted(a, b, x, y)
        and _is_one_time(a, b, x, y)
        and _is_only(x, a)
        and _is_only(y, b)
    ]


def _are_revisions(a: Statement, b: Statement) -> bool:
    return a.article == b.article and a.revision != b.revision


def _are_of_others(a: Reading, b: Reading) -> bool:
    """Each has a name that the other lacks."""
    return bool(a.names - b.words and b.names - a.words)


def _is_comparable(x: Claim, y: Claim) -> bool:
    """The same unit and no other attribute; of dates one event, of counts one thing counted."""
    one, other = x.quantity, y.quantity
    if one.unit != other.unit or one.per != other.per:
        return False
    is_one = x.attribute is not None and x.attribute == y.attribute
    if one.unit == COUNT and one.nouns != other.nouns:
        return is_one and x.is_general and y.is_general
    return is_one or (None in (x.attribute, y.attribute) and one.unit != DATE)


def _is_one_sense(x: Claim, y: Claim) -> bool:
    """Neither a forecast beside a fact, nor a change beside a level, nor a part beside the whole."""
    moods = {x.mood, y.mood}
    is_foreseen_once = ("forecast" in moods and not moods <= {"forecast", "future"}) or moods == {
        "future",
        "past",
    }
    return (x.change, x.part, x.together) == (y.change, y.part, y.together) and not is_foreseen_once


def _is_contrasted(a: Reading, b: Reading, x: Claim, y: Claim) -> bool:
    """Men beside women, input beside output; or children beside nobody in particular."""
    if cues.WHO in {**x.contrasts, **y.contrasts} and not (
        cues.WHO in a.contrasts and cues.WHO in b.contrasts
    ):
        return True
    one, other = {**a.contrasts, **x.contrasts}, {**b.contrasts, **y.contrasts}
    return any(one[group].isdisjoint(other[group]) for group in one.keys() & other)


def _is_one_time(a: Reading, b: Reading, x: Claim, y: Claim) -> bool:
    """No other period, weekday or tense, and no level that may have changed from one publication to the other."""
    if x.quantity.unit == DATE:
        return True
    if x.weekdays and y.weekdays and not x.weekdays & y.weekdays:
        return False
    if {x.time, y.time} == {"now", "then"}:
        return False
    if x.periods and y.periods:
        return any(one.overlaps(other) for one in x.periods for other in y.periods)
    if x.quantity.unit in _LASTING or "past" in (x.mood, y.mood):
        return True
    one, other = published_on(a.statement.published), published_on(b.statement.published)
    return one is None or other is None or max(one.first - other.last, other.first - one.last) < _LONG


def _is_only(claim: Claim, reading: Reading) -> bool:
    """Whether no other figure of the sentence could be meant as well."""
    return not any(
        _is_comparable(claim, other)
        and _is_one_sense(claim, other)
        and not claim.quantity.agrees(other.quantity)
        for other in reading.claims
    )


def _score(a: Reading, b: Reading, x: Claim, y: Claim, idf: Idf) -> float:
    """0 to 1: how much of the subject and of what is said of it the two share."""
    one, other = a.statement, b.statement
    terms, in_a = _terms(one.text, one), _terms(f"{one.text} {above(one)}", one)
    other_terms, in_b = _terms(other.text, other), _terms(f"{other.text} {above(other)}", other)
    subject = (_covered(terms, in_b, idf) + _covered(other_terms, in_a, idf)) / 2
    is_named = bool(a.names & b.words or b.names & a.words)
    named = 1.0 if is_named else 0.0 if a.names or b.names else 0.5
    titles = _terms(one.title, one), _terms(other.title, other)
    titled = not all(titles) or titles[0] & in_b or titles[1] & in_a
    if x.attribute is not None and x.attribute == y.attribute:
        said = 1.0
    else:
        clauses = _terms(x.clause, one), _terms(y.clause, other)
        said = (_covered(*clauses, idf) + _covered(*clauses[::-1], idf)) / 2
    return round(_SUBJECT * subject + _NAMES * named + _TITLE * bool(titled) + _SAID * said, 6)


def _terms(text: str, statement: Statement) -> frozenset[str]:
    """Without numbers: they are what may differ."""
    return frozenset(term for term in analyse(text, statement.language) if not term[0].isdigit())


def _covered(terms: frozenset[str], by: frozenset[str], idf: Idf) -> float:
    """Share of their idf, 0 to 1."""
    whole = sum(idf(term) for term in sorted(terms))
    return sum(idf(term) for term in sorted(terms & by)) / whole if whole else 0.0
