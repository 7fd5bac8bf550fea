"""Articles into and out of a library: read, cut, stored one by one, then published together."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from types import MappingProxyType

from citewell.corpus.article import Article, Draft
from citewell.corpus.errors import BadInput, UnknownArticle
from citewell.corpus.finding import Refused
from citewell.corpus.reading import Item, Reading, Unmodified, article_id_of, read_each
from citewell.corpus.records import Mapped
from citewell.corpus.storage import storing
from citewell.index.embedding import Progress
from citewell.index.indexing import Lines
from citewell.index.library import Library
from citewell.index.pieces import Began, Piece, Ready, cut_again, cut_of, in_groups

MOST_KEPT = 1_000_000  # revisions of an article
_BATCH = 2_000  # passages that are published together: what a batch needs is held in memory
_CHANGED = "its article was changed meanwhile; try again"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one article: added, updated, unchanged or refused, and then why; a note on what was stored."""

    file: str
    result: str
    article_id: str | None = None
    passages: int | None = None
    reason: str | None = None
    note: str | None = None


def add(
    library: Library,
    files: Iterable[Item],
    progress: Progress = lambda *_: None,
    mapped: Mapped | None = None,
    keep_revisions: int | None = None,
    published: "Callable[[list[Written]], object]" = lambda _: None,
) -> list[Outcome]:
    """Add files, batch by batch. What cannot be read is reported and does not keep the others out.

    `published` is told each batch.

    From now on so many revisions of each article are kept, the newest, 0 for all; None as before. Raises BadInput.
    """
    if keep_revisions is not None:
        _keep_revisions(library, keep_revisions)
    outcomes = []
    for batch in batches(library, files, progress, mapped):
        published(batch)
        outcomes += [each.outcome for each in batch]
    return outcomes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one article, and the file that it is of."""

    file: Item
    outcome: Outcome


def batches(
    library: Library,
    files: Iterable[Item],
    progress: Progress = lambda *_: None,
    mapped: Mapped | None = None,
    taken: Mapping[str, str] = MappingProxyType({}),
) -> Generator[list[Written], None, None]:
    """Add files; each batch is published when it comes. `taken` are ids that none may have, with whose they are.

    The writer's lock is held to store what was read, and to publish: nobody else waits for a slow site.
    """
    began = Began(library.store, files)
    with closing(read_each(began, mapped, library.limits)) as read:
        lines = library.store.lines_of_sites()
        ready = (
            Ready(
                file,
                began.of(file),
                cut_of(library.embedder, found, lines) if isinstance(found, Reading) else found,
            )
            for file, found in read
        )
        stored = _store_all(library, ready, lines, dict(taken))
        while True:
            with storing(library.index):  # what reads may want room, too
                batch = _batch(stored)
            last = _passages(batch) < _BATCH  # there were no more
            with library.writing():
                library.catch_up(progress)
                library.compact(at_rest=last)
            yield batch
            if last:
                return


def _keep_revisions(library: Library, keep: int) -> None:
    if not 0 <= keep <= MOST_KEPT:
        raise BadInput(f"{keep} revisions cannot be kept; say 1 to {MOST_KEPT:,}, or 0 for all.")
    with library.writing():
        library.check_followed()
        library.store.keep_revisions(keep or None)


def _batch(stored: Iterator[Written]) -> list[Written]:
    batch: list[Written] = []
    passages = 0
    for each in stored:
        batch.append(each)
        passages += each.outcome.passages or 0
        if passages >= _BATCH:
            break
    return batch


def _passages(batch: Sequence[Written]) -> int:
    return sum(each.outcome.passages or 0 for each in batch)


def _store_all(
    library: Library, found: Iterable[Ready], lines: Lines, places: dict[str, str]
) -> Iterator[Written]:
    """A few at a time are flushed to disk together; they were cut without these lines. `places` are those of the ids that are taken."""
    for group in in_groups(found):
        with library.writing():
            library.check_followed()
            if (now := library.store.lines_of_sites()) != lines:  # cleaned meanwhile
                group = [cut_again(library.embedder, each, now) for each in group]
            # what is erased goes from disk after its flush
            alone = library.store.kept_revisions() is not None
            with nullcontext() if alone else library.store.database.transaction():
                written = [Written(each.file, _store(library, each, places)) for each in group]
        yield from written


def _store(library: Library, ready: Ready, places: dict[str, str]) -> Outcome:
    """What somebody else changed since it was read stays as it is now."""
    each = ready.found
    if isinstance(each, Refused):
        return Outcome(each.place, "refused", reason=each.reason)
    if isinstance(each, Unmodified):
        places[each.article_id] = each.place
        return _unmodified(library, each)
    read = each.read
    try:
        article_id = article_id_of(read.draft, read.source)
        if article_id in places:
            raise BadInput(f"the id {article_id!r} is that of {places[article_id]}, too. Give it another.")
        followed = read.follows is None or _still(library, article_id, read.follows) is not None
        if not followed or library.store.is_changed(article_id, ready.since):
            raise BadInput(_CHANGED)
    except BadInput as refused:
        return Outcome(read.place, "refused", reason=str(refused).removeprefix(f"{read.source}: "))
    places[article_id] = read.place
    return _kept(library, article_id, each)


def _kept(library: Library, article_id: str, piece: Piece) -> Outcome:
    read = piece.read
    put = library.store.put(
        article_id, read.source, read.draft, piece.language, piece.cut, piece.recipe, read.original
    )
    return Outcome(read.place, put.value, article_id, len(piece.cut.passages), note=piece.note)


def _unmodified(library: Library, found: Unmodified) -> Outcome:
    article = _still(library, found.article_id, found.revision)
    if article is None:
        return Outcome(found.place, "refused", reason=_CHANGED)
    passages = library.store.cut(article.text_sha).passages
    return Outcome(found.place, "unchanged", article.article_id, len(passages))


def _still(library: Library, article_id: str, revision: int) -> Article | None:
    """The article, if that revision is the live one still."""
    return next((each for each in library.store.live([article_id]) if each.revision == revision), None)


@dataclass(frozen=True, slots=True)
class Given:
    """An article that is no file: its id, where it came from, what it holds and the bytes that it was made of."""

    article_id: str
    source: str
    draft: Draft
    original: bytes


def put(library: Library, articles: Sequence[Given], progress: Progress = lambda *_: None) -> list[Outcome]:
    """Store articles, each under its id, and publish them together; one without a passage is refused."""
    with library.writing():
        library.check_followed()
        lines = library.store.lines_of_sites()
        outcomes = [_put(library, article, lines) for article in articles]
        library.catch_up(progress)
        library.compact()
    return outcomes


def _put(library: Library, given: Given, lines: Lines) -> Outcome:
    read = Reading(given.source, given.source, given.draft, given.original)
    piece = cut_of(library.embedder, read, lines)
    if isinstance(piece, Refused):
        return Outcome(given.source, "refused", given.article_id, reason=piece.reason)
    return _kept(library, given.article_id, piece)


def remove(library: Library, article_ids: Sequence[str], progress: Progress = lambda *_: None) -> None:
    """Hide articles. Raises UnknownArticle before anything is changed if one of them is not there."""
    with library.writing():
        library.check_followed()
        live = {article.article_id for article in library.store.articles()}
        if missing := [article_id for article_id in article_ids if article_id not in live]:
            raise UnknownArticle(missing[0])
        for article_id in dict.fromkeys(article_ids):
            library.store.remove(article_id)
        library.catch_up(progress)
        library.compact()


def hide(library: Library, revisions: Mapping[str, int], progress: Progress = lambda *_: None) -> set[str]:
    """Hide articles, by id, of which that revision is live; returns the ids of those."""
    if not revisions:
        return set()
    with library.writing():
        library.check_followed()
        live = {each.article_id: each.revision for each in library.store.live(revisions)}
        hidden = {
            article_id for article_id, revision in revisions.items() if live.get(article_id) == revision
        }
        for article_id in sorted(hidden):
            library.store.remove(article_id)
        library.catch_up(progress)
        library.compact()
    return hidden
