"""Vectors as bytes: fixed range, close to the original, no row depending on another."""

import numpy as np
import pytest

from citewell.index.codes import cosines, encode


@pytest.mark.parametrize("dim", [2, 64, 384, 1024])
def test_cosines_of_codes_are_close_to_the_true_ones(dim: int) -> None:
    rows = np.random.default_rng(1).normal(size=(200, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    question = rows[7].astype(np.float32)
    np.testing.assert_allclose(cosines(encode(rows), question), rows @ question, atol=0.012)


def test_the_same_vector_has_the_same_code_whatever_is_beside_it() -> None:
    rows = np.random.default_rng(2).normal(size=(50, 384)).astype(np.float16)
    rows /= np.linalg.norm(rows.astype(np.float32), axis=1, keepdims=True).astype(np.float16)
    together = encode(rows)
    assert all((encode(rows[i : i + 1]) == together[i]).all() for i in range(len(rows)))


def test_a_cosine_does_not_depend_on_the_rows_beside_it() -> None:
    codes = np.random.default_rng(3).integers(-127, 128, size=(300, 384)).astype(np.int8)
    question = np.random.default_rng(4).normal(size=384).astype(np.float32)
    alone = [cosines(codes[i : i + 1], question)[0] for i in range(300)]
    np.testing.assert_array_equal(cosines(codes, question), alone)


def test_what_lies_beyond_the_range_is_clipped() -> None:
    axis = np.zeros((1, 384), dtype=np.float16)
    axis[0, 0] = 1
    assert encode(axis)[0, 0] == 127
    assert encode(-axis)[0, 0] == -127
