"""Sources that disagree: which pairs of figures are shown side by side, and which never are."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.assertions import Statement, read, scan
from citewell.index.disagreement import Cited, Difference, difference, disagreements


def idf(term: str) -> float:
    """Every term alike: the rules decide, not the corpus."""
    return 1.0


def says(text: str, article: str = "", **more: Any) -> Statement:
    return Statement(text, article or text, **more)


def found(a: Statement, b: Statement) -> Difference | None:
    return difference(read(scan(a)), read(scan(b)), idf)


def pair(a: Statement, b: Statement) -> tuple[str, str] | None:
    """The words of the figures that differ."""
    difference = found(a, b)
    return (difference.a.span.of(a.text), difference.b.span.of(b.text)) if difference else None


# -- what is shown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("The Corda Dam cost $310 million.", "Building the Corda Dam cost $280 million.", ("$310 million", "$280 million")),
        ("The ferry Lind had 214 passengers.", "187 passengers were on the ferry Lind.", ("214 passengers", "187 passengers")),
        ("The Orla plant employs 600 people.", "Some 940 people work at the Orla plant.", ("600 people", "Some 940 people")),
        ("The lake of Enn is 5 km long.", "With a length of 7,300 metres the lake of Enn is long.", ("5 km", "7,300 metres")),
        ("The painter Ada Lund was born in 1843.", "Ada Lund was born in 1847.", ("1843", "1847")),
        ("The vote in Ferran had a turnout of 54%.", "Turnout in the vote in Ferran was 43 percent.", ("54%", "43 percent")),
        ("Velm beat Rood 3-1.", "Last night Velm won 4-1 against Rood.", ("3-1", "4-1")),
        ("At least 90 people died in the fire at Enn.", "62 people died in the fire at Enn.", ("At least 90 people", "62 people")),
    ],
)  # fmt: skip
def test_figures_of_one_thing_that_cannot_both_be_true_are_shown(
    a: str, b: str, expected: tuple[str, str]
) -> None:
    assert pair(says(a), says(b)) == expected


def test_a_figure_that_the_other_confirms_is_not_shown() -> None:
    a = says("The Corda Dam cost $310 million and has 40 turbines.")
    b = says("The Corda Dam has 52 turbines and cost $310 million.")
    assert pair(a, b) == ("40 turbines", "52 turbines")
    assert pair(a, says("The Corda Dam cost $310 million.")) is None


def test_dutch_and_english_meet_by_names_units_and_attributes() -> None:
    a = says("De brug bij Lindel kostte 3,5 miljoen euro.", language="nl")
    assert pair(a, says("The bridge at Lindel cost €4.8 million.")) == ("3,5 miljoen euro", "€4.8 million")
    assert pair(a, says("The bridge at Lindel cost €3.5 million.")) is None


def test_a_row_of_a_table_is_read_with_the_names_of_its_columns() -> None:
    row = says("| Volt S | 420 | $38,000 |", header="| Model | Range (km) | Price |")
    assert pair(row, says("The Volt S has a range of 510 km.")) == ("420", "510 km")
    assert pair(row, says("The Volt S has a price of $38,000 and a range of 420 km.")) is None


def test_a_title_or_heading_names_what_the_sentence_does_not() -> None:
    a = says("The telescope has a mirror of 6.5 m.", title="First light for Selene")
    b = says("The mirror of the Selene telescope measures 8.2 m.")
    assert pair(a, b) == ("6.5 m", "8.2 m")


# -- what never is ---------------------------------------------------------------------------------------------

COST = "The Corda Dam cost $310 million."


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("Orla sold 90 cars in 2025.", "Orla sold 70 cars in 2024.", id="another year"),
        pytest.param("In Q1 2025 Orla lost $9 million.", "In Q2 2025 Orla lost $5 million.", id="another quarter"),
        pytest.param("Crude of Kessel cost $71 on Monday.", "Crude of Kessel cost $78 on Friday.", id="another weekday"),
        pytest.param("When it opened, the Ashby library had 12,000 books.", "Today the Ashby library has 86,000 books.", id="then and now"),
        pytest.param(COST, "The Marda Dam cost $90 million.", id="another subject"),
        pytest.param("The probe Selka 2 weighs 90 kg.", "The probe Selka 3 weighs 70 kg.", id="another version"),
        pytest.param("Orla raised $45 million in its Series B.", "Orla raised $90 million in its Series C.", id="another round"),
        pytest.param("The Enn trial cured 40% of the men.", "The Enn trial cured 60% of the women.", id="other people"),
        pytest.param("The Enn trial enrolled 212 children.", "The Enn trial enrolled 900 patients.", id="other nouns"),
        pytest.param("The Lund price is $2 for input.", "The Lund price is $8 for output.", id="input and output"),
        pytest.param("Orla's revenue was $90 million.", "Orla's profit was $9 million.", id="another attribute"),
        pytest.param("The Corda Dam is 90 m high.", "The Corda Dam is 700 m long.", id="height and length"),
        pytest.param("Ada Lund was born in 1843.", "Ada Lund died in 1911.", id="birth and death"),
        pytest.param("The Corda Dam was finished in 1950.", "In 1990 the Corda Dam was seen by a king.", id="an event without a name"),
        pytest.param(COST, "The Corda Dam cost €270 million.", id="another currency"),
        pytest.param("Snow in Orla costs $9 million a year.", "Snow in Orla costs $2 million a day.", id="another rate"),
        pytest.param(COST, "The Corda Dam cost about $300 million.", id="rounding"),
        pytest.param(COST, "The Corda Dam cost more than $250 million.", id="a bound"),
        pytest.param("Lark put a further $15 million into Orla.", "Lark put $45 million into Orla.", id="a part"),
        pytest.param("Each plant of Orla gets 150 MW.", "The plants of Orla get 450 MW.", id="each"),
        pytest.param("Wind at Halmar gives 31% of power.", "Wind and sun at Halmar together give 58% of power.", id="a sum"),
        pytest.param("Sales of Orla rose by $9 million.", "Sales of Orla were $90 million.", id="a change"),
        pytest.param("Orla expects sales of $90 million.", "Orla's sales were $70 million.", id="a forecast"),
        pytest.param("The Enn metro will open in 2028.", "The Enn metro was opened in 2031.", id="a plan"),
        pytest.param("1. Paint the Corda Dam.", "3. Paint the Corda Dam.", id="numbers of a list"),
        pytest.param("Page 14 is about the Corda Dam.", "Page 22 is about the Corda Dam.", id="pages"),
        pytest.param("The Corda Dam cost $310 million.", "Whales weigh 150 tonnes.", id="nothing in common"),
        pytest.param("The Corda Dam is old.", "The Corda Dam is high.", id="no figures"),
        pytest.param("", "", id="no words"),
    ],
)  # fmt: skip
def test_what_may_both_be_true_is_left_alone(a: str, b: str) -> None:
    assert pair(says(a), says(b)) is None
    assert pair(says(b), says(a)) is None


def test_revisions_of_one_article_are_never_compared() -> None:
    later = "The Corda Dam cost $350 million."
    assert pair(says(COST, "dam"), says(later, "dam")) is not None
    assert pair(says(COST, "dam"), says(later, "dam", revision=2)) is None


@pytest.mark.parametrize(
    ("a", "b", "shown"),
    [
        ("2024-03", "2024-05", True),
        ("2015-06", "2025-06", False),
        ("2015-06", None, True),
        (None, None, True),
    ],
)
def test_a_level_may_have_changed_from_one_publication_to_the_next(
    a: str | None, b: str | None, shown: bool
) -> None:
    one, other = "Castora has 3.1 million inhabitants.", "Castora has 3.6 million inhabitants."
    assert (pair(says(one, published=a), says(other, published=b)) is not None) is shown
    length = "The Enn tunnel is 5 km long.", "The Enn tunnel is 7 km long."
    assert pair(says(length[0], published=a), says(length[1], published=b)) is not None


def test_where_several_figures_could_be_meant_none_is_shown() -> None:
    a = says("Lund caught 18 passes and then 41 passes for Velm.")
    assert pair(a, says("Lund caught 25 passes for Velm.")) is None


@given(*[st.lists(st.sampled_from([*COST.split(), "1843", "40 men", "born in", "3-1 won", "GPT-5.4", "is", "90 km", "long,", "İ"])).map(" ".join)] * 2)  # fmt: skip
def test_a_difference_does_not_depend_on_the_order_and_is_one(a: str, b: str) -> None:
    one, other = found(says(a), says(b)), found(says(b), says(a))
    assert (one is None) is (other is None)
    assert one is None or other is None or one.score == other.score
    assert one is None or not one.a.agrees(one.b)


@given(st.text(max_size=100))
def test_no_text_disagrees_with_itself(text: str) -> None:
    assert found(says(text, "a"), says(text, "b")) is None


# -- for an answer ---------------------------------------------------------------------------------------------


def cited(*texts: str) -> list[Cited]:
    return [Cited(rank, 1000 * rank, says(text)) for rank, text in enumerate(texts, 1)]


def test_each_pair_of_citations_that_differs_is_given_once_with_the_places_in_the_articles() -> None:
    answer = disagreements(
        cited(
            COST, "Cows eat grass.", "The Corda Dam cost $280 million.", "The Corda Dam cost $250 million."
        ),
        idf,
    )
    assert [(d.a.rank, d.b.rank, d.a.text, d.b.text) for d in answer] == [
        (1, 3, "$310 million", "$280 million"),
        (1, 4, "$310 million", "$250 million"),
        (3, 4, "$280 million", "$250 million"),
    ]
    figure = answer[0].a
    assert (figure.start, figure.end) == (1000 + COST.index("$"), 1000 + COST.index("."))
    assert (figure.value, figure.unit) == ("310000000", "USD")


def test_one_citation_disagrees_with_nothing() -> None:
    assert disagreements(cited(COST), idf) == ()
    assert disagreements([], idf) == ()


def test_a_pair_is_found_whatever_stands_between() -> None:
    texts = [COST, "The Corda Dam cost $280 million.", "The Corda Dam is 90 m high."]
    shown = {
        frozenset((d.a.text, d.b.text))
        for order in permutations(texts)
        for d in disagreements(cited(*order), idf)
    }
    assert shown == {frozenset(("$310 million", "$280 million"))}
