"""What a cluster does for a library: it keeps rows of passages, proposes some for a question, and knows no more.

It promises nothing across rows. Scoring, evidence and citations are ours, and so is what is current (`ledger.py`).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import ClusterError
from citewell.index.passage_rows import PassageRow
from citewell.index.where import EVERYWHERE, Where


class CollectionGone(ClusterError):
    """There is no such collection or alias."""


class Unsupported(ClusterError):
    """What was asked is more than the server can do."""


class PassageStore(Protocol):
    """Collections by name. Every call ends within a time; raises ClusterError, ClusterAway above all."""

    def create(self, collection: str, dim: int, k1: float, b: float) -> None:
        """An empty one, for vectors of so many dimensions; k1 and b are of the BM25 that proposes."""
        ...

    def put(self, collection: str, rows: Sequence[PassageRow]) -> None:
        """A row in place of one with its id. When it returns they outlast a crash."""
        ...

    def settle(self, collection: str) -> None:
        """After many rows were put: let them be fast to search."""
        ...

    def delete(self, collection: str, revisions: Sequence[str]) -> None:
        """All rows of these revisions, by their keys."""
        ...

    def matching(self, collection: str, tokens: Sequence[str], k: int, where: Where) -> list[PassageRow]:
        """The k best by the cluster's own BM25, best first; passages that hold none of the tokens are left out."""
        ...

    def nearest(self, collection: str, vector: NDArray[np.float32], k: int, where: Where) -> list[PassageRow]:
        """About the k nearest by inner product, nearest first."""
        ...

    def rows(self, collection: str, revisions: Sequence[str]) -> list[PassageRow]:
        """Of these revisions, in no order."""
        ...

    def ids(self, collection: str, revisions: Sequence[str]) -> list[str]:
        """Of the rows of these revisions, in no order."""
        ...

    def count(self, collection: str, where: Where = EVERYWHERE, without: Sequence[str] = ()) -> int:
        """Rows, all that were put before, but for those of some revisions."""
        ...

    def target(self, alias: str) -> str | None:
        """The collection that an alias points at; None if there is no such alias."""
        ...

    def dim(self, collection: str) -> int:
        """Of its vectors. Raises ClusterMismatch if another version of citewell, or something else, made it."""
        ...

    def point(self, alias: str, collection: str) -> None:
        """Let an alias point at a collection, in one step, whatever it pointed at before."""
        ...

    def drop(self, collection: str) -> None:
        """Also if it is not there."""
        ...

    def new_name(self, alias: str, token: str) -> str:
        """For a collection that the alias is to point at."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Within it calls of this thread may take as long as writes: a cluster that is started again is waited for."""
        ...

    def close(self) -> None: ...
