"""What a library answers from: the store of the truth, its own configuration, and the engine that holds its passages.

Any number of threads and processes read, and never wait for a writer.
"""

import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from citewell.corpus.errors import BadInput, CorruptLibrary, LibraryBusy
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index import calibration, tuned
from citewell.index.address import Address, refuse_other_machine
from citewell.index.config import Config
from citewell.index.embedded import Embedded
from citewell.index.embedding import Embedder
from citewell.index.engine import Askable, Engine, Held
from citewell.index.folder import STORE
from citewell.index.passage_store import CollectionGone
from citewell.index.reranking import FIRST, Reranker, Reranking, words_in
from citewell.index.search import Searcher

_Result = TypeVar("_Result")


class LibraryRead:
    """The reading half of a library.

    Raises LibraryMissing unless it is there or `create` is true, NotWhole if it need be `whole` and is not. Without a
    configuration its own is in force, or the default. Its passages are in its folder unless they are in a cluster, its truth
    unless it is on a server. A reranker judges so many first hits of each question again.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Config | None = None,
        create: bool = False,
        reranker: Reranker | None = None,
        rerank: int = FIRST,
        cluster: Address | None = None,
        truth: Server | None = None,
        whole: bool = True,
    ) -> None:
        self._at: Path | Server = truth or folder / STORE
        self._store, self._whole = Store(self._at, create=create, whole=whole), whole
        self._turn = threading.RLock()
        self.folder, self.embedder, self._config = folder, embedder, config
        self.truth, self.cluster, self.index = truth, cluster, folder / "index"
        words = lambda segment, local: words_in(self.store, segment, local)  # noqa: E731
        reranking = Reranking(reranker, rerank, words) if reranker else None
        self.engine: Engine
        if cluster is None:
            refuse_other_machine(folder)
            self.engine = Embedded(self.index, embedder, lambda: self.config, reranking)
        else:
            from citewell.index.cluster import Cluster  # with the client, which takes long to import

            shared = self._store.database if truth else None
            self.engine = Cluster(cluster, folder, embedder, lambda: self.config, None, reranking, shared)

    def close(self) -> None:
        self.engine.close()
        self._store.close()

    @property
    def config(self) -> Config:
        """Seen at once when another is put in the folder, on a server within a second. Raises CorruptLibrary when it is damaged."""
        return self._config or tuned.config_of(self._store.own)

    @property
    def store(self) -> Store:
        """The store; opened again when its file was replaced by another. Raises LibraryMissing when it is gone."""
        if not self._store.is_current():
            with self._turn:
                if not self._store.is_current():
                    self._store = Store(
                        self._at, whole=self._whole
                    )  # the former serves who is reading it still
        return self._store

    def askable(self, as_of: str | None = None) -> Askable:
        """Of what is published, or of what the library knew at a day or time. Raises BadInput for what is neither."""
        return self.engine.askable(self.store, as_of)

    def asking(self, work: Callable[[Askable], _Result], as_of: str | None = None) -> _Result:
        """What some work makes of what can be asked; done again if what it read was erased or cut anew meanwhile.

        Raises LibraryBusy while the store is ahead of what is published; CorruptLibrary for damage, or without an index.
        """
        with suppress(CorruptLibrary, CollectionGone):
            return work(self.askable(as_of))
        while True:
            seen = self.version()
            try:
                return work(self.askable(as_of))
            except (CorruptLibrary, CollectionGone):
                behind = self.engine.held() is not None and self.is_behind()
                if self.version() != seen:
                    continue
                if behind:
                    raise LibraryBusy(self.folder) from None
                raise

    def check(self) -> None:
        """Raises, within some seconds, what is wrong when no question can be answered: with the truth, or with the index."""
        self.store.database.check()
        self.askable()

    def searcher(self, as_of: str | None = None) -> Searcher:
        """The same where the whole index is at hand. Raises BadInput for passages in a cluster."""
        found = self.askable(as_of)
        if not isinstance(found, Searcher):
            raise BadInput(
                f"The passages of {self.folder} are in a cluster; this looks through all of them and needs a library "
                "on this machine."
            )
        return found

    def version(self) -> Hashable:
        """Equal as long as no other snapshot, configuration or calibration is there: what was answered before is the answer still."""
        own = self._store.own
        return self.engine.version(), own.version(tuned.FILE), own.version(calibration.FILE)

    @property
    def is_near(self) -> bool:
        """Whether `version` waits for no other machine."""
        return self.engine.is_near and self.truth is None

    def is_behind(self) -> bool:
        """Whether something was stored that was not published, as after a crash between the two."""
        return self.engine.held() != Held(self.store.epoch(), self.store.change())

    def check_nothing_lost(self) -> None:
        """Raises CorruptLibrary if the index holds what the store does not, as when the write-ahead log is damaged."""
        held = self.engine.held()
        if held is None:
            return
        if held.epoch == self.store.epoch():
            lost = held.change > self.store.change()
        else:
            lost = held.epoch != self.store.former_epoch()  # else it was restored, and not indexed yet
        if lost:
            raise CorruptLibrary(
                f"{self.store.place} lacks what the index holds: its end was lost, or another file was put in its "
                f"place. Restore it from a backup, or go on without: citewell rebuild --library {self.folder}"
            )
