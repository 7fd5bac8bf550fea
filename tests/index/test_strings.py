"""Many strings in two arrays: what comes out is what went in, and what is in order is found."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from citewell.index.strings import Strings

ODD = ["\x00", "~", "é", "\ud7ff", "\ud800", "\udfff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"]
string = st.text(st.characters(), max_size=4) | st.text("aé\ud800\U0001f41c", max_size=4)


def test_strings_lie_end_to_end_in_utf_8() -> None:
    strings = Strings.of(["ant", "", "é", "🐜"])
    assert strings.content.tobytes() == "anté🐜".encode()
    assert strings.offsets.tolist() == [0, 3, 3, 5, 9]


def test_one_is_read_by_its_number() -> None:
    strings = Strings.of(["ant", "", "é"])
    assert [strings[0], strings[1], strings[2], strings[-1], strings[-3]] == ["ant", "", "é", "é", "ant"]


@pytest.mark.parametrize("number", [3, -4, 100])
def test_there_is_none_beyond_the_last(number: int) -> None:
    with pytest.raises(IndexError):
        Strings.of(["ant", "", "é"])[number]


@pytest.mark.parametrize("number", [0, -1])
def test_of_no_strings_there_is_none(number: int) -> None:
    empty = Strings.of([])
    assert (len(empty), list(empty), empty[:], empty.find("")) == (0, [], [], None)
    with pytest.raises(IndexError):
        empty[number]


@given(st.lists(string), st.slices(8))
@example(ODD, slice(None, None, -1))
def test_they_are_the_strings_that_were_given(given_: list[str], some: slice) -> None:
    """Lone surrogates too: a file may be named so."""
    strings = Strings.of(given_)
    assert len(strings) == len(given_)
    assert list(strings) == given_
    assert [strings[i] for i in range(len(given_))] == given_
    assert strings[some] == given_[some]


@given(st.sets(string), string)
@example(set(ODD), "\U0001f41c")
@example({"ab", "abc"}, "a")
@example({""}, "")
def test_one_is_found_among_those_in_order(distinct: set[str], other: str) -> None:
    """The order of their bytes is the order of the strings, or some would not be found."""
    ordered = sorted(distinct)
    strings = Strings.of(ordered)
    for wanted in [*ordered, other]:
        assert strings.find(wanted) == (ordered.index(wanted) if wanted in distinct else None)


@given(st.sets(string), st.lists(string))
@example(set(ODD), ["\U0001f41c", *ODD])
@example({"ab", "abc"}, ["a", "abc", "abcd"])
@example({"", "a", "a\x00"}, ["a\x00", "a", "", "a\x00\x00"])
@example(set(), [""])
@example({"a"}, [])
def test_many_are_found_at_once_as_one_by_one(distinct: set[str], others: list[str]) -> None:
    strings = Strings.of(sorted(distinct))
    wanted = [*others, *sorted(distinct)]
    found = [strings.find(each) for each in wanted]
    assert strings.rows(wanted).tolist() == [-1 if row is None else row for row in found]
