"""What counts as a repetition, and that none takes a place of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.duplicates import Wording, distinct

SAID = "Amazon is putting a further $35 billion into OpenAI, so that it has $50 billion in it."
LONG = " ".join(f"word{chr(97 + i)}" for i in range(22))  # 20 shingles


def repeats(later: str, first: str) -> bool:
    """Of passages without a quote in common."""
    return Wording.of(later, "later").repeats(Wording.of(first, "first"))


@pytest.mark.parametrize(
    ("later", "first", "expected"),
    [
        (SAID, SAID, True),
        (SAID.upper().replace(" ", "\n"), SAID, True),
        (SAID.replace("35", "53"), SAID, False),
        (SAID.replace("Amazon", "Google"), SAID, True),
        (SAID.replace("further", "whole"), SAID, True),
        (SAID.replace("further", "whole").replace("it has", "it took"), SAID, False),
        (SAID, f"{SAID} And then it said something else that is much longer than that.", True),
        (f"{SAID} And then it said something else that is much longer than that.", SAID, False),
        ("数据中心用电很多", "数据中心用电很多。", True),
        ("数据中心用电很多", "数据中心用水很少", False),
        ("One two", "one, TWO!", True),
        ("One two", "One two three", False),
        ("🔋", "🔋", False),
        ("", "", False),
    ],
    ids=[
        *("the same", "white space and case", "another figure", "another word at the start"),
        *("another word in the middle", "two other words", "within a longer one", "with much that is new"),
        *("by characters", "other characters", "short", "short and longer", "no words", "nothing"),
    ],
)
def test_a_passage_repeats_one_that_holds_nearly_all_of_it(later: str, first: str, expected: bool) -> None:
    assert repeats(later, first) is expected


@pytest.mark.parametrize(("new", "expected"), [(0, True), (5, True), (6, False)])
def test_a_fifth_of_a_passage_may_be_new(new: int, expected: bool) -> None:
    """Each word after a passage is one shingle more."""
    assert repeats(f"{LONG} {' '.join('stuvwx'[:new])}", LONG) is expected


def test_a_figure_is_one_word() -> None:
    assert Wording.of("GPT-5.4 has 1,000 users.", "").figures == {"5.4", "1,000"}


def test_equal_quotes_repeat_whatever_is_around_them() -> None:
    assert Wording.of("One two three four.", "It is\nso.").repeats(Wording.of("Five six.", "It is so."))


def test_the_first_k_are_found_with_what_repeats_them() -> None:
    texts = {"a": "x y z", "b": "p q r", "a2": "X, Y, Z", "b2": "p q r.", "c": "k l m", "d": "s t u"}
    worded = ((Wording.of(text, name), name) for name, text in texts.items())
    assert distinct(worded, 2) == [("a", ["a2"]), ("b", ["b2"])]
    assert list(worded) == [(Wording.of("s t u", "d"), "d")]


def test_what_repeats_two_is_put_under_the_first() -> None:
    one, other = Wording.of("a b c d", "q"), Wording.of("e f g h", "r")
    assert distinct([(one, 1), (other, 2), (Wording.of("e f g h", "q"), 3)], 5) == [(1, [3]), (2, [])]


@given(st.lists(st.text("ab ", max_size=8), max_size=12), st.integers(1, 12))
def test_no_two_that_are_kept_repeat_each_other_and_nothing_is_lost_before_the_next(
    texts: list[str], k: int
) -> None:
    worded = [Wording.of(text, str(i)) for i, text in enumerate(texts)]
    found = distinct(((wording, i) for i, wording in enumerate(worded)), k)
    kept = [first for first, _ in found]
    assert kept == sorted(kept)
    assert not any(worded[j].repeats(worded[i]) for i in kept for j in kept if i < j)
    assert all(worded[later].repeats(worded[first]) for first, others in found for later in others)
    seen = sorted([*kept, *(later for _, others in found for later in others)])
    assert seen == list(range(len(seen)))
    assert len(found) == k or len(seen) == len(texts)


@given(st.text(max_size=30), st.text(max_size=30))
def test_everything_that_has_words_repeats_itself(text: str, quote: str) -> None:
    assert Wording.of(text, quote).repeats(Wording.of(text, quote))


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_what_surrounds_a_passage_does_not_change_what_its_words_are(text: str) -> None:
    """ASCII alone is read by another expression than ASCII beside a letter from elsewhere."""
    alone, beside = Wording.of(text, ""), Wording.of(f"{text} \u00e9", "")
    words = {word for shingle in alone.shingles for word in shingle}
    assert {word for shingle in beside.shingles for word in shingle} == words | {"\u00e9"}
    assert alone.figures == beside.figures
