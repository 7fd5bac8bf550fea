"""The engine on one machine: segments in a folder, mapped, and the snapshot that names them."""

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article
from citewell.corpus.errors import BadInput, CorruptLibrary
from citewell.corpus.store import Store
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Held, MadeWith, Prepared, Row
from citewell.index.indexing import Source
from citewell.index.layout import EMPTY, Has, Layout
from citewell.index.opened import OpenIndex
from citewell.index.part import Part
from citewell.index.reranking import Reranking
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.segment_files import check_files, facts_of
from citewell.index.snapshot import SegmentRef, Snapshot, publish, read


@dataclass(frozen=True, eq=False, slots=True)
class Built:
    """Segments that are saved and that no snapshot names."""

    layout: Layout

    @property
    def passages(self) -> int:
        return sum(part.passages for part in self.layout.live)

    def live_rows(self) -> Iterator[Row]:
        for part in self.layout.live:
            yield from _rows(part.segment, _alive(part))

    def past_rows(self, has: Has) -> Iterator[Row]:
        """Also those that still stand beside live ones; what the store erased does not count."""
        for part in self.layout.live:
            articles = part.segment.articles
            yield from _rows(part.segment, {number for number in part.dead if has(*articles[number].key)})
        for part in self.layout.past:
            yield from _rows(part.segment, _alive(part))

    def vectors(self, articles: Sequence[Article]) -> dict[str, NDArray[np.float16]]:
        found, names = {}, [article.article_id for article in articles]
        for part in self.layout.live:
            segment = part.segment
            wanted = sorted(set(segment.articles.numbers_of(names)) - part.dead)
            for number in np.flatnonzero(np.isin(segment.article_of, wanted)).tolist():
                found[segment.passage_id(number)] = segment.passage_vectors[number]
        return found


class Embedded:
    """Of the segments in a folder; `config` says what is in force now."""

    keeps_history = is_near = True

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        config: Callable[[], Config],
        reranking: Reranking | None = None,
    ) -> None:
        self.folder, self._embedder = folder, embedder
        self._opened = OpenIndex(folder, embedder, config, reranking)

    def close(self) -> None:
        """Nothing: what is mapped goes with the last searcher."""

    # -- reading ----------------------------------------------------------------------------------------------------

    def held(self) -> Held | None:
        snapshot = read(self.folder)
        return Held(snapshot.epoch, snapshot.change) if snapshot else None

    def version(self) -> Hashable:
        return self._opened.version()

    def askable(self, store: Store, as_of: str | None = None) -> Searcher:
        """Raises BadInput for what is neither a day nor a time."""
        return self._opened.searcher() if as_of is None else self._opened.searcher_at(store, as_of)

    def made_with(self) -> frozenset[MadeWith]:
        while True:
            snapshot = read(self.folder)
            try:
                facts = [facts_of(self.folder / name) for name in (snapshot.names if snapshot else ())]
            except CorruptLibrary:
                if read(self.folder) == snapshot:
                    raise
                continue  # a segment went meanwhile: take the next snapshot
            return frozenset((str(each["model"]), str(each["recipe"])) for each in facts)

    # -- writing ----------------------------------------------------------------------------------------------------

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def follow(self, source: Source) -> None:
        """New segments for what was put; what was superseded is dead in those that hold it."""
        snapshot, store = self._snapshot(), source.store
        opened, change = self._layout(), store.change()
        touched = store.touched_since(snapshot.change)
        erased = store.erased_since(snapshot.change)
        put = store.put_since(snapshot.change)
        live = {each.key for each in store.live(touched)}
        built = Layout.of(
            source.segments(each for each in put if each.key in live),
            source.segments(each for each in put if each.key not in live),
        )
        after = opened.after(touched, live, erased, store.has)
        self._publish(Held(snapshot.epoch, change), after.beside(built), opened)

    def prepare(self, source: Source) -> Built:
        layout = source.layout()
        self._save(layout)
        return Built(layout)

    def replace(self, prepared: Prepared, held: Held) -> None:
        assert isinstance(prepared, Built)
        self._publish(held, prepared.layout, prepared.layout)

    def go_back(self, source: Source) -> int:
        raise BadInput(
            f"The index in {self.folder} replaces the one before; there is none to go back to. To go back to another model, "
            "name it: citewell rebuild --model MODEL"
        )

    def compact(self, has: Has, at_rest: bool) -> None:
        """Join small segments, and drop what is dead in them, so that sizes stay geometric."""
        opened = self._layout()
        compacted = opened.compacted(has, at_rest)
        if compacted is not opened:
            self._publish(self.held(), compacted, opened)

    def forget(self, has: Has) -> None:
        """Publish a snapshot whose files hold nothing dead, and remove every other file."""
        opened = self._layout()
        self._publish(self.held(), opened.cleaned(has), opened, keep_former=False)

    def _snapshot(self) -> Snapshot:
        snapshot = read(self.folder)
        assert snapshot is not None
        return snapshot

    def _layout(self) -> Layout:
        snapshot = read(self.folder)
        if snapshot is None:
            return EMPTY
        parts = self._opened.parts
        return Layout(tuple(parts(snapshot.segments)), tuple(parts(snapshot.history)))

    def _publish(
        self, held: Held | None, layout: Layout, saved: Layout = EMPTY, keep_former: bool = True
    ) -> None:
        """Save the segments that are not saved, then publish all; before anything was published there is nothing to do."""
        if held is None:
            return
        self._save(layout, saved.segments)
        refs, past = (
            tuple(SegmentRef(part.segment.id, tuple(sorted(part.dead))) for part in parts)
            for parts in (layout.live, layout.past)
        )
        snapshot = Snapshot(held.epoch, held.change, refs, past)
        publish(self.folder, snapshot, keep_former)
        self._opened.let_go_all_but(snapshot)

    def _save(self, layout: Layout, saved: Sequence[Segment] = ()) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        there = {segment.id for segment in saved}
        for segment in layout.segments:
            if segment.id not in there:
                segment.save(self.folder)

    # -- checking ---------------------------------------------------------------------------------------------------

    def faults(self) -> tuple[str, int, tuple[str, ...]]:
        """The files of every segment are what was saved."""
        try:
            snapshot = read(self.folder)
        except CorruptLibrary as error:
            return "index files", 1, (str(error),)
        faults, names = [], snapshot.names if snapshot else []
        for name in names:
            try:
                check_files(self.folder / name)
            except CorruptLibrary as error:
                faults.append(str(error))
        return "index files", len(names), tuple(faults)

    def live_rows(self) -> Iterator[Row]:
        return self._on_disk().live_rows()

    def past_rows(self, has: Has) -> Iterator[Row]:
        return self._on_disk().past_rows(has)

    def vectors(self, articles: Sequence[Article]) -> dict[str, NDArray[np.float16]]:
        return self._on_disk().vectors(articles)

    def _on_disk(self) -> Built:
        """As it is there now."""
        snapshot = read(self.folder)
        if snapshot is None:
            return Built(EMPTY)
        live, past = (
            tuple(Part(Segment.open(self.folder / ref.id), ref.dead) for ref in refs)
            for refs in (snapshot.segments, snapshot.history)
        )
        return Built(Layout(live, past))


def _alive(part: Part) -> set[int]:
    return set(range(len(part.segment.articles))) - part.dead


def _rows(segment: Segment, wanted: Collection[int]) -> Iterator[Row]:
    """The passages of some articles of a segment."""
    for number, article in enumerate(segment.article_of.tolist()):
        if article in wanted:
            yield segment.passage_id(number), segment.articles[article].revision
