"""A library is a folder: the store of the truth, the vector cache, the index derived from them, and a writer's lock."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from citewell.corpus.errors import CitewellError, CorruptLibrary, LibraryBusy, LibraryMissing
from citewell.corpus.passages import CUT_RECIPE, cut
from citewell.corpus.store import Store
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.embedding import Embedder, Progress, VectorCache
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import current, publish

STORE = "citewell.db"


class Library:
    """Opens the store; raises LibraryMissing unless it is there or `create` is true."""

    def __init__(
        self, folder: Path, embedder: Embedder, config: Config = Config(), create: bool = False
    ) -> None:
        self.store = Store(folder / STORE, create=create)
        self.folder, self.embedder, self.config = folder, embedder, config
        self._index = folder / "index"
        self._opened: tuple[str, Searcher] | None = None

    def close(self) -> None:
        self.store.close()

    def searcher(self) -> Searcher:
        """The published index, opened again only when another one was published since."""
        published = current(self._index)
        if published is None:
            raise CorruptLibrary(
                f"The library in {self.folder} has no index yet. Build it: citewell rebuild --library {self.folder}"
            )
        opened = self._opened
        if opened is None or opened[0] != published[0]:
            opened = (
                published[0],
                Searcher(Segment.open(self._index / published[0]), self.embedder, self.config),
            )
            self._opened = opened
        return opened[1]

    @contextmanager
    def writing(self, wait: float = 60.0) -> Iterator[None]:
        """Hold the writer's lock. Raises LibraryBusy when another process holds it for longer than `wait` seconds."""
        deadline = time.monotonic() + wait
        with (self.folder / "lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise LibraryBusy(self.folder) from None
                    time.sleep(0.05)
            yield

    def is_behind(self) -> bool:
        """Whether something was stored that the published index does not hold, as after a crash between the two."""
        published = current(self._index)
        return published is None or published[1] != self.store.change()

    def catch_up(self, progress: Progress = lambda *_: None) -> None:
        """Publish an index of everything stored, unless the current one holds it already. Needs the writer's lock."""
        if self.is_behind():
            self.rebuild(progress)

    def catch_up_if_free(self) -> None:
        """Catch up unless another process is writing: it will."""
        if self.is_behind():
            with suppress(LibraryBusy), self.writing(wait=0):
                self.catch_up()

    def rebuild(self, progress: Progress = lambda *_: None) -> int:
        """Build the index from the store and publish it; returns the number of passages. Needs the writer's lock."""
        for article in self.store.cut_otherwise(CUT_RECIPE):
            pieces = cut(self.store.text(article.text_sha), article.language, self.embedder.count_tokens)
            self.store.recut(article.text_sha, pieces, CUT_RECIPE)
        change = self.store.change()
        cache = VectorCache(self.folder / "vectors.db")
        try:
            live = (
                (a, self.store.text(a.text_sha), self.store.cut(a.text_sha)) for a in self.store.articles()
            )
            segment = build(live, self.embedder, cache, change, progress)
        finally:
            cache.close()
        publish(self._index, segment)
        return len(segment)


def require(folder: Path) -> None:
    """Raises LibraryMissing unless there is a library in the folder."""
    if not (folder / STORE).is_file():
        raise LibraryMissing(folder)


def make_folder(folder: Path) -> None:
    """Raises CitewellError, before anything is read or loaded, when the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CitewellError(
            f"The library cannot be made in {folder}: {error.strerror}. Choose another folder."
        ) from None
