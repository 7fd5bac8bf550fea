"""The engine over a cluster: rows in its collection, what is current and BM25's statistics in the ledger.

An alias of the library's name points at the collection that questions go to. A rebuild fills another one and swaps the
alias, so that readers go from the old to the new in one step.
"""

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

from citewell.corpus.article import Article, passage_id
from citewell.corpus.database import Database
from citewell.corpus.errors import BadInput, ClusterMismatch, CorruptLibrary, ModelMismatch
from citewell.corpus.store import Store
from citewell.corpus.timeline import change_at, first_moment, moment_of
from citewell.index.address import LEDGER, Address
from citewell.index.articles import IndexedArticle
from citewell.index.as_of import AsOf
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Held, Prepared, Row
from citewell.index.entries import entries_of
from citewell.index.indexing import Lines, Source
from citewell.index.layout import Has
from citewell.index.ledger import Ledger
from citewell.index.ledger_read import Collection
from citewell.index.passage_rows import revision_key, rows_of, span_of
from citewell.index.passage_store import PassageStore
from citewell.index.proposing import Proposing
from citewell.index.reranking import Reranking

_ARTICLES = 256  # whose rows are sent together: what they need is held in memory
_REVISIONS = 64  # whose rows are looked at together
_TRUSTED = 1.0  # seconds that an alias is taken to point where it did
_THREADS = 32  # lists that are waited for at once


@dataclass(frozen=True, slots=True)
class Filled:
    """A collection that no alias points at, with the keys of the revisions in it."""

    name: str
    keys: tuple[str, ...]
    passages: int


class Cluster:
    """Of the collections of one name in a cluster; `config` says what is in force now.

    What they hold is written down in the folder, or beside a truth on a server, so that several machines know it.
    """

    keeps_history = False

    def __init__(
        self,
        address: Address,
        folder: Path,
        embedder: Embedder,
        config: Callable[[], Config],
        store: PassageStore | None = None,
        reranking: Reranking | None = None,
        truth: Database | None = None,
    ) -> None:
        self._store = connected(address) if store is None else store
        self._alias, self._place, self._folder = address.name, address.place, folder
        self._embedder, self._config, self._reranking = embedder, config, reranking
        self._ledger, self.is_near = Ledger(truth or folder / LEDGER), truth is None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="citewell-cluster")
        self._turn = threading.Lock()
        self._seen: tuple[float, str | None] = (float("-inf"), None)
        self._checked: set[str] = set()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._store.close()
        self._ledger.close()

    # -- reading ----------------------------------------------------------------------------------------------------

    def held(self) -> Held | None:
        found = self._collection()
        return found.held if found else None

    def version(self) -> Hashable:
        return tuple((each.name, each.held) for each in self._ledger.collections().values())

    def was_made_otherwise(self) -> bool:
        found = self._collection()
        return found is not None and (found.model, found.recipe) != (
            self._embedder.fingerprint,
            BUILD_RECIPE,
        )

    def askable(self, store: Store, as_of: str | None = None) -> Proposing:
        """Raises BadInput for an earlier moment: superseded passages are not in the cluster."""
        found = self._collection(fresh=False)
        if found is None or found.held is None:
            raise CorruptLibrary(
                f"The library in {self._folder} has no index yet. Build it: citewell rebuild --library {self._folder}"
            )
        if (found.model, found.recipe) != (self._embedder.fingerprint, BUILD_RECIPE):
            raise ModelMismatch(
                f"The collection {found.name} was filled with model {found.model} and recipe {found.recipe!r}; in use "
                f"are {self._embedder.fingerprint} and {BUILD_RECIPE!r}. Fill another: citewell rebuild"
            )
        index = Proposing(
            self._named,
            self._store,
            self._ledger,
            self._embedder,
            self._config(),
            self._threads,
            self._reranking,
        )
        return index if as_of is None else index.answering(self._moment(store, as_of, found.held))

    def _moment(self, store: Store, said: str, held: Held) -> AsOf:
        at = moment_of(said)
        if change_at(store.database, at) < held.change:
            raise BadInput(
                f"{said} cannot be answered from a cluster: what was superseded since is not in it. Ask a library on one "
                "machine, which a backup gives: citewell restore"
            )
        return AsOf(said, at, first_moment(store.database), current=True, missing=0)

    def _named(self, fresh: bool) -> str:
        found = self._collection(fresh)
        assert found is not None
        return found.name

    def _collection(self, fresh: bool = True) -> Collection | None:
        """Where the alias points; None before anything was published."""
        known = self._ledger.collections()
        last = next((each.name for each in reversed(known.values()) if each.held), None)
        with self._turn:
            at, name = self._seen
        if fresh or name is None or name != last or time.monotonic() - at > _TRUSTED:
            name = self._store.target(self._alias)
            known = self._ledger.collections()
            with self._turn:
                self._seen = time.monotonic(), name
        if name is None:
            if any(each.held for each in known.values()):
                raise ClusterMismatch(
                    f"The cluster at {self._place} has no {self._alias!r}, which the library in {self._folder} filled: it "
                    f"is another cluster, or was emptied. Mend passages in citewell.toml, or fill it: citewell rebuild "
                    f"--library {self._folder}"
                )
            return None
        if name not in known or known[name].held is None:
            raise ClusterMismatch(
                f"{self._alias!r} at {self._place} belongs to another library, or what {self._ledger.place} says of it was lost. "
                f"Choose another name (passages in citewell.toml), or take it over: citewell rebuild --library {self._folder}"
            )
        self._check_dim(name)
        return known[name]

    def _check_dim(self, name: str) -> None:
        if name in self._checked:
            return
        if (dim := self._store.dim(name)) != self._embedder.dim:
            raise ClusterMismatch(
                f"The vectors of {name!r} at {self._place} have {dim} dimensions; the model's have {self._embedder.dim}. "
                f"Fill another: citewell rebuild --library {self._folder}"
            )
        self._checked.add(name)

    # -- writing ----------------------------------------------------------------------------------------------------

    def writing(self) -> AbstractContextManager[None]:
        return self._store.writing()

    def follow(self, source: Source) -> None:
        """Send the rows of what was put; then let questions find them, and nothing of what was superseded."""
        found, store = self._collection(), source.store
        assert found is not None
        assert found.held is not None
        change, name = store.change(), found.name
        touched = store.touched_since(found.held.change)
        self._sweep(name)
        there = set(self._ledger.keys_of(name, touched))
        new = (each for each in store.live(touched) if revision_key(IndexedArticle.of(each)) not in there)
        keys, _ = self._send(name, new, source)
        self._ledger.publish(name, Held(found.held.epoch, change), keys, touched)

    def prepare(self, source: Source) -> Filled:
        self._drop_unpublished()
        name = self._store.new_name(self._alias, uuid4().hex[:12])
        self._ledger.begin(name, self._embedder.fingerprint, BUILD_RECIPE)
        config = self._config()
        self._store.create(name, self._embedder.dim, config.k1, config.b)
        lines = source.store.lines_of_sites()
        keys, passages = self._send(name, source.store.articles(), source, lines)
        self._store.settle(name)
        return Filled(name, tuple(keys), passages)

    def replace(self, prepared: Prepared, held: Held) -> None:
        assert isinstance(prepared, Filled)
        self._ledger.publish(prepared.name, held, prepared.keys, ())
        self._store.point(self._alias, prepared.name)
        with self._turn:
            self._seen = time.monotonic(), prepared.name
        for name in self._ledger.collections():
            if name != prepared.name:
                self._store.drop(name)
                self._ledger.drop(name)

    def drop(self) -> None:
        """Leave nothing of the library in the cluster."""
        for name in self._ledger.collections():
            self._store.drop(name)
            self._ledger.drop(name)

    def compact(self, has: Has) -> None:
        """Nothing: a cluster does so by itself."""

    def forget(self, has: Has) -> None:
        self._drop_unpublished()
        if found := self._collection():
            self._sweep(found.name)
        self._ledger.vacuum()

    def _send(
        self, name: str, articles: Iterable[Article], source: Source, lines: Lines | None = None
    ) -> tuple[list[str], int]:
        """The keys of what was sent, and how many passages it is. Raises CorruptLibrary if the cluster has lost some."""
        keys: list[str] = []
        passages, left = 0, iter(articles)
        while some := list(islice(left, _ARTICLES)):
            for segment in source.segments(some, lines):
                entries = entries_of(segment)
                self._ledger.enter(name, entries)
                self._store.put(name, list(rows_of(segment)))
                keys += [entry.key for entry in entries]
                passages += len(segment)
        expected, there = self._ledger.expected(name) + passages, self._store.count(name)
        if there < expected:
            raise CorruptLibrary(
                f"The collection {name!r} at {self._place} has {there:,} rows; {expected:,} were sent. Fill another: "
                f"citewell rebuild --library {self._folder}"
            )
        return keys, passages

    def _sweep(self, name: str) -> None:
        """Remove the rows of what was superseded before the last time, or never published."""
        if keys := self._ledger.leftovers(name):
            self._store.delete(name, keys)
            self._ledger.forget(name, keys)

    def _drop_unpublished(self) -> None:
        """What a killed rebuild left."""
        for name, each in self._ledger.collections().items():
            if each.held is None:
                self._store.drop(name)
                self._ledger.drop(name)

    # -- checking ---------------------------------------------------------------------------------------------------

    def faults(self) -> tuple[str, int, tuple[str, ...]]:
        """The collection has the rows that were sent, and the statistics are those of what is published."""
        found = self._collection()
        if found is None:
            return "rows of the cluster", 0, ()
        faults = list(self._ledger.faults(found.name))
        there = self._store.count(found.name, without=self._ledger.leftovers(found.name))
        if there != found.passages:
            faults.append(f"{there:,} rows are there for {found.passages:,} passages: citewell rebuild")
        return "rows of the cluster", there, tuple(faults)

    def live_rows(self) -> Iterator[Row]:
        if found := self._collection():
            articles = iter(self._ledger.live(found.name))
            while some := {revision_key(article): article for article in islice(articles, _REVISIONS)}:
                for row in self._store.ids(found.name, list(some)):
                    article = some[row.rpartition(".")[0]]
                    yield passage_id(article.article_id, article.text_sha, span_of(row)), article.revision

    def past_rows(self, has: Has) -> Iterator[Row]:
        """None: what is superseded is not in a cluster."""
        return iter(())


def connected(address: Address) -> PassageStore:
    """Raises BadInput if the client is not installed."""
    os.environ.setdefault(
        "GRPC_VERBOSITY", "NONE"
    )  # its library writes to standard error; errors are ours to report
    try:
        from citewell.index.milvus import Milvus
    except ModuleNotFoundError as error:
        raise BadInput(
            f"passages names a cluster, for which {error.name} is not installed: pip install 'citewell[milvus]'"
        ) from None
    return Milvus(address)
