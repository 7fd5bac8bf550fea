"""Erasing articles: texts, revisions, spans, vectors and index files, so that no file holds a word of them."""

from collections.abc import Sequence
from contextlib import suppress

from citewell.corpus.errors import UnknownArticle
from citewell.corpus.text import text_sha
from citewell.index.backup import remove_leftovers
from citewell.index.build import sentence_with_header, with_context
from citewell.index.library import Library
from citewell.index.vector_cache import VectorCache


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
            _erase_vectors(library, article_ids)
            for name in dict.fromkeys(article_ids):
                library.store.purge(name)
            library.catch_up()
        library.forget()
        remove_leftovers(library)
        library.store.database.vacuum()
        if missing:
            raise UnknownArticle(missing[0])


def _erase_vectors(library: Library, article_ids: Sequence[str]) -> None:
    cache = VectorCache(library.vectors)
    try:
        for name in article_ids:
            for revision in library.store.revisions(name):
                text, cut = library.store.text(revision.text_sha), library.store.cut(revision.text_sha)
                embedded = [with_context(revision.title, passage, text) for passage in cut.passages]
                embedded += [
                    sentence_with_header(s, passage, text)
                    for passage in cut.passages
                    for s in passage.sentences
                ]
                cache.erase([text_sha(words) for words in embedded])
        cache.vacuum()
    finally:
        cache.close()
