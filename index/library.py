"""A library is a folder: the store of the truth, the vector cache, the index derived from them, and a writer's lock."""

import errno
import fcntl
import threading
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from citewell.corpus.article import Article, Cut
from citewell.corpus.errors import (
    CorruptLibrary,
    LibraryBusy,
    LibraryReadOnly,
    StorageFailed,
)
from citewell.corpus.passages import CUT_RECIPE, cut, fault_of
from citewell.corpus.storage import storing
from citewell.corpus.store import Store
from citewell.index.build import BUILD_RECIPE, build
from citewell.index.config import Config
from citewell.index.embedding import Embedder, Progress
from citewell.index.folder import STORE
from citewell.index.merge import merge, worth_merging
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import SegmentRef, Snapshot, publish, read
from citewell.index.vector_cache import VectorCache


class Library:
    """Opens the store; raises LibraryMissing unless it is there or `create` is true.

    A writer waits so many seconds for another.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Config = Config(),
        create: bool = False,
        wait: float = 60.0,
    ) -> None:
        self._store = Store(folder / STORE, create=create)
        self._turn = threading.RLock()
        self._segments: dict[str, Segment] = {}
        self.folder, self.embedder, self.config, self.wait = folder, embedder, config, wait
        self.index, self.vectors = folder / "index", folder / "vectors.db"
        self._opened: tuple[tuple[int, int, int] | None, Searcher] | None = None

    def close(self) -> None:
        self._store.close()

    @property
    def store(self) -> Store:
        """The store; opened again when its file was replaced by another. Raises LibraryMissing when it is gone."""
        if not self._store.is_current():
            with self._turn:
                if not self._store.is_current():
                    self._store = Store(self.folder / STORE)  # the former serves who is reading it still
        return self._store

    # -- reading: any number of threads and processes, never waiting for a writer ------------------------------------

    def searcher(self) -> Searcher:
        """The published snapshot, opened again, by one thread for all, only when another one was published since."""
        while True:
            seen, opened = _signature(self.index), self._opened
            if opened is not None and opened[0] == seen:
                return opened[1]
            with self._turn:
                if self._opened is not None and self._opened[0] == _signature(self.index):
                    return self._opened[1]
                snapshot = self._published()
                try:
                    parts = self._parts(snapshot)
                    searcher = Searcher(snapshot.id, parts, self.embedder, self.config)
                except CorruptLibrary:
                    # a segment went while it was being opened: take the next snapshot
                    if read(self.index) != snapshot:
                        continue
                    raise
                if _signature(self.index) == seen:
                    self._opened = (seen, searcher)
                    return searcher

    def version(self) -> Hashable:
        """Equal as long as no other snapshot is published: what was answered before is the answer still."""
        return _signature(self.index)

    def _published(self) -> Snapshot:
        snapshot = read(self.index)
        if snapshot is None:
            raise CorruptLibrary(
                f"The library in {self.folder} has no index yet. Build it: citewell rebuild --library {self.folder}"
            )
        return snapshot

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

    def _parts(self, snapshot: Snapshot) -> list[Part]:
        """The parts of a snapshot; segments that are open already are not opened again."""
        opened = {
            ref.id: self._segments.get(ref.id) or Segment.open(self.index / ref.id)
            for ref in snapshot.segments
        }
        self._segments = opened  # what the snapshot does not name is let go
        return [Part(opened[ref.id], ref.dead) for ref in snapshot.segments]

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
        """Publish what was stored since the current snapshot, as one new segment. Needs the writer's lock."""
        self.check_nothing_lost()
        snapshot = read(self.index)
        if snapshot is None or snapshot.epoch != self.store.epoch():
            self.rebuild(progress)
            return
        parts = self._parts(snapshot)
        if self._was_made_otherwise(parts):
            self.rebuild(progress)
        elif snapshot.change != self.store.change():
            change = self.store.change()
            touched = self.store.touched_since(snapshot.change)
            refs = [_without(part, touched) for part in parts]
            self._publish(
                change, [ref for ref in refs if ref], self._build(self.store.live(touched), progress)
            )

    def _was_made_otherwise(self, parts: Sequence[Part]) -> bool:
        """Whether texts are embedded, cut or analysed otherwise now."""
        made_with = (self.embedder.fingerprint, BUILD_RECIPE)
        return any((part.segment.model, part.segment.recipe) != made_with for part in parts)

    def catch_up_if_free(self) -> None:
        """Catch up unless another process is writing, which will, or storage takes nothing: what is published answers."""
        if self.is_behind():
            with suppress(LibraryBusy, LibraryReadOnly, StorageFailed), self.writing(wait=0):
                self.catch_up()

    def compact(self) -> None:
        """Join small segments, and drop what is dead in them, so that sizes stay geometric. Needs the writer's lock."""
        snapshot = read(self.index)
        if snapshot is None:
            return
        parts = self._parts(snapshot)
        if chosen := worth_merging(parts):
            kept = [ref for ref, part in zip(snapshot.segments, parts, strict=True) if part not in chosen]
            self._publish(snapshot.change, kept, merge(chosen))

    def forget(self) -> None:
        """Publish a snapshot whose files hold nothing dead, and remove every other file. Needs the writer's lock."""
        snapshot = read(self.index)
        if snapshot is None:
            return
        parts = self._parts(snapshot)
        clean = [ref for ref in snapshot.segments if not ref.dead]
        written = [merge([part]) for part in parts if part.dead]
        self._publish(snapshot.change, clean, *written, keep_former=False)

    def rebuild(self, progress: Progress = lambda *_: None) -> int:
        """Build the whole index from the store and publish it; returns the number of passages. Needs the lock."""
        if faults := self.store.faults():
            raise CorruptLibrary(
                f"{self.store.file} is damaged ({faults[0]}). Restore it from a backup: citewell restore, or make a new "
                "library from the articles."
            )
        change = self.store.change()
        segment = self._build(self.store.articles(), progress)
        self._publish(change, [], segment)
        return len(segment)

    def become(self, other: Store, progress: Progress = lambda *_: None) -> int:
        """Take over the content of another store; returns the number of passages. Needs the lock.

        Its index is built and saved before, so that readers go from the old content to the new at once.
        """
        segment = self._build(other.articles(), progress, other)
        self.index.mkdir(parents=True, exist_ok=True)
        segment.save(self.index)
        other.start_epoch(self._epoch_of_index())
        self.store.database.replace_with(other.database)
        self._publish(self.store.change(), [], segment)
        return len(segment)

    def _epoch_of_index(self) -> str:
        with suppress(CorruptLibrary):
            if snapshot := read(self.index):
                return snapshot.epoch
        return ""

    def _cut_of(self, store: Store, article: Article, text: str) -> Cut:
        """The spans of a text; those of an older recipe, or damaged ones, are made anew."""
        sha = article.text_sha
        with suppress(CorruptLibrary):
            known = store.cut(sha)
            if store.cut_recipe(sha) == CUT_RECIPE and fault_of(known, len(text)) is None:
                return known
        pieces = cut(text, article.language, self.embedder.count_tokens)
        store.recut(sha, pieces, CUT_RECIPE)
        return pieces

    def _build(self, articles: Iterable[Article], progress: Progress, store: Store | None = None) -> Segment:
        source = store or self.store
        texts = ((article, source.text(article.text_sha)) for article in articles)
        given = ((article, text, self._cut_of(source, article, text)) for article, text in texts)
        cache = VectorCache(self.vectors)
        try:
            return build(given, self.embedder, cache, progress)
        finally:
            cache.close()

    def _publish(
        self, change: int, refs: Sequence[SegmentRef], *segments: Segment, keep_former: bool = True
    ) -> None:
        self.index.mkdir(parents=True, exist_ok=True)
        added = [SegmentRef(segment.save(self.index).name) for segment in segments if len(segment)]
        publish(self.index, Snapshot(self.store.epoch(), change, (*refs, *added)), keep_former)


def _without(part: Part, touched: Sequence[str]) -> SegmentRef | None:
    """The segment with more articles dead; None if that is all of them."""
    numbers = part.segment.articles.numbers_of(touched)
    dead = sorted(part.dead | set(numbers))
    return SegmentRef(part.segment.id, tuple(dead)) if len(dead) < len(part.segment.articles) else None


def _signature(index: Path) -> tuple[int, int, int] | None:
    """Tells one published snapshot file from another; None before the first."""
    try:
        found = (index / "current").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
