"""Links that take a browser to a quote."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.fragment import quote_link

PAGE = "https://example.org/ants"
WORDS = [f"word{number}" for number in range(100)]
LONG = " ".join(WORDS)


def fragment(quote: str, text: str) -> str | None:
    link = quote_link(PAGE, quote, text)
    assert link is None or link.startswith(f"{PAGE}#:~:text=")
    return link and link.partition(":~:text=")[2]


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Ants dig.", "Ants%20dig."),
        ("well-known", "well%2Dknown"),
        ("tea, milk & sugar", "tea%2C%20milk%20%26%20sugar"),
        ("100 % of #1?", "100%20%25%20of%20%231%3F"),
        ("a/b", "a%2Fb"),
        ("蜜蜂 🐜", "%E8%9C%9C%E8%9C%82%20%F0%9F%90%9C"),
        ("  Ants \u00a0dig. ", "Ants%20dig."),
    ],
)
def test_a_short_quote_is_given_whole_with_its_syntax_encoded(quote: str, expected: str) -> None:
    assert fragment(quote, f"First. {quote} Last.") == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("https://e.org/", "https://e.org/#:~:text=ants"),
        ("https://e.org/?a=1&b=2", "https://e.org/?a=1&b=2#:~:text=ants"),
        ("https://e.org/#nests", "https://e.org/#nests:~:text=ants"),
        ("https://e.org/#", "https://e.org/#:~:text=ants"),
        ("https://e.org/#:~:text=bees", "https://e.org/#:~:text=ants"),
        ("https://e.org/#nests:~:text=bees", "https://e.org/#nests:~:text=ants"),
        (None, None),
    ],
)
def test_the_fragment_goes_behind_the_address(page: str | None, expected: str | None) -> None:
    assert quote_link(page, "ants", "Some ants dig.") == expected


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("Ants dig.", "Ants dig. Bees fly. Ants dig."),
        ("Ants dig", "Ants dig. All ANTS DIG."),
        ("Ants", "Bees fly."),
        ("ant", "Ants dig."),
        ("", "Ants dig."),
        (" ", "Ants dig."),
    ],
    ids=["twice", "twice, once in capitals", "not there", "inside a word only", "empty", "blank"],
)
def test_there_is_no_link_to_what_does_not_stand_there_once(quote: str, text: str) -> None:
    assert fragment(quote, text) is None


def test_the_same_letters_inside_a_longer_word_do_not_count() -> None:
    assert fragment("ant", "An ant, not an elephant.") == "ant"


@pytest.mark.parametrize(
    "quote", ["**Ants** dig", "| Ants | 4 |", "see [1]", "`ants`", "<b>", "a\\b", "big_ants"]
)
def test_there_is_no_link_to_what_a_page_shows_otherwise(quote: str) -> None:
    assert fragment(quote, quote) is None


def test_of_a_long_quote_the_first_and_last_words_are_given() -> None:
    assert fragment(LONG, f"Before. {LONG} After.") == (
        "word0%20word1%20word2%20word3,word96%20word97%20word98%20word99"
    )


def test_of_a_long_quote_so_many_words_are_given_that_they_stand_there_once() -> None:
    head, tail = " ".join(WORDS[:6]), " ".join(WORDS[90:])
    text = f"{head} x. {LONG}"
    assert fragment(LONG, text) == f"{head} word6,word96 word97 word98 word99".replace(" ", "%20")
    quote = f"{LONG} {tail} and {tail}"
    given = fragment(quote, quote)
    assert given is not None
    assert unquote(given).partition(",")[2] == f"and {tail}"


def test_a_quote_of_several_lines_is_given_by_words_of_the_first_and_the_last() -> None:
    quote = "These are the ants that dig.\n\nThose are the bees that fly."
    assert fragment(quote, quote) == "These%20are%20the%20ants,the%20bees%20that%20fly."
    assert (
        fragment("Ants dig.\n\nThose are the bees that fly.", "Ants dig.\n\nThose are the bees that fly.")
        is None
    )


def test_a_long_quote_that_says_nothing_else_until_its_end_is_given_whole() -> None:
    quote = "ants " * 100 + "wasps"
    assert unquote(fragment(quote, quote) or "") == quote


@given(
    st.lists(st.sampled_from(["a", "b", "c-d", "e,f", "&", "-", "long" * 20]), min_size=1, max_size=20),
    st.data(),
)
def test_what_a_browser_finds_is_the_quote(words: list[str], data: st.DataObject) -> None:
    """The first place of the start, then the first place of the end behind it: from here to there is the quote."""
    text = " ".join(words)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    quote = text[start:end]
    given = fragment(quote, text)
    if given is None:
        return
    first, *last = map(unquote, given.split(","))
    assert "-" not in given
    assert "&" not in given
    begins = text.index(first)
    ends = text.index(last[0], begins + len(first)) + len(last[0]) if last else begins + len(first)
    assert text[begins:ends] == quote.strip()
