"""The absolute score and the order it makes."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.config import Config
from citewell.index.scoring import best_per_group, combine, total

HALVES = Config(lexical=0.5, passage=0.25, sentence=0.25)


def test_the_parts_are_weighted_by_their_shares() -> None:
    one = [np.array([x]) for x in (0.4, 0.8, 0.2)]
    parts = combine(HALVES, *one)
    assert parts.T.tolist() == [[0.2, 0.2, 0.05]]
    assert total(parts).tolist() == [0.45]


def test_a_silent_retriever_has_no_share() -> None:
    """It is left out, not counted as zero: the score leans on what is left."""
    cosine, sentence = np.array([0.8, 0.4]), np.array([0.6, 0.4])
    assert total(combine(HALVES, None, cosine, sentence)).tolist() == [0.7, 0.4]
    assert total(combine(HALVES, np.array([0.3]), None, None)).tolist() == [0.3]
    assert total(combine(HALVES, None, None, None)).tolist() == []


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=20))
def test_the_parts_add_up_to_the_score_in_decimals(rows: list[tuple[float, float, float]]) -> None:
    parts = combine(Config(), *np.array(rows).T)
    for score, of_one in zip(total(parts).tolist(), parts.T.tolist(), strict=True):
        assert sum(Decimal(str(part)) for part in of_one) == Decimal(str(score))


def test_the_best_sentence_of_each_passage_counts() -> None:
    values, sizes = np.array([0.1, 0.9, -0.5, 0.3]), np.array([2, 0, 1, 1])
    assert best_per_group(values, sizes).tolist() == [0.9, pytest.approx(math.nan, nan_ok=True), -0.5, 0.3]
    assert np.isnan(best_per_group(np.zeros(0), np.zeros(2, dtype=np.int64))).all()
