"""Tuning: what is tried, that nothing is judged by a choice that saw it, and when a choice is taken."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.eval.cross_validation import chosen_on, groups_of, out_of_fold
from citewell.eval.gold import Evidence, Question, bundled_gold, read_gold
from citewell.eval.tune import FEWEST, Rankings, Tuning, evidence_grid, ranking_grid, tune
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.search import Searcher
from citewell.index.writing import add
from tests.fakes import WordEmbedder

N = 24
PRESENT = Config()
FILLER = " ".join(f"filler{i}" for i in range(35))
# Of each question the model knows one word alone, the third.
QUESTIONS = [f"thing{i} alpha{i} topic{i}" for i in range(N)]


def make(folder: Path, texts: dict[str, str]) -> Library:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(f"---\nid: {name}\nlanguage: en\n---\n{text}\n", "utf-8")
    library = Library(
        folder, WordEmbedder("common", "usual", "plain", *(f"topic{i}" for i in range(N))), create=True
    )
    add(library, sorted(folder.glob("*.md")))
    return library


@pytest.fixture
def misled(tmp_path: Path) -> Iterator[tuple[Library, list[Question]]]:
    """The words lead to the evidence, the model to another article: BM25 should weigh more."""
    texts = {f"right-{i}": f"Here thing{i} is alpha{i}." for i in range(N)}
    texts |= {f"wrong-{i}": f"Here topic{i} is common." for i in range(N)}
    library = make(tmp_path, texts)
    yield library, questions_on([f"thing{i} is alpha{i}" for i in range(N)], "right")
    library.close()


@pytest.fixture
def misquoted(tmp_path: Path) -> Iterator[tuple[Library, list[Question]]]:
    """The sentence that the model is led to is the evidence, another has more of the words."""
    texts = {
        f"right-{i}": f"Here thing{i} and alpha{i} {FILLER}. Here topic{i} is common, usual and plain {FILLER}."
        for i in range(N)
    }
    library = make(tmp_path, texts)
    yield library, questions_on([f"topic{i} is common" for i in range(N)], "right")
    library.close()


def questions_on(quotes: list[str], article: str) -> list[Question]:
    return [
        Question(f"q{i}", "fact", QUESTIONS[i], (Evidence(f"{article}-{i}", quote),), "dev")
        for i, quote in enumerate(quotes)
    ]


def gains(found: Tuning) -> dict[str, tuple[float, float, bool]]:
    return {gain.parameters: (gain.now, gain.out_of_fold, gain.is_taken) for gain in found.gains}


def test_a_weight_that_matters_is_chosen_and_taken(misled: tuple[Library, list[Question]]) -> None:
    found = tune(*misled)
    assert gains(found) == {"ranking": (0.6309, 1.0, True), "evidence": (0.0, 0.0, False)}
    assert found.is_better
    assert found.config.lexical > PRESENT.lexical
    assert found.config.evidence_overlap == PRESENT.evidence_overlap
    assert found.gains[0].interval[0] > 0


def test_what_chooses_a_quote_is_taken_by_itself(misquoted: tuple[Library, list[Question]]) -> None:
    found = tune(*misquoted)
    assert gains(found) == {"ranking": (1.0, 1.0, False), "evidence": (0.0, 1.0, True)}
    assert (found.config.k1, found.config.lexical) == (PRESENT.k1, PRESENT.lexical)
    assert found.config != PRESENT


def test_where_nothing_matters_nothing_is_taken(tmp_path: Path) -> None:
    library = make(tmp_path, {f"right-{i}": f"Here thing{i} is alpha{i}." for i in range(N)})
    found = tune(library, questions_on([f"thing{i} is alpha{i}" for i in range(N)], "right"))
    assert gains(found) == {"ranking": (1.0, 1.0, False), "evidence": (1.0, 1.0, False)}
    assert (found.is_better, found.config) == (False, PRESENT)
    assert all(gain.p_holm == 1.0 for gain in found.gains)
    library.close()


def test_too_few_questions_are_not_tuned_on(misled: tuple[Library, list[Question]]) -> None:
    library, questions = misled
    unanswerable = Question("u", "unanswerable", "Who?", (), "dev")
    found = tune(library, [*questions[: FEWEST - 1], unanswerable])
    assert (found.questions, found.gains, found.is_better) == (FEWEST - 1, (), False)


def test_tuning_twice_gives_the_same(misled: tuple[Library, list[Question]]) -> None:
    assert tune(*misled) == tune(*misled)


def test_the_bundled_gold_gives_the_same_twice(bundled_library: Library) -> None:
    gold = [question for question in read_gold(bundled_gold()) if question.split == "dev"][::3]
    assert tune(bundled_library, gold) == tune(bundled_library, gold)


def test_grids_begin_with_the_present_and_change_only_what_is_theirs() -> None:
    for grid, theirs in (
        (ranking_grid(PRESENT), {"k1", "b", "lexical", "passage", "sentence"}),
        (evidence_grid(PRESENT), {"evidence_overlap", "evidence_coverage", "evidence_context"}),
    ):
        assert grid[0] == PRESENT
        assert len(set(grid)) == len(grid)
        others = {name for name in Config.__dataclass_fields__ if name not in theirs}
        assert {getattr(config, name) == getattr(PRESENT, name) for config in grid for name in others} == {
            True
        }
        assert {round(config.lexical + config.passage + config.sentence, 9) for config in grid} == {1.0}


def test_each_configuration_ranks_as_a_searcher_of_its_own(bundled_library: Library) -> None:
    searcher = bundled_library.searcher()
    grid = ranking_grid(PRESENT)[::60]
    rankings = Rankings(searcher, grid)
    for question in ("How much is Amazon investing in OpenAI?", "Who?", "zzz 你好"):
        query = searcher.query(question)
        assert rankings.best(query) == [
            [
                hit.passage_id
                for hit in Searcher("", searcher.parts, searcher.embedder, config).hybrid(query, 10).hits
            ]
            for config in grid
        ]


@given(st.integers(0, 39), st.integers(0, 2**32 - 1))
def test_a_question_has_no_part_in_choosing_what_it_is_judged_by(question: int, seed: int) -> None:
    worth = np.random.default_rng(seed).random((7, 40))
    worth[:, question] = np.arange(7)
    values, _ = out_of_fold(worth, np.arange(40))
    worth[:, question] = 1000 - 100 * np.arange(7)
    assert out_of_fold(worth, np.arange(40))[0][question] == 1000 - 100 * values[question]


def test_questions_on_the_same_evidence_stand_together() -> None:
    a, b, c, d = (Evidence("ants", quote) for quote in "abcd")
    given = [(a,), (b,), (c,), (a, b), (d,), (c,)]
    asked = [Question(f"q{i}", "fact", "Who?", evidence) for i, evidence in enumerate(given)]
    assert groups_of(asked).tolist() == [0, 0, 2, 0, 4, 2]


@given(st.integers(0, 19), st.integers(0, 2**32 - 1))
def test_a_question_has_no_part_in_choosing_what_another_on_its_evidence_is_judged_by(
    pair: int, seed: int
) -> None:
    worth, groups = np.random.default_rng(seed).random((7, 40)), np.arange(40) // 2
    worth[:, 2 * pair] = np.arange(7)
    values, _ = out_of_fold(worth, groups)
    worth[:, 2 * pair + 1] = 1000 * np.random.default_rng(seed + 1).random(7)
    assert out_of_fold(worth, groups)[0][2 * pair] == values[2 * pair]


def test_what_is_asked_many_times_is_one_observation() -> None:
    """Four groups that gain show nothing, however many questions they have; nor do they change the mean."""
    worth = np.array([np.zeros(40), np.ones(40)])
    configs, groups = [Config(k1=0.6), Config(k1=0.9)], np.arange(40) // 10
    (found,) = chosen_on([("ranking", "nDCG@10", ("k1",), configs, worth)], groups)
    assert (found.gain, found.p, found.is_taken) == (1.0, 0.125, False)


def test_the_best_of_many_that_are_alike_is_no_gain() -> None:
    """What looks best on all questions by chance alone is not better on those that it was not chosen on."""
    worth = (np.random.default_rng(1).random((300, 60)) < 0.5).astype(float)
    (found,) = chosen_on(
        [("ranking", "nDCG@10", ("k1",), [Config(k1=i) for i in range(300)], worth)], np.arange(60)
    )
    assert worth.mean(axis=1).max() - worth[0].mean() > 0.1
    assert not found.is_taken


def test_what_is_better_everywhere_is_taken_and_of_equals_the_first() -> None:
    worth = np.array([np.zeros(30), np.ones(30), np.ones(30)])
    configs = [Config(k1=k1) for k1 in (0.6, 0.9, 1.2)]
    (found,) = chosen_on([("ranking", "nDCG@10", ("k1",), configs, worth)], np.arange(30))
    assert (found.chosen, found.gain, found.interval, found.is_taken) == ({"k1": 0.9}, 1.0, (1.0, 1.0), True)
    (worse,) = chosen_on([("ranking", "nDCG@10", ("k1",), configs[::-1], worth[::-1])], np.arange(30))
    assert (worse.chosen, worse.gain, worse.is_taken) == ({"k1": 1.2}, 0.0, False)
