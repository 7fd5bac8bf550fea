"""One figure: a number with what hedges it, its unit, and what is counted.

A figure claims an interval: $4.2 billion is anything that rounds to it, "about 600" a tenth more or less, "more than
500" all above.
"""

from decimal import Decimal

import regex

from citewell.corpus.article import Span
from citewell.corpus.language import FUNCTION_WORDS
from citewell.index.analysis import analyse
from citewell.index.numerals import SCALE, SECOND, number, scale
from citewell.index.quantity import COUNT, Quantity
from citewell.index.units import AFTER, BEFORE, CURRENCY, MONEY, Unit, unit

_TENTH, _INFINITY = Decimal("0.1"), Decimal("Infinity")
_HEDGES = {
    "about": "about|around|roughly|approximately|some|nearly|almost|close to|an estimated|just over|just under|ongeveer|circa|"
    "ca\\.|zo'n|rond|naar schatting|bijna|ruim|~|≈",
    "least": "more than|over|above|at least|exceeding|no fewer than|no less than|a minimum of|upwards of|meer dan|minstens|"
    "minimaal|ten minste|boven de|>|≥",
    "most": "up to|at most|less than|fewer than|under|below|no more than|a maximum of|maximaal|hoogstens|hooguit|ten hoogste|"
    "minder dan|onder de|<|≤",
    "between": "between|tussen",
}  # fmt: skip
_HEDGE = regex.compile(
    rf"(?<![\p{{L}}\d])(?i:{'|'.join(f'(?P<{hedge}>{words})' for hedge, words in _HEDGES.items())})"
    r"\s?(?:(?:the|a|an|de|een)\s)?$"
)
_MINUS = regex.compile(r"−$|(?<![\p{L}\d)])-$")
_FROM = regex.compile(r"\b(?i:from|van)\s$")
_JOIN = regex.compile(r"\s?[-–]\s?|\s(?:to|tot|à)\s|\s(?P<and>and|en)\s")
_LABEL = regex.compile(
    r"\b(?i:article|step|table|figure|fig|page|chapter|section|no|nr|number|level|phase|version|part|volume|act|line|route|top|"
    r"grade|type|class|round|stap|tabel|figuur|pagina|hoofdstuk|artikel|nummer|niveau|fase|versie|deel)\.?\s$"
)
_ITEM = regex.compile(r"\(?\d{1,3}[.)]\s")  # the mark of a list
_NAME = regex.compile(r"(?P<word>\p{Lu}[\p{L}\p{N}'’-]*)\s$")
_NO_NOUN = regex.compile(r"less|fewer|later|earlier|higher|lower|times|old|meer|minder|hoger|lager|keer")
_AGO = regex.compile(r"\s(?i:ago|earlier|geleden|eerder|later)\b")
_COUNTED = regex.compile(
    r"(?:\s(?:of|van)\s(?:(?:its|the|their|his|her|all|zijn|haar|hun|de|alle)\s)?)?(?P<words>(?:[ -]?\p{Ll}[\p{L}'’-]*)+)"
)
_MOST_NOUNS = 3
_WORD = regex.compile(r"\p{Ll}[\p{L}'’-]*")
_PLURAL = regex.compile(r"people|men|women|children|aircraft|staff|.*[^s]s|.*[^aeiou]en")
_PER = regex.compile(
    r"(?:\s\p{Ll}+){0,3}?(?:/|\s(?:per|an?|each|every)\s)(?P<per>(?:second|minute|hour|day|night|week|month|year|uur|dag|week|maand|"
    r"jaar)\b|(?<=/|\sper\s)\p{L}+(?:\s\p{L}+){0,2})"
)


def is_label(text: str, match: regex.Match[str], language: str) -> bool:
    """Numbers that name: page 14, Aurora 2, the mark of a list, a time of day."""
    start, end = match.span()
    if text[end : end + 1] == ":" and text[end + 1 : end + 2].isdigit():
        return True
    if start == 0 or text[:start].isspace() or text[:start] == "(":
        return _ITEM.match(text, start) is not None
    if _LABEL.search(text, max(0, start - 12), start):
        return True
    name = _NAME.search(text, max(0, start - 30), start)
    if name is None or match["digits"] is None or AFTER.match(text, match.end("digits")) or match["scale"]:
        return False
    if _HEDGE.search(text, max(0, start - 20), start):
        return False
    is_first = not text[: name.start()].strip('"“‘(*')
    return (
        not (is_first and name["word"].casefold() in FUNCTION_WORDS.get(language, ()))
        and len(match["digits"]) < 4
    )


def figure(text: str, match: regex.Match[str], language: str, column: str | None) -> Quantity | None:
    """What a number says; None if it has neither unit nor noun."""
    money = BEFORE.search(text, max(0, match.start() - 5), match.start())
    start = money.start() if money else match.start()
    hedge = _HEDGE.search(text, max(0, start - 20), start)
    last = _second(text, match, language, hedge)
    of, end, nouns = _unit(text, last or match, money, language, column)
    if of is None or _AGO.match(text, end):
        return None
    lettered = of.name != "m"
    value, step = number(match, language, lettered)
    if _MINUS.search(text, 0, match.start()):
        value, start = -value, start - 1
    upper, upper_step = number(last, language, lettered) if last else (value, step)
    if last and not (match["scale"] or match["letter"]):  # 10 to 12 million
        value, step = (part * scale(last) for part in (value, step))
    kind = "least" if text.startswith("+", match.end()) else hedge.lastgroup if hedge else None
    low = value - _slack(value, step, kind) if kind != "most" else -_INFINITY
    high = max(value, upper) + _slack(upper, upper_step, kind) if kind != "least" else _INFINITY
    per = _PER.match(text, end)
    span = Span(hedge.start() if hedge else start, end)
    return Quantity(
        span,
        value * of.factor,
        low * of.factor,
        high * of.factor,
        of.name,
        nouns,
        per["per"].casefold() if per else "",
    )


def _slack(value: Decimal, step: Decimal, hedge: str | None) -> Decimal:
    """What the true value may be away: half a step, at most a tenth of the value; a tenth if it is "about"."""
    return abs(value) * _TENTH if hedge == "about" else min(step / 2, abs(value) * _TENTH)


def _second(
    text: str, match: regex.Match[str], language: str, hedge: regex.Match[str] | None
) -> regex.Match[str] | None:
    """The upper end of 10 to 12 and of between 10 and 12; what goes from 10 to 12 has two values instead."""
    join = _JOIN.match(text, match.end())
    if (
        not join
        or _FROM.search(text, max(0, match.start() - 6), match.start())
        or bool(join["and"]) != bool(hedge and hedge["between"])
    ):
        return None
    money = CURRENCY.match(text, join.end())
    assert money is not None
    return SECOND.get(language, SECOND[""]).match(text, money.end())


def _unit(
    text: str, match: regex.Match[str], money: regex.Match[str] | None, language: str, column: str | None
) -> tuple[Unit | None, int, tuple[str, ...]]:
    """Unit, where it ends, and what is counted."""
    end = match.end() + text.startswith("+", match.end())
    after = AFTER.match(text, end)
    if money:
        return unit(money[0]), after.end() if after and unit(after[0]) == unit(money[0]) else end, ()
    if after:
        return unit(after[0]), after.end(), ()
    if match["letter"] == "m":
        return Unit("m"), end, ()
    if column is not None:
        return _unit_of_column(column, language, end)
    nouns, end = _counted(text, end, language)
    terms = tuple(analyse(" ".join(nouns), language))
    return (Unit(COUNT) if terms else None), end, terms


def _counted(text: str, end: int, language: str) -> tuple[list[str], int]:
    """The words for what is counted, up to the first plural, and where they end."""
    counted = _COUNTED.match(text, end)
    words = _WORD.finditer(text, counted.start("words"), counted.end("words")) if counted else iter(())
    stop = FUNCTION_WORDS.get(language, frozenset())
    nouns: list[str] = []
    first = end
    for word in words:
        if word[0].casefold() in stop or _NO_NOUN.fullmatch(word[0]) or len(nouns) == _MOST_NOUNS:
            break
        nouns.append(word[0])
        first = word.end() if len(nouns) == 1 else first
        if _PLURAL.fullmatch(word[0]):
            return nouns, word.end()
    return nouns[:1], first  # no plural: the word beside the number has to do


def _unit_of_column(column: str, language: str, end: int) -> tuple[Unit | None, int, tuple[str, ...]]:
    """Of a bare number in a table: Range (km), Price ($m), Employees."""
    scaled = SCALE.search(column)
    factor = scale(scaled) if scaled else Decimal(1)
    for word in regex.findall(r"[^\s()\[\],]+", column):
        found = BEFORE.fullmatch(word) or AFTER.fullmatch(" " + word)
        if found and (unit(word).name in MONEY or f"({word}" in column or f"{word})" in column):
            return Unit(unit(word).name, unit(word).factor * factor), end, ()
    terms = tuple(term for term in analyse(column, language) if not term.isdigit())
    return (Unit(COUNT, factor) if terms else None), end, terms
