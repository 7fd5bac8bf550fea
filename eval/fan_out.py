"""How long a question takes that is sent to many shards: as long as the slowest of them (Dean and Barroso 2013).

Shards are taken to be alike, independent and reached at no cost, so what comes out is a lower bound for a cluster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARDS = (1, 3, 10, 30, 100, 300, 1_000)
_QUESTIONS = 20_000
_AT_ONCE = 1_000  # questions drawn together: 1,000 of 1,000 shards are 8 MB
_SECOND_CHANCE = 95  # percentile of a shard's time, after which its other replica is asked too
_SEED = 20_261_121


@dataclass(frozen=True, slots=True)
class FanOut:
    """Milliseconds; hedged: whatever shard has not answered within its p95 is asked a second time, of another replica."""

    shards: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    hedged_p50_ms: float
    hedged_p95_ms: float
    hedged_p99_ms: float


def fan_out(
    shard_ms: Sequence[float], shards: Sequence[int] = SHARDS, questions: int = _QUESTIONS
) -> tuple[FanOut, ...]:
    """From measured times of one shard. No question takes longer than the slowest that was measured."""
    return tuple(_of(np.asarray(shard_ms, dtype=np.float64), count, questions) for count in shards)


def _of(measured: NDArray[np.float64], shards: int, questions: int) -> FanOut:
    slowest, hedged = (
        np.concatenate(times) for times in zip(*_drawn(measured, shards, questions), strict=True)
    )
    figures = [float(np.percentile(times, share)) for times in (slowest, hedged) for share in (50, 95, 99)]
    return FanOut(shards, *(round(figure, 3) for figure in figures))


def _drawn(
    measured: NDArray[np.float64], shards: int, questions: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The slowest shard of each of some questions, plain and hedged, each of shape (some,)."""
    rng = np.random.default_rng(_SEED)
    patience = np.percentile(measured, _SECOND_CHANCE)
    for first in range(0, questions, _AT_ONCE):
        shape = (min(_AT_ONCE, questions - first), shards)
        once, again = rng.choice(measured, shape), rng.choice(measured, shape)
        with_second = np.where(once > patience, np.minimum(once, patience + again), once)
        yield once.max(axis=1), with_second.max(axis=1)
