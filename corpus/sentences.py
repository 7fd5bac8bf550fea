"""The sentences of a block. Boundaries come from sentencex; spans have no white space at their ends."""

from collections.abc import Iterator

import regex
from sentencex import get_sentence_boundaries

from citewell.corpus.article import Span
from citewell.corpus.blocks import Block, Kind

_LIST_MARK = regex.compile(r"(?:[-*+•–]|\d{1,3}[.)])[ \t]+")
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
    for boundary in get_sentence_boundaries(language or "en", body):
        sentence = body[boundary["start_index"] : boundary["end_index"]]
        if _LETTER_OR_DIGIT.search(sentence):
            at = start + boundary["start_index"] + len(sentence) - len(sentence.lstrip())
            yield Span(at, at + len(sentence.strip()))
