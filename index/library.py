"""A library is a folder: the store of the truth, the vector cache, a writer's lock, and the engine that answers from them.

With the truth on a server and the passages in a cluster only the cache is in the folder, and not even that where it is not
kept: then any number of machines answer and take turns to write, and none needs storage.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from citewell.corpus.children import LIMITS, Limits
from citewell.corpus.errors import (
    BadInput,
    CorruptLibrary,
    LibraryBusy,
    LibraryReadOnly,
    ModelMismatch,
    NotWhole,
    StorageFailed,
)
from citewell.corpus.server import Server
from citewell.corpus.storage import storing
from citewell.corpus.store import Store
from citewell.index import calibration, tuned
from citewell.index.address import Address, refuse_other_machine
from citewell.index.config import Config
from citewell.index.embedded import Embedded
from citewell.index.embedding import Embedder, Progress
from citewell.index.engine import Askable, Engine, Held, MadeWith, made_otherwise
from citewell.index.folder import STORE
from citewell.index.indexing import Source
from citewell.index.passage_store import CollectionGone
from citewell.index.reranking import FIRST, Reranker, Reranking, words_in
from citewell.index.search import Searcher
from citewell.index.turns import Turns

_Result = TypeVar("_Result")


class Library:
    """Opens the store; raises LibraryMissing unless it is there or `create` is true, NotWhole if it need be `whole` and is not.

    Without a configuration its own is in force, or the default. A writer waits so many seconds for another. Its passages
    are in its folder unless they are in a cluster, its truth unless it is on a server. A reranker judges so many first hits of
    each question again. `keep_vectors` is whether what was embedded is kept in the folder. `limits` are those of an article
    that is added.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Config | None = None,
        create: bool = False,
        wait: float = 60.0,
        reranker: Reranker | None = None,
        rerank: int = FIRST,
        cluster: Address | None = None,
        truth: Server | None = None,
        keep_vectors: bool = True,
        whole: bool = True,
        limits: Limits = LIMITS,
    ) -> None:
        self._at: Path | Server = truth or folder / STORE
        self._store, self._whole = Store(self._at, create=create, whole=whole), whole
        self._turn = threading.RLock()
        self._model_checked = False  # by who holds the writer's lock
        self.folder, self.embedder, self.wait, self._config = folder, embedder, wait, config
        self.truth, self.keep_vectors, self.limits = truth, keep_vectors, limits
        self._turns = Turns(folder, shared=truth is None or cluster is None)
        self.index, self.vectors, self.cluster = folder / "index", folder / "vectors.db", cluster
        words = lambda segment, local: words_in(self.store, segment, local)  # noqa: E731
        reranking = Reranking(reranker, rerank, words) if reranker else None
        self.engine: Engine
        self._made: frozenset[MadeWith] | None = None  # how the index was made when this last followed it
        if cluster is None:
            refuse_other_machine(folder)
            self.engine = Embedded(self.index, embedder, lambda: self.config, reranking)
            with suppress(CorruptLibrary, StorageFailed):  # said to who reads or writes
                self._made = self.engine.made_with()
        else:
            from citewell.index.cluster import Cluster  # with the client, which takes long to import

            shared = self._store.database if truth else None
            self.engine = Cluster(cluster, folder, embedder, lambda: self.config, None, reranking, shared)

    def another(self, wait: float) -> "Library":
        """The same, opened once more to write, with the model that this one was opened with."""
        same = Library(
            self.folder,
            self.embedder,
            wait=wait,
            cluster=self.cluster,
            truth=self.truth,
            keep_vectors=self.keep_vectors,
            limits=self.limits,
        )
        same._made = self._made
        return same

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

    # -- reading: any number of threads and processes, never waiting for a writer ------------------------------------

    def askable(self, as_of: str | None = None) -> Askable:
        """Of what is published, or of what the library knew at a day or time. Raises BadInput for what is neither."""
        return self.engine.askable(self.store, as_of)

    def asking(self, work: Callable[[Askable], _Result], as_of: str | None = None) -> _Result:
        """What some work makes of what can be asked; done again if what it read was erased or cut anew meanwhile.

        Raises LibraryBusy while the store is ahead of what is published; CorruptLibrary only for damage.
        """
        with suppress(CorruptLibrary, CollectionGone):
            return work(self.askable(as_of))
        while True:
            seen = self.version()
            try:
                return work(self.askable(as_of))
            except (CorruptLibrary, CollectionGone):
                behind = self.is_behind()
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

    # -- writing: one process at a time, for one batch ---------------------------------------------------------------

    @contextmanager
    def writing(self, wait: float | None = None) -> Iterator[None]:
        """Hold the writer's lock, that of the folder, if the index is there, and that of the server of a shared truth.

        Raises LibraryBusy when another process holds it for longer than a writer waits, NotWhole if since it was opened
        something began to be moved to it. Whatever storage refuses to write meanwhile is raised as StorageFailed.
        """
        deadline = time.monotonic() + (self.wait if wait is None else wait)
        with (
            self._alone_here(deadline),
            self.store.database.alone(max(0.0, deadline - time.monotonic())),
        ):
            self._check_whole()
            yield

    def _check_whole(self) -> None:
        if self._whole and (moving := self.store.moving()):
            raise NotWhole(self.store.place.folder, moving[1])

    @contextmanager
    def _alone_here(self, deadline: float) -> Iterator[None]:
        with storing(self.index), self._turns.alone(deadline), self.engine.writing():
            self._model_checked = False
            yield

    @contextmanager
    def _following(self) -> Iterator[None]:
        """To bring the index up to date without waiting for who writes: an own one needs no lock but the folder's."""
        if self.cluster is not None:
            with self.writing(wait=0):
                yield
            return
        with self._alone_here(time.monotonic()), self.store.database.at_once():
            self._check_whole()  # as it is at the moment that is indexed
            yield

    def check_followed(self) -> None:
        """Before anything is stored: raises CorruptLibrary as above, ModelMismatch if the index cannot follow.

        Only who asks for a rebuild changes the model of a cluster, which others ask, too, or one that somebody else chose
        since this was opened.
        """
        self.check_nothing_lost()
        if self._model_checked:
            return
        made = self.engine.made_with()
        otherwise = made_otherwise(made, self.embedder)
        if otherwise and (self.cluster is not None or made != self._made):
            raise ModelMismatch(
                f"The index of {self.cluster.place if self.cluster else self.folder} was made with "
                f"{', '.join(sorted(model for model, _ in otherwise))}, or by another version of citewell, as by a rebuild "
                f"meanwhile; in use is {self.embedder.fingerprint}. Nothing that was acknowledged is lost. Use what it was "
                "made with (--model, or model in citewell.toml; a service: start it again with that), or build it again "
                f"with this: citewell rebuild --library {self.folder}"
            )
        self._made = made
        self._model_checked = True  # who wants to change it waits for the lock

    def catch_up(self, progress: Progress = lambda *_: None) -> None:
        """Publish what was stored since the last time. Needs the writer's lock.

        What was made otherwise before this was opened is built anew, but not in a cluster: ModelMismatch.
        """
        self.check_followed()
        held = self.engine.held()
        otherwise = self.cluster is None and made_otherwise(self.engine.made_with(), self.embedder)
        if held is None or held.epoch != self.store.epoch() or otherwise:
            self.rebuild(progress)
            return
        if self.store.cleaned_since(held.change):
            self.rebuild(progress)
        elif held.change != self.store.change():
            self.engine.follow(self._source(self.store, progress))

    def catch_up_if_free(self) -> None:
        """Catch up unless another process is writing, which will, or storage takes nothing: what is published answers."""
        if self.is_behind():
            with suppress(LibraryBusy, LibraryReadOnly, StorageFailed), self._following():
                self.catch_up()

    def compact(self, at_rest: bool = False) -> None:
        """Keep questions fast after many small writes, or after the last of a row. Needs the writer's lock.

        What was written stands without it: where storage has no room for it, a later write does it.
        """
        with suppress(StorageFailed), storing(self.index):
            self.engine.compact(self.store.has, at_rest)

    def forget(self) -> None:
        """Let nothing of what was erased stand in the index. Needs the writer's lock."""
        self.engine.forget(self.store.has)

    def rebuild(self, progress: Progress = lambda *_: None) -> int:
        """Build the whole index from the store and publish it; returns the number of passages. Needs the lock."""
        if faults := self.store.faults():
            raise CorruptLibrary(
                f"{self.store.place} is damaged ({faults[0]}). Restore it from a backup: citewell restore, or make a new "
                "library from the articles."
            )
        change = self.store.change()
        prepared = self.engine.prepare(self._source(self.store, progress))
        self.engine.replace(prepared, Held(self.store.epoch(), change))
        self._made = None  # whoever makes it otherwise from now on is somebody else
        return prepared.passages

    def go_back(self, progress: Progress = lambda *_: None) -> int:
        """Ask what was replaced last, brought up to date; returns the number of passages. Needs the lock.

        Raises BadInput if there is nothing to go back to, ModelMismatch if that is of another model.
        """
        self.check_nothing_lost()
        return self.engine.go_back(self._source(self.store, progress))

    def become(self, other: Store, progress: Progress = lambda *_: None) -> int:
        """Take over the content of another store; returns the number of passages. Needs the lock.

        Its index is built and saved before, so that readers go from the old content to the new at once.
        """
        prepared = self.engine.prepare(self._source(other, progress))
        other.start_epoch(self._epoch_of_index())
        self.store.database.replace_with(other.database)
        self.engine.replace(prepared, Held(self.store.epoch(), self.store.change()))
        return prepared.passages

    def _epoch_of_index(self) -> str:
        with suppress(CorruptLibrary):
            if held := self.engine.held():
                return held.epoch
        return ""

    def _source(self, store: Store, progress: Progress) -> Source:
        return Source(store, self.embedder, self.vectors if self.keep_vectors else None, progress)
