"""Signatures: equal words give equal ones, near ones agree in a band, and joining segments keeps them."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Cut, Excluded, Passage, Span
from citewell.index.duplicates import shingles
from citewell.index.signatures import BANDS, ROWS, Keys, Signatures, jaccard, keys_of, said

WORDS = [f"word{number}" for number in range(3000)]


def keys(text: str) -> Keys:
    return keys_of(shingles(text))


def agreeing(signatures: Signatures, of: list[Keys]) -> list[set[int]]:
    """An independent look: key by key."""
    rows = [signatures.of_article(number) for number in range(signatures.keys.shape[1])]
    return [{number for number, row in enumerate(rows) if any(row == wanted)} for wanted in of]


def test_the_jaccard_index_is_the_share_of_what_both_have() -> None:
    assert jaccard(shingles("a b c d"), shingles("a b c d")) == 1
    assert jaccard(shingles("a b c d"), shingles("b c d e")) == 1 / 3
    assert jaccard(shingles("a b c"), shingles("d e f")) == 0
    assert jaccard(frozenset(), frozenset()) == 0


def test_case_and_punctuation_do_not_count() -> None:
    assert (keys("The tide comes in.") == keys("the TIDE, comes in!")).all()


def test_these_are_the_keys_as_they_are_stored() -> None:
    """Another version of the library that counts otherwise would need another SIGNATURE_RECIPE."""
    found = keys("Spring tide comes two days after new moon.")
    assert found.shape == (BANDS,)
    assert [f"{key:016x}" for key in found[:2].tolist()] == ["044dbcb5e1c0df4f", "0a5cf8dbf7841e56"]


def test_what_is_left_out_of_an_article_does_not_count() -> None:
    text = "Home News\nSpring tide comes late.\nShare"
    passage = Passage(Span(10, 34), None, None, (Span(10, 33),))
    cut = Cut((passage,), (Excluded(Span(0, 10), "menu"), Excluded(Span(34, 39), "sharing")))
    assert said(text, cut) == shingles("Spring tide comes late.")


@pytest.mark.parametrize("changed", [0, 1, 2, 4])
def test_an_article_with_a_few_other_words_agrees(changed: int) -> None:
    """Of 300: so that the Jaccard index is 0.92 or more."""
    chance = random.Random(changed)
    words = chance.sample(WORDS, 300)
    other = list(words)
    for place in chance.sample(range(300), changed):
        other[place] = "another"
    assert jaccard(shingles(" ".join(words)), shingles(" ".join(other))) > 0.9
    assert Signatures.of([keys(" ".join(words))]).agreeing(keys(" ".join(other))[:, np.newaxis]) == [{0}]


def test_other_articles_do_not_agree() -> None:
    chance = random.Random(1)
    signatures = Signatures.of(keys(" ".join(chance.sample(WORDS, 300))) for _ in range(200))
    found = signatures.agreeing(signatures.keys)
    assert found == [{number} for number in range(200)]


@pytest.mark.parametrize(("index", "least", "most"), [(0.8, 0.99, 1.0), (0.7, 0.9, 0.95), (0.2, 0.0, 0.01)])
def test_how_likely_two_are_to_agree(index: float, least: float, most: float) -> None:
    assert least <= 1 - (1 - index**ROWS) ** BANDS <= most


@given(st.lists(st.lists(st.integers(0, 3), min_size=BANDS, max_size=BANDS), max_size=6))
def test_all_that_agree_in_a_band_are_found(rows: list[list[int]]) -> None:
    given_keys = [
        np.array([band << 59 | key for band, key in enumerate(row)], dtype=np.uint64) for row in rows
    ]
    signatures = Signatures.of(given_keys)
    assert (signatures.keys.shape, signatures.order.shape) == ((BANDS, len(rows)), (BANDS * len(rows),))
    if rows:
        assert signatures.agreeing(np.stack(given_keys, axis=1)) == agreeing(signatures, given_keys)
