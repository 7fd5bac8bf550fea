"""Gold over a library: what is relevant, and exact measures of every system."""

from collections.abc import Callable, Iterator
from math import log2
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.eval.evaluate import (
    GoldReport,
    Row,
    evaluate_gold,
    first_quote_answers,
    overlaps,
    relevant_passages,
)
from citewell.eval.gold import Evidence, Question
from citewell.index.library import Library
from citewell.index.writing import add
from tests.fakes import WordEmbedder

MakeLibrary = Callable[[dict[str, str]], Library]


@pytest.fixture
def library_of(tmp_path: Path) -> Iterator[MakeLibrary]:
    """A library of articles given as id and text. The model knows ants and cats alone."""
    made: list[Library] = []

    def make(texts: dict[str, str]) -> Library:
        library = Library(tmp_path, WordEmbedder("ants", "cats"), create=True)
        made.append(library)
        for name, text in texts.items():
            (tmp_path / f"{name}.md").write_text(
                f"---\nid: {name}\ntitle: {name}\nlanguage: en\n---\n{text}", "utf-8"
            )
        add(library, [tmp_path / f"{name}.md" for name in texts])
        return library

    yield make
    for library in made:
        library.close()


def question(name: str, asked: str, *evidence: tuple[str, str], kind: str = "fact") -> Question:
    return Question(name, kind, asked, tuple(Evidence(article, quote) for article, quote in evidence))


def unanswerable(name: str, asked: str) -> Question:
    return question(name, asked, kind="unanswerable")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Span(0, 5), Span(4, 9), True),
        (Span(0, 5), Span(5, 9), False),
        (Span(0, 9), Span(3, 4), True),
        (Span(3, 4), Span(3, 4), True),
    ],
    ids=["one code point", "neighbours", "inside", "equal"],
)
def test_spans_overlap_when_they_share_a_code_point(one: Span, other: Span, expected: bool) -> None:
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected


ANTS = "Ants dig tunnels under every lawn. " * 30
BEES = "Bees make honey in every garden. " * 30
NESTS = f"{ANTS}\n\n# Bees\n\n{BEES}Wasps build with paper. Hornets do, too.\n\nSubscribe to our newsletter\n"


def words_of_relevant(library: Library, asked: Question) -> list[str]:
    """The relevant passages of one question, in order of the text, by their first and last words."""
    article = library.store.article("nests")
    text = library.store.text(article.text_sha)
    ids = relevant_passages(library, (asked,))[asked.id]
    spans = sorted(Span(*map(int, name.rsplit(".", 1)[1].split("-"))) for name in ids)
    assert all(name.startswith(f"nests.{article.text_sha[:12]}.") for name in ids)
    return [" ".join([*(words := span.of(text).split())[:2], "...", *words[-2:]]) for span in spans]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(
            [("nests", "Wasps build with paper.")], ["# Bees ... do, too."], id="inside one passage"
        ),
        pytest.param(
            [("nests", "every lawn. \n\n# Bees")],
            ["Ants dig ... every lawn.", "# Bees ... do, too."],
            id="over the end of one passage and the start of the next",
        ),
        pytest.param(
            [("nests", "Wasps build"), ("nests", "Hornets do")],
            ["# Bees ... do, too."],
            id="two pieces in one passage",
        ),
        pytest.param([("nests", "our newsletter")], [], id="in an excluded span"),
        pytest.param(
            [("nests", "too.\n\nSubscribe")], ["# Bees ... do, too."], id="half in an excluded span"
        ),
    ],
)
def test_a_passage_is_relevant_when_it_overlaps_the_evidence(
    library_of: MakeLibrary, evidence: list[tuple[str, str]], expected: list[str]
) -> None:
    assert words_of_relevant(library_of({"nests": NESTS}), question("q1", "Who?", *evidence)) == expected


def test_every_place_where_the_evidence_stands_is_relevant(library_of: MakeLibrary) -> None:
    library = library_of({"nests": NESTS})
    everywhere = relevant_passages(library, (question("q1", "Who?", ("nests", "every")),))["q1"]
    cut = library.store.cut(library.store.article("nests").text_sha)
    assert len(everywhere) == len(cut.passages) == 2


def test_an_unanswerable_question_has_no_relevant_passage(library_of: MakeLibrary) -> None:
    assert relevant_passages(library_of({"nests": NESTS}), (unanswerable("q1", "Who?"),)) == {"q1": set()}


# -- reports --------------------------------------------------------------------------------------------------

INSECTS = {
    "a": "Ants dig tunnels. Ants carry leaves.",
    "b": "Bees make honey. Bees dance.",
    "c": "Cats sleep.",
}
SECOND = 1 / log2(3)


def measures(ndcg: float, rr: float, r1: float, r10: float, quote: float | None = None) -> dict[str, float]:
    """As reported: 4 decimals; with three passages R@5 is R@10."""
    named = {"nDCG@10": ndcg, "RR@10": rr, "R@1": r1, "R@5": r10, "R@10": r10}
    return {name: round(value, 4) for name, value in named.items()} | (
        {} if quote is None else {"first quote": quote}
    )


def test_every_system_is_measured_by_kind_and_over_all(library_of: MakeLibrary) -> None:
    """The model knows of ants and cats alone, and of words it does not know it thinks of bees."""
    seen: list[tuple[int, int]] = []
    report = evaluate_gold(
        library_of(INSECTS),
        (
            question("f1", "Do ants make honey?", ("b", "Bees make honey.")),  # by words 1st, else 2nd
            question("f2", "Who makes honey?", ("b", "Bees make honey.")),  # 1st
            question(
                "p1", "Which felines nap?", ("c", "Cats sleep."), kind="paraphrase"
            ),  # no word shared; last
        ),
        lambda done, total: seen.append((done, total)),
    )
    of_fact = ((SECOND + 1) / 2, (1 / 2 + 1) / 2, 1 / 2, 1)
    of_paraphrase = (1 / 2, 1 / 3, 0, 1)
    of_all = ((SECOND + 1 + 1 / 2) / 3, (1 / 2 + 1 + 1 / 3) / 3, 1 / 3, 1)
    assert report.rows == (
        Row("lexical", "fact", 2, measures(1, 1, 1, 1)),
        Row("lexical", "paraphrase", 1, measures(0, 0, 0, 0)),
        Row("lexical", "all", 3, measures(2 / 3, 2 / 3, 2 / 3, 2 / 3)),
        Row("dense", "fact", 2, measures(*of_fact)),
        Row("dense", "paraphrase", 1, measures(*of_paraphrase)),
        Row("dense", "all", 3, measures(*of_all)),
        Row("hybrid", "fact", 2, measures(*of_fact, quote=0.5)),
        Row("hybrid", "paraphrase", 1, measures(*of_paraphrase, quote=0)),
        Row("hybrid", "all", 3, measures(*of_all, quote=0.3333)),
    )
    assert (report.unanswerable, report.answered_all_the_same) == (0, 0)
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param([("b", "Bees make honey.")], True, id="the quote"),
        pytest.param([("b", "make honey")], True, id="a part of the quote"),
        pytest.param([("b", "Bees make honey. Bees dance. Ants")], False, id="more than the quote"),
        pytest.param([("b", "Bees dance at night.")], False, id="other words"),
        pytest.param([("b", "Bees dance."), ("b", "honey")], True, id="one of two pieces"),
        pytest.param([("a", "Bees make honey.")], False, id="the words of another article"),
    ],
)
def test_the_first_quote_answers_when_it_holds_all_of_some_evidence(
    library_of: MakeLibrary, evidence: list[tuple[str, str]], expected: bool
) -> None:
    library = library_of(INSECTS)
    asked = question("q1", "Who makes honey?", *evidence)
    assert first_quote_answers(library, library.searcher(), asked) is expected


def test_unanswerable_questions_are_counted_and_not_ranked(library_of: MakeLibrary) -> None:
    """No passage holds a word of u1 and the model does not know its script; u2 shares a word with an article."""
    report = evaluate_gold(
        library_of(INSECTS),
        (
            unanswerable("u1", "何時?"),
            unanswerable("u2", "Do ants fly?"),
            question("f2", "Who makes honey?", ("b", "honey")),
        ),
    )
    assert (report.unanswerable, report.answered_all_the_same) == (2, 1)
    assert [(row.system, row.kind, row.questions) for row in report.rows if row.system == "hybrid"] == [
        ("hybrid", "fact", 1),
        ("hybrid", "all", 1),
    ]


def test_a_gold_set_of_unanswerable_questions_alone_has_no_measures(library_of: MakeLibrary) -> None:
    report = evaluate_gold(library_of(INSECTS), (unanswerable("u2", "Do ants fly?"),))
    rows = (Row("lexical", "all", 0, {}), Row("dense", "all", 0, {}), Row("hybrid", "all", 0, {}))
    assert report == GoldReport(rows, unanswerable=1, answered_all_the_same=1, seconds=report.seconds)


def test_gold_of_another_library_is_refused_before_anything_is_asked(library_of: MakeLibrary) -> None:
    seen: list[int] = []
    with pytest.raises(BadInput, match="question f2: no article 'hornets' in the library"):
        evaluate_gold(
            library_of(INSECTS),
            (question("f1", "Who digs?", ("a", "dig")), question("f2", "Who?", ("hornets", "Hornets"))),
            lambda done, _: seen.append(done),
        )
    assert seen == []
