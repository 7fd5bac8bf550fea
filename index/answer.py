"""The answer to a question: a verdict and citations, each verified against the store before it is given.

The dataclasses are the JSON of `ask` everywhere: over HTTP, on the command line, to an agent.
"""

import re
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import quote as url_quote

from citewell.corpus.article import Article, Passage, Span
from citewell.corpus.errors import BadInput, BadQuestion, CorruptLibrary
from citewell.corpus.store import Store
from citewell.corpus.text import normalise
from citewell.index.evidence import best_sentence
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Searcher

MOST_CHARACTERS = 2000
MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class CitedArticle:
    id: str
    title: str
    source: str
    published: str | None
    revision: int
    version: str  # SHA-256 of the text


@dataclass(frozen=True, slots=True)
class CitedPassage:
    id: str
    start: int
    end: int
    heading: str | None
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """text[start:end] of the article's text, in Unicode code points."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Links:
    """Relative, so that they do not depend on the host; `source` only if the article came from the web."""

    passage: str
    article: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Citation:
    rank: int
    score: float
    article: CitedArticle
    passage: CitedPassage
    quote: Quote
    links: Links
    also_in: tuple[str, ...] = ()
    explain: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class RetrieverState:
    state: State


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which calibration made the confidence; with none, confidence is null."""

    state: str = "none"
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Same three, same answer."""

    snapshot: str
    config: str
    model: str


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    verdict: str  # answered or insufficient
    confidence: float | None
    reason: str | None
    citations: tuple[Citation, ...]
    near_misses: tuple[Citation, ...]
    disagreements: tuple[str, ...]
    retrievers: dict[str, RetrieverState]
    calibration: Calibration
    fingerprint: Fingerprint
    took_ms: float


@dataclass(frozen=True, slots=True)
class FoundPassage:
    rank: int
    score: float
    article: CitedArticle
    passage: CitedPassage
    links: Links


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranking of passages, without evidence or verdict."""

    query: str
    hits: tuple[FoundPassage, ...]
    retrievers: dict[str, RetrieverState]
    fingerprint: Fingerprint
    took_ms: float = field(default=0.0)


def ask(searcher: Searcher, store: Store, question: str, k: int = 5) -> Answer:
    """Answer with up to k citations. Raises BadQuestion or BadInput before anything is searched."""
    began = perf_counter()
    question = checked_question(question)
    query = searcher.query(question)
    ranking = searcher.hybrid(query, checked_k(k))
    citations = []
    for rank, hit in enumerate(ranking.hits, start=1):
        found = _located(searcher, store, hit)
        span = best_sentence(searcher, query, hit.number, found.stored, found.text)
        quote = Quote(span.start, span.end, span.of(found.text))
        verify(quote, found.passage, found.text)
        citations.append(Citation(rank, hit.score, found.article, found.passage, quote, found.links))
    return Answer(
        question=question,
        verdict="answered" if citations else "insufficient",
        confidence=None,
        reason=None if citations else _reason(ranking),
        citations=tuple(citations),
        near_misses=(),
        disagreements=(),
        retrievers={name: RetrieverState(state) for name, state in ranking.retrievers.items()},
        calibration=Calibration(),
        fingerprint=fingerprint(searcher),
        took_ms=_milliseconds_since(began),
    )


def search(searcher: Searcher, store: Store, question: str, k: int = 10) -> SearchResult:
    """The best k passages. Raises BadQuestion or BadInput before anything is searched."""
    began = perf_counter()
    question = checked_question(question)
    ranking = searcher.hybrid(searcher.query(question), checked_k(k))
    hits = []
    for rank, hit in enumerate(ranking.hits, start=1):
        found = _located(searcher, store, hit)
        hits.append(FoundPassage(rank, hit.score, found.article, found.passage, found.links))
    states = {name: RetrieverState(state) for name, state in ranking.retrievers.items()}
    return SearchResult(question, tuple(hits), states, fingerprint(searcher), _milliseconds_since(began))


def checked_question(question: str) -> str:
    """The question normalised and trimmed. Raises BadQuestion if nothing or too much is left."""
    asked = normalise(question).strip()
    if not asked:
        raise BadQuestion("The question is empty. Ask something, for example: How much did it cost?")
    if len(asked) > MOST_CHARACTERS:
        raise BadQuestion(
            f"The question has {len(asked):,} characters; at most {MOST_CHARACTERS:,} are read. Shorten it."
        )
    return asked


def checked_k(k: int) -> int:
    if not 1 <= k <= MOST_HITS:
        raise BadInput(f"k is {k}; ask for 1 to {MOST_HITS}.")
    return k


def verify(quote: Quote, passage: CitedPassage, text: str) -> None:
    """The invariant of every citation. Raises CorruptLibrary if the index and the text disagree."""
    inside = passage.start <= quote.start < quote.end <= passage.end
    if (
        not inside
        or text[quote.start : quote.end] != quote.text
        or text[passage.start : passage.end] != passage.text
    ):
        raise _unfit(passage.id)


def _unfit(passage_id: str) -> CorruptLibrary:
    return CorruptLibrary(
        f"The index does not fit the text of passage {passage_id}. Build it again: citewell rebuild"
    )


def fingerprint(searcher: Searcher) -> Fingerprint:
    return Fingerprint(searcher.segment.id, searcher.config.fingerprint, searcher.embedder.fingerprint)


def cited(article: Article) -> CitedArticle:
    return CitedArticle(
        article.article_id,
        article.title,
        article.source,
        article.published,
        article.revision,
        article.text_sha,
    )


def links_of(article: Article, passage_id: str) -> Links:
    web = article.metadata.get("url") or article.source
    return Links(
        passage=f"/v1/passages/{url_quote(passage_id)}",
        article=f"/v1/articles/{url_quote(article.article_id)}",
        source=web if re.match(r"https?://", web) else None,
    )


@dataclass(frozen=True, slots=True)
class _Located:
    """What the store says of a hit."""

    article: CitedArticle
    passage: CitedPassage
    links: Links
    stored: Passage
    text: str  # of the whole article


def _located(searcher: Searcher, store: Store, hit: Hit) -> _Located:
    """Look a hit up in the store, where its text is checked against its SHA-256."""
    segment = searcher.segment
    indexed, span, rows = segment.article(hit.number), segment.span(hit.number), segment.sentences(hit.number)
    article = store.article(indexed.article_id, indexed.revision)
    text = store.text(indexed.text_sha)
    stored = store.passage(indexed.text_sha, span)
    if stored is None or len(stored.sentences) != rows.stop - rows.start:
        raise _unfit(hit.passage_id)
    passage = cited_passage(hit.passage_id, span, stored.heading, text)
    return _Located(cited(article), passage, links_of(article, hit.passage_id), stored, text)


def cited_passage(passage_id: str, span: Span, heading: str | None, text: str) -> CitedPassage:
    return CitedPassage(passage_id, span.start, span.end, heading, None, span.of(text))


def _reason(ranking: Ranking) -> str:
    if all(state is State.EMPTY for state in ranking.retrievers.values()):
        return "The library has no passage to search."
    return "No passage shares a word with the question, and the model does not know its script."


def _milliseconds_since(began: float) -> float:
    return round(1000 * (perf_counter() - began), 3)
