"""Checks of a whole library: the store by itself, the index files, and one against the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from citewell.corpus.article import passage_id
from citewell.corpus.errors import CorruptLibrary, LibraryError
from citewell.corpus.passages import fault_of
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.segment import Segment
from citewell.index.segment_files import check_files

_AGREEMENT = "index against store"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how many of it, and what is wrong."""

    name: str
    looked_at: int
    faults: tuple[str, ...]


def verify(library: Library) -> tuple[Check, ...]:
    """Look at everything; never raises for a damaged file, but names it."""
    files = _files(library)
    agreement = (
        Check(_AGREEMENT, 0, ("not compared, since index files are damaged",))
        if files.faults
        else _agreement(library)
    )
    return (_database(library), _texts(library), _spans(library), _originals(library), files, agreement)


def _database(library: Library) -> Check:
    return Check("database", 1, tuple(library.store.faults()))


def _texts(library: Library) -> Check:
    """Every text has the SHA-256 that it is named by."""
    return _each("texts", library.store.text_shas(), library.store.text)


def _spans(library: Library) -> Check:
    """Passages and excluded spans tile each text, and every sentence is inside its passage: what citations stand on."""

    def look(sha: str) -> None:
        if fault := fault_of(library.store.cut(sha), len(library.store.text(sha))):
            raise CorruptLibrary(f"text {sha[:12]}: {fault}")

    return _each("spans", library.store.text_shas(), look)


def _originals(library: Library) -> Check:
    """The bytes that texts were read from are there, each with the SHA-256 that it is named by."""
    return _each("originals", library.store.original_shas(), library.store.originals.get)


def _files(library: Library) -> Check:
    """The files of every segment are what was saved."""
    try:
        snapshot = library.snapshot()
    except CorruptLibrary as error:
        return Check("index files", 1, (str(error),))
    refs = snapshot.segments if snapshot else ()
    return _each("index files", [ref.id for ref in refs], lambda name: check_files(library.index / name))


def _agreement(library: Library) -> Check:
    """The index holds the passages of the live articles, each once, and no other."""
    stored: set[str] = set()
    try:
        for article in library.store.articles():
            spans = (passage.span for passage in library.store.cut(article.text_sha).passages)
            stored |= {passage_id(article.article_id, article.text_sha, span) for span in spans}
        indexed = list(_indexed(library))
        library.check_nothing_lost()
        behind = library.is_behind()
    except LibraryError as error:
        return Check(_AGREEMENT, len(stored), (str(error),))
    if behind:
        return Check(_AGREEMENT, len(stored), ("the index is behind the store: citewell rebuild",))
    faults = [f"{name} is not in the index" for name in sorted(stored - set(indexed))]
    faults += [f"{name} is in the index only" for name in sorted(set(indexed) - stored)]
    if len(indexed) != len(set(indexed)):
        faults.append("a passage is in the index twice")
    return Check(_AGREEMENT, len(stored), tuple(faults))


def _indexed(library: Library) -> Iterator[str]:
    snapshot = library.snapshot()
    for ref in snapshot.segments if snapshot else ():
        part = Part(Segment.open(library.index / ref.id), ref.dead)  # as it is on disk now
        for number in range(len(part.segment)):
            if part.live.mask is None or part.live.mask[number]:
                yield part.segment.passage_id(number)


def _each(name: str, things: list[str], look: Callable[[str], object]) -> Check:
    faults = []
    for thing in things:
        try:
            look(thing)
        except CorruptLibrary as error:
            faults.append(str(error))
    return Check(name, len(things), tuple(faults))
