"""Reciprocal rank fusion, what most systems do: a baseline to be judged beside the default."""

from collections.abc import Sequence
from typing import TypeVar

_Id = TypeVar("_Id", int, str)
RRF_K = 60


def reciprocal_rank_fusion(rankings: Sequence[Sequence[_Id]]) -> list[tuple[_Id, float]]:
    """All ids with the sum of 1 / (60 + rank) over the rankings, best first, ties by id (Cormack et al., 2009)."""
    scores: dict[_Id, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (RRF_K + rank)
    return sorted(
        ((name, round(score, 12)) for name, score in scores.items()), key=lambda hit: (-hit[1], hit[0])
    )
