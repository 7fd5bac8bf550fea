"""Fitting a calibration: what it is fitted to, its threshold, and that nothing is judged by a fit that saw it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from citewell.corpus.errors import BadInput
from citewell.eval import calibrate
from citewell.eval.abstaining import OUT_OF_FOLD, of_answers, of_examples
from citewell.eval.answering import Example, ask_gold
from citewell.eval.calibrate import (
    FEWEST,
    Examples,
    examples_of,
    fit_examples,
    fitting_half,
    judged_out_of_fold,
    out_of_fold,
    threshold_of,
)
from citewell.eval.gold import Evidence, Question
from citewell.eval.judged import Answered
from citewell.index.answerability import NAMES
from citewell.index.calibration import Fitted
from citewell.index.library import Library
from tests.eval.judgings import judged
from tests.index.examples import insects


def example(of: int, score: float, right: bool, answerable: bool = True) -> Example:
    row = np.zeros(len(NAMES))
    row[NAMES.index("score")] = score
    return Example(of, row, right, answerable)


def drawn(n: int = 200) -> list[Example]:
    """Scores tell right from wrong, mostly."""
    random = np.random.default_rng(0)
    scores = random.normal(size=n)
    right = scores + random.normal(size=n) > 0
    return [
        example(i, score, bool(of)) for i, (score, of) in enumerate(zip(scores.tolist(), right, strict=True))
    ]


def question(name: str, asked: str, *evidence: Evidence, split: str = "test") -> Question:
    return Question(name, "fact" if evidence else "unanswerable", asked, evidence, split)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(insects(tmp_path)) as library:
        yield library


GOLD = (
    question("q1", "Who digs tunnels?", Evidence("ants", "dig tunnels")),
    question("q2", "How old do ants get?"),
)


def test_gold_is_asked_as_it_is_and_without_the_articles_that_answer(library: Library) -> None:
    asked, left_out = ask_gold(library, GOLD)
    assert [(each.of, each.right, each.answerable) for each in asked] == [(0, True, True), (1, False, False)]
    assert [(each.of, each.right, each.answerable) for each in left_out] == [(0, False, False)]
    score = NAMES.index("score")
    assert left_out[0].row[score] < asked[0].row[score]


def test_every_question_is_asked_of_another_library_too(library: Library) -> None:
    examples = examples_of(library, GOLD)
    assert len(examples.asked) == 2
    assert [each.of for each in examples.elsewhere] == [0, 0, 1]
    assert not any(each.right for each in examples.elsewhere)


def test_a_question_is_judged_by_a_fit_that_saw_it_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as it was asked, and not where no answer is."""
    fitted_to: list[set[float]] = []
    fit = calibrate._fitted

    def watched(rows: np.ndarray, right: np.ndarray, elsewhere: list[Example]) -> object:
        fitted_to.append({*rows[:, 0].tolist(), *(each.row[0] for each in elsewhere)})
        return fit(rows, right, elsewhere)

    monkeypatch.setattr(calibrate, "_fitted", watched)
    asked = drawn(100)
    elsewhere = [example(each.of, each.row[0] - 1000, False) for each in asked]
    out_of_fold(Examples(asked, elsewhere))
    assert len(fitted_to) == calibrate.FOLDS
    for each in asked:
        without = [seen for seen in fitted_to if each.row[0] not in seen]
        assert len(without) == 1
        assert each.row[0] - 1000 not in without[0]


def test_out_of_fold_confidences_are_calibrated_and_repeatable() -> None:
    examples = Examples(drawn(400), [])
    found = judged_out_of_fold(examples)
    assert found.abstention.ece < 0.08
    assert found.abstention.best_plain == ("score", found.abstention.best_plain[1])  # type: ignore[index]
    assert (out_of_fold(examples) == out_of_fold(examples)).all()


@pytest.mark.parametrize(("confidences", "expected"), [(range(10), 0.2), (range(1, 11), 0.3)])
def test_the_threshold_answers_four_of_five_of_what_is_answered_right(
    confidences: range, expected: float
) -> None:
    given = np.array([*(value / 10 for value in confidences), 0.99])
    right = np.array([True] * 10 + [False])
    assert threshold_of(given, right) == pytest.approx(expected)
    assert (given[right] >= threshold_of(given, right)).mean() >= calibrate.LEAST_KEPT


def test_too_few_questions_are_refused_with_what_to_do() -> None:
    few = [example(i, 0.5, i < FEWEST - 1) for i in range(30)]
    with pytest.raises(
        BadInput, match=r"9 are answered right and 21 are not; .* takes 10 of each. Add questions"
    ):
        fit_examples(Examples(few, []))


def test_the_dev_half_is_fitted_to_and_without_one_everything() -> None:
    dev, test = question("a", "Who?", split="dev"), question("b", "Who?")
    assert fitting_half((dev, test)) == (dev,)
    assert fitting_half((test,)) == (test,)


def test_abstaining_is_measured_by_half_and_not_without_a_calibration() -> None:
    answers = [Answered("q0", True, "answered", 0.9, True), Answered("u0", False, "insufficient", 0.2, False)]
    found = of_answers(judged({"hybrid": [1.0]}, answers=answers))
    assert list(found) == ["dev"]
    assert (found["dev"].questions, found["dev"].right, found["dev"].coverage.part) == (2, 1, 1)
    unsaid = [Answered("q0", True, "answered", None, True)]
    assert of_answers(judged({"hybrid": [1.0]}, answers=unsaid)) == {}


def test_a_public_set_is_measured_by_what_ships_and_by_a_fit_of_its_own() -> None:
    fitted = Fitted({**dict.fromkeys(NAMES, 0.0), "score": 1.0}, 0.0, 0.5, "c", "m", "nothing")
    found = of_examples("shipped", drawn(), fitted)
    assert list(found) == ["shipped", OUT_OF_FOLD]
    assert found["shipped"].auroc is not None
    assert list(of_examples("shipped", drawn(), None)) == [OUT_OF_FOLD]
