"""Gold over a library: what is relevant, and exact measures of every system."""

from collections.abc import Callable, Iterator
from math import log2
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.corpus.passages import CUT_RECIPE, Bounds, cut
from citewell.eval.evaluate import FIRST_QUOTE, judge_gold, judge_runs, relevant_passages, says
from citewell.eval.gold import Evidence, Question
from citewell.eval.judged import Answered, Judged
from citewell.eval.locate import Locator, locate
from citewell.eval.systems import SYSTEMS
from citewell.eval.trec import Run
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


ANTS = "Ants dig tunnels under every lawn. " * 30
BEES = "Bees make honey in every garden. " * 30
NESTS = f"{ANTS}\n\n# Bees\n\n{BEES}Wasps build with paper. Hornets do, too.\n\nSubscribe to our newsletter\n"


def relevant_of(library: Library, asked: Question) -> set[str]:
    relevant = relevant_passages(library, (asked,), locate((asked,), Locator(library.store)))[asked.id]
    assert set(relevant.values()) <= {1}
    return set(relevant)


def words_of_relevant(library: Library, asked: Question) -> list[str]:
    """The relevant passages of one question, in order of the text, by their first and last words."""
    article = library.store.article("nests")
    text = library.store.text(article.text_sha)
    ids = relevant_of(library, asked)
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
    everywhere = relevant_of(library, question("q1", "Who?", ("nests", "every")))
    cut = library.store.cut(library.store.article("nests").text_sha)
    assert len(everywhere) == len(cut.passages) == 2


def test_an_unanswerable_question_has_no_relevant_passage(library_of: MakeLibrary) -> None:
    assert relevant_of(library_of({"nests": NESTS}), unanswerable("q1", "Who?")) == set()


# -- judging --------------------------------------------------------------------------------------------------

INSECTS = {
    "a": "Ants dig tunnels. Ants carry leaves.",
    "b": "Bees make honey. Bees dance.",
    "c": "Cats sleep.",
}
BEES_TEXT = "Bees make honey. Bees dance. " + "They are seen on each sunny day near many flowers. " * 8
SECOND = 1 / log2(3)


def values(judged: Judged, measure: str) -> dict[str, list[float]]:
    """Of each system those of the questions, in order."""
    return {
        system: [round(result.values[measure], 4) for result in results.values()]
        for system, results in judged.results.items()
    }


def test_every_system_is_judged_on_every_question(library_of: MakeLibrary) -> None:
    """The model knows of ants and cats alone, and of words it does not know it thinks of bees."""
    seen: list[tuple[int, int]] = []
    judged = judge_gold(
        library_of(INSECTS),
        (
            question("f1", "Do ants make honey?", ("b", "Bees make honey.")),  # by words 1st, else 2nd
            question("f2", "Who makes honey?", ("b", "Bees make honey.")),  # 1st
            question("p1", "Which felines nap?", ("c", "Cats sleep."), kind="paraphrase"),  # no word shared
        ),
        "insects",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [(asked.id, asked.kind, asked.split) for asked in judged.asked] == [
        ("f1", "fact", "test"), ("f2", "fact", "test"), ("p1", "paraphrase", "test"),
    ]  # fmt: skip
    assert tuple(judged.results) == SYSTEMS
    second = round(SECOND, 4)
    ndcg = values(judged, "nDCG@10")
    assert ndcg["lexical"] == [1, 1, 0]
    assert ndcg["dense"] == ndcg["no lexical"] == ndcg["hybrid"] == [second, 1, 0.5]
    assert ndcg["rrf"] == [second, 1, 0.5]  # a and b are both 1st and 2nd: the tie goes by id
    assert values(judged, "R@1")["lexical"] == [1, 1, 0]
    assert values(judged, "R@100")["dense"] == [1, 1, 1]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_characters_are_counted_beside_recall(library_of: MakeLibrary) -> None:
    """All three texts are returned, or only that of the bees: 28 characters, 16 of them evidence."""
    judged = judge_gold(
        library_of(INSECTS), (question("f", "Makes honey?", ("b", "Bees make honey.")),), "insects"
    )
    of = {system: results["f"].values for system, results in judged.results.items()}
    everything = sum(map(len, INSECTS.values()))
    assert [of["lexical"][name] for name in ("characters@5", "span P@5", "span R@5", "IoU@5")] == [
        28,
        16 / 28,
        1,
        16 / 28,
    ]
    assert [of["dense"][name] for name in ("characters@5", "span P@5", "span R@5")] == [
        everything,
        16 / everything,
        1,
    ]


def test_one_gold_judges_any_cut_and_bigger_passages_do_not_win_by_size(library_of: MakeLibrary) -> None:
    """Cut large and cut small the evidence is found, even where a cut divides it; what it takes to return it is told."""
    library = library_of({"nests": NESTS})
    asked = (
        question("q1", "Who builds with paper?", ("nests", "Wasps build with paper.")),
        question("q2", "Do bees make honey in gardens?", ("nests", "every lawn. \n\n# Bees")),
    )
    sha = library.store.article("nests").text_sha
    found = {}
    for size, bounds in {"large": Bounds(), "small": Bounds(6, 12, 24, 250)}.items():
        pieces = cut(library.store.text(sha), "en", lambda text: len(text.split()), bounds)
        library.store.recut(sha, pieces, CUT_RECIPE)
        with library.writing():
            library.rebuild()
        judged = judge_gold(library, asked, "nests", ("lexical",))
        assert all(judged.qrels.values())
        found[size] = judged.results["lexical"]["q1"].values
    assert found["large"]["span R@5"] == found["small"]["span R@5"] == 1.0
    assert found["small"]["characters@5"] < found["large"]["characters@5"]
    assert found["small"]["span P@5"] > found["large"]["span P@5"]
    assert found["small"]["IoU@5"] > found["large"]["IoU@5"]


def test_a_part_that_is_left_out_has_no_share(library_of: MakeLibrary) -> None:
    """Words find b for "ants make honey" and vectors a: without words a is first, without vectors' shares b."""
    library = library_of(INSECTS)
    asked = (question("f", "Do ants make honey?", ("b", "honey")),)
    judged = judge_gold(library, asked, "insects", ("no lexical", "lexical"))
    assert values(judged, "RR@10") == {"no lexical": [0.5], "lexical": [1.0]}


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param([("b", "Bees make honey.")], True, id="the quote"),
        pytest.param([("b", "make honey")], True, id="a part of the quote"),
        pytest.param([("b", BEES_TEXT.strip())], False, id="more than the quote"),
        pytest.param([("b", "Bees dance."), ("b", "honey")], True, id="one of two pieces"),
        pytest.param([("a", "Ants dig tunnels.")], False, id="another article"),
    ],
)
def test_the_first_quote_answers_when_it_holds_all_of_some_evidence(
    library_of: MakeLibrary, evidence: list[tuple[str, str]], expected: bool
) -> None:
    judged = judge_gold(
        library_of({**INSECTS, "b": BEES_TEXT}),
        (question("q", "Who makes honey?", *evidence),),
        "x",
        ("hybrid",),
    )
    assert judged.results["hybrid"]["q"].values[FIRST_QUOTE] == float(expected)
    assert judged.answers == (Answered("q", True, "answered", None, expected),)


def test_unanswerable_questions_are_asked_and_not_ranked(library_of: MakeLibrary) -> None:
    """No passage holds a word of u1 and the model does not know its script; u2 shares a word with an article."""
    judged = judge_gold(
        library_of(INSECTS),
        (
            unanswerable("u1", "何時?"),
            unanswerable("u2", "Do ants fly?"),
            question("f", "Honey?", ("b", "honey")),
        ),
        "insects",
    )
    assert [(each.question, each.answerable, each.verdict) for each in judged.answers] == [
        ("u1", False, "insufficient"), ("u2", False, "answered"), ("f", True, "answered"),
    ]  # fmt: skip
    assert all(list(results) == ["f"] for results in judged.results.values())


def test_a_question_that_stands_word_for_word_in_its_article_is_a_leak(library_of: MakeLibrary) -> None:
    asked = (
        question("f1", "bees MAKE honey?", ("b", "dance")),
        question("f2", "Who dances?", ("b", "dance")),
    )
    assert judge_gold(library_of(INSECTS), asked, "insects", ("lexical",)).leaks == ("f1",)


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [("Ants dig, deep!", "dig deep?", True), ("Ants dig deeper", "dig deep", False), ("Dig it. Deep.", "dig deep", False)],
)  # fmt: skip
def test_a_text_says_a_question_by_whole_words_in_a_row(text: str, asked: str, expected: bool) -> None:
    assert says(text, asked) is expected


def test_gold_of_another_library_is_refused_before_anything_is_asked(library_of: MakeLibrary) -> None:
    seen: list[int] = []
    asked = (question("f1", "Who digs?", ("a", "dig")), question("f2", "Who?", ("hornets", "Hornets")))
    with pytest.raises(BadInput, match="question f2: no article 'hornets' in the library"):
        judge_gold(library_of(INSECTS), asked, "insects", progress=lambda done, _: seen.append(done))
    assert seen == []


# -- runs of other systems ------------------------------------------------------------------------------------

QRELS = {"q1": {"d1": 1}, "q2": {"d2": 1}, "none": {"d1": 0}}


def test_a_run_is_judged_on_all_judged_questions() -> None:
    """q2 is missing and counts 0; q9 is not judged and is left out; `none` has nothing relevant."""
    run = Run("theirs", {"q1": (("d9", 2.0), ("d1", 1.0)), "q9": (("d1", 1.0),)})
    judged = judge_runs("set", {"q1": "Who?"}, QRELS, [run])
    assert values(judged, "RR@10") == {"theirs": [0.5, 0]}
    assert [(asked.id, asked.text) for asked in judged.asked] == [("q1", "Who?"), ("q2", "q2")]
    assert judged.remarks == (
        "theirs lacks 1 of 2 judged questions; they count 0.",
        "theirs has 1 questions that are not judged; they are left out.",
    )


def test_a_run_of_another_set_and_two_runs_of_one_name_are_refused() -> None:
    run = Run("theirs", {"q1": (("d1", 1.0),)})
    with pytest.raises(BadInput, match="'theirs' has none of the judged questions of set"):
        judge_runs("set", {}, QRELS, [Run("theirs", {"q9": ()})])
    with pytest.raises(BadInput, match="Two runs are called 'theirs'"):
        judge_runs("set", {}, QRELS, [run, run])
