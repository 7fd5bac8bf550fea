"""A cluster in memory that obeys the protocol of `passage_store.py`, and can be told to fail."""

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import ClusterAway
from citewell.corpus.server import Server
from citewell.index.address import Address
from citewell.index.cluster import Cluster
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.passage_rows import PassageRow
from citewell.index.passage_store import CollectionGone
from citewell.index.where import EVERYWHERE, Where

ADDRESS = Address("http://127.0.0.1:1", "books")


class MemoryStore:
    """`failing` are names of methods that fail as if nobody answered; `fail_after` calls of `put` it dies."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, PassageRow]] = {}
        self.dims: dict[str, int] = {}
        self.aliases: dict[str, str] = {}
        self.failing: set[str] = set()
        self.puts_left: int | None = None

    def create(self, collection: str, dim: int, k1: float, b: float) -> None:
        self._answer("create")
        self.kept[collection], self.dims[collection] = {}, dim

    def put(self, collection: str, rows: Sequence[PassageRow]) -> None:
        self._answer("put")
        if self.puts_left == 0:
            some = list(rows)[: len(rows) // 2]
            self._rows(collection).update({row.id: row for row in some})
            raise ClusterAway("memory", "killed")
        if self.puts_left is not None:
            self.puts_left -= 1
        self._rows(collection).update({row.id: row for row in rows})

    def settle(self, collection: str) -> None:
        self._answer("settle")

    def delete(self, collection: str, revisions: Sequence[str]) -> None:
        self._answer("delete")
        rows = self._rows(collection)
        for name in [row.id for row in rows.values() if row.revision in set(revisions)]:
            del rows[name]

    def matching(self, collection: str, tokens: Sequence[str], k: int, where: Where) -> list[PassageRow]:
        self._answer("matching")
        rows = list(self._rows(collection).values())
        counts = {row.id: Counter(row.terms.split()) for row in rows}
        held = {token: sum(token in counted for counted in counts.values()) for token in tokens}
        scores = {
            row.id: sum(
                math.log(1 + (len(rows) - held[token] + 0.5) / (held[token] + 0.5)) * tf / (tf + 1)
                for token in tokens
                if (tf := counts[row.id][token])
            )
            for row in rows
            if passes(row, where)
        }
        best = sorted(
            (name for name, score in scores.items() if score), key=lambda name: (-scores[name], name)
        )
        return [self._rows(collection)[name] for name in best[:k]]

    def nearest(self, collection: str, vector: NDArray[np.float32], k: int, where: Where) -> list[PassageRow]:
        self._answer("nearest")
        rows = [row for row in self._rows(collection).values() if passes(row, where)]
        return sorted(rows, key=lambda row: (-float(row.vector.astype(np.float32) @ vector), row.id))[:k]

    def rows(self, collection: str, revisions: Sequence[str]) -> list[PassageRow]:
        self._answer("rows")
        return [row for row in self._rows(collection).values() if row.revision in set(revisions)]

    def ids(self, collection: str, revisions: Sequence[str]) -> list[str]:
        return [row.id for row in self.rows(collection, revisions)]

    def count(self, collection: str, where: Where = EVERYWHERE, without: Sequence[str] = ()) -> int:
        self._answer("count")
        rows = self._rows(collection).values()
        return sum(passes(row, where) and row.revision not in set(without) for row in rows)

    def target(self, alias: str) -> str | None:
        self._answer("target")
        return self.aliases.get(alias)

    def dim(self, collection: str) -> int:
        self._rows(collection)
        return self.dims[collection]

    def point(self, alias: str, collection: str) -> None:
        self._answer("point")
        self.aliases[alias] = collection

    def drop(self, collection: str) -> None:
        self._answer("drop")
        self.kept.pop(collection, None)
        self.aliases = {alias: name for alias, name in self.aliases.items() if name != collection}

    def new_name(self, alias: str, token: str) -> str:
        return f"{alias}_{token}"

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        pass

    def _answer(self, method: str) -> None:
        if method in self.failing:
            raise ClusterAway("memory", f"{method} fails")

    def _rows(self, collection: str) -> dict[str, PassageRow]:
        if collection not in self.kept:
            raise CollectionGone(f"no {collection}")
        return self.kept[collection]


def passes(row: PassageRow, where: Where) -> bool:
    return (
        all(set(group) & set(row.facts) for group in where.groups)
        and (where.from_day is None or row.last >= where.from_day)
        and (where.to_day is None or row.first <= where.to_day)
    )


def clustered(
    folder: Path,
    embedder: Embedder,
    store: MemoryStore,
    config: Config | None = None,
    truth: Server | None = None,
    keep_vectors: bool = True,
    whole: bool = True,
) -> Library:
    """A library over it."""
    if truth is None:
        folder.mkdir(parents=True, exist_ok=True)
    library = Library(
        folder,
        embedder,
        config,
        create=True,
        cluster=ADDRESS,
        truth=truth,
        keep_vectors=keep_vectors,
        whole=whole,
    )
    library.engine.close()
    database = library.store.database if truth else None
    library.engine = Cluster(ADDRESS, folder, embedder, lambda: library.config, store, None, database)
    return library
