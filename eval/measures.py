"""Measures of a ranking against judgements, as trec_eval defines them.

A ranking is ids, best first; judgements map an id to its relevance, above 0 meaning relevant.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

Judgements = Mapping[str, int]
Qrels = Mapping[str, Judgements]  # question id -> judgements
Measure = Callable[[Sequence[str], Judgements], float]


def ndcg(ranking: Sequence[str], judged: Judgements, depth: int) -> float:
    """Normalised discounted cumulative gain, the gain being the relevance (Järvelin and Kekäläinen, 2002)."""
    gains = [max(judged.get(hit, 0), 0) for hit in ranking[:depth]]
    ideal = sorted((gain for gain in judged.values() if gain > 0), reverse=True)[:depth]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def reciprocal_rank(ranking: Sequence[str], judged: Judgements, depth: int) -> float:
    """One over the rank of the first relevant hit; 0 if there is none down to `depth`."""
    return next((1 / rank for rank, hit in enumerate(ranking[:depth], 1) if judged.get(hit, 0) > 0), 0.0)


def recall(ranking: Sequence[str], judged: Judgements, depth: int) -> float:
    """Share of the relevant ids that are among the first `depth`."""
    relevant = {name for name, grade in judged.items() if grade > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


_FAMILIES: dict[str, Callable[[Sequence[str], Judgements, int], float]] = {
    "nDCG": ndcg,
    "RR": reciprocal_rank,
    "R": recall,
}


def measure(name: str) -> Measure:
    """The measure of that name: nDCG@10, RR@10, R@100. Raises ValueError for another name."""
    match = re.fullmatch(r"(nDCG|RR|R)@([1-9]\d*)", name)
    if match is None:
        raise ValueError(f"no measure {name!r}; there are nDCG@k, RR@k and R@k")
    family, depth = _FAMILIES[match[1]], int(match[2])
    return lambda ranking, judged: family(ranking, judged, depth)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
