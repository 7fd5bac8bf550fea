"""Erasing articles: texts, revisions, spans, originals, vectors and index files, so that no file holds a word of them."""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import groupby

from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.store import Store
from citewell.corpus.text import text_sha
from citewell.index.backup import remove_leftovers
from citewell.index.build import sentence_with_header, with_context
from citewell.index.library import Library
from citewell.index.seen import SEEN, Seen
from citewell.index.vector_cache import VectorCache
from citewell.index.visits import VISITS, Visits


def purge(library: Library, article_ids: Sequence[str]) -> None:
    """Erase articles for good, removed ones too. Raises UnknownArticle before anything is changed.

    They are hidden first and their traces go last: a purge that was killed is finished by asking for it again.
    """
    with library.writing():
        library.catch_up()
        missing = [name for name in article_ids if not library.store.revisions(name)]
        if not missing:
            for name in dict.fromkeys(article_ids):
                with suppress(UnknownArticle):  # removed before
                    library.store.remove(name)
            library.catch_up()  # from here on no reader finds them
            for name in dict.fromkeys(article_ids):
                library.store.purge(name)
            library.catch_up()
        erase_traces(library)
        if missing:
            raise UnknownArticle(missing[0])


def erase_traces(library: Library) -> None:
    """Let no file hold anything that the store has not. Needs the writer's lock."""
    library.forget()
    _forget_vectors(library)
    _forget_files(library)
    library.store.originals.keep_only(set(library.store.original_shas()))
    remove_leftovers(library)
    library.store.database.vacuum()


def _forget_vectors(library: Library) -> None:
    """Keep the vectors that a stored text accounts for: what an article was cut into before, nobody can tell."""
    if library.vectors.exists():
        with closing(VectorCache(library.vectors)) as cache:
            cache.keep_only(_embedded(library.store))
            cache.vacuum()


def _forget_files(library: Library) -> None:
    """Keep what is known of files and pages that gave no purged article."""
    for name, opened in ((SEEN, Seen), (VISITS, Visits)):
        if (file := library.folder / name).exists():
            with closing(opened(file)) as known:
                known.keep_only(library.store.article_ids())
                known.vacuum()


def _embedded(store: Store) -> Iterator[str]:
    """SHA-256 of all that is embedded of the stored texts, also of superseded and of removed ones."""
    for sha, titled in groupby(store.titled_texts(), key=lambda pair: pair[0]):
        titles = [title for _, title in titled]
        with suppress(CorruptLibrary):  # then its vectors are computed again
            text, cut = store.text(sha), store.cut(sha)
            for passage in cut.passages:
                yield from (text_sha(with_context(title, passage, text)) for title in titles)
                yield from (text_sha(sentence_with_header(s, passage, text)) for s in passage.sentences)
