"""Questions with one misspelt word: which word, which edit, and what it costs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from citewell.eval.judged import Asked, Judged, Result
from citewell.eval.misspelt import MEASURES, SYSTEMS, Cost, costs, misspelt, rarity_in, table
from tests.fakes import WordEmbedder
from tests.index.examples import a_searcher, an_article

HELD = {"common": 9, "rare": 2, "also": 2, "one": 1}


def held(word: str) -> int:
    return HELD.get(word.lower(), 0)


@given(st.text(max_size=9))
def test_one_edit_is_made_in_the_rarest_known_word_and_of_equal_ones_in_the_first(seed: str) -> None:
    """`one` is too short, `nobody` is not known."""
    question = "A common, RARE and also nobody's one?"
    first, changed, last = misspelt(question, seed, held).partition(" and also nobody's one?")
    assert (changed, last) == (" and also nobody's one?", "")
    assert first.startswith("A common, ")
    assert OSA.distance("rare", first.removeprefix("A common, ").lower()) == 1


def test_the_same_seed_makes_the_same_edit() -> None:
    edits = [misspelt("common", str(seed), held) for seed in range(40)]
    assert edits == [misspelt("common", str(seed), held) for seed in range(40)]
    assert {len(edited) for edited in edits} == {5, 6, 7}


@pytest.mark.parametrize("question", ["", "one nobody", "数据中心"])
def test_without_a_known_word_a_question_stays(question: str) -> None:
    assert misspelt(question, "0", held) == question


def test_a_word_is_as_common_as_in_the_language_where_it_is_commonest(tmp_path: Path) -> None:
    """`katten` is `kat` in Dutch and stays whole in English."""
    articles = an_article("en", "Katten."), an_article("nl", "De katten.", "Een kat.", language="nl")
    rarity = rarity_in(a_searcher(tmp_path, WordEmbedder("x"), *articles))
    assert [rarity(word) for word in ("katten", "kat", "the", "honing")] == [2, 2, 0, 0]


def test_means_are_of_the_questions_that_are_named() -> None:
    def judged(text: str, *values: float) -> Judged:
        results = {
            system: {f"q{i}": Result.of((), dict.fromkeys(MEASURES, value)) for i, value in enumerate(values)}
            for system in SYSTEMS
        }
        return Judged("set", tuple(Asked(f"q{i}", text) for i in range(len(values))), {}, results)

    made = costs(judged("as it is", 1.0, 0.5, 0.0), judged("as itis", 0.5, 0.5, 1.0), {"q0", "q1"}, "dev")
    assert [(each.system, each.measure) for each in made] == [(s, m) for s in SYSTEMS for m in MEASURES]
    assert made[0] == Cost("set", "dev", 2, 2, "lexical", "nDCG@10", 0.75, 0.5, 1.0)
    assert table(made[:1]).splitlines()[2] == (
        "| set, dev half | 2 | 2 | lexical | nDCG@10 | 0.7500 | 0.5000 | 1.0000 |"
    )
