"""What is judged side by side: each retriever, their fusion by rank, the default, and the default without each part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from citewell.corpus.errors import BadInput
from citewell.eval.fusion import reciprocal_rank_fusion
from citewell.index.config import Config
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Query, Retriever, Searcher

DEFAULT = "hybrid"
_PARTS = ("lexical", "passage", "sentence")
SYSTEMS = ("lexical", "dense", "rrf", DEFAULT, *(f"no {part}" for part in _PARTS))


@dataclass(frozen=True, slots=True)
class System:
    """`searcher` is what answers are asked of; None for what ranks only."""

    name: str
    rank: Retriever
    searcher: Searcher | None = None


def systems(searcher: Searcher, names: Sequence[str] = SYSTEMS) -> tuple[System, ...]:
    """Those of the names, in their order. Raises BadInput for another name."""
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise BadInput(f"no system {unknown[0]!r}; there are {', '.join(SYSTEMS)}")
    return tuple(_system(searcher, name) for name in names)


def _system(searcher: Searcher, name: str) -> System:
    if name == DEFAULT:
        return System(name, searcher.hybrid, searcher)
    if name.startswith("no "):
        config = without(searcher.config, name.removeprefix("no "))
        other = Searcher(searcher.snapshot_id, searcher.parts, searcher.embedder, config)
        return System(name, _speaking(other), other)
    if name == "rrf":
        return System(name, _fused(searcher))
    return System(name, searcher.lexical if name == "lexical" else searcher.dense)


def without(config: Config, part: str) -> Config:
    """The configuration with the share of one part given to the others, as they share the rest."""
    shares = {name: 0.0 if name == part else getattr(config, name) for name in _PARTS}
    lexical, passage, sentence = (share / sum(shares.values()) for share in shares.values())
    return replace(config, lexical=lexical, passage=passage, sentence=sentence)


def _speaking(searcher: Searcher) -> Retriever:
    """Nothing where only the retriever that was left out has something to say."""
    shares = {"lexical": searcher.config.lexical, "dense": searcher.config.passage + searcher.config.sentence}

    def rank(query: Query, k: int) -> Ranking:
        states = {"lexical": query.lexical, "dense": query.dense}
        if any(states[name] is State.OK and share > 0 for name, share in shares.items()):
            return searcher.hybrid(query, k)
        return Ranking((), states)

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
