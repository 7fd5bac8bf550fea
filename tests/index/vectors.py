"""Vectors that lie in groups, as those of texts do."""

import numpy as np
from numpy.typing import NDArray

DIM = 32


def grouped(
    count: int, groups: int = 100, spread: float = 0.8, seed: int = 1
) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Unit vectors, shape (count, DIM), around the middles of groups, and the group of each."""
    chance = np.random.default_rng(seed)
    middles = unit(np.random.default_rng(0).normal(size=(groups, DIM)))
    of = chance.integers(0, groups, size=count)
    noise = spread * chance.normal(size=(count, DIM)) / np.sqrt(DIM)
    return unit(middles[of] + noise).astype(np.float16), of


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def nearest(vectors: NDArray[np.float16], question: NDArray[np.float32], k: int) -> list[int]:
    """Numbers of the k nearest by the cosine in double precision, ties by number."""
    cosines = (vectors.astype(np.float64) * question.astype(np.float64)).sum(axis=1)
    numbers: list[int] = np.argsort(-cosines, kind="stable")[:k].tolist()
    return numbers
