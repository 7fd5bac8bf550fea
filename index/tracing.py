"""Where a quote stands in a newer text of its article."""

from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import Postfix, Prefix
from rapidfuzz.fuzz import ratio

from citewell.corpus.article import Span
from citewell.index.likeness import Searchable, most_like
from citewell.index.words import WORD, divides_word, folded, places

LEAST_SIMILAR = 0.6
_END = "\0"
_CONTEXT = 200  # characters on either side that tell copies apart
_FAR = 2_000  # characters on either side that tell them apart where the context does not
_CLOSE = 50  # with so many unchanged on both sides, it is the one
_MOST_COPIES = 1000  # whose contexts are compared; of more the nearest


class Standing(StrEnum):
    EXACT = "exact"  # the same words at the same place
    MOVED = "moved"  # the same words at another
    CHANGED = "changed"  # words that are similar enough
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Place:
    """`span` is None when the quote is gone; `similarity` is 1 when its words are there as they were."""

    state: Standing
    span: Span | None = None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class _Origin:
    """What is known of the place that was cited."""

    start: int
    before: str = ""
    after: str = ""
    far_before: str = ""
    far_after: str = ""
    begins_in_word: bool = False
    ends_in_word: bool = False

    @classmethod
    def of(cls, span: Span, cited: str | None) -> "_Origin":
        if cited is None:
            return cls(span.start)
        before, after = _around(cited, span)
        far = cited[max(0, span.start - _FAR) : span.start], cited[span.end : span.end + _FAR]
        inside = divides_word(cited, span.start), divides_word(cited, span.end)
        return cls(span.start, before, after, *far, *inside)


def trace(quote: str, span: Span | None, cited: str | None, new: Searchable) -> Place:
    """Where the quote stands in the new text.

    `span` is where it stood, if that is known, and `cited` the text that it stood in. A copy inside a longer word is
    none, unless the quote began or ended inside one. Of several copies the one whose context has most words in common
    with the quote's, in their order, is meant; of equals the one that more stands unchanged around, then the nearest, then
    the first. White space at the quote's ends
    need not be there any more.
    """
    origin = _Origin.of(span or Span(0, len(quote)), cited)
    trimmed = origin.start + len(quote) - len(quote.lstrip())
    for words, start in dict.fromkeys([(quote, origin.start), (quote.strip(), trimmed)]):
        there = Span(start, start + len(words))
        if span is not None and words and there.of(new.text) == words and _stands(there, origin, new.text):
            return Place(Standing.EXACT, there, 1.0)
        if copies := _copies(words, origin, new.text):
            at = _meant(copies, len(words), origin, new.text)
            return Place(Standing.MOVED, Span(at, at + len(words)), 1.0)
    found = most_like(quote, new)
    if found is None or found.similarity < LEAST_SIMILAR:
        return Place(Standing.GONE)
    return Place(Standing.CHANGED, found.span, round(found.similarity, 6))


def _around(text: str, span: Span) -> tuple[str, str]:
    """What stands before and after a span; the end of the text, if it is near, is marked by what no text holds."""
    before, after = text[max(0, span.start - _CONTEXT) : span.start], text[span.end : span.end + _CONTEXT]
    return (
        before if len(before) == _CONTEXT else _END + before,
        after if len(after) == _CONTEXT else after + _END,
    )


def _words(context: str) -> list[str]:
    words: list[str] = WORD.findall(folded(context))
    return [*([_END] * context.startswith(_END)), *words, *([_END] * context.endswith(_END))]


def _stands(span: Span, origin: _Origin, text: str) -> bool:
    """Whether the span divides no word that the quote did not divide."""
    begins = origin.begins_in_word or not divides_word(text, span.start)
    return begins and (origin.ends_in_word or not divides_word(text, span.end))


def _copies(words: str, origin: _Origin, text: str) -> list[int]:
    """Where the words stand; if they stand somewhere with all that stood close around them, only there."""
    before, after = origin.before[-_CLOSE:].lstrip(_END), origin.after[:_CLOSE].rstrip(_END)
    for lead, sought in dict.fromkeys([(len(before), before + words + after), (0, words)]):
        spans = (Span(at + lead, at + lead + len(words)) for at in places(sought, text))
        if copies := [span.start for span in spans if _stands(span, origin, text)]:
            return copies
    return []


def _meant(copies: list[int], length: int, origin: _Origin, text: str) -> int:
    """Of copies in equal context the one with more around it as it was, then the nearest, then the first."""
    before, after = _words(origin.before), _words(origin.after)

    def fit(at: int) -> float:
        sides = _around(text, Span(at, at + length))
        return ratio(before, _words(sides[0])) + ratio(after, _words(sides[1]))

    def unchanged(at: int) -> int:
        before, after = text[max(0, at - _FAR) : at], text[at + length : at + length + _FAR]
        return Postfix.similarity(before, origin.far_before) + Prefix.similarity(after, origin.far_after)

    nearest = sorted(copies, key=lambda at: (abs(at - origin.start), at))
    fits = {at: fit(at) for at in nearest[:_MOST_COPIES]}
    best = max(fits.values())
    return max((at for at in fits if fits[at] == best), key=unchanged)
