"""Which words of a passage are quoted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.index.config import Config
from citewell.index.evidence import MOST_WORDS, Sentence, choose, narrowed

WEIGHTS = {"battery": 3.0, "phone": 1.0}


def a_sentence(cosine: float, *terms: str, words: float = 10, is_row: bool = False) -> Sentence:
    return Sentence(Span(0, 1), words, cosine, frozenset(terms), is_row)


def chosen(*sentences: Sentence) -> tuple[int, int, int]:
    return choose(sentences, WEIGHTS, Config())


FAR, NEAR, BEST = a_sentence(0.0), a_sentence(0.5), a_sentence(0.6, "battery")


def test_one_sentence_is_quoted_as_it_is() -> None:
    assert chosen(FAR) == (0, 0, 0)


def test_the_sentence_that_says_most_is_quoted_without_neighbours_that_say_nothing() -> None:
    assert chosen(FAR, BEST, FAR) == (1, 1, 1)


def test_a_neighbour_that_is_nearer_than_it_is_long_comes_along() -> None:
    assert chosen(NEAR, BEST, FAR) == (0, 1, 1)
    assert chosen(replace(NEAR, words=40.0), BEST, FAR) == (1, 1, 1)


def test_a_neighbour_that_names_what_the_other_does_not_comes_along() -> None:
    assert chosen(FAR, BEST, a_sentence(0.0, "phone")) == (1, 2, 1)


def test_no_more_than_60_words_are_put_together() -> None:
    long = replace(NEAR, words=30.0, cosine=0.9)
    first, last, _ = chosen(long, long, long)
    assert last - first == 1


def test_a_row_of_a_table_stands_alone() -> None:
    row = a_sentence(0.6, "battery", is_row=True)
    assert chosen(NEAR, row, NEAR) == (1, 1, 1)
    assert chosen(replace(NEAR, is_row=True), BEST) == (1, 1, 1)


def test_of_equals_the_first_is_quoted() -> None:
    assert chosen(BEST, a_sentence(-1, words=60), BEST) == (0, 0, 0)


def test_without_terms_meaning_decides() -> None:
    assert choose([FAR, NEAR, FAR], {}, Config()) == (1, 1, 1)


@given(
    st.lists(
        st.builds(
            a_sentence,
            st.floats(-1, 1),
            st.sampled_from(["battery", "phone"]),
            words=st.integers(1, 80),
            is_row=st.booleans(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_best_sentence_is_in_the_quote_and_the_quote_is_short(sentences: list[Sentence]) -> None:
    first, last, best = choose(sentences, WEIGHTS, Config())
    assert 0 <= first <= best <= last < len(sentences)
    assert first == last or sum(s.words for s in sentences[first : last + 1]) <= MOST_WORDS


LONG = " ".join(f"word{i}" for i in range(100))


@pytest.mark.parametrize(
    ("text", "weights", "start", "end"),
    [
        pytest.param(LONG, {"word0": 1.0}, "word0", "word59", id="the term is at the beginning"),
        pytest.param(LONG, {"word99": 1.0}, "word40", "word99", id="the term is at the end"),
        pytest.param(LONG, {"word10": 1.0, "word80": 2.0}, "word21", "word80", id="the weightier term"),
        pytest.param(LONG, {"word30": 1.0, "word80": 2.0}, "word21", "word80", id="both terms"),
        pytest.param(LONG, {}, "word0", "word59", id="no term"),
    ],
)
def test_a_longer_sentence_is_cut_to_the_60_words_that_cover_most(
    text: str, weights: dict[str, float], start: str, end: str
) -> None:
    words = narrowed(Span(0, len(text)), text, weights, None).of(text).split()
    assert (words[0], words[-1], len(words)) == (start, end, 60)


def test_a_sentence_of_60_words_is_left_as_it_is() -> None:
    text = " ".join(LONG.split()[:60]) + "."
    assert narrowed(Span(0, len(text)), text, {"word3": 1.0}, None) == Span(0, len(text))


def test_two_characters_of_chinese_count_as_a_word() -> None:
    text = "数据中心" * 40
    assert len(narrowed(Span(0, len(text)), text, {}, None).of(text)) == 2 * MOST_WORDS
