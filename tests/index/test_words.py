"""What counts as a word when quotes are compared."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.words import WORD, divides_word, folded, places


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ants dig, don't they?", ["ants", "dig", "don", "t", "they"]),
        ("8.5 km²", ["8", "5", "km²"]),
        ("na\u00efve caf\u00e9", ["na\u00efve", "caf\u00e9"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("蜜蜂酿蜜。", ["蜜", "蜂", "酿", "蜜"]),
        ("GPT-5的发布", ["gpt", "5", "的", "发", "布"]),
        ("คน", ["ค", "น"]),
        ("İstanbul", ["istanbul"]),
        (" — 🐜 | --- | ", []),
    ],
)
def test_words_have_no_capitals_and_no_punctuation(text: str, words: list[str]) -> None:
    assert WORD.findall(folded(text)) == words


def test_every_character_keeps_its_place_when_folded() -> None:
    longer = [chr(code) for code in range(sys.maxunicode + 1) if len(folded(chr(code))) != 1]
    assert longer == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("ants dig", [1, 2, 3, 6, 7]),
        ("蜜蜂", []),
        ("no. 12", [1, 5]),
        ("a蜜b", []),
        ("e\u0323x", [1, 2]),
        ("", []),
    ],
)
def test_a_cut_between_two_letters_of_a_word_divides_it(text: str, at: list[int]) -> None:
    assert [cut for cut in range(-1, len(text) + 2) if divides_word(text, cut)] == at


@given(st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=12))
def test_places_are_all_there_are(words: str, text: str) -> None:
    assert list(places(words, text)) == [at for at in range(len(text)) if text.startswith(words, at)]


def test_nothing_stands_nowhere() -> None:
    assert list(places("", "text")) == []


def test_not_more_places_are_looked_at_than_can_be() -> None:
    assert len(list(places("a", "a" * 300_000))) == 100_000
    assert len(list(places("a" * 100_000, "a" * 300_000))) == 10_001
