"""Writing for the service: one article at once, or a job in batches, through a library of its own.

Readers use another connection, so that they never wait for a commit.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from citewell.corpus.article import Article, Draft
from citewell.corpus.children import LIMITS, Limits
from citewell.corpus.errors import BadInput, UnknownArticle
from citewell.corpus.originals import sha_of
from citewell.corpus.reader import reader_of
from citewell.corpus.reading import too_large
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise
from citewell.index.library import Library
from citewell.index.writing import Given, Outcome, put, remove
from citewell.service.requests import ArticleRequest

_FORMATS = {"markdown": Format.MARKDOWN, "plain": Format.PLAIN}


class Writer:
    """Opens its library when something is written for the first time."""

    def __init__(self, library: Library, wait: float) -> None:
        self._reading, self._wait = library, wait
        self._turn = threading.Lock()
        self._own: Library | None = None

    def put(self, articles: Sequence[Given]) -> list[Outcome]:
        self._look()
        return put(self._library(), articles)

    def remove(self, article_id: str) -> None:
        """Also if it is not there."""
        self._look()
        with suppress(UnknownArticle):
            remove(self._library(), [article_id])

    def article(self, article_id: str) -> Article:
        """Its newest revision, also if it was removed since it was put. Raises UnknownArticle if it was purged."""
        if not (revisions := self._library().store.revisions(article_id)):
            raise UnknownArticle(article_id)
        return revisions[-1]

    @property
    def limits(self) -> Limits:
        """Of an article."""
        return self._reading.limits

    def rest(self) -> None:
        """Nothing waits to be written."""
        library = self._library()
        with library.writing():
            library.compact(at_rest=True)

    def follow(self) -> None:
        """Index what other machines stored in a truth that they share: for itself, or what a killed one left to a cluster."""
        reading = self._reading
        if reading.truth is not None and reading.is_behind():
            self._library().catch_up_if_free()

    def close(self) -> None:
        with self._turn:
            if self._own is not None:
                self._own.close()
                self._own = None

    def _look(self) -> None:
        """Raises ClusterAway after seconds: who writes would wait longer for a cluster than a request may take."""
        if self._reading.cluster is not None:
            self._reading.engine.held()

    def _library(self) -> Library:
        with self._turn:
            if self._own is None:
                self._own = self._reading.another(self._wait)
            return self._own


def given_of(article_id: str, request: ArticleRequest, limits: Limits = LIMITS) -> Given:
    """An article as it was sent. Raises BadInput with the reason if it cannot be read."""
    original = normalise(request.text).encode()
    if len(original) > limits.article:
        raise BadInput(f"{article_id}: {too_large(len(original), limits)}")
    try:
        draft = reader_of(_FORMATS[request.format])(original, article_id)
    except ValueError as error:
        raise BadInput(f"{article_id}: {error}") from None
    if not draft.text.strip():
        raise BadInput(f"{article_id}: no text in it")
    draft = replace(_with_fields(draft, request), original_sha=sha_of(original))
    return Given(article_id, _line(request.source) or f"citewell:{article_id}", draft, original)


def _with_fields(draft: Draft, request: ArticleRequest) -> Draft:
    """What the request says comes before what the text says of itself."""
    return replace(
        draft,
        title=_line(request.title) or draft.title,
        author=_line(request.author) or draft.author,
        published=request.published or draft.published,
        language=request.language or draft.language,
        metadata={**draft.metadata, **{_line(k) or "": _line(v) or "" for k, v in request.metadata.items()}},
    )


def _line(said: str | None) -> str | None:
    return " ".join(normalise(said).split()) or None if said else None
