"""What a sentence claims of its figures, and whom it names."""

import pytest

from citewell.index.assertions import Claim, Statement, read, scan


def claim(text: str, **more: str) -> Claim:
    (claim,) = read(scan(Statement(text, **more))).claims  # type: ignore[arg-type]
    return claim


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("Orla's net loss was $12 million.", "loss"),
        ("The dam, which cost a lot, is 90 m high.", "height"),
        ("The dam is 11.42 feet (as it was) tall.", "height"),
        ("600 people work here.", "staff"),
        ("62 people died here.", "dead"),
        ("Ada was born here in 1843.", "birth"),
        ("The Death of Ada was shown in 1843.", None),
        ("It weighs 40 kg.", None),
    ],
)
def test_the_nearest_word_of_the_clause_says_what_a_figure_is_of(text: str, attribute: str | None) -> None:
    assert claim(text).attribute == attribute


def test_a_clause_has_its_own_attribute() -> None:
    claims = read(scan(Statement("The journey takes 7 hours, and a ticket costs 19 euros."))).claims
    assert [claim.attribute for claim in claims] == ["duration", "price"]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("Sales in 2024 were $90 million.", [2024]),
        ("In 2024, sales were $90 million.", [2024]),
        ("By 2027 all of the old plants shall be gone, and sales were $90 million.", []),
        ("Sales were $90 million.", []),
    ],
)
def test_a_figure_is_of_the_period_of_its_clause_or_of_an_aside(text: str, years: list[int]) -> None:
    (found,) = (claim for claim in read(scan(Statement(text))).claims if claim.quantity.unit == "USD")
    assert [period.first.year for period in found.periods] == years


def test_else_the_title_or_the_column_says_the_period() -> None:
    assert [p.first.year for p in claim("Sales were $9 million.", title="Results for 2024").periods] == [2024]
    row = claim("| Orla | $9 million |", header="| Company | Revenue 2023 |", title="Results for 2024")
    assert [period.first.year for period in row.periods] == [2023, 2024]


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Orla expects sales of $90 million.", "forecast"),
        ("De gemeente rekende op 12 duizend bezoekers.", "forecast"),
        ("The line will open with 12 stations.", "future"),
        ("Sales were $90 million.", "past"),
        ("Sales are $90 million.", ""),
        ("In May the plant has 90 workers.", ""),
        ("Sales were $90 million, more than expected.", "past"),
    ],
)
def test_a_clause_foresees_or_reports(text: str, mood: str) -> None:
    (found,) = (claim for claim in read(scan(Statement(text))).claims if claim.quantity.unit != "date")
    assert found.mood == mood


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("Sales rose by $9 million.", True),
        ("Sales grew 12%.", True),
        ("De omzet steeg met 12%.", True),
        ("The risk is 23% higher.", True),
        ("Sales rose to $9 million.", False),
        ("Sales were $9 million.", False),
    ],
)
def test_a_change_is_told_from_a_level(text: str, change: bool) -> None:
    assert claim(text).change is change


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("They put in a further $9 million.", True),
        ("They put in $9 million more.", True),
        ("The state paid $9 million of the cost.", True),
        ("Ten of the lambs slept.", True),
        ("Each park gives 150 MW.", True),
        ("The park gives 150 MW.", False),
        ("30,000 of its people slept.", False),
    ],
)
def test_a_part_is_told_from_a_whole(text: str, part: bool) -> None:
    assert claim(text).part is part


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The probe Aurora 2 of Orla Labs weighs 9 kg.", {"aurora", "aurora 2", "orla", "labs"}),
        ("Orla's plant weighs 9 kg.", set()),
        ("Orla Labs weighs 9 kg.", {"orla", "labs"}),
        ("President Lund of Enn weighs 90 kg.", {"lund", "enn"}),
        ("On Monday in May it was 9 kg.", set()),
        ("The B200 and GPT-5.4 cost $9.", {"b200", "gpt-5.4"}),
        ("A Series B of $9 million.", {"series", "series b", "b"}),
        ("| Tesla | $9 million |", {"tesla"}),
    ],
)
def test_names_are_words_with_capitals_or_digits(text: str, names: set[str]) -> None:
    assert read(scan(Statement(text))).names == names


def test_a_sentence_without_figures_is_not_read_further() -> None:
    reading = read(scan(Statement("The Corda Dam is old.")))
    assert (reading.claims, reading.names) == ((), frozenset())
