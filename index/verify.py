"""Checks of a whole library: the store by itself, the index files, and one against the other."""

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from citewell.corpus.article import Article, passage_id
from citewell.corpus.errors import CorruptLibrary, LibraryError
from citewell.corpus.passages import fault_of
from citewell.index import calibration, tuned
from citewell.index.engine import Row
from citewell.index.library import Library

_LOOKS = 3  # at what is written meanwhile
_Articles = Callable[[], Iterable[Article]]
_Rows = Callable[[], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how many of it, and what is wrong."""

    name: str
    looked_at: int
    faults: tuple[str, ...]


def verify(library: Library) -> tuple[Check, ...]:
    """Look at everything; never raises for a damaged file, but names it."""
    engine = library.engine
    index = _settled(library, _index)
    compared: list[tuple[str, _Articles, _Rows]] = [
        ("index against store", lambda: library.store.articles(), engine.live_rows),
        (
            "history against store",
            lambda: library.store.superseded(),
            lambda: engine.past_rows(library.store.has),
        ),
    ]
    agreements = [
        Check(name, 0, (f"not compared, since {index.name} are damaged",))
        if index.faults
        else _settled(library, partial(_agreement, name=name, articles=articles, rows=rows))
        for name, articles, rows in compared[: 2 if engine.keeps_history else 1]
    ]
    looks = (_database, _texts, _spans, _originals)
    return (*(_settled(library, look) for look in looks), index, _settled(library, _own), *agreements)


def quick(library: Library) -> tuple[Check, ...]:
    """What does not grow with the texts: the database and its rows of articles, the index files, the own configuration."""
    return tuple(_settled(library, look) for look in (_database, _index, _own))


def _settled(library: Library, look: Callable[[Library], Check]) -> Check:
    """A look; another if it finds faults, but something was stored or published meanwhile: it saw some before that, some after."""
    for _ in range(_LOOKS):
        before = _state(library)
        found = look(library)
        if not found.faults or _state(library) == before:
            break
    return found


def _state(library: Library) -> Hashable:
    """Equal as long as nothing is stored or published; of what cannot be read none."""
    with suppress(LibraryError):
        return library.engine.version(), library.store.epoch(), library.store.change()
    return None


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


def _index(library: Library) -> Check:
    """What the index consists of is what was saved."""
    try:
        return Check(*library.engine.faults())
    except LibraryError as error:
        return Check("index", 1, (str(error),))


def _own(library: Library) -> Check:
    """The library's own configuration and calibration, if there are any, are what was written."""
    reads = {tuned.FILE: tuned.read, calibration.FILE: calibration.read}
    own = library.store.own
    there = [name for name in reads if own.version(name) is not None]
    return _each("own configuration", there, lambda name: reads[name](own))


def _agreement(library: Library, name: str, articles: _Articles, rows: _Rows) -> Check:
    """The index holds the passages of these revisions in these rows, each once, and no other."""
    stored: set[Row] = set()
    try:
        for article in articles():
            spans = (passage.span for passage in library.store.cut(article.text_sha).passages)
            stored |= {
                (passage_id(article.article_id, article.text_sha, span), article.revision) for span in spans
            }
        indexed = list(rows())
        library.check_nothing_lost()
        behind = library.is_behind()
    except LibraryError as error:
        return Check(name, len(stored), (str(error),))
    if behind:
        return Check(name, len(stored), ("the index is behind the store: citewell rebuild",))
    faults = [
        f"{passage} of revision {n} is not in the index" for passage, n in sorted(stored - set(indexed))
    ]
    faults += [
        f"{passage} of revision {n} is in the index only" for passage, n in sorted(set(indexed) - stored)
    ]
    if len(indexed) != len(set(indexed)):
        faults.append("a passage is in the index twice")
    return Check(name, len(stored), tuple(faults))


def _each(name: str, things: list[str], look: Callable[[str], object]) -> Check:
    faults = []
    for thing in things:
        try:
            look(thing)
        except CorruptLibrary as error:
            faults.append(str(error))
    return Check(name, len(things), tuple(faults))
