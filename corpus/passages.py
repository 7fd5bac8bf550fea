"""A text cut into passages: sentences and rows gathered into pieces of a size that can be cited.

The cut is the cheapest one by dynamic programming: a passage should be near the target size, begin at a heading
rather than at a paragraph, at a paragraph rather than inside it, and never end with a heading.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from citewell.corpus.article import LONGEST_LINE, Cut, Excluded, Passage, Span
from citewell.corpus.blocks import Block, Kind, blocks, heading_words
from citewell.corpus.cleaning import excluded_spans
from citewell.corpus.sentences import sentences
from citewell.corpus.text import count_words

# What calibrations and `Config` are tied to; so headings over LONGEST_LINE and paragraphs over MOST_AT_ONCE, which came out otherwise
# once and hardly exist, did not count it up: what is stored of them is a sound cut, and stays.
CUT_RECIPE = "cut-1"

_TOO_SMALL = 1000.0
_AFTER_TABLE_HEAD = 50.0
_AFTER_HEADING = 5.0
_INSIDE_BLOCK = 1.0
_INSIDE_TABLE = 0.8
_BETWEEN_BLOCKS = 0.4
_HEADING_INSIDE = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a passage may be. Only a lone longer sentence or row, or a shorter stretch of text, breaks them."""

    least_words: int = 60
    target_words: int = 130
    most_words: int = 220
    most_tokens: int = 250


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, row or heading with the white space behind it: what a cut never divides."""

    kind: Kind
    span: Span
    words: float
    tokens: int
    sentence: Span | None
    opens_block: bool
    table_header: Span | None  # of the table that this row belongs to


def cut(
    text: str,
    language: str | None,
    count_tokens: Callable[[str], int],
    bounds: Bounds = Bounds(),
    clean: bool = True,
    of_site: Collection[str] = (),
) -> Cut:
    """Passages and excluded spans that tile the text: every code point is in exactly one of them.

    Lines that repeat across its site are left out, unless there is nothing else.
    """
    made = _cut(text, excluded_spans(text, of_site) if clean else (), language, count_tokens, bounds)
    if of_site and not made.passages:
        return cut(text, language, count_tokens, bounds, clean)
    return made


def _cut(
    text: str,
    excluded: tuple[Excluded, ...],
    language: str | None,
    count_tokens: Callable[[str], int],
    bounds: Bounds,
) -> Cut:
    passages: list[Passage] = []
    heading: str | None = None
    for stretch in _between(text, excluded):
        units = list(_units(text, stretch, language, count_tokens))
        passages += _passages(text, units, bounds, heading)
        heading = _last_heading(text, units) or heading
    return Cut(tuple(passages), excluded)


def whole(text: str, language: str | None) -> Cut:
    """The text as a single passage."""
    units = list(_units(text, Span(0, len(text)), language, lambda _: 0))
    return Cut((_passage(text, Span(0, len(text)), units, heading=None),), ())


def fault_of(cut: Cut, length: int) -> str | None:
    """What is wrong with the spans of a text of that length."""
    tiles = sorted([p.span for p in cut.passages] + [e.span for e in cut.excluded])
    ends = [0, *(tile.end for tile in tiles)]
    if [tile.start for tile in tiles] != ends[:-1] or ends[-1] != length:
        return "its passages and excluded spans do not tile it"
    for passage in cut.passages:
        if any(not passage.span.start <= s.start < s.end <= passage.span.end for s in passage.sentences):
            return f"a sentence stands outside its passage {passage.span.start}-{passage.span.end}"
    return None


def _between(text: str, excluded: Sequence[Excluded]) -> Iterator[Span]:
    start = 0
    for leftover in excluded:
        if start < leftover.span.start:
            yield Span(start, leftover.span.start)
        start = leftover.span.end
    if start < len(text):
        yield Span(start, len(text))


def _units(
    text: str, stretch: Span, language: str | None, count_tokens: Callable[[str], int]
) -> Iterator[_Unit]:
    pieces: list[tuple[Block, Span, Span | None, bool]] = []
    for block in blocks(text, stretch):
        found = list(sentences(text, block, language))
        if not found:
            pieces.append((block, block.span, None, True))
        for i, sentence in enumerate(found):
            start = block.span.start if i == 0 else sentence.start
            pieces.append((block, Span(start, sentence.end), sentence, i == 0))
    header: Span | None = None
    for i, (block, span, own_sentence, opens) in enumerate(pieces):
        if block.kind is Kind.TABLE_HEAD:
            header = _stripped(text, Span(span.start, text.index("\n", span.start)))
        elif block.kind is not Kind.TABLE_ROW:
            header = None
        start = stretch.start if i == 0 else span.start
        end = pieces[i + 1][1].start if i + 1 < len(pieces) else stretch.end
        words = text[start:end]
        own_header = header if block.kind is Kind.TABLE_ROW else None
        yield _Unit(
            block.kind,
            Span(start, end),
            count_words(words),
            count_tokens(words),
            own_sentence,
            opens,
            own_header,
        )


def _cost_of_break(before: _Unit, after: _Unit) -> float:
    if before.kind is Kind.TABLE_HEAD:
        return _AFTER_TABLE_HEAD
    if before.kind is Kind.HEADING:
        return _AFTER_HEADING
    if after.kind is Kind.HEADING:
        return 0.0
    if after.kind is Kind.TABLE_ROW:
        return _INSIDE_TABLE
    return _BETWEEN_BLOCKS if after.opens_block else _INSIDE_BLOCK


def _cheapest_starts(units: Sequence[_Unit], bounds: Bounds) -> list[int]:
    """Index of the first unit of each passage in the cheapest cut; of equal cuts, the one with longer passages last."""
    best = [0.0] + [float("inf")] * len(units)
    start_of = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        words, tokens, headings = 0.0, 0, 0
        of_break = _cost_of_break(units[end - 1], units[end]) if end < len(units) else 0.0
        for start in range(end - 1, -1, -1):
            words += units[start].words
            tokens += units[start].tokens
            if start < end - 1 and (words > bounds.most_words or tokens > bounds.most_tokens):
                break
            cost = best[start] + ((words - bounds.target_words) / bounds.target_words) ** 2
            cost += _HEADING_INSIDE * headings
            if words < bounds.least_words:
                cost += _TOO_SMALL
            cost += of_break
            if cost < best[end]:
                best[end], start_of[end] = cost, start
            headings += units[start].kind is Kind.HEADING
    starts, end = [], len(units)
    while end:
        end = start_of[end]
        starts.append(end)
    return starts[::-1]


def _passages(text: str, units: Sequence[_Unit], bounds: Bounds, heading: str | None) -> Iterator[Passage]:
    starts = _cheapest_starts(units, bounds)
    for first, end in pairwise([*starts, len(units)]):
        members = units[first:end]
        if members[0].kind is Kind.HEADING:
            heading = _heading(text, members[0])
        span = Span(members[0].span.start, members[-1].span.end)
        yield _passage(text, span, members, heading)
        heading = _last_heading(text, members) or heading


def _last_heading(text: str, units: Sequence[_Unit]) -> str | None:
    headings = [unit for unit in units if unit.kind is Kind.HEADING]
    return _heading(text, headings[-1]) if headings else None


def _heading(text: str, unit: _Unit) -> str:
    return heading_words(unit.span.of(text))[:LONGEST_LINE]


def _passage(text: str, span: Span, units: Sequence[_Unit], heading: str | None) -> Passage:
    found = tuple(unit.sentence for unit in units if unit.sentence is not None)
    if not found:  # nothing but headings: then they are all the evidence there is
        found = tuple(_stripped(text, unit.span) for unit in units)
    header = units[0].table_header if units else None
    return Passage(span, heading, header, found)


def _stripped(text: str, span: Span) -> Span:
    """The span without the white space at its ends."""
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip()))
