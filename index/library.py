"""A library is a folder: the store of the truth, the vector cache, the index derived from them, and a writer's lock."""

import errno
import fcntl
import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from citewell.corpus.errors import (
    CorruptLibrary,
    LibraryBusy,
    LibraryReadOnly,
    StorageFailed,
)
from citewell.corpus.storage import signature_of, storing
from citewell.corpus.store import Store
from citewell.index import calibration, tuned
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder, Progress
from citewell.index.folder import STORE
from citewell.index.indexing import layout_of, segments_of
from citewell.index.layout import EMPTY, Layout
from citewell.index.opened import OpenIndex
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import SegmentRef, Snapshot, publish, read


class Library:
    """Opens the store; raises LibraryMissing unless it is there or `create` is true.

    Without a configuration its own is in force, or the default. A writer waits so many seconds for another.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Config | None = None,
        create: bool = False,
        wait: float = 60.0,
    ) -> None:
        self._store = Store(folder / STORE, create=create)
        self._turn = threading.RLock()
        self.folder, self.embedder, self.wait, self._config = folder, embedder, wait, config
        self.index, self.vectors = folder / "index", folder / "vectors.db"
        self._opened = OpenIndex(self.index, embedder, lambda: self.config)

    def close(self) -> None:
        self._store.close()

    @property
    def config(self) -> Config:
        """Seen at once when another is put in the folder. Raises CorruptLibrary when it is damaged."""
        return self._config or tuned.config_of(self.folder)

    @property
    def store(self) -> Store:
        """The store; opened again when its file was replaced by another. Raises LibraryMissing when it is gone."""
        if not self._store.is_current():
            with self._turn:
                if not self._store.is_current():
                    self._store = Store(self.folder / STORE)  # the former serves who is reading it still
        return self._store

    # -- reading: any number of threads and processes, never waiting for a writer ------------------------------------

    def searcher(self, as_of: str | None = None) -> Searcher:
        """Of the published snapshot, or of what the library knew at a day or time. Raises BadInput for what is neither."""
        return self._opened.searcher() if as_of is None else self._opened.searcher_at(self.store, as_of)

    def version(self) -> Hashable:
        """Equal as long as no other snapshot, configuration or calibration is there: what was answered before is the answer still."""
        return self._opened.version(), signature_of(self.folder / calibration.FILE)

    def is_behind(self) -> bool:
        """Whether something was stored that the published snapshot does not hold, as after a crash between the two."""
        snapshot = read(self.index)
        return snapshot is None or (snapshot.epoch, snapshot.change) != (
            self.store.epoch(),
            self.store.change(),
        )

    def check_nothing_lost(self) -> None:
        """Raises CorruptLibrary if the index holds what the store does not, as when the write-ahead log is damaged."""
        snapshot = read(self.index)
        if snapshot is None:
            return
        if snapshot.epoch == self.store.epoch():
            lost = snapshot.change > self.store.change()
        else:
            lost = snapshot.epoch != self.store.former_epoch()  # else it was restored, and not indexed yet
        if lost:
            raise CorruptLibrary(
                f"{self.store.file} lacks what {self.index} holds: its end was lost, or another file was put in its "
                f"place. Restore it from a backup, or go on without: citewell rebuild --library {self.folder}"
            )

    def snapshot(self) -> Snapshot | None:
        return read(self.index)

    # -- writing: one process at a time, for one batch ---------------------------------------------------------------

    @contextmanager
    def writing(self, wait: float | None = None) -> Iterator[None]:
        """Hold the writer's lock. Raises LibraryBusy when another process holds it for longer than a writer waits.

        Whatever storage refuses to write meanwhile is raised as StorageFailed.
        """
        deadline = time.monotonic() + (self.wait if wait is None else wait)
        with storing(self.index), self._lock() as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise LibraryBusy(self.folder) from None
                    time.sleep(0.05)
            yield

    def _lock(self) -> IO[str]:
        try:
            return (self.folder / "lock").open("a")
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise LibraryReadOnly(self.folder) from None

    def catch_up(self, progress: Progress = lambda *_: None) -> None:
        """Publish what was stored since the current snapshot, as new segments. Needs the writer's lock."""
        self.check_nothing_lost()
        snapshot = read(self.index)
        if snapshot is None or snapshot.epoch != self.store.epoch():
            self.rebuild(progress)
            return
        opened = self._layout(snapshot)
        if self._was_made_otherwise(opened.segments):
            self.rebuild(progress)
        elif snapshot.change != self.store.change():
            change = self.store.change()
            touched = self.store.touched_since(snapshot.change)
            erased = self.store.erased_since(snapshot.change)
            put = self.store.put_since(snapshot.change)
            live = {each.key for each in self.store.live(touched)}
            given = (self.store, self.embedder, self.vectors, progress)
            built = Layout.of(
                segments_of((each for each in put if each.key in live), *given),
                segments_of((each for each in put if each.key not in live), *given),
            )
            after = opened.after(touched, live, erased, self.store.has)
            self._publish(change, after.beside(built), opened)

    def _was_made_otherwise(self, segments: Sequence[Segment]) -> bool:
        """Whether texts are embedded, cut or analysed otherwise now."""
        made_with = (self.embedder.fingerprint, BUILD_RECIPE)
        return any((segment.model, segment.recipe) != made_with for segment in segments)

    def catch_up_if_free(self) -> None:
        """Catch up unless another process is writing, which will, or storage takes nothing: what is published answers."""
        if self.is_behind():
            with suppress(LibraryBusy, LibraryReadOnly, StorageFailed), self.writing(wait=0):
                self.catch_up()

    def compact(self) -> None:
        """Join small segments, and drop what is dead in them, so that sizes stay geometric. Needs the writer's lock."""
        if snapshot := read(self.index):
            opened = self._layout(snapshot)
            compacted = opened.compacted(self.store.has)
            if compacted is not opened:
                self._publish(snapshot.change, compacted, opened)

    def forget(self) -> None:
        """Publish a snapshot whose files hold nothing dead, and remove every other file. Needs the writer's lock."""
        if snapshot := read(self.index):
            opened = self._layout(snapshot)
            self._publish(snapshot.change, opened.cleaned(self.store.has), opened, keep_former=False)

    def rebuild(self, progress: Progress = lambda *_: None) -> int:
        """Build the whole index from the store and publish it; returns the number of passages. Needs the lock."""
        if faults := self.store.faults():
            raise CorruptLibrary(
                f"{self.store.file} is damaged ({faults[0]}). Restore it from a backup: citewell restore, or make a new "
                "library from the articles."
            )
        change = self.store.change()
        built = layout_of(self.store, self.embedder, self.vectors, progress)
        self._publish(change, built)
        return sum(part.passages for part in built.live)

    def become(self, other: Store, progress: Progress = lambda *_: None) -> int:
        """Take over the content of another store; returns the number of passages. Needs the lock.

        Its index is built and saved before, so that readers go from the old content to the new at once.
        """
        built = layout_of(other, self.embedder, self.vectors, progress)
        self.index.mkdir(parents=True, exist_ok=True)
        for segment in built.segments:
            segment.save(self.index)
        other.start_epoch(self._epoch_of_index())
        self.store.database.replace_with(other.database)
        self._publish(self.store.change(), built)
        return sum(part.passages for part in built.live)

    def _epoch_of_index(self) -> str:
        with suppress(CorruptLibrary):
            if snapshot := read(self.index):
                return snapshot.epoch
        return ""

    def _layout(self, snapshot: Snapshot) -> Layout:
        parts = self._opened.parts
        return Layout(tuple(parts(snapshot.segments)), tuple(parts(snapshot.history)))

    def _publish(self, change: int, layout: Layout, opened: Layout = EMPTY, keep_former: bool = True) -> None:
        """Save the segments that were not opened, then publish all."""
        self.index.mkdir(parents=True, exist_ok=True)
        saved = {segment.id for segment in opened.segments}
        for segment in layout.segments:
            if segment.id not in saved:
                segment.save(self.index)
        refs, past = (
            tuple(SegmentRef(part.segment.id, tuple(sorted(part.dead))) for part in parts)
            for parts in (layout.live, layout.past)
        )
        snapshot = Snapshot(self.store.epoch(), change, refs, past)
        publish(self.index, snapshot, keep_former)
        self._opened.let_go_all_but(snapshot)
