"""The published index, opened for any number of threads and processes, which never wait for a writer."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from citewell.corpus.errors import CorruptLibrary, LibraryBusy
from citewell.corpus.storage import Signature
from citewell.corpus.store import Store
from citewell.corpus.timeline import change_at, first_moment, live_after, moment_of
from citewell.index.as_of import AsOf, snapshot_at
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.part import Part
from citewell.index.reranking import Reranking
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import SegmentRef, Snapshot, read, signature

_MOMENTS_KEPT = 8  # earlier states that stay open

_Version = tuple[Signature | None, Config]


@dataclass(frozen=True, eq=False)
class _Opened:
    """A snapshot, and of earlier moments what was asked last, by the changes of then and of now."""

    version: _Version
    snapshot: Snapshot
    searcher: Searcher
    past: OrderedDict[tuple[int, int], tuple[Searcher, int]] = field(default_factory=OrderedDict)


class OpenIndex:
    """Segments stay open as long as the last snapshot that was opened names them; `config` says what is in force now."""

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Callable[[], Config],
        reranking: Reranking | None = None,
    ) -> None:
        self.folder, self.embedder, self._config, self._reranking = folder, embedder, config, reranking
        self._turn = threading.RLock()
        self._segments: dict[str, Segment] = {}
        self._opened: _Opened | None = None

    def version(self) -> _Version:
        return signature(self.folder), self._config()

    def searcher(self) -> Searcher:
        """Of the published snapshot."""
        return self._current().searcher

    def searcher_at(self, store: Store, said: str) -> Searcher:
        """Of what the library knew at a moment; later, it is that of the published snapshot. Raises BadInput."""
        at = moment_of(said)
        while True:
            opened = self._current()
            try:
                searcher, missing = self._at(opened, store, at)
            except CorruptLibrary:
                if read(self.folder) == opened.snapshot:
                    raise
                continue  # a segment went while it was being opened: take the next snapshot
            current = searcher is opened.searcher
            return searcher.answering(AsOf(said, at, first_moment(store.database), current, missing))

    def parts(self, refs: Sequence[SegmentRef]) -> list[Part]:
        """Segments that are open already are not opened again."""
        return [Part(segment, ref.dead) for segment, ref in zip(self.segments(refs), refs, strict=True)]

    def segments(self, refs: Sequence[SegmentRef]) -> list[Segment]:
        return [self._segment(ref.id) for ref in refs]

    def _current(self) -> _Opened:
        """Opened again, by one thread for all, only when there is another snapshot or configuration."""
        while True:
            seen, opened = self.version(), self._opened
            if opened is not None and opened.version == seen:
                return opened
            with self._turn:
                if self._opened is not None and self._opened.version == self.version():
                    return self._opened
                snapshot = self._published()
                try:
                    parts = self.parts(snapshot.segments)
                    searcher = Searcher(snapshot.id, parts, self.embedder, seen[1], self._reranking)
                except CorruptLibrary:
                    # a segment went while it was being opened: take the next snapshot
                    if read(self.folder) != snapshot:
                        continue
                    raise
                self.let_go_all_but(snapshot)
                if self.version() == seen:
                    self._opened = _Opened(seen, snapshot, searcher)
                    return self._opened

    def _at(self, opened: _Opened, store: Store, at: str) -> tuple[Searcher, int]:
        """The searcher, and how many articles were known then whose revision is not kept."""
        now, change = store.change(), change_at(store.database, at)
        if store.epoch() != opened.snapshot.epoch:  # being restored
            raise LibraryBusy(self.folder.parent)
        if change >= opened.snapshot.change:
            return opened.searcher, 0
        with self._turn:
            if (change, now) not in opened.past:
                opened.past[change, now] = self._open_at(opened, store, change)
                while len(opened.past) > _MOMENTS_KEPT:
                    opened.past.popitem(last=False)
            opened.past.move_to_end((change, now))
            return opened.past[change, now]

    def _open_at(self, opened: _Opened, store: Store, change: int) -> tuple[Searcher, int]:
        snapshot, config = opened.snapshot, opened.searcher.config
        known = live_after(store.database, change)
        live = {
            name: revision if revision is not None and store.has(name, revision) else None
            for name, revision in known.items()
        }
        articles = {name: self._segment(name).articles for name in snapshot.names} if change else {}
        then = snapshot_at(snapshot, change, live, articles) if change else Snapshot(snapshot.epoch, 0, ())
        searcher = Searcher(then.id, self.parts(then.segments), self.embedder, config, self._reranking)
        return searcher, sum(revision != live[name] for name, revision in known.items())

    def _published(self) -> Snapshot:
        snapshot = read(self.folder)
        if snapshot is None:
            library = self.folder.parent
            raise CorruptLibrary(
                f"The library in {library} has no index yet. Build it: citewell rebuild --library {library}"
            )
        return snapshot

    def _segment(self, name: str) -> Segment:
        with self._turn:
            if name not in self._segments:
                self._segments[name] = Segment.open(self.folder / name)
            return self._segments[name]

    def let_go_all_but(self, snapshot: Snapshot) -> None:
        """Close the segments that it does not name."""
        with self._turn:
            self._segments = {name: self._segments[name] for name in snapshot.names if name in self._segments}
