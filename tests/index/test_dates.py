"""Dates and periods: which days are meant."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.dates import periods, published_on


def days(text: str, published: str | None = "2026-03-20") -> list[str]:
    return [f"{period.first}..{period.last} {period.limit}".strip() for period in periods(text, published)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was launched on 14 May 2019.", "2019-05-14..2019-05-14"),
        ("on the 3rd of August 1712", "1712-08-03..1712-08-03"),
        ("May 17, 2019, from a desert", "2019-05-17..2019-05-17"),
        ("approved on 2026-02-18", "2026-02-18..2026-02-18"),
        ("in 2026-02", "2026-02-01..2026-02-28"),
        ("op 12 oktober 2013 geopend", "2013-10-12..2013-10-12"),
        ("opened in February 2024", "2024-02-01..2024-02-29"),
        ("in december 1999", "1999-12-01..1999-12-31"),
        ("Dec. 5, 2020", "2020-12-05..2020-12-05"),
        ("Q1 2026", "2026-01-01..2026-03-31"),
        ("the second quarter of 2027", "2027-04-01..2027-06-30"),
        ("het derde kwartaal van 2027", "2027-07-01..2027-09-30"),
        ("the first half of 2025", "2025-01-01..2025-06-30"),
        ("founded in 1886", "1886-01-01..1886-12-31"),
        ("In 2024 sales rose", "2024-01-01..2024-12-31"),
        ("the 2022 season", "2022-01-01..2022-12-31"),
        ("in the 1990s", "1990-01-01..1999-12-31"),
        ("2025-2026", "2025-01-01..2026-12-31"),
        ("the season 2024/25", "2024-01-01..2025-12-31"),
        ("Revenue 2024", "2024-01-01..2024-12-31"),
        ("last year", "2025-01-01..2025-12-31"),
        ("volgend jaar", "2027-01-01..2027-12-31"),
        ("since 2010", "2010-01-01..2010-12-31 from"),
        ("no later than June 2027", "2027-06-01..2027-06-30 to"),
        ("by the end of 2026", "2026-01-01..2026-12-31 to"),
        ("uiterlijk in 2028", "2028-01-01..2028-12-31 to"),
    ],
)
def test_what_is_said_is_an_interval_of_days(text: str, expected: str) -> None:
    assert days(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["1500 employees", "of 1500 employees", "for 1500 km", "to 2000 dollars", "$2025", "1,204 patients", "GPT-2024", "31 June 2020", "it may be", "2026%"],
)  # fmt: skip
def test_amounts_names_and_days_that_do_not_exist_are_no_dates(text: str) -> None:
    assert days(text) == []


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2026-01", "2025-12-12..2025-12-12"),
        ("2026-11-01", "2026-12-12..2026-12-12"),
        ("2026", "2025-12-12..2025-12-12"),
    ],
)
def test_a_day_without_a_year_is_the_nearest_to_the_publication(published: str, expected: str) -> None:
    assert days("on December 12", published) == [expected]


def test_a_day_without_any_year_is_left_out() -> None:
    assert days("on December 12, in March, last year and in 1999", None) == ["1999-01-01..1999-12-31"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("in March 2026", "on 20 March 2026", True),
        ("in 2025", "in 2026", False),
        ("since 2010", "in 2024", True),
        ("since 2010", "in the 1990s", False),
        ("by June 2027", "in March 2027", True),
        ("by June 2027", "in July 2027", False),
    ],
)
def test_periods_overlap_if_one_day_fits_both(one: str, other: str, expected: bool) -> None:
    (a,), (b,) = periods(one, None), periods(other, None)
    assert a.overlaps(b) is b.overlaps(a) is expected


def test_a_date_of_publication_is_as_long_as_it_is_vague() -> None:
    found = [published_on(said) for said in ("2024", "2024-02", "2024-02-03", "9999-12")]
    assert [(period.first.isoformat(), period.last.isoformat()) for period in found if period] == [
        ("2024-01-01", "2024-12-31"),
        ("2024-02-01", "2024-02-29"),
        ("2024-02-03", "2024-02-03"),
        ("9999-12-01", "9999-12-31"),
    ]
    assert published_on(None) is None


@given(st.text(max_size=80), st.sampled_from([None, "2026", "0001-01", "9999-12-31"]))
def test_any_text_can_be_read_and_spans_say_where(text: str, published: str | None) -> None:
    for period in periods(text, published):
        assert period.first <= period.last
        assert 0 <= period.span.start < period.span.end <= len(text)


@given(st.dates(date(1000, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%B %d, %Y"]))
def test_a_day_written_in_full_is_read_back(day: date, way: str) -> None:
    assert days(f"on {day.strftime(way)}") == [f"{day}..{day}"]
