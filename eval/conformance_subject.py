"""What the contract is tried on: libraries in a store of passages beside the same on this machine, and how two rankings compare."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from citewell.corpus.errors import ClusterError
from citewell.eval.conformance_articles import Direction, articles
from citewell.index.address import Address
from citewell.index.config import Config
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.library import Library
from citewell.index.scoring import Hit
from citewell.index.writing import put

K = 10
_CONFIG = Config(depth=60)  # lists short enough that a store has to choose
_TOLERANCE = 2e-6  # scores are rounded to six decimals


class Failed(Exception):
    """What a check found wrong."""


class Skipped(Exception):
    """Why a check cannot be made here."""


class Subject:
    """Libraries whose passages are in the store that is tried, the standing one filled once; `address` is None for ours.

    `ranking` is compared: all together, or `dense` where the store has no BM25 at all.
    """

    def __init__(self, folder: Path, address: Address | None, ranking: str = "hybrid") -> None:
        self.address = address and replace(address, name=f"conformance_{uuid4().hex[:8]}")
        self.ranking = ranking
        self._folder = folder
        self._opened: list[Library] = []
        self.exact = self._new("exact", None)
        put(self.exact, articles())
        self._standing: Library | None = None

    @property
    def standing(self) -> Library:
        """The same articles as in `exact`; to be read only."""
        if self._standing is None:
            self._standing = self.new("standing")
            put(self._standing, articles())
        return self._standing

    def new(self, name: str) -> Library:
        """An empty library of its own collection."""
        address = self.address and replace(self.address, name=f"{self.address.name}_{name}")
        return self._new(name, address)

    def again(self, library: Library, address: Address | None = None) -> Library:
        """Another client of the same library."""
        return self._keep(Library(library.folder, Direction(), _CONFIG, cluster=address or library.cluster))

    def new_exact(self, name: str) -> Library:
        """An empty library on this machine."""
        return self._new(name, None)

    def _new(self, name: str, address: Address | None) -> Library:
        folder = self._folder / name
        folder.mkdir()
        return self._keep(Library(folder, Direction(), _CONFIG, create=True, cluster=address))

    def _keep(self, library: Library) -> Library:
        self._opened.append(library)
        return library

    def close(self) -> None:
        """Leaves nothing in the store."""
        for library in self._opened:
            if library.cluster is not None:
                from citewell.index.cluster import Cluster

                assert isinstance(library.engine, Cluster)
                with suppress(ClusterError):
                    library.engine.drop()
            library.close()


def ask_for_bm25(subject: Subject) -> None:
    if subject.ranking != "hybrid":
        raise Skipped("the store has no BM25")


def ids_of(hits: tuple[Hit, ...]) -> set[str]:
    return {hit.passage_id for hit in hits}


def ranked(
    library: Library, question: str, retriever: str, given: Filter = EVERYTHING, k: int = K
) -> tuple[Hit, ...]:
    searcher, query = library.askable().about(question, given)
    hits: tuple[Hit, ...] = getattr(searcher, retriever)(query, k).hits
    return hits


def check_same(found: tuple[Hit, ...], exact: tuple[Hit, ...]) -> None:
    """Score by score, and passage by passage but among equal scores."""
    if len(found) != len(exact):
        raise Failed(f"{len(found)} passages are found instead of {len(exact)}")
    for mine, right in zip(found, exact, strict=True):
        if abs(mine.score - right.score) > _TOLERANCE:
            raise Failed(f"{mine.passage_id} has {mine.score} where {right.passage_id} has {right.score}")
    edge = exact[-1].score + _TOLERANCE if exact else 0.0
    sure = {hit.passage_id for hit in exact if hit.score > edge}
    if missing := sure - ids_of(found):
        raise Failed(f"{min(missing)} is not found")
