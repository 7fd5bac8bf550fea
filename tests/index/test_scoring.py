"""The absolute score and the order it makes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.config import Config
from citewell.index.scoring import best_per_group, combine, cosines, top

HALVES = Config(lexical=0.5, passage=0.25, sentence=0.25)


@pytest.mark.parametrize(
    ("scores", "k", "found"),
    [
        ([0.0, 3.0, 1.0, 2.0], 2, [1, 3]),
        ([1.0, 2.0, 2.0, 2.0], 2, [1, 2]),  # ties by number
        ([0.0, 0.0], 3, []),
        ([5.0], 3, [0]),
        ([], 3, []),
    ],
)
def test_the_best_scores_come_first_and_zero_is_no_hit(scores: list[float], k: int, found: list[int]) -> None:
    assert top(np.array(scores), k).tolist() == found


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 45))
def test_top_equals_a_full_sort(scores: list[int], k: int) -> None:
    expected = sorted((i for i, s in enumerate(scores) if s > 0), key=lambda i: (-scores[i], i))[:k]
    assert top(np.array(scores, dtype=np.float64), k).tolist() == expected


def test_the_parts_are_weighted_by_their_shares() -> None:
    one = [np.array([x]) for x in (0.4, 0.8, 0.2)]
    assert combine(HALVES, *one).tolist() == [pytest.approx(0.5 * 0.4 + 0.25 * 0.8 + 0.25 * 0.2)]


def test_a_silent_retriever_has_no_share() -> None:
    """It is left out, not counted as zero: the score leans on what is left."""
    cosine, sentence = np.array([0.8, 0.4]), np.array([0.6, 0.4])
    assert combine(HALVES, None, cosine, sentence).tolist() == [0.7, 0.4]
    assert combine(HALVES, np.array([0.3]), None, None).tolist() == [0.3]
    assert combine(HALVES, None, None, None).tolist() == []


def test_the_best_sentence_of_each_passage_counts() -> None:
    values, sizes = np.array([0.1, 0.9, -0.5, 0.3]), np.array([2, 0, 1, 1])
    assert best_per_group(values, sizes).tolist() == [0.9, pytest.approx(math.nan, nan_ok=True), -0.5, 0.3]
    assert np.isnan(best_per_group(np.zeros(0), np.zeros(2, dtype=np.int64))).all()


def test_a_cosine_does_not_depend_on_the_rows_beside_it() -> None:
    rows = np.random.default_rng(1).normal(size=(100, 384)).astype(np.float16)
    question = rows[3].astype(np.float32)
    alone = np.array([cosines(rows[i : i + 1], question)[0] for i in range(100)])
    np.testing.assert_allclose(cosines(rows, question), alone, rtol=0, atol=1e-12)
