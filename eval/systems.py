"""What is judged side by side: each retriever, their fusion by rank, the default, and the default without each part.

A system ranks as it does when it is asked, and takes as long. To judge all, candidates are looked for and scored once
(`rankings`); a test holds the two equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import BadInput
from citewell.eval.fusion import reciprocal_rank_fusion
from citewell.eval.trec import Scored
from citewell.index.config import Config
from citewell.index.query import Query
from citewell.index.scoring import Hit, Ranking, State, combine, total
from citewell.index.search import Retriever, Searcher

DEFAULT = "hybrid"
_PARTS = ("lexical", "passage", "sentence")
SYSTEMS = ("lexical", "dense", "rrf", DEFAULT, *(f"no {part}" for part in _PARTS))
UNRERANKED = "no reranker"  # where there is one


@dataclass(frozen=True, slots=True)
class System:
    """`searcher` is what answers are asked of; None for what ranks only."""

    name: str
    rank: Retriever
    searcher: Searcher | None = None


def names_of(reranks: bool) -> tuple[str, ...]:
    return (*SYSTEMS, UNRERANKED) if reranks else SYSTEMS


def systems(searcher: Searcher, names: Sequence[str] = SYSTEMS) -> tuple[System, ...]:
    """Those of the names, in their order. Raises BadInput for another name."""
    there = names_of(searcher.reranking is not None)
    if unknown := [name for name in names if name not in there]:
        raise BadInput(f"no system {unknown[0]!r}; there are {', '.join(there)}")
    return tuple(_system(searcher, name) for name in names)


def _system(searcher: Searcher, name: str) -> System:
    if name == DEFAULT:
        return System(name, searcher.hybrid, searcher)
    if name == UNRERANKED:
        plain = Searcher(searcher.snapshot_id, searcher.parts, searcher.embedder, searcher.config)
        return System(name, plain.hybrid, plain)
    if name.startswith("no "):
        config = without(searcher.config, name.removeprefix("no "))
        other = Searcher(searcher.snapshot_id, searcher.parts, searcher.embedder, config, searcher.reranking)
        return System(name, _speaking(other), other)
    if name == "rrf":
        return System(name, _fused(searcher))
    return System(name, searcher.lexical if name == "lexical" else searcher.dense)


def without(config: Config, part: str) -> Config:
    """The configuration with the share of one part given to the others, as they share the rest."""
    shares = {name: 0.0 if name == part else getattr(config, name) for name in _PARTS}
    lexical, passage, sentence = (share / sum(shares.values()) for share in shares.values())
    return replace(config, lexical=lexical, passage=passage, sentence=sentence)


def rankings(searcher: Searcher, query: Query, k: int, names: Sequence[str] = SYSTEMS) -> dict[str, Scored]:
    """What each system ranks, its first k, as `systems` would."""
    depth = max(k, searcher.config.depth)
    lexical, dense = searcher.matching(query, depth), searcher.nearest(query, depth)
    lists = {"lexical": (lexical[0], np.round(lexical[1], 6)), "dense": dense}
    numbers = np.union1d(lexical[0], dense[0])
    ids = [searcher.passage_id(number) for number in numbers.tolist()]
    values = searcher.values(query, numbers)
    made: dict[str, Scored] = {}
    for name in names:
        if name in lists:
            made[name] = _best(ids, numbers, *lists[name], k)
        elif name == "rrf":
            both = [_best(ids, numbers, *lists[retriever], depth) for retriever in lists]
            fused = reciprocal_rank_fusion([[passage for passage, _ in ranking] for ranking in both])
            made[name] = tuple(fused[:k])
        elif searcher.reranking is not None and name != UNRERANKED:
            hits = _system(searcher, name).rank(query, k).hits
            made[name] = tuple((hit.passage_id, hit.score) for hit in hits)
        else:
            config = (
                searcher.config
                if name in (DEFAULT, UNRERANKED)
                else without(searcher.config, name.removeprefix("no "))
            )
            scored = numbers if _speaks(config, query) else numbers[:0]
            made[name] = _best(ids, numbers, scored, total(combine(config, *values))[: len(scored)], k)
    return made


def _best(
    ids: Sequence[str],
    numbers: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
    k: int,
) -> Scored:
    """The k best of what was found, ties by id; ids are those of `numbers`, which are in order."""
    hits = zip(np.searchsorted(numbers, found).tolist(), scores.tolist(), strict=True)
    best = sorted(((ids[place], score) for place, score in hits), key=lambda hit: (-hit[1], hit[0]))
    return tuple(best[:k])


def _speaks(config: Config, query: Query) -> bool:
    """Whether a retriever that has a share has something to say."""
    return (query.lexical is State.OK and config.lexical > 0) or (
        query.dense is State.OK and config.passage + config.sentence > 0
    )


def _speaking(searcher: Searcher) -> Retriever:
    """Nothing where only the retriever that was left out has something to say."""

    def rank(query: Query, k: int) -> Ranking:
        if _speaks(searcher.config, query):
            return searcher.hybrid(query, k)
        return Ranking((), {"lexical": query.lexical, "dense": query.dense})

    return rank


def _fused(searcher: Searcher) -> Retriever:
    """The candidate lists of the default, fused by rank."""

    def rank(query: Query, k: int) -> Ranking:
        depth = max(k, searcher.config.depth)
        lists = searcher.lexical(query, depth).hits, searcher.dense(query, depth).hits
        numbers = {hit.passage_id: hit.number for hits in lists for hit in hits}
        fused = reciprocal_rank_fusion([[hit.passage_id for hit in hits] for hits in lists])[:k]
        hits = tuple(Hit(name, score, numbers[name]) for name, score in fused)
        return Ranking(hits, {"lexical": query.lexical, "dense": query.dense})

    return rank
