"""The sentences of a block. Boundaries come from sentencex; spans have no white space at their ends."""

from collections.abc import Iterator

import regex
from sentencex import get_sentence_boundaries

from citewell.corpus.article import Span
from citewell.corpus.blocks import Block, Kind
from citewell.corpus.text import count_words

_LIST_MARK = regex.compile(r"(?:[-*+•–]|\d{1,3}[.)])[ \t]+")
MOST_WORDS = 200  # of a sentence without a mark at its end: with more it is none
MOST_WORDS_MARKED = 600  # legal sentences are long
_MARKS = '.!?。！？…"”’)'
MOST_AT_ONCE = 50_000  # characters
_BREATH = 50  # words
_WORD_AND_BLANK = regex.compile(r"\S+\s*")
_WIDE_BLANK = regex.compile(r"[^\S\x00-\x7f]")
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{N}]")


def sentences(text: str, block: Block, language: str | None) -> Iterator[Span]:
    """The sentences of a paragraph or list item, the row of a table, the line of code.

    A heading or a table's header is no evidence of its own: it has none.
    """
    if block.kind in (Kind.HEADING, Kind.TABLE_HEAD):
        return
    if block.kind in (Kind.TABLE_ROW, Kind.CODE):
        if _LETTER_OR_DIGIT.search(block.span.of(text)):
            yield block.span
        return
    mark = _LIST_MARK.match(block.span.of(text)) if block.kind is Kind.LIST_ITEM else None
    start = block.span.start + (mark.end() if mark else 0)
    body = text[start : block.span.end]
    for span in _boundaries(body, language or "en"):
        sentence = span.of(body)
        if _LETTER_OR_DIGIT.search(sentence):
            at = start + span.start + len(sentence) - len(sentence.lstrip())
            yield from _breaths(text, Span(at, at + len(sentence.strip())))


def _boundaries(body: str, language: str) -> list[Span]:
    """As sentencex has them, which looks at pairs of quotation marks and so takes the square of the length: given in pieces."""
    spans: list[Span] = []
    start = 0
    while start < len(body):
        piece = body[start : start + MOST_AT_ONCE]
        is_last = start + len(piece) == len(body)
        if not is_last:
            piece = piece[: piece.rfind(" ") + 1] or piece
        found = _boundaries_of(piece, language)
        if not is_last and len(found) > 1:
            found.pop()  # it may go on
        spans += [Span(start + each.start, start + each.end) for each in found]
        start = spans[-1].end if found else start + len(piece)
    return spans


def _boundaries_of(body: str, language: str) -> list[Span]:
    """It panics at some blanks of several bytes (A, no-break space, full stop): then they are plain."""
    try:
        found = get_sentence_boundaries(language, body)
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # which is no Exception, and cannot be imported
            raise
        found = get_sentence_boundaries(language, _WIDE_BLANK.sub(" ", body))
    return [Span(boundary["start_index"], boundary["end_index"]) for boundary in found]


def _breaths(text: str, sentence: Span) -> Iterator[Span]:
    """The sentence; or, where there are no marks between sentences, as in a transcript, pieces of it between blanks."""
    most = MOST_WORDS_MARKED if text[sentence.end - 1] in _MARKS else MOST_WORDS
    short = sentence.end - sentence.start < 2 * most  # there is something between two words
    if short or count_words(sentence.of(text)) <= most:
        yield sentence
        return
    start, words = sentence.start, 0.0
    for word in _WORD_AND_BLANK.finditer(text, sentence.start, sentence.end):
        words += count_words(word[0])
        if words >= _BREATH and word.end() < sentence.end:
            yield Span(start, start + len(text[start : word.end()].rstrip()))
            start, words = word.end(), 0.0
    yield Span(start, sentence.end)
