"""A library moved to another place: its truth copied, its passages filled in, both held against each other, then published.

The other place is not opened by anybody until it is whole. The library that is moved is only read, and may be written
meanwhile: what is stored in it later is copied when it is moved again.
"""

import hashlib
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citewell.corpus import moving
from citewell.corpus.article import Article, passage_id
from citewell.corpus.comparing import TABLES_COMPARED, Compared, compared, originals, stores
from citewell.corpus.errors import CorruptLibrary, NotEqual
from citewell.corpus.repeated import recipe_of
from citewell.corpus.sqlite import writable
from citewell.corpus.storage import primary_code, storing
from citewell.corpus.store import Store
from citewell.corpus.text import text_sha
from citewell.index.backup import copy_database
from citewell.index.build import with_context
from citewell.index.embedding import Progress
from citewell.index.engine import Held, Looked, Prepared, made_otherwise
from citewell.index.indexing import Source
from citewell.index.library import Library
from citewell.index.own_copied import copy_own
from citewell.index.purge import erase_traces
from citewell.index.seen import SEEN
from citewell.index.vector_cache import Role, VectorCache
from citewell.index.visits import VISITS

SAMPLE = 256  # articles whose vectors are looked at
_VECTORS = "vectors.db"
Stage = Callable[[str], Progress]  # of a part of the work, by its name


@dataclass(frozen=True, slots=True)
class Migrated:
    """What the target holds now: everything up to a change of the source, which may have gone on by so many since."""

    change: int
    behind: int
    articles: int
    passages: int
    checks: tuple[Compared, ...]


def migrate(
    source: Store,
    folder: Path,
    target: Library,
    stage: Stage = lambda _: lambda *_: None,
    last: Callable[[], None] = lambda: None,
) -> Migrated:
    """Let a library be what the store of another holds, which has that folder; go on where it was cut short.

    What is done `last` is done before it is whole, and so before anybody opens it.
    Raises BadInput, with nothing changed, if the target holds anything else, NotEqual if they differ in the end.
    """
    with target.writing():
        _held(target)  # a cluster's name that another library has is refused before anything is done
        if faults := source.faults():
            raise CorruptLibrary(
                f"{source.place} is damaged ({faults[0]}). Nothing was changed. Restore it from a backup: citewell restore"
            )
        moving.begin(source, target.store, str(folder.resolve()))
        return _Move(source, folder, target, stage, last).done()


class _Move:
    def __init__(
        self, source: Store, folder: Path, target: Library, stage: Stage, last: Callable[[], None]
    ) -> None:
        self._source, self._folder, self._target, self._stage = source, folder, target, stage
        self._last = last
        self._store, self._engine = target.store, target.engine
        vectors = folder / _VECTORS
        self._known = (
            vectors if vectors.is_file() and writable(folder) else None
        )  # SQLite writes beside what it reads

    def done(self) -> Migrated:
        source, store = self._source, self._store
        moving.copy(source, store, self._stage("copying"))
        with source.database.snapshot() as db:
            moving.copy_rest(db, source, store)
        prepared = self._indexed()
        with source.database.snapshot() as db:  # what was stored meanwhile; from here on nothing changes
            if moving.copy_rest(db, source, store):
                prepared = self._indexed()
            truth = (*self._told(stores(db, store, self._is_cut_anew)), originals(source, store))
            self._check(truth)
        index = self._looked_at(prepared or self._engine)
        if prepared is None and _faults(index):  # it followed from an index that was not in order
            prepared = self._engine.prepare(self._given())
            index = self._looked_at(prepared)
        if _faults(index):
            self._engine.forget(store.has)  # so that it is made anew
        self._check(index)
        if prepared is not None:
            self._engine.replace(prepared, Held(store.epoch(), store.change()))
        self._finish()
        counts = {each.name: each.target.count for each in (*truth, *index)}
        return Migrated(
            store.change(),
            source.change() - store.change(),
            len(store.articles()),
            counts["passages asked"],
            (*truth, *index),
        )

    def _told(self, found: Iterator[Compared]) -> Iterator[Compared]:
        progress = self._stage("comparing")
        for number, each in enumerate(found, 1):
            progress(number, TABLES_COMPARED)
            yield each

    def _indexed(self) -> Prepared | None:
        """An index of everything beside the published one; None if that could follow."""
        held = _held(self._target)
        if (
            held is None
            or held.epoch != self._store.epoch()
            or made_otherwise(self._engine.made_with(), self._target.embedder)
        ):
            return self._engine.prepare(self._given())
        if self._store.cleaned_since(held.change):
            return self._engine.prepare(self._given())
        if held.change != self._store.change():
            self._engine.follow(self._given())
        return None

    def _given(self) -> Source:
        return Source(
            self._store, self._target.embedder, self._target.vectors, self._stage("embedding"), self._known
        )

    def _is_cut_anew(self, recipe: str) -> bool:
        """Whether a text is cut as this model and version do, whatever the other's did."""
        return recipe_of(recipe) == self._target.embedder.cut_recipe

    def _check(self, found: tuple[Compared, ...]) -> None:
        if faults := _faults(found):
            raise NotEqual(
                f"{self._target.folder} is not what {self._folder} holds: {'; '.join(faults)}. It is not published, and "
                f"{self._folder} is as it was. Look at that: citewell verify --library {self._folder}; then move it again: "
                f"citewell migrate {self._folder} {self._target.folder}. If it still differs, move it to another folder."
            )

    # -- looking at the index -----------------------------------------------------------------------------------------

    def _looked_at(self, index: Looked) -> tuple[Compared, ...]:
        """What is asked, what only earlier moments are asked of, and the vectors that the source had of the same model."""
        store = self._store
        found = [_ids("passages asked", self._rows(store.articles()), index.live_rows())]
        if self._engine.keeps_history:
            found.append(
                _ids("passages of the past", self._rows(store.superseded()), index.past_rows(store.has))
            )
        return (*found, self._vectors(index))

    def _rows(self, articles: Any) -> Iterator[tuple[str, int]]:
        for article in articles:
            for passage in self._store.cut(article.text_sha).passages:
                yield passage_id(article.article_id, article.text_sha, passage.span), article.revision

    def _vectors(self, index: Looked) -> Compared:
        articles = self._store.articles()
        some = random.Random(0).sample(articles, min(SAMPLE, len(articles)))  # noqa: S311 - not a secret
        known = self._known_vectors(some)
        found = index.vectors(some) if known else {}
        sides = (
            (((name,), (_digest(vector),)) for name, vector in sorted(vectors.items()))
            for vectors in (known, {name: v.tobytes() for name, v in found.items() if name in known})
        )
        return compared("vectors (sample)", *sides)

    def _known_vectors(self, articles: list[Article]) -> dict[str, bytes]:
        """Of their passages by id, as the source has them of this model."""
        shas = {}
        for article in articles:
            text = self._store.text(article.text_sha)
            for passage in self._store.cut(article.text_sha).passages:
                name = passage_id(article.article_id, article.text_sha, passage.span)
                shas[name] = text_sha(with_context(article.title, passage, text))
        if self._known is None:
            return {}
        with closing(VectorCache(self._known)) as cache:
            vectors = cache.get(list(set(shas.values())), Role.PASSAGE, self._target.embedder.fingerprint)
        return {name: vectors[sha] for name, sha in shas.items() if sha in vectors}

    # -- the end ------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """What is beside truth and index; then it is whole."""
        target = self._target
        if moving.purged_meanwhile(self._store):
            erase_traces(target)
        self._store.originals.keep_only(set(self._store.original_shas()))
        copy_own(self._source.own, self._store.own, keep=True)
        for name in (SEEN, VISITS):
            if (self._folder / name).is_file():
                _copy_unless_damaged(self._folder / name, target.folder / name)
        target.compact(at_rest=True)
        self._last()
        moving.end(self._source, self._store)


def _copy_unless_damaged(source: Path, target: Path) -> None:
    """Of derived data, which is read again where it is missing."""
    try:
        with storing(target):
            copy_database(source, target)
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise


def _held(library: Library) -> Held | None:
    """What is published; None of a damaged index, too, which is made anew."""
    with suppress(CorruptLibrary):
        return library.engine.held()
    return None


def _ids(name: str, stored: Iterator[tuple[str, int]], indexed: Iterator[tuple[str, int]]) -> Compared:
    sides = ((((row,), row) for row in sorted(rows)) for rows in (stored, indexed))
    return compared(name, *sides)


def _faults(found: tuple[Compared, ...]) -> list[str]:
    return [fault for each in found for fault in each.faults]


def _digest(vector: bytes) -> str:
    return hashlib.sha256(vector).hexdigest()
