"""Numbers as they are written in English and Dutch."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.numerals import NUMBER, decimal, number


def first(text: str, language: str) -> tuple[Decimal, Decimal] | None:
    match = NUMBER[language].search(text)
    return number(match, language) if match else None


@pytest.mark.parametrize(
    ("text", "language", "value", "step"),
    [
        ("7", "en", "7", "1"),
        ("40", "en", "40", "1"),
        ("600", "en", "600", "100"),
        ("1,204", "en", "1204", "1"),
        ("12,400", "en", "12400", "100"),
        ("1,200,000", "en", "1200000", "100000"),
        ("83.0", "en", "83.0", "0.1"),
        ("1.234", "en", "1.234", "0.001"),
        ("3,5", "en", "3.5", "0.1"),
        ("4.2 billion", "en", "4200000000", "100000000"),
        ("3.1m", "en", "3100000", "100000"),
        ("250 bn", "en", "250000000000", "10000000000"),
        ("119B", "en", "119000000000", "1000000000"),
        ("1.200", "nl", "1200", "100"),
        ("3,5", "nl", "3.5", "0.1"),
        ("0,125", "nl", "0.125", "0.001"),
        ("1.234.567,89", "nl", "1234567.89", "0.01"),
        ("3,5 mln", "nl", "3500000", "100000"),
        ("35 mld", "nl", "35000000000", "1000000000"),
        ("2 biljoen", "nl", "2000000000000", "1000000000000"),
        ("seven", "en", "7", "1"),
        ("Fourteen", "en", "14", "1"),
        ("twenty-one", "en", "21", "1"),
        ("two hundred", "en", "200", "100"),
        ("two dozen", "en", "24", "12"),
        ("a dozen", "en", "12", "12"),
        ("one million", "en", "1000000", "1000000"),
        ("zeventien", "nl", "17", "1"),
        ("vierendertig", "nl", "34", "1"),
        ("tweeënveertig", "nl", "42", "1"),
        ("een miljard", "nl", "1000000000", "1000000000"),
        ("1.200,5", "", "1200.5", "0.1"),
    ],
)
def test_a_number_has_a_value_and_the_step_it_is_said_in(
    text: str, language: str, value: str, step: str
) -> None:
    assert first(text, language) == (Decimal(value), Decimal(step))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("GPT-5", "en"),
        ("the H100", "en"),
        ("the 3rd", "en"),
        ("de 2e", "nl"),
        ("one of them", "en"),
        ("a man", "en"),
        ("een man", "nl"),
        ("someone", "en"),
        ("twee", "en"),
        ("two", "nl"),
        ("", "en"),
    ],
)
def test_names_ordinals_and_articles_are_no_numbers(text: str, language: str) -> None:
    assert first(text, language) is None


def test_a_letter_is_a_scale_only_where_it_may_be_one() -> None:
    match = NUMBER["en"].search("5m")
    assert match is not None
    assert number(match, "en") == (Decimal(5_000_000), Decimal(1_000_000))
    assert number(match, "en", lettered=False) == (Decimal(5), Decimal(1))


@given(st.integers(0, 10**15), st.sampled_from([("en", ","), ("nl", "."), ("de", ".")]))
def test_a_whole_number_in_groups_of_three_is_read_back(value: int, way: tuple[str, str]) -> None:
    language, mark = way
    assert decimal(f"{value:,}".replace(",", mark), language) == value


@given(
    st.decimals(0, 10**9, places=2, allow_nan=False), st.sampled_from([("en", ",", "."), ("nl", ".", ",")])
)
def test_a_number_with_two_decimals_is_read_back(value: Decimal, way: tuple[str, str, str]) -> None:
    language, mark, point = way
    written = f"{value:,.2f}".translate({ord(","): mark, ord("."): point})
    assert decimal(written, language) == value
