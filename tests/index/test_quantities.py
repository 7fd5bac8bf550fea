"""Figures with unit and magnitude: what they say, how exactly, and what is no figure."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.dates import periods
from citewell.index.quantities import quantities
from citewell.index.quantity import COUNT, DATE, SCORE, Quantity
from citewell.index.units import AFTER, unit


def found(text: str, language: str | None = "en", header: str | None = None) -> list[Quantity]:
    return list(quantities(text, language, periods(text, "2026-03-20"), header))


def only(text: str, language: str | None = "en") -> Quantity:
    (quantity,) = found(text, language)
    return quantity


@pytest.mark.parametrize(
    ("text", "language", "said", "value", "unit"),
    [
        ("They paid $35 billion in cash.", "en", "$35 billion", "35e9", "USD"),
        ("It cost 35 mld dollar.", "nl", "35 mld dollar", "35e9", "USD"),
        ("a fee of EUR 3.1m", "en", "EUR 3.1m", "3.1e6", "EUR"),
        ("pay US$ 1,200 now", "en", "US$ 1,200", "1200", "USD"),
        ("kost 3,5 miljoen euro", "nl", "3,5 miljoen euro", "3.5e6", "EUR"),
        ("it costs £87 million", "en", "£87 million", "87e6", "GBP"),
        ("fell to 6.8%", "en", "6.8%", "6.8", "%"),
        ("was 8.1 per cent", "en", "8.1 per cent", "8.1", "%"),
        ("steeg met 9,1 procent", "nl", "9,1 procent", "9.1", "%"),
        ("rose 0.4 percentage points", "en", "0.4 percentage points", "0.4", "pp"),
        ("Half of the voters came.", "en", "Half", "50", "%"),
        ("two-thirds of them", "en", "two-thirds", "66.7", "%"),
        ("a capacity of 1.2 GW", "en", "1.2 GW", "1.2e9", "W"),
        ("carries 1,400 MW", "en", "1,400 MW", "1.4e9", "W"),
        ("weighs 38 kg", "en", "38 kg", "38", "kg"),
        ("is 1.24 km long", "en", "1.24 km", "1240", "m"),
        ("is 5m deep", "en", "5m", "5", "m"),
        ("covers 640 hectares", "en", "640 hectares", "6.4e6", "m²"),
        ("a five-year plan", "en", "five-year", "157788000", "s"),
        ("duurde twee jaar", "nl", "twee jaar", "63115200", "s"),
        ("at −11.7 °C", "en", "−11.7 °C", "-11.7", "°C"),
        ("35 times the throughput", "en", "35 times", "35", "×"),
        ("has 12 qubits", "en", "12 qubits", "12", COUNT),
        ("some wolves: 41 wolves", "en", "41 wolves", "41", COUNT),
        ("de 1.200 medewerkers", "nl", "1.200 medewerkers", "1200", COUNT),
        ("61,000 heat pump units were sold", "en", "61,000 heat pump units", "61000", COUNT),
        ("30,000 of its professionals are trained", "en", "30,000 of its professionals", "30000", COUNT),
        ("62 people died", "en", "62 people", "62", COUNT),
    ],
)
def test_a_figure_is_found_with_its_unit_and_its_words(
    text: str, language: str, said: str, value: str, unit: str
) -> None:
    quantity = only(text, language)
    assert (quantity.span.of(text), quantity.value, quantity.unit) == (said, Decimal(value), unit)


@pytest.mark.parametrize(
    ("text", "said", "low", "high"),
    [
        ("it is 7 kg", "7 kg", "6.5", "7.5"),
        ("it is 2 kg", "2 kg", "1.8", "2.2"),
        ("it is 1,240 kg", "1,240 kg", "1235", "1245"),
        ("it is 600 kg", "600 kg", "550", "650"),
        ("it is 100 kg", "100 kg", "90", "110"),
        ("it is about 600 kg", "about 600 kg", "540", "660"),
        ("nearly 90 kg", "nearly 90 kg", "81", "99"),
        ("more than 500 kg", "more than 500 kg", "450", "Infinity"),
        ("at least 62 kg", "at least 62 kg", "61.5", "Infinity"),
        ("500+ kg", "500+ kg", "450", "Infinity"),
        ("up to 45 kg", "up to 45 kg", "-Infinity", "45.5"),
        ("less than 45 kg", "less than 45 kg", "-Infinity", "45.5"),
        ("10 to 12 kg", "10 to 12 kg", "9.5", "12.5"),
        ("10-12 kg", "10-12 kg", "9.5", "12.5"),
        ("between 10 and 12 kg", "between 10 and 12 kg", "9.5", "12.5"),
        ("10 to 12 thousand kg", "10 to 12 thousand kg", "9500", "12500"),
    ],
)
def test_a_figure_claims_an_interval(text: str, said: str, low: str, high: str) -> None:
    quantity = only(text)
    assert (quantity.span.of(text), quantity.low, quantity.high) == (said, Decimal(low), Decimal(high))


def test_what_goes_from_one_value_to_another_has_two() -> None:
    text = "It rose from 5% to 8%."
    assert [quantity.span.of(text) for quantity in found(text)] == ["5%", "8%"]


@pytest.mark.parametrize(
    "text",
    [
        "OpenAI brought out GPT-5.4.",
        "The probe Aurora 2 was lost.",
        "Nimbus OS 9 runs well.",
        "Article 12 of the law",
        "on page 14 of the book",
        "Step 2: fill the tank",
        "1. Insulate the roof",
        "(3) Insulate the roof",
        "at 10:30 sharp",
        "the H100 and the 3rd",
        "three years ago",
        "one of the two",
        "they had 5 and lost",
        "",
    ],
)
def test_names_labels_times_and_bare_numbers_are_no_figures(text: str) -> None:
    assert found(text) == []


def test_a_number_behind_a_name_counts_when_it_is_large_or_has_a_unit() -> None:
    text = "At Accenture 45,000 professionals and near Oslo 12 km"
    assert [quantity.span.of(text) for quantity in found(text)] == ["45,000 professionals", "12 km"]


@pytest.mark.parametrize(
    ("text", "per"),
    [
        ("$9 million a year on snow", "year"),
        ("$2 per million input tokens", "million input tokens"),
        ("five metres of ice a year", "year"),
        ("$9 million for a bridge", ""),
    ],
)
def test_a_rate_says_of_what(text: str, per: str) -> None:
    assert only(text).per == per


def test_dates_are_quantities_of_days() -> None:
    quantity = only("signed on 3 August 1712")
    assert quantity.unit == DATE
    assert quantity.low == quantity.high == quantity.value == 625145


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("signed on 3 August 1712", "1712-08-03"),
        ("signed in March 2026", "2026-03-01/2026-03-31"),
        ("signed by June 2027", "../2027-06-30"),
        ("open since 2010", "2010-01-01/.."),
        ("$35 billion", "35000000000"),
        ("1.50 m", "1.5"),
        ("They lost 1-3.", "3-1"),
    ],
)
def test_a_value_is_written_for_programs(text: str, written: str) -> None:
    assert only(text).written == written


@pytest.mark.parametrize("text", ["They won 3-1 on Saturday.", "a 3–1 win over Rome", "verloor met 1-3"])
def test_a_score_is_one_where_something_is_won_or_lost(text: str) -> None:
    quantity = only(text)
    assert (quantity.unit, quantity.written) == (SCORE, "3-1")


@pytest.mark.parametrize("text", ["see 3-1 for this", "they won 10-12 points"])
def test_other_pairs_of_numbers_are_no_score(text: str) -> None:
    assert [quantity for quantity in found(text) if quantity.unit == SCORE] == []


def test_a_row_of_a_table_has_its_units_from_the_columns() -> None:
    header = "| Model | Range (km) | Price ($) | Revenue (million USD) | Employees | Start | Inhabitants |"
    text = "| Volt 7 | 420 | 38,000 | 12 | 7,400 | 2031 | 1950 |"
    assert [(q.span.of(text), q.written, q.unit, q.nouns) for q in found(text, "en", header)] == [
        ("420", "420000", "m", ()),
        ("38,000", "38000", "USD", ()),
        ("12", "12000000", "USD", ()),
        ("7,400", "7400", COUNT, ("employe",)),
        ("2031", "2031-01-01/2031-12-31", DATE, ()),
        ("1950", "1950", COUNT, ("inhabit",)),
    ]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("about $50 billion", "$49.8 billion", True),
        ("$50 billion", "$45 billion", False),
        ("1.2 GW", "1,210 MW", True),
        ("two years", "24 months", True),
        ("more than 500 kg", "620 kg", True),
        ("more than 500 kg", "430 kg", False),
        ("10 to 12 weeks", "11 weeks", True),
        ("10 to 12 weeks", "15 weeks", False),
        ("a dozen seals", "12 seals", True),
        ("on 14 May 2019", "in May 2019", True),
        ("on 14 May 2019", "on 17 May 2019", False),
        ("they won 3-1", "they lost 1-3", True),
        ("they won 3-1", "they lost 2-1", False),
    ],
)
def test_figures_agree_if_both_can_be_true(one: str, other: str, agree: bool) -> None:
    a, b = only(one), only(other)
    assert a.agrees(b) is b.agrees(a) is agree


@given(st.text(max_size=120), st.sampled_from([None, "en", "nl", "zh"]))
def test_any_text_can_be_read_and_spans_are_in_order_and_apart(text: str, language: str | None) -> None:
    read = found(text, language, text)
    ends = [end for quantity in read for end in (quantity.span.start, quantity.span.end)]
    assert ends == sorted(ends)
    assert all(quantity.low <= quantity.value <= quantity.high for quantity in read)


@given(
    st.integers(2, 10**12),
    st.sampled_from([" kg", " km", " years", " MW", " percent", " dollars", " euros", " acres"]),
)
def test_a_figure_written_out_is_read_back_exactly(value: int, words: str) -> None:
    match = AFTER.match(words)
    assert match is not None
    quantity = only(f"it is {value:,}{words} in all")
    assert quantity.value == value * unit(match[0]).factor
    assert quantity.unit == unit(match[0]).name
    assert quantity.low < quantity.value < quantity.high
