"""The absolute score and the order it makes."""

import math

import numpy as np
import pytest

from citewell.index.config import Config
from citewell.index.scoring import best_per_group, combine

HALVES = Config(lexical=0.5, passage=0.25, sentence=0.25)


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
