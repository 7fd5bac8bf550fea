"""The engine over a cluster: rows in its collection, what is current and BM25's statistics in the ledger.

An alias of the library's name points at the collection that questions go to. A rebuild fills another one and swaps the
alias, so that readers go from the old to the new in one step.
"""

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article
from citewell.corpus.database import Database
from citewell.corpus.errors import BadInput, CorruptLibrary, ModelMismatch
from citewell.corpus.store import Store
from citewell.corpus.timeline import change_at, first_moment, moment_of
from citewell.index.address import LEDGER, Address
from citewell.index.alias import Alias
from citewell.index.as_of import AsOf
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Held, MadeWith, Prepared, Row
from citewell.index.filled import Filled
from citewell.index.indexing import Source
from citewell.index.layout import Has
from citewell.index.ledger import Ledger
from citewell.index.ledger_read import Collection
from citewell.index.passage_store import CollectionGone, PassageStore
from citewell.index.proposing import Proposing
from citewell.index.reranking import Reranking

_THREADS = 32  # lists that are waited for at once


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
        self._place, self._folder = address.place, folder
        self._embedder, self._config, self._reranking = embedder, config, reranking
        self._ledger, self.is_near = Ledger(truth or folder / LEDGER), truth is None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="citewell-cluster")
        self._alias = Alias(address.name, address.place, self._store, self._ledger, embedder.dim, folder)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._store.close()
        self._ledger.close()

    # -- reading ----------------------------------------------------------------------------------------------------

    def held(self) -> Held | None:
        found = self._alias.collection()
        return found.held if found else None

    def version(self) -> Hashable:
        return tuple((each.name, each.number, each.held) for each in self._ledger.collections().values())

    def made_with(self) -> frozenset[MadeWith]:
        found = self._alias.collection()
        return frozenset([(found.model, found.recipe)] if found else [])

    def askable(self, store: Store, as_of: str | None = None) -> Proposing:
        """Raises BadInput for an earlier moment: superseded passages are not in the cluster."""
        found = self._alias.collection(fresh=False)
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
        found = self._alias.collection(fresh)
        assert found is not None
        return found.name

    # -- writing ----------------------------------------------------------------------------------------------------

    def writing(self) -> AbstractContextManager[None]:
        return self._store.writing()

    def follow(self, source: Source) -> None:
        """Send the rows of what was put; then let questions find them, and nothing of what was superseded."""
        found = self._alias.collection()
        assert found is not None
        self._filled(found.name).follow(source)

    def prepare(self, source: Source) -> Filled:
        """In a collection that no alias points at. One that a killed process left is filled further."""
        filled = self._begun(source.store)
        filled.fill(source)
        self._store.settle(filled.name)
        return filled

    def replace(self, prepared: Prepared, held: Held) -> None:
        """The collection before stays, so that one can go back to it."""
        assert isinstance(prepared, Filled)
        former = self._store.target(self._alias.name)
        if former is None:  # so that an alias is never missing that was there before
            self._alias.point(prepared.name)
        self._ledger.publish(prepared.name, held, (), ())
        self._alias.point(prepared.name)
        self._ledger.put_last(
            prepared.name
        )  # what was answered before it was pointed at is another version's
        for name in self._ledger.collections():
            if name not in (prepared.name, former):
                self._filled(name).drop()

    def go_back(self, source: Source) -> int:
        """Let questions go to the former collection, once it holds what was stored since; returns the number of passages.

        Raises BadInput if there is none, ModelMismatch if it was made with another model than is in use.
        """
        now = self._alias.collection()
        former = next((each for each in self._published() if now and each.name != now.name), None)
        if former is None or former.held is None:
            raise BadInput(
                f"{self._alias.name!r} at {self._place} has no former collection to go back to: the one before is kept by each "
                "citewell rebuild, and by citewell migrate."
            )
        if former.model != self._embedder.fingerprint:
            raise ModelMismatch(
                f"The former collection {former.name} was filled with model {former.model}; in use is "
                f"{self._embedder.fingerprint}. To go back to it, name its model, too (--model or --precision, model in "
                "citewell.toml): citewell rebuild --back"
            )
        if (
            former.recipe != BUILD_RECIPE
            or former.held.epoch != source.store.epoch()
            or source.store.cleaned_since(former.held.change)
        ):
            raise BadInput(
                f"The former collection {former.name} cannot be brought up to date: it was filled by another version of "
                "citewell, or the library was restored or cleaned since. Fill another: citewell rebuild"
            )
        self._alias.check_dim(former.name)
        filled = self._filled(former.name)
        filled.follow(source)
        source.recut()
        self._alias.point(former.name)
        self._ledger.put_last(former.name)
        return filled.passages

    def _filled(self, name: str) -> Filled:
        return Filled(name, self._store, self._ledger, self._place)

    def _published(self) -> list[Collection]:
        """The one that was pointed at last first."""
        return [each for each in reversed(self._ledger.collections().values()) if each.held]

    def _begun(self, store: Store) -> Filled:
        """A collection to be filled: one that was begun, if nothing has changed since of how that is done, or a new one."""
        for each in self._ledger.collections().values():
            if each.held is None and self._is_continued(each, store):
                return self._filled(each.name)
        self._drop_unpublished()
        name = self._store.new_name(self._alias.name, uuid4().hex[:12])
        self._ledger.begin(name, self._embedder.fingerprint, BUILD_RECIPE, store.epoch())
        config = self._config()
        self._store.create(name, self._embedder.dim, config.k1, config.b)
        return self._filled(name)

    def _is_continued(self, begun: Collection, store: Store) -> bool:
        made_with = (begun.model, begun.recipe, begun.epoch)
        if made_with != (self._embedder.fingerprint, BUILD_RECIPE, store.epoch()):
            return False
        first, last = self._ledger.taken_at(begun.name)
        if last > store.change() or (first and store.cleaned_since(first)):
            return False
        try:
            return self._store.dim(begun.name) == self._embedder.dim
        except CollectionGone:
            return False

    def _drop_unpublished(self) -> None:
        for each in self._ledger.collections().values():
            if each.held is None:
                self._filled(each.name).drop()

    def drop(self) -> None:
        """Leave nothing of the library in the cluster."""
        for name in self._ledger.collections():
            self._filled(name).drop()

    def compact(self, has: Has, at_rest: bool) -> None:
        """Nothing: a cluster does so by itself."""

    def forget(self, has: Has) -> None:
        """In the former collection, too."""
        self._drop_unpublished()
        now = self._alias.collection()
        for each in self._published():
            filled = self._filled(each.name)
            if now and each.name == now.name:
                filled.sweep()
                continue
            try:
                filled.forget(has)
            except CollectionGone:  # nobody asks it
                filled.drop()
        self._ledger.vacuum()

    # -- checking ---------------------------------------------------------------------------------------------------

    def faults(self) -> tuple[str, int, tuple[str, ...]]:
        """The collection has the rows that were sent, and the statistics are those of what is published."""
        found = self._alias.collection()
        return self._filled(found.name).faults() if found else ("rows of the cluster", 0, ())

    def live_rows(self) -> Iterator[Row]:
        found = self._alias.collection()
        return self._filled(found.name).live_rows() if found else iter(())

    def past_rows(self, has: Has) -> Iterator[Row]:
        """None: what is superseded is not in a cluster."""
        return iter(())

    def vectors(self, articles: Sequence[Article]) -> dict[str, NDArray[np.float16]]:
        found = self._alias.collection()
        return self._filled(found.name).vectors(articles) if found else {}


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
