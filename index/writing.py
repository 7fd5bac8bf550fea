"""Articles into and out of a library: read, cut, stored one by one, then published together."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from citewell.corpus.ahead import ahead
from citewell.corpus.article import Cut, Draft
from citewell.corpus.errors import BadInput, UnknownArticle
from citewell.corpus.finding import Refused
from citewell.corpus.reading import Reading, article_id_of, language_of, read_each
from citewell.corpus.records import Mapped
from citewell.index.cutting import cut_for
from citewell.index.embedding import Embedder, Progress
from citewell.index.library import Library

MOST_KEPT = 1_000_000  # revisions of an article
_CUT_AHEAD = 3  # articles
_BATCH = 2_000  # passages that are published together: what a batch needs is held in memory


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one article: added, updated, unchanged or refused, and then why."""

    file: str
    result: str
    article_id: str | None = None
    passages: int | None = None
    reason: str | None = None


def add(
    library: Library,
    files: Iterable[Path | Refused],
    progress: Progress = lambda *_: None,
    mapped: Mapped | None = None,
    keep_revisions: int | None = None,
) -> list[Outcome]:
    """Add files, batch by batch. What cannot be read is reported and does not keep the others out.

    From now on so many revisions of each article are kept, the newest, 0 for all; None as before. Raises BadInput.
    """
    if keep_revisions is not None:
        _keep_revisions(library, keep_revisions)
    return [each.outcome for batch in batches(library, files, progress, mapped) for each in batch]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one article, and the file that it is of."""

    file: Path | Refused
    outcome: Outcome


def batches(
    library: Library,
    files: Iterable[Path | Refused],
    progress: Progress = lambda *_: None,
    mapped: Mapped | None = None,
    taken: Mapping[str, str] = MappingProxyType({}),
) -> Generator[list[Written], None, None]:
    """Add files; each batch is published when it comes. `taken` are ids that none may have, with whose they are."""
    with ThreadPoolExecutor(1) as cutter, closing(read_each(files, mapped)) as found:

        def cut_one(
            given: tuple[Path | Refused, Reading | Refused],
        ) -> tuple[Path | Refused, _Piece | Refused]:
            return given[0], _cut(library.embedder, given[1])

        stored = _store_all(library, ahead(cutter, cut_one, found, _CUT_AHEAD), dict(taken))
        while True:
            with library.writing():
                library.check_nothing_lost()
                batch = _batch(stored)
                library.catch_up(progress)
                library.compact()
            yield batch
            if _passages(batch) < _BATCH:  # there were no more
                return


def _keep_revisions(library: Library, keep: int) -> None:
    if not 0 <= keep <= MOST_KEPT:
        raise BadInput(f"{keep} revisions cannot be kept; say 1 to {MOST_KEPT:,}, or 0 for all.")
    with library.writing():
        library.check_nothing_lost()
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


@dataclass(frozen=True, slots=True)
class _Piece:
    """An article ready to be stored."""

    read: Reading
    language: str | None
    cut: Cut


def _cut(embedder: Embedder, found: Reading | Refused) -> _Piece | Refused:
    if isinstance(found, Refused):
        return found
    language = language_of(found.draft)
    pieces = cut_for(embedder, found.draft.text, language)
    if not pieces.passages:
        return Refused(found.place, "nothing but page leftovers in it")
    return _Piece(found, language, pieces)


def _store_all(
    library: Library, found: Iterable[tuple[Path | Refused, _Piece | Refused]], places: dict[str, str]
) -> Iterator[Written]:
    """`places` are those of the ids that are taken."""
    for file, each in found:
        if isinstance(each, Refused):
            yield Written(file, Outcome(each.place, "refused", reason=each.reason))
            continue
        read = each.read
        try:
            article_id = article_id_of(read.draft, read.source)
            if article_id in places:
                raise BadInput(
                    f"the id {article_id!r} is that of {places[article_id]}, too. Give it another."
                )
            places[article_id] = read.place
            put = library.store.put(
                article_id,
                read.source,
                read.draft,
                each.language,
                each.cut,
                library.embedder.cut_recipe,
                read.original,
            )
            yield Written(file, Outcome(read.place, put.value, article_id, len(each.cut.passages)))
        except BadInput as refused:
            reason = str(refused).removeprefix(f"{read.source}: ")
            yield Written(file, Outcome(read.place, "refused", reason=reason))


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
        library.check_nothing_lost()
        outcomes = [_put(library, article) for article in articles]
        library.catch_up(progress)
        library.compact()
    return outcomes


def _put(library: Library, given: Given) -> Outcome:
    read = Reading(given.article_id, given.source, given.draft, given.original)
    piece = _cut(library.embedder, read)
    if isinstance(piece, Refused):
        return Outcome(given.source, "refused", given.article_id, reason=piece.reason)
    done = library.store.put(
        given.article_id,
        given.source,
        given.draft,
        piece.language,
        piece.cut,
        library.embedder.cut_recipe,
        given.original,
    )
    return Outcome(given.source, done.value, given.article_id, len(piece.cut.passages))


def remove(library: Library, article_ids: Sequence[str], progress: Progress = lambda *_: None) -> None:
    """Hide articles. Raises UnknownArticle before anything is changed if one of them is not there."""
    with library.writing():
        library.check_nothing_lost()
        live = {article.article_id for article in library.store.articles()}
        if missing := [article_id for article_id in article_ids if article_id not in live]:
            raise UnknownArticle(missing[0])
        for article_id in dict.fromkeys(article_ids):
            library.store.remove(article_id)
        library.catch_up(progress)
        library.compact()


def hide(library: Library, revisions: Mapping[str, int], progress: Progress = lambda *_: None) -> None:
    """Hide articles, by id, of which that revision is live."""
    if not revisions:
        return
    with library.writing():
        library.check_nothing_lost()
        for article in library.store.live(revisions):
            if article.revision == revisions[article.article_id]:
                library.store.remove(article.article_id)
        library.catch_up(progress)
        library.compact()
