"""The stretch of a text that is most like a quote.

Words are compared, not characters: of two unrelated English sentences about half the characters agree in order. For
one deleted sentence in ten its article held another stretch that was 0.6 similar by characters, by words for one in
seventy, and then it was like it to a reader, too.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import regex
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq
from rapidfuzz.fuzz import partial_ratio_alignment

from citewell.corpus.article import Span
from citewell.index.words import WORD, folded

MOST_IN_ORDER = 500  # words of a quote; a passage has 220
_OTHER = "\0"  # stands for every word that is not in the quote
_SENTENCE_END = regex.compile(r"[\n.!?。！？…]")
_OPENING = regex.compile(r"(?r)[\p{Ps}\p{Pi}\p{Sc}\"']*")
_CLOSING = regex.compile(r"[\p{Pe}\p{Pf}\p{Terminal_Punctuation}%\"']*")


@dataclass(frozen=True, slots=True)
class Likeness:
    span: Span
    similarity: float


@dataclass(frozen=True, eq=False)
class Searchable:
    """A text in which quotes are looked for; its words are numbered once, when the first one is not found verbatim."""

    text: str

    @cached_property
    def words(self) -> "_Words":
        return _Words.of(self.text)


@dataclass(frozen=True, eq=False, slots=True)
class _Words:
    numbers: NDArray[np.int32]  # equal words have equal numbers
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    number_of: dict[str, int]

    @classmethod
    def of(cls, text: str) -> "_Words":
        parts = WORD.split(folded(text))  # what is between words, and words, in turn
        edges = np.cumsum(np.fromiter(map(len, parts), np.int32, len(parts)), dtype=np.int32)
        number_of: defaultdict[str, int] = defaultdict(count().__next__)
        numbers = np.fromiter((number_of[word] for word in parts[1::2]), np.int32, len(parts) // 2)
        return cls(numbers, edges[:-1:2], edges[1::2], dict(number_of))


def most_like(quote: str, searched: Searchable) -> Likeness | None:
    """The stretch that is most similar to the quote, and how similar; of equals the first. None if no word is common.

    Similarity is the number of words that quote and stretch have in common in the same order, divided by the number of
    words of the longer one: 0.6 means that of ten words at least six still stand there. With more than MOST_IN_ORDER
    words in the quote their order is not looked at. A stretch longer than the quote is found by lengthening the best
    one that is as long. The stretch begins and ends where the quote's first and last words
    would stand, if it can do so without leaving a sentence.
    """
    asked, words = WORD.findall(folded(quote)), searched.words
    if len(asked) > MOST_IN_ORDER:
        first, end, common = _most_common(asked, words)
    else:
        sought, text = _encoded(asked, words)
        first, end = _tight(sought, text, *_best_window(sought, text))
        first, end = _tight(sought, text, *_grown(sought, text, first, end))
        first, end = _rounded(sought, text, first, end, searched)
        common = LCSseq.similarity(sought, text[first:end])
    if not common:
        return None
    start, stop = int(words.starts[first]), int(words.ends[end - 1])
    opening, closing = _OPENING.match(searched.text, 0, start), _CLOSING.match(searched.text, stop)
    assert opening
    assert closing  # both match nothing, too
    return Likeness(Span(opening.start(), closing.end()), common / max(len(asked), end - first))


def _encoded(asked: Sequence[str], words: _Words) -> tuple[str, str]:
    """Quote and text with one character for each word: the form in which sequences are compared fastest."""
    code_of = {word: code for code, word in enumerate(dict.fromkeys(asked), start=1)}
    table = np.zeros(len(words.number_of), dtype="<u4")
    for word, code in code_of.items():
        if word in words.number_of:
            table[words.number_of[word]] = code
    return "".join(chr(code_of[word]) for word in asked), table[words.numbers].tobytes().decode("utf-32-le")


def _best_window(sought: str, text: str) -> tuple[int, int]:
    """Of the stretches that are as long as the quote, the first that has most of its words in order.

    The library says how many that are; where the first such stretch ends is then found by bisection.
    """
    rim = _OTHER * len(sought)  # else it would also try shorter stretches at the ends

    def most_until(end: int) -> float:
        found = partial_ratio_alignment(sought, rim + text[:end] + rim)
        return found.score if found else 0.0

    end = bisect_left(range(len(text)), most_until(len(text)), key=most_until)
    return max(0, end - len(sought)), end


def _grown(sought: str, text: str, first: int, end: int) -> tuple[int, int]:
    """The stretch made longer, to as much as three times the quote, where words were put into it."""

    def similarity(first: int, end: int) -> float:
        return LCSseq.similarity(sought, text[first:end]) / max(len(sought), end - first, 1)

    reach = len(sought)
    end = max(range(end, min(end + reach, len(text)) + 1), key=lambda end: similarity(first, end))
    first = max(range(first, max(first - reach, 0) - 1, -1), key=lambda first: similarity(first, end))
    return first, end


def _tight(sought: str, text: str, first: int, end: int) -> tuple[int, int]:
    """The stretch without what is not needed at its ends for as many common words."""
    common = LCSseq.similarity(sought, text[first:end])
    while first < end and LCSseq.similarity(sought, text[first + 1 : end]) == common:
        first += 1
    while first < end and LCSseq.similarity(sought, text[first : end - 1]) == common:
        end -= 1
    return first, end


def _rounded(sought: str, text: str, first: int, end: int, searched: Searchable) -> tuple[int, int]:
    """A tight stretch with as many words at its ends as the quote has beyond them, as far as its sentence goes.

    So a first word that was replaced is shown as what it was replaced by.
    """
    starts, ends = searched.words.starts, searched.words.ends

    def go_on(word: int) -> bool:
        """Whether no sentence ends between that word and the next."""
        return not _SENTENCE_END.search(searched.text, int(ends[word]), int(starts[word + 1]))

    equal = [block for block in LCSseq.opcodes(sought, text[first:end]) if block.tag == "equal"]
    before, after = (equal[0].src_start, len(sought) - equal[-1].src_end) if equal else (0, 0)
    while before and first > 0 and go_on(first - 1):
        first, before = first - 1, before - 1
    while after and end < len(text) and go_on(end - 1):
        end, after = end + 1, after - 1
    return first, end


def _most_common(asked: Sequence[str], words: _Words) -> tuple[int, int, int]:
    """The first stretch as long as the quote with most of its words in any order, from the first of them to the last.

    Returns where it begins, where it ends and how many words are common. The n-th next occurrence of a word in a
    stretch adds nothing when the quote has fewer than n.
    """
    wanted = np.zeros(len(words.number_of), dtype=np.int64)
    for word, times in Counter(asked).items():
        if word in words.number_of:
            wanted[words.number_of[word]] = times
    at = np.flatnonzero(wanted[words.numbers])  # words of the text that the quote has
    if not len(at):
        return 0, 0, 0
    at = at[np.argsort(words.numbers[at], kind="stable")]
    number = words.numbers[at]
    earlier = np.arange(len(at)) - wanted[number]
    there = np.maximum(earlier, 0)
    enough = (earlier >= 0) & (number[there] == number)  # without this one, in a stretch from there
    crowded = np.where(enough, at[there], -1)
    since = np.maximum(np.maximum(at - len(asked), crowded) + 1, 0)
    steps = np.bincount(since, minlength=len(words.numbers) + 1)
    steps -= np.bincount(at + 1, minlength=len(words.numbers) + 1)
    totals = np.cumsum(steps)
    best = int(np.argmax(totals))
    inside = at[(at >= best) & (at < best + len(asked))]
    return int(inside.min()), int(inside.max()) + 1, int(totals[best])
