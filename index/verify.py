"""Checks of a whole library: the store by itself, the index files, and one against the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from citewell.corpus.article import Article, passage_id
from citewell.corpus.errors import CorruptLibrary, LibraryError
from citewell.corpus.passages import fault_of
from citewell.index import calibration, tuned
from citewell.index.engine import Engine, Row
from citewell.index.library import Library


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how many of it, and what is wrong."""

    name: str
    looked_at: int
    faults: tuple[str, ...]


def verify(library: Library) -> tuple[Check, ...]:
    """Look at everything; never raises for a damaged file, but names it."""
    engine, store = library.engine, library.store
    index = _index(engine)
    compared: list[tuple[str, Callable[[], Iterable[Article]], Callable[[], Iterable[Row]]]] = [
        ("index against store", store.articles, engine.live_rows),
        ("history against store", store.superseded, lambda: engine.past_rows(store.has)),
    ]
    agreements = (
        Check(name, 0, (f"not compared, since {index.name} are damaged",))
        if index.faults
        else _agreement(library, name, articles, rows)
        for name, articles, rows in compared[: 2 if engine.keeps_history else 1]
    )
    return (
        _database(library),
        _texts(library),
        _spans(library),
        _originals(library),
        index,
        _own(library),
        *agreements,
    )


def quick(library: Library) -> tuple[Check, ...]:
    """What does not grow with the texts: the database and its rows of articles, the index files, the own configuration."""
    return _database(library), _index(library.engine), _own(library)


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


def _index(engine: Engine) -> Check:
    """What the index consists of is what was saved."""
    try:
        return Check(*engine.faults())
    except LibraryError as error:
        return Check("index", 1, (str(error),))


def _own(library: Library) -> Check:
    """The library's own configuration and calibration, if there are any, are what was written."""
    reads = {tuned.FILE: tuned.read, calibration.FILE: calibration.read}
    own = library.store.own
    there = [name for name in reads if own.version(name) is not None]
    return _each("own configuration", there, lambda name: reads[name](own))


def _agreement(
    library: Library,
    name: str,
    articles: Callable[[], Iterable[Article]],
    rows: Callable[[], Iterable[Row]],
) -> Check:
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
