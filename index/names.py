"""The words of a sentence, and which of them are names: of whom or what a figure is said."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

import regex

from citewell.corpus.language import FUNCTION_WORDS
from citewell.index import cues
from citewell.index.dates import MONTHS

_TOKEN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}.&’'-]*(?<=[\p{L}\p{N}])")
_MIXED = regex.compile(r"\p{L}.*[\p{Lu}\d]|\d.*\p{L}")  # GPT, B200, iPhone, 3M
_NO_NAMES = MONTHS.keys() | cues.WEEKDAYS.keys() | cues.ROLES


class Word(NamedTuple):
    start: int
    said: str
    lower: str


def words_of(text: str) -> list[Word]:
    return [Word(match.start(), match[0], _bare(match[0].lower())) for match in _TOKEN.finditer(text)]


def _bare(word: str) -> str:
    """Without the 's of a possessive."""
    return word[:-2] if word.endswith(("'s", "’s")) else word.rstrip("'’")


def numbered(words: Sequence[Word]) -> Iterator[str]:
    """Aurora 2, Nimbus OS 9, Series B: a name and the number or letter that follows it."""
    for word, following in pairwise(words):
        is_beside = following.start == word.start + len(word.said) + 1
        is_short = len(following.said) == 1 or (following.said.isdigit() and len(following.said) < 4)
        if is_beside and is_short and word.said[0].isupper():
            yield f"{word.lower} {following.lower}"


def names_of(words: Sequence[Word], first: int, language: str | None) -> Iterator[str]:
    """Capitalised words and words with digits. The word at `first` is one only where another name follows it.

    In the row of a table, or behind a quotation mark, nothing begins at 0, and the first word is as good as any.
    """
    stop = FUNCTION_WORDS.get(language or "en", frozenset())
    yield from numbered(words)
    for word, following in zip_longest(words, words[1:]):
        if (word.said.isalpha() and word.said.islower()) or word.lower in stop or word.lower in _NO_NAMES:
            continue
        is_led = following is not None and following.said[0].isupper()
        is_mixed = _MIXED.search(word.said) is not None
        if is_mixed or (word.said[0].isupper() and (is_led or word.start > first or first > 0)):
            yield word.lower
