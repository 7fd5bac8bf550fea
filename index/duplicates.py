"""Whether a passage repeats another, so that no two citations of one answer say the same."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeVar

import regex

SHINGLE = 3  # words, or characters of Chinese, Japanese and Korean
SHARE = 0.8

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_WORD = regex.compile(
    rf"[{_CJK}]|[\p{{L}}\p{{M}}\p{{N}}--[{_CJK}]]+(?:[.,]\p{{N}}+)*", regex.V1
)  # a figure is one word: 5.4 is neither 5 nor 4
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")  # the same, four times as fast
_DIGIT = regex.compile(r"\p{N}")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is compared of a passage and of the quote from it."""

    shingles: frozenset[tuple[str, ...]]
    figures: frozenset[str]
    quote: str

    @classmethod
    def of(cls, passage: str, quote: str) -> Self:
        words = _words(passage)
        figures = frozenset(word for word in words if not word.isalpha() and _DIGIT.search(word))
        return cls(_runs(words), figures, " ".join(quote.split()))

    def repeats(self, first: Self) -> bool:
        """Whether the quotes are equal but for white space, or hardly anything in this passage is new.

        It may add a fifth of its shingles and no figure: what says 53 where the first says 35 is no repetition.
        """
        if self.quote == first.quote:
            return True
        shared = len(self.shingles & first.shingles)
        return shared > 0 and shared >= SHARE * len(self.shingles) and self.figures <= first.figures


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """All runs of so many words; of fewer words the only one."""
    return _runs(_words(text))


def _runs(words: list[str]) -> frozenset[tuple[str, ...]]:
    runs = zip(*(words[i:] for i in range(SHINGLE)), strict=False)
    return frozenset(runs if len(words) >= SHINGLE else filter(None, [tuple(words)]))


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def distinct(worded: Iterable[tuple[Wording, _T]], k: int) -> list[tuple[_T, list[_T]]]:
    """The first k that repeat none of those before, each with what repeats it; read no further than the next such.

    What repeats several is put under the first of them.
    """
    found: list[tuple[Wording, _T, list[_T]]] = []
    for wording, item in worded:
        repeated = next((later for first, _, later in found if wording.repeats(first)), None)
        if repeated is not None:
            repeated.append(item)
        elif len(found) < k:
            found.append((wording, item, []))
        else:
            break
    return [(item, later) for _, item, later in found]
