"""Words as they are compared: without case, punctuation or white space.

In a script that puts no blanks between words every character counts as one.
"""

from collections.abc import Iterator

import regex

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}--[{_UNSPACED}]]"
WORD = regex.compile(rf"([[{_UNSPACED}]&&[\p{{L}}\p{{M}}\p{{N}}]]|{_SPACED}+)", regex.V1)
_MOST_PLACES = 100_000  # where copies of a common word are found,
_MOST_COMPARED = 1_000_000_000  # and characters compared there
_JOINED = regex.compile(_SPACED + "{2}", regex.V1)


def folded(text: str) -> str:
    """The text in lower case, every character in its place."""
    return text.replace("\u0130", "i").lower()  # the one character whose lower case is two


def divides_word(text: str, at: int) -> bool:
    """Whether a cut before that character goes through a word."""
    return 0 < at < len(text) and _JOINED.match(text, at - 1) is not None


def places(words: str, text: str) -> Iterator[int]:
    """Where the words stand in the text, copies that overlap too, but no more than can be looked at in a second."""
    at = text.find(words) if words else -1
    for _ in range(min(_MOST_PLACES, 1 + _MOST_COMPARED // max(1, len(words)))):
        if at < 0:
            return
        yield at
        at = text.find(words, at + 1)
