"""Articles into and out of a library: read, cut, stored one by one, then published together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from citewell.corpus.article import Draft
from citewell.corpus.errors import BadInput, UnknownArticle
from citewell.corpus.passages import CUT_RECIPE, cut
from citewell.corpus.reading import article_id_of, language_of, read_file
from citewell.corpus.store import Put
from citewell.corpus.text import escaped
from citewell.index.embedding import Progress
from citewell.index.library import Library


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: added, updated, unchanged or refused, and then why."""

    file: str
    result: str
    article_id: str | None = None
    passages: int | None = None
    reason: str | None = None


def add(library: Library, files: Sequence[Path], progress: Progress = lambda *_: None) -> list[Outcome]:
    """Add files. One that cannot be read is reported and does not keep the others out."""
    with library.writing():
        library.check_nothing_lost()
        outcomes = list(_store_all(library, files))
        library.catch_up(progress)
        library.compact()
    return outcomes


@dataclass(frozen=True, slots=True)
class Given:
    """An article that is no file: its id, where it came from and what it holds."""

    article_id: str
    source: str
    draft: Draft


def put(library: Library, articles: Sequence[Given], progress: Progress = lambda *_: None) -> list[Outcome]:
    """Store articles, each under its id, and publish them together; one without a passage is refused."""
    with library.writing():
        library.check_nothing_lost()
        outcomes = [_put(library, article) for article in articles]
        library.catch_up(progress)
        library.compact()
    return outcomes


def _put(library: Library, given: Given) -> Outcome:
    try:
        done, passages = _store(library, given.article_id, given.source, given.draft)
    except BadInput as refused:
        return Outcome(given.source, "refused", given.article_id, reason=str(refused))
    return Outcome(given.source, done.value, given.article_id, passages)


def _store_all(library: Library, files: Sequence[Path]) -> Iterator[Outcome]:
    seen: dict[str, str] = {}
    for file in files:
        name = escaped(str(file))
        try:
            draft = read_file(file)
            source = escaped(str(file.resolve()))
            article_id = article_id_of(draft, source)
            if article_id in seen:
                raise BadInput(
                    f"{name}: the id {article_id!r} is that of {seen[article_id]}, too. Give it another."
                )
            seen[article_id] = name
            put, passages = _store(library, article_id, source, draft)
            yield Outcome(name, put.value, article_id, passages)
        except BadInput as refused:
            yield Outcome(
                name,
                "refused",
                reason=str(refused).removeprefix(f"{name}: ").removeprefix(f"{file.absolute()}: "),
            )


def _store(library: Library, article_id: str, source: str, draft: Draft) -> tuple[Put, int]:
    language = language_of(draft)
    pieces = cut(draft.text, language, library.embedder.count_tokens)
    if not pieces.passages:
        raise BadInput("nothing but page leftovers in it")
    put = library.store.put(article_id, source, draft, language, pieces, CUT_RECIPE)
    return put, len(pieces.passages)


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
