"""Where a quote stands in a newer text."""

from time import process_time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.corpus.text import normalise
from citewell.index.likeness import Searchable
from citewell.index.tracing import LEAST_SIMILAR, Place, Standing, trace
from citewell.index.words import divides_word

OLD = "Ants dig. Bees make honey in summer. Wasps build nests."
QUOTE = "Bees make honey in summer."


def traced(quote: str, cited: str, new: str, start: int | None = None) -> Place:
    at = cited.index(quote) if start is None else start
    return trace(quote, Span(at, at + len(quote)), cited, Searchable(new))


def shown(quote: str, cited: str, new: str, start: int | None = None) -> tuple[str, str | None, float | None]:
    place = traced(quote, cited, new, start)
    return place.state, place.span.of(new) if place.span else None, place.similarity


def started(quote: str, cited: str, new: str, start: int | None = None) -> tuple[str, int | None]:
    place = traced(quote, cited, new, start)
    return place.state, place.span.start if place.span else None


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, ("exact", QUOTE, 1.0)),
        (OLD.replace("Wasps build nests.", ""), ("exact", QUOTE, 1.0)),
        (OLD.replace("Ants dig.", "Ants run."), ("exact", QUOTE, 1.0)),
        ("Flies fly. " + OLD, ("moved", QUOTE, 1.0)),
        (OLD.replace("Ants dig. ", ""), ("moved", QUOTE, 1.0)),
        (OLD.replace(QUOTE, "Wasps make honey in summer."), ("changed", "Wasps make honey in summer.", 0.8)),
        (OLD.replace(QUOTE, "Bees made honey in winter."), ("changed", "Bees made honey in winter.", 0.6)),
        (OLD.replace(QUOTE, "bees make honey, in summer!"), ("changed", "bees make honey, in summer!", 1.0)),
        (OLD.replace(QUOTE, "Bees made wax in winter."), ("gone", None, None)),
        (OLD.replace(QUOTE, ""), ("gone", None, None)),
        ("", ("gone", None, None)),
    ],
)
def test_a_quote_is_exact_moved_changed_or_gone(
    new: str, expected: tuple[str, str | None, float | None]
) -> None:
    assert shown(QUOTE, OLD, new) == expected


def test_a_quote_is_changed_from_six_words_of_ten_on() -> None:
    quote = "one two three four five six seven eight nine ten"
    six, five = "one two three four five six q r s t", "one two three four five p q r s t"
    assert shown(quote, quote, six) == ("changed", six, LEAST_SIMILAR)
    assert shown(quote, quote, five) == ("gone", None, None)


# -- copies ---------------------------------------------------------------------------------------------------

ROWS = "| a | yes |\n| b | yes |\n| c | yes |\n"


def test_a_copy_at_the_same_place_is_the_quote_whatever_stands_around_it() -> None:
    assert started("yes", "no yes no", "so yes so no yes no") == ("exact", 3)


def test_of_several_copies_the_one_in_its_context_is_meant() -> None:
    second, third = ROWS.index("yes", 15), ROWS.rindex("yes")
    grown = "| new | yes |\n" + ROWS
    assert started("yes", ROWS, grown, second) == ("moved", second + 14)
    assert started("yes", ROWS, grown, third) == ("moved", third + 14)


def test_context_on_one_side_is_enough() -> None:
    cited = "It rains in spring. Yes. It snows in winter."
    new = "Yes. Does it rain? Yes. Does it? Yes. It snows in winter."
    assert started("Yes.", cited, new) == ("moved", new.rindex("Yes."))


def test_context_need_not_be_as_it_was() -> None:
    cited = "Does it ever rain there in spring? Yes. And does it ever snow there in winter? No."
    new = "Is it dry? Yes. Does it sometimes rain there in spring? Yes. Does it ever snow there in the winter? No."
    assert started("Yes.", cited, new) == ("moved", new.rindex("Yes."))


def test_the_ends_of_a_text_are_context_too() -> None:
    assert started("Yes.", "Yes. And so on.", "Yes. No. Yes. But then, no.", 0) == ("exact", 0)
    assert started("Yes.", "No, and so on. Yes.", "Yes. Well. Yes. But then, no. Yes.") == ("moved", 30)


def test_of_copies_in_equal_context_that_with_more_around_it_as_it_was_is_meant() -> None:
    """A stretch was copied to a place near by: what was cited is the one that its whole surroundings moved with."""
    stretch = "".join(f"Sentence {i} of the stretch. " for i in range(40))
    cited = f"Before it. {stretch}After it."
    new = f"{stretch}New. " + "More was put in. " * 200 + cited
    start = cited.index("Sentence 20")
    assert started("Sentence 20 of the stretch.", cited, new, start) == ("moved", new.rindex("Sentence 20"))


def test_of_copies_in_equal_context_the_nearest_is_meant_then_the_first() -> None:
    gap = "." * 300
    cited, new = f"{gap}yes{gap}", f"{gap}x{gap}yes{gap}x{gap}yes{gap}"
    first, second = new.index("yes"), new.rindex("yes")
    assert traced("yes", cited, new, 300).span == Span(first, first + 3)
    where = Span(second - 10, second - 7)
    assert trace("yes", where, None, Searchable(new)).span == Span(second, second + 3)
    middle = Span((first + second) // 2, (first + second) // 2 + 3)
    assert (first + second) % 2 == 0
    assert trace("yes", middle, None, Searchable(new)).span == Span(first, first + 3)


def test_a_copy_that_overlaps_another_can_be_meant() -> None:
    cited = "na na na batman"
    assert started("na na", cited, "oh, na na na batman", 3) == ("moved", 7)


# -- words ----------------------------------------------------------------------------------------------------


def test_a_quote_is_not_found_inside_a_longer_word() -> None:
    assert shown("is", "Who is it?", "This thing: who was it?") == ("gone", None, None)
    assert started("is", "Who is it?", "This thing: who is it?") == ("moved", 16)
    assert shown("honey", "So: honey.", "honeybee or honey") == ("moved", "honey", 1.0)


def test_nor_at_its_own_place_inside_a_longer_word() -> None:
    assert shown("art", "An art.", "An arts.") == ("gone", None, None)


def test_a_quote_that_ends_inside_a_word_is_found_inside_words() -> None:
    assert started("one", "So honey it is.", "A phoneme.", 4) == ("exact", 4)
    assert started("one", "So honey it is.", "Then phonemes.", 4) == ("moved", 7)


def test_a_script_without_blanks_has_no_inside_of_words() -> None:
    assert shown("酿蜜", "蜜蜂酿蜜。", "夏天蜜蜂酿蜜了。") == ("moved", "酿蜜", 1.0)


def test_white_space_at_the_ends_of_a_quote_does_not_matter() -> None:
    """A passage has the blank lines behind it; those of the last passage are the end of the text."""
    assert shown("Bees fly.\n", "Bees fly.\n", "Bees fly.\n\nAnts dig.\n") == ("exact", "Bees fly.\n", 1.0)
    assert shown("Bees fly.\n\n", "Bees fly.\n\nAnts dig.\n", "Bees fly.\n") == ("exact", "Bees fly.", 1.0)
    assert shown("\nBees fly.\n\n", "\nBees fly.\n\nAnts.", "Oh! Bees fly. Ants.") == (
        "moved",
        "Bees fly.",
        1.0,
    )


def test_blank_quotes_have_a_place_too() -> None:
    assert shown(" ", "a b", "a b") == ("exact", " ", 1.0)
    assert shown("  ", "a  b", "ab") == ("gone", None, None)


def test_offsets_count_code_points() -> None:
    cited = "\U0001f41c Bees make honey."
    assert started("Bees make honey.", cited, "\U0001f41c\U0001f41c " + cited) == ("moved", 5)


def test_without_a_place_the_first_copy_is_meant() -> None:
    assert trace("yes", None, None, Searchable("no yes yes")) == Place(Standing.MOVED, Span(3, 6), 1.0)
    assert trace("no", None, None, Searchable("no yes yes")) == Place(Standing.MOVED, Span(0, 2), 1.0)


def test_a_place_far_outside_the_text_does_no_harm() -> None:
    assert trace("yes", Span(2**70, 2**70 + 3), None, Searchable("yes")).span == Span(0, 3)


# -- for any texts --------------------------------------------------------------------------------------------

text = st.text(st.sampled_from("ab .\n蜜é\u0301"), max_size=40).map(normalise)


@given(text, text, st.data())
@settings(max_examples=300, deadline=None)
def test_a_place_is_what_its_state_says(cited: str, new: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(cited))] * 2)))
    assume(start < end)
    quote, span = cited[start:end], Span(start, end)
    place = trace(quote, span, cited, Searchable(new))
    match place.state:
        case Standing.EXACT:
            assert place.span is not None
            assert place.span.of(new).strip() == quote.strip()
            assert start <= place.span.start < place.span.end <= end
        case Standing.MOVED:
            assert place.span is not None
            assert place.span.of(new) in (quote, quote.strip())
        case Standing.CHANGED:
            assert place.span is not None
            assert 0 <= place.span.start < place.span.end <= len(new)
            assert place.similarity is not None
            assert LEAST_SIMILAR <= place.similarity <= 1
        case Standing.GONE:
            assert (place.span, place.similarity) == (None, None)
    if place.state in (Standing.CHANGED, Standing.GONE):
        whole = not (divides_word(cited, start) or divides_word(cited, end))
        assert not whole or not any(new == f"{a}{quote}{b}" for a in ("", " ") for b in ("", " "))


@given(text, text, text, st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_put_before_and_behind_a_text_moves_its_quotes_by_its_length(
    cited: str, before: str, behind: str, data: st.DataObject
) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(cited))] * 2)))
    assume(start < end)
    quote = f"<{cited[start:end]}>"
    marked = f"{cited[:start]}{quote}{cited[end:]}"
    place = trace(quote, Span(start, start + len(quote)), marked, Searchable(f"{before}{marked}{behind}"))
    assert place.state == (Standing.MOVED if before else Standing.EXACT)
    assert place.span == Span(start + len(before), start + len(before) + len(quote))


@given(text, text, st.data())
@settings(max_examples=100, deadline=None)
def test_tracing_twice_gives_the_same_place(cited: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, max(0, len(cited) - 1)))
    assume(start < len(cited))
    quote, span = cited[start : start + 9], Span(start, min(start + 9, len(cited)))
    searched = Searchable(new)
    assert trace(quote, span, cited, searched) == trace(quote, span, cited, searched)


# -- large ones -----------------------------------------------------------------------------------------------


def test_a_word_that_stands_in_a_text_200_000_times_is_traced_in_seconds() -> None:
    cited = "Here is the word that is meant, and no other. " + "the bee and the ant " * 50_000
    new = "the bee and the ant " * 50_000 + cited
    began = process_time()
    assert started("the", cited, new, 8) == ("moved", 1_000_008)
    assert traced("the", cited, new.replace("the word", "the very word"), 8).state is Standing.MOVED
    assert process_time() - began < 20


def test_a_quote_of_a_million_characters_that_repeats_itself_is_traced_in_seconds() -> None:
    quote, new = "a" * 1_000_000, Searchable("a" * 3_000_000)
    began = process_time()
    assert (
        trace(quote, Span(0, 1_000_000), None, new).state is Standing.GONE
    )  # it is inside a word everywhere
    assert trace(quote, Span(5, 1_000_005), "aaaaa" + quote + "aa", new).state is Standing.EXACT
    assert process_time() - began < 20
