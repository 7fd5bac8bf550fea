"""Unit vectors as signed bytes over a range that is fixed by the dimension: the same vector, the same code, anywhere.

A component of a unit vector is about 1/sqrt(dim) large; six times that, 1 at most, is the range, what lies beyond is
clipped.
"""

import math

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int8]
_DEVIATIONS = 6.0
_STEPS = 127
_AT_ONCE = 128  # rows that are widened together, so that they stay in a core's cache


def step(dim: int) -> float:
    """What one unit of a code stands for."""
    return min(1.0, _DEVIATIONS / math.sqrt(dim)) / _STEPS


def encode(vectors: NDArray[np.floating]) -> Codes:
    """Codes of unit vectors, shape and order kept."""
    scaled = vectors.astype(np.float32) / step(vectors.shape[1])
    codes: Codes = np.clip(np.rint(scaled), -_STEPS, _STEPS).astype(np.int8)
    return codes


def decode(codes: Codes) -> NDArray[np.float32]:
    """The vectors that the codes stand for."""
    return codes.astype(np.float32) * np.float32(step(codes.shape[1]))


def cosines(codes: Codes, question: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosines with a question, shape (len(codes),)."""
    return products(codes, question.astype(np.float64)) * step(len(question))


def products(rows: NDArray[np.generic], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row with the vector, shape (len(rows),), in double precision: no row depends on the rows beside it."""
    found, widened = np.empty(len(rows)), np.empty((min(len(rows), _AT_ONCE), len(vector)))
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        widened[: len(some)] = some
        np.matmul(widened[: len(some)], vector, out=found[first : first + _AT_ONCE])
    return found
