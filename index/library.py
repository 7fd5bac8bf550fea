"""A library is a folder: the store of the truth, the vector cache, the index derived from them, and a writer's lock."""

import fcntl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from citewell.corpus.article import Article
from citewell.corpus.errors import CitewellError, CorruptLibrary, LibraryBusy, LibraryMissing, LibraryReadOnly
from citewell.corpus.passages import CUT_RECIPE, cut, fault_of
from citewell.corpus.store import Store
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.embedding import Embedder, Progress
from citewell.index.merge import merge, worth_merging
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import SegmentRef, Snapshot, publish, read
from citewell.index.vector_cache import VectorCache

STORE = "citewell.db"


class Library:
    """Opens the store; raises LibraryMissing unless it is there or `create` is true."""

    def __init__(
        self, folder: Path, embedder: Embedder, config: Config = Config(), create: bool = False
    ) -> None:
        self._store = Store(folder / STORE, create=create)
        self._turn = threading.Lock()
        self.folder, self.embedder, self.config = folder, embedder, config
        self.index, self.vectors = folder / "index", folder / "vectors.db"
        self._opened: tuple[Snapshot, Searcher] | None = None

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
        """The published snapshot, opened again only when another one was published since."""
        opened = self._opened
        while True:
            snapshot = read(self.index)
            if snapshot is None:
                raise CorruptLibrary(
                    f"The library in {self.folder} has no index yet. Build it: citewell rebuild --library {self.folder}"
                )
            if opened is not None and opened[0].segments == snapshot.segments:
                return opened[1]
            try:
                searcher = Searcher(snapshot.id, self._parts(snapshot), self.embedder, self.config)
            except CorruptLibrary:
                if (
                    read(self.index) != snapshot
                ):  # a segment went while it was being opened: take the next snapshot
                    continue
                raise
            self._opened = (snapshot, searcher)
            return searcher

    def is_behind(self) -> bool:
        """Whether something was stored that the published snapshot does not hold, as after a crash between the two."""
        snapshot = read(self.index)
        return snapshot is None or (snapshot.epoch, snapshot.change) != (
            self.store.epoch(),
            self.store.change(),
        )

    def snapshot(self) -> Snapshot | None:
        return read(self.index)

    def _parts(self, snapshot: Snapshot) -> list[Part]:
        known = {} if self._opened is None else {part.segment.id: part for part in self._opened[1].parts}
        parts = []
        for ref in snapshot.segments:
            part = known.get(ref.id)
            if part is None or part.dead != set(ref.dead):
                segment = part.segment if part else Segment.open(self.index / ref.id)
                part = Part(segment, ref.dead)
            parts.append(part)
        return parts

    # -- writing: one process at a time, for one batch ---------------------------------------------------------------

    @contextmanager
    def writing(self, wait: float = 60.0) -> Iterator[None]:
        """Hold the writer's lock. Raises LibraryBusy when another process holds it for longer than `wait` seconds."""
        deadline = time.monotonic() + wait
        with self._lock() as lock:
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
        except OSError:
            raise LibraryReadOnly(self.folder) from None

    def catch_up(self, progress: Progress = lambda *_: None) -> None:
        """Publish what was stored since the current snapshot, as one new segment. Needs the writer's lock."""
        snapshot = read(self.index)
        if snapshot is None or snapshot.epoch != self.store.epoch():
            self.rebuild(progress)
        elif snapshot.change != self.store.change():
            change = self.store.change()
            touched = self.store.touched_since(snapshot.change)
            refs = [_without(part, touched) for part in self._parts(snapshot)]
            self._publish(
                change, [ref for ref in refs if ref], self._build(self.store.live(touched), progress)
            )

    def catch_up_if_free(self) -> None:
        """Catch up unless another process is writing: it will."""
        if self.is_behind():
            with suppress(LibraryBusy, LibraryReadOnly), self.writing(wait=0):
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
        if faults := self.store.database.faults():
            raise CorruptLibrary(
                f"{self.store.file} is damaged ({faults[0]}). Restore it from a backup: citewell restore, or make a new "
                "library from the articles."
            )
        for article in self.store.articles():
            self._cut_again_if_needed(article)
        change = self.store.change()
        segment = self._build(self.store.articles(), progress)
        self._publish(change, [], segment)
        return len(segment)

    def _cut_again_if_needed(self, article: Article) -> None:
        """Spans of an older recipe, or damaged ones, are made anew from the text."""
        text, sha = self.store.text(article.text_sha), article.text_sha
        with suppress(CorruptLibrary):
            if self.store.cut_recipe(sha) == CUT_RECIPE and fault_of(self.store.cut(sha), len(text)) is None:
                return
        self.store.recut(sha, cut(text, article.language, self.embedder.count_tokens), CUT_RECIPE)

    def _build(self, articles: Iterable[Article], progress: Progress) -> Segment:
        cache = VectorCache(self.vectors)
        try:
            given = ((a, self.store.text(a.text_sha), self.store.cut(a.text_sha)) for a in articles)
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
    numbers = part.segment.numbers_of(touched)
    dead = sorted(part.dead | set(numbers))
    return SegmentRef(part.segment.id, tuple(dead)) if len(dead) < len(part.segment.articles) else None


def require(folder: Path) -> None:
    """Raises LibraryMissing unless there is a library in the folder."""
    try:
        there = (folder / STORE).is_file()
    except OSError as error:
        raise CitewellError(f"The library in {folder} cannot be read: {error.strerror}.") from None
    if not there:
        raise LibraryMissing(folder)


def make_folder(folder: Path) -> None:
    """Raises CitewellError, before anything is read or loaded, when the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CitewellError(
            f"The library cannot be made in {folder}: {error.strerror}. Choose another folder."
        ) from None
