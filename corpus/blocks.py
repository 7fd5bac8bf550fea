"""The blocks of a text: headings, paragraphs, list items, tables and fenced code, found line by line.

A light reading of Markdown that also serves plain text, where a short line without a full stop above prose is
a heading and a line break inside a hard-wrapped paragraph is a blank.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import regex

from citewell.corpus.article import Span
from citewell.corpus.text import count_words

_ATX_HEADING = regex.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_FENCE = regex.compile(r" {0,3}(```|~~~)")
_LIST_ITEM = regex.compile(r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])[ \t]+\S")
_TABLE_RULE = regex.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_ENDS_OPEN = regex.compile(r"[^.!?:;,…。!?:]$")
_ENDS_SENTENCE = regex.compile(r"[.!?…。!?][\"'”’)\]]*$")
_ENDS_ABBREVIATED = regex.compile(
    r"\b(?:Drs?|Mrs?|Ms|Prof|St|No|Nr|Fig|Inc|Ltd|Co|vs|Sen|Gen|Gov|dhr|mevr|\p{Lu}|\p{L}\.\p{L})\.$"
)
_STARTS_TITLE = regex.compile(r"(?:\d{1,3}[.)][ \t]+)?[\p{Lu}\p{Lt}\p{Lo}\p{N}\"'“‘(]")
_WIDEST_WRAP = 120
_NARROWEST_WRAP = 40


# a run of blanks is looked at once
_HEADING_MARKS = regex.compile(r"^\s*+#{1,6}(?:[ \t]+|$)|(?<![ \t])[ \t]++#+\s*$")
_EMPHASIS = regex.compile(r"(\*\*|__|\*|_)(?P<words>.+)\1")


class Kind(Enum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list item"
    TABLE_HEAD = "table head"
    TABLE_ROW = "table row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; the span has no white space at its ends."""

    kind: Kind
    span: Span


def heading_words(line: str) -> str:
    """A heading without its Markdown marks."""
    words = _HEADING_MARKS.sub("", line).strip()
    emphasised = _EMPHASIS.fullmatch(words)
    return emphasised["words"].strip() if emphasised else words


def blocks(text: str, within: Span) -> Iterator[Block]:
    """The blocks of a part of a text, in order. Every character that is no white space is in one block.

    A table's header and rule lines are one block; each row is a block of its own.
    """
    lines = [line for line in _lines(text, within) if line.of(text)]
    i = 0
    while i < len(lines):
        line = lines[i].of(text)
        if fence := _FENCE.match(line):
            end = _closing_fence(text, lines, i, fence[1])
            yield from (Block(Kind.CODE, span) for span in lines[i:end])
        elif _is_table_head(text, lines, i):
            yield Block(Kind.TABLE_HEAD, Span(lines[i].start, lines[i + 1].end))
            end = i + 2
            while end < len(lines) and _adjacent(text, lines, end) and "|" in lines[end].of(text):
                yield Block(Kind.TABLE_ROW, lines[end])
                end += 1
        elif line.startswith("|") and line.endswith("|"):
            yield Block(Kind.TABLE_ROW, lines[i])
            end = i + 1
        elif _ATX_HEADING.match(line) or _is_plain_heading(text, lines, i):
            yield Block(Kind.HEADING, lines[i])
            end = i + 1
        else:
            end = _paragraph_end(text, lines, i)
            kind = Kind.LIST_ITEM if _LIST_ITEM.match(line) else Kind.PARAGRAPH
            yield Block(kind, Span(lines[i].start, lines[end - 1].end))
        i = end


def _lines(text: str, within: Span) -> Iterator[Span]:
    """Spans of the lines, stripped of white space at both ends; blank lines are empty spans."""
    start = within.start
    for line in within.of(text).split("\n"):
        stripped = line.strip()
        at = start + line.find(stripped) if stripped else start
        yield Span(at, at + len(stripped))
        start += len(line) + 1


def _adjacent(text: str, lines: list[Span], i: int) -> bool:
    """No blank line between line i - 1 and line i."""
    return text.count("\n", lines[i - 1].end, lines[i].start) == 1


def fenced_lines(lines: Sequence[str]) -> list[bool]:
    """Which of the stripped lines are code between fences, fences included."""
    fence: str | None = None
    fenced = []
    for line in lines:
        match = _FENCE.match(line)
        fenced.append(fence is not None or match is not None)
        if fence is None:
            fence = match[1] if match else None
        elif line.startswith(fence):
            fence = None
    return fenced


def _closing_fence(text: str, lines: list[Span], i: int, fence: str) -> int:
    for end in range(i + 1, len(lines)):
        if lines[end].of(text).startswith(fence):
            return end + 1
    return len(lines)


def _is_table_head(text: str, lines: list[Span], i: int) -> bool:
    if i + 1 >= len(lines) or "|" not in lines[i].of(text) or not _adjacent(text, lines, i + 1):
        return False
    rule = lines[i + 1].of(text)
    return "|" in rule and _TABLE_RULE.fullmatch(rule) is not None


def reads_as_heading(line: str) -> bool:
    """A short line that starts like a title and ends without a mark: with something below it, it is a heading."""
    if not _STARTS_TITLE.match(line) or not _ENDS_OPEN.search(line):
        return False
    return line.count(" ") <= 14 and count_words(line) <= 12


def _is_plain_heading(text: str, lines: list[Span], i: int) -> bool:
    line = lines[i].of(text)
    if i + 1 >= len(lines) or not reads_as_heading(line) or _breaks_softly(text, lines, i):
        return False
    numbered = _LIST_ITEM.match(line) is not None
    beside_items = any(_LIST_ITEM.match(lines[j].of(text)) for j in (i - 1, i + 1) if 0 <= j < len(lines))
    return not (numbered and beside_items) and not (i and _breaks_softly(text, lines, i - 1))


def _paragraph_end(text: str, lines: list[Span], i: int) -> int:
    end = i + 1
    while end < len(lines) and _breaks_softly(text, lines, end - 1):
        end += 1
    return end


def _breaks_softly(text: str, lines: list[Span], i: int) -> bool:
    """Line i was broken only because the first word of the next line did not fit beside it."""
    if i + 1 >= len(lines) or not _adjacent(text, lines, i + 1):
        return False
    following = lines[i + 1].of(text)
    if (
        _LIST_ITEM.match(following)
        or _ATX_HEADING.match(following)
        or _FENCE.match(following)
        or "|" in following[:1]
    ):
        return False
    first, last = i, i + 1
    while first and first > i - 3 and _adjacent(text, lines, first):
        first -= 1
    while last + 1 < len(lines) and last < i + 4 and _adjacent(text, lines, last + 1):
        last += 1
    width = max(len(lines[j].of(text)) for j in range(first, last + 1))
    if not _NARROWEST_WRAP <= width <= _WIDEST_WRAP:
        return False
    line = lines[i].of(text)
    if _ENDS_SENTENCE.search(line) and not _ENDS_ABBREVIATED.search(line):
        return False
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > width
