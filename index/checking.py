"""Citations held against the store: whether they are true, and where their quotes stand now."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial

from citewell.corpus.article import Span
from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.store import Store
from citewell.corpus.text import normalise
from citewell.index.claims import Claim
from citewell.index.embedding import Progress
from citewell.index.likeness import Searchable
from citewell.index.tracing import Place, Standing, trace


@dataclass(frozen=True, slots=True)
class Now:
    """Where a quote stands in the newest text of its article, text[start:end]; all null when it is gone.

    `version` names that text; it is null when the article was removed or is unknown.
    """

    state: Standing
    version: str | None
    start: int | None
    end: int | None
    text: str | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether text[start:end] is the quote in the text that was cited; `reason` says why not.

    `number` counts the citations as they were given, from 1. `now` is null if there is nothing to look for.
    """

    number: int
    article: str | None
    valid: bool
    reason: str | None
    now: Now | None


@dataclass(frozen=True, slots=True)
class Verification:
    """`valid` when every citation is."""

    valid: bool
    citations: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has of an article: the names of all its texts, and the newest one unless it was removed."""

    versions: frozenset[str]
    live: str | None
    text: Searchable


def known_article(store: Store, article_id: str) -> Known:
    while True:
        versions = _versions(store, article_id)
        live = next(store.live([article_id]), None)
        if live is None:
            return Known(versions, None, Searchable(""))
        with suppress(UnknownArticle):  # that revision was erased meanwhile
            _, text, _ = store.revision(article_id, live.revision)
            return Known(versions | {live.text_sha}, live.text_sha, Searchable(text))


def _versions(store: Store, article_id: str) -> frozenset[str]:
    return frozenset(revision.text_sha for revision in store.revisions(article_id))


def check(store: Store, claims: Sequence[Claim], progress: Progress = lambda *_: None) -> Verification:
    """Check all citations. Raises CorruptLibrary if a text of the store was altered."""
    checked = sorted(_checked(store, claims, progress), key=lambda each: each.number)
    return Verification(all(each.valid for each in checked), tuple(checked))


def _checked(store: Store, claims: Sequence[Claim], progress: Progress) -> Iterator[Checked]:
    """Article by article, so that a text is read once."""
    article = lru_cache(maxsize=1)(partial(known_article, store))
    text = lru_cache(maxsize=1)(store.text)

    def cited_in(article_id: str, version: str | None) -> tuple[Known, str | None]:
        """What is known of an article, and the text of that version if it has it."""
        while version in (known := article(article_id)).versions:
            assert version is not None
            try:
                return known, text(version)
            except CorruptLibrary:
                if version in _versions(store, article_id):
                    raise
                article.cache_clear()  # it was erased meanwhile
        return known, None

    order = sorted(range(len(claims)), key=lambda i: (claims[i].article_id or "", claims[i].version or ""))
    for done, i in enumerate(order, start=1):
        claim = claims[i]
        if claim.article_id is None:
            yield Checked(i + 1, None, False, claim.fault, None)
        else:
            known, cited = cited_in(claim.article_id, claim.version)
            reason = claim.fault or _reason(claim, known, cited)
            now = now_of(claim.quote, claim.span, None if reason else cited, known) if claim.quote else None
            yield Checked(i + 1, claim.article_id, reason is None, reason, now)
        progress(done, len(claims))


def now_of(quote: str, span: Span | None, cited: str | None, known: Known) -> Now:
    """Where a quote stands now; without the text that it was cited from, its words are normalised as a text is."""
    words = quote if cited is not None else normalise(quote)
    place = trace(words, span, cited, known.text) if words else Place(Standing.GONE)
    if place.span is None:
        return Now(place.state, known.live, None, None, None, None)
    there = place.span
    return Now(place.state, known.live, there.start, there.end, there.of(known.text.text), place.similarity)


def _reason(claim: Claim, known: Known, cited: str | None) -> str | None:
    """Why the quote does not stand where the citation says; None if it does."""
    assert claim.span is not None  # else the claim has a fault
    if not known.versions:
        return "no article of that id: never added here, or purged"
    if cited is None:
        return "unknown version: the article never had that text here, or does not keep it any more"
    if claim.span.end > len(cited):
        return f"the span is not in the text, which has {len(cited):,} characters"
    if claim.span.of(cited) != claim.quote:
        return "other words stand there"
    return None
