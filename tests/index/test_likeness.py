"""The stretch of a text that is most like a quote."""

import random
from functools import cache
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from citewell.index import likeness
from citewell.index.likeness import Searchable, most_like
from citewell.index.words import WORD, folded


def found(quote: str, text: str) -> tuple[str, float] | None:
    like = most_like(quote, Searchable(text))
    return (like.span.of(text), round(like.similarity, 3)) if like else None


@pytest.mark.parametrize(
    ("quote", "text", "expected"),
    [
        ("Bees make honey.", "In the hive. Wasps make honey. They do.", ("Wasps make honey.", 0.667)),
        ("Bees make honey.", "In the hive. Bees make wax. They do.", ("Bees make wax.", 0.667)),
        ("Bees make honey.", "In the hive. Bees made honey. They do.", ("Bees made honey.", 0.667)),
        ("Bees make honey.", "They say: “bees make honey”!", ("“bees make honey”!", 1.0)),
        ("Bees make sweet honey.", "We know. Bees make honey. So?", ("Bees make honey.", 0.75)),
        ("Bees make honey.", "We know. Bees make very sweet honey.", ("Bees make very", 0.667)),
        ("Bees make honey.", "We know. Make honey, bees.", ("Make honey,", 0.667)),
        ("In all Bees make honey.", "We know. Bees make honey.", ("Bees make honey.", 0.6)),
        ("| Beta | 450 | blue |", "| A | 1 | red |\n| Beta | 470 | blue |\n| C | 2 | red |", ("Beta | 470 | blue", 0.667)),
        ("蜜蜂在夏天酿蜜。", "我们知道。蜜蜂在冬天酿蜜。是的。", ("蜜蜂在冬天酿蜜。", 0.857)),
        ("Honey", "Sweet honey, sour milk.", ("honey,", 1.0)),
        ("honey", "money", None),
        ("— 🐜 —", "— 🐝 —", None),
        ("", "Bees make honey.", None),
        ("Bees make honey.", "", None),
        ("Bees make honey.", "…", None),
    ],
)  # fmt: skip
def test_the_stretch_is_what_the_quote_reads_now(
    quote: str, text: str, expected: tuple[str, float] | None
) -> None:
    assert found(quote, text) == expected


def test_a_sentence_to_which_words_were_added_is_shown_with_them_if_they_are_not_too_many() -> None:
    text = "One. The battery, which was made in Norway by a friend of ours, lasts two days. Three."
    assert found("The battery lasts two days.", text) == ("of ours, lasts two days.", 0.6)
    text = "One. The battery of the new phone by a friend lasts two whole days at least. Three."
    assert found("The battery of the phone lasts two whole days.", text) == (
        "The battery of the new phone by a friend lasts two whole days", 0.692
    )  # fmt: skip


def test_of_equals_the_first_is_meant() -> None:
    text = "Ants eat honey. Wasps make honey. Bees make wax. Bees make noise."
    like = most_like("Bees make honey.", Searchable(text))
    assert like is not None
    assert like.span.of(text) == "Wasps make honey."


# -- against every stretch there is ---------------------------------------------------------------------------


def common(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence, as it is defined."""

    @cache
    def of(i: int, j: int) -> int:
        if i == len(first) or j == len(second):
            return 0
        if first[i] == second[j]:
            return 1 + of(i + 1, j + 1)
        return max(of(i + 1, j), of(i, j + 1))

    return of(0, 0)


words = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8)


@given(words, st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=24))
@example(["a"], ["b"])
@settings(max_examples=300, deadline=None)
def test_no_stretch_as_long_as_the_quote_is_more_similar(quote: list[str], text: list[str]) -> None:
    """But for the words at its ends, that make a stretch readable. Those of other lengths are found by growing it."""
    n = len(quote)
    best = max(common(quote, text[i : i + n]) / n for i in range(len(text)))
    like = most_like(" ".join(quote), Searchable(" ".join(text)))
    if like is None:
        assert best == 0
        return
    shown = like.span.of(" ".join(text)).split()
    assert like.similarity == common(quote, shown) / max(n, len(shown))
    assert like.similarity >= best * n / max(n, len(shown))


@given(words, st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=24))
@settings(max_examples=200, deadline=None)
def test_without_order_the_first_stretch_with_most_words_in_common_is_found(
    quote: list[str], text: list[str]
) -> None:
    n = len(quote)

    def bag(stretch: list[str]) -> int:
        return sum(min(quote.count(word), stretch.count(word)) for word in set(quote))

    stretches = [text[i : i + n] for i in range(len(text))]
    best = max(map(bag, stretches))
    first, end, shared = likeness._most_common(quote, Searchable(" ".join(text)).words)
    assert shared == best
    if best:
        start = next(i for i, stretch in enumerate(stretches) if bag(stretch) == best)
        held = [i for i, word in enumerate(stretches[start], start) if word in quote]
        assert (first, end) == (held[0], held[-1] + 1)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_can_be_compared(quote: str, text: str) -> None:
    like = most_like(quote, Searchable(text))
    if like is None:
        assert not set(WORD.findall(folded(quote))) & set(WORD.findall(folded(text)))
    else:
        assert 0 < like.similarity <= 1
        assert 0 <= like.span.start < like.span.end <= len(text)


# -- long ones ------------------------------------------------------------------------------------------------


def prose(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return [f"w{min(int(chance.paretovariate(0.3)), 10**9)}" for _ in range(count)]


@pytest.mark.parametrize("count", [400, 500, 501, 5_000])
def test_a_long_quote_with_some_words_replaced_is_found(count: int) -> None:
    quote = prose(1, count)
    new = [word if number % 10 else "new" for number, word in enumerate(quote)]
    text = " ".join([*prose(2, 9_000), *new, *prose(3, 9_000)])
    like = most_like(" ".join(quote), Searchable(text))
    assert like is not None
    assert like.similarity == pytest.approx(0.9, abs=0.01)
    assert abs(like.span.start - text.index(" ".join(new[1:9]))) < 20


def test_ends_of_a_text_are_as_good_as_its_middle() -> None:
    quote = "One two three four five."
    assert found(quote, "One two three four.") == ("One two three four.", 0.8)
    assert found(quote, "Two three four five. Six. Seven. Eight.") == ("Two three four five.", 0.8)
    assert found(quote, "Six. Seven. Eight. Nine. One two three") == ("One two three", 0.6)


def test_a_quote_of_a_million_characters_is_answered_in_seconds() -> None:
    text = Searchable("ant bee " * 20_000)
    began = process_time()
    assert most_like("wasp ant " * 111_112, text) is not None
    assert most_like("x" * 1_000_000, text) is None
    assert process_time() - began < 5


@pytest.mark.slow
def test_a_text_of_20_mb_is_searched_in_seconds() -> None:
    sentences = [" ".join(prose(seed, 20)) + "." for seed in range(1_000)]
    chance = random.Random(4)
    text = Searchable(" ".join(chance.choice(sentences) for _ in range(250_000))[:20_000_000])
    quote = " ".join(
        f"changed {second}" if i % 8 == 0 else second for i, (_, second) in enumerate(pairwise(prose(5, 30)))
    )
    text = Searchable(text.text + " " + " ".join(prose(5, 30)[1:]))
    began = process_time()
    like = most_like(quote, text)
    assert like is not None
    assert like.similarity > 0.8
    assert process_time() - began < 30
    began = process_time()
    assert all(most_like(sentence, text) for sentence in sentences[:5])
    assert process_time() - began < 30
