"""The answer to a question: a verdict and citations, each verified against the store before it is given."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter

import regex

from citewell.corpus.errors import BadInput, BadQuestion
from citewell.corpus.store import Store
from citewell.corpus.text import normalise
from citewell.index.answerability import COMPARED, Read
from citewell.index.citation import Citation, Quote, also_in, quote_of, verify
from citewell.index.config import Config
from citewell.index.duplicates import Wording, distinct
from citewell.index.engine import Askable
from citewell.index.evidence import evidence_in
from citewell.index.explain import explained, filtered
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.firsts import by_first
from citewell.index.fragment import quote_link
from citewell.index.located import Located, Locator
from citewell.index.query import Query
from citewell.index.response import (
    Answer,
    Calibration,
    Fingerprint,
    FoundPassage,
    RetrieverState,
    SearchResult,
)
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Searcher
from citewell.index.verdict import judge
from citewell.index.why_not import Asked, WhyNot, why_not

_WORD = regex.compile(r"[\p{L}\p{N}]")
MOST_CHARACTERS = 2000
MOST_HITS = 100
_HITS_FOR_ONE = 3  # looked at for each citation, as long as they repeat each other


def ask(
    index: Askable,
    store: Store,
    question: str,
    k: int = 5,
    given: Filter = EVERYTHING,
    explain: bool = False,
    absent: Sequence[str] = (),
) -> Answer:
    """Answer with up to k citations; say why each has its score, and why what is `absent` is not cited.

    Raises BadQuestion or BadInput before anything is searched.
    """
    began = perf_counter()
    question = checked_question(question)
    searcher, query = index.about(question, given, absent)
    looked_at = _looked_at(checked_k(k), searcher.config)
    ranking = searcher.hybrid(query, max(looked_at, COMPARED))
    locate = Locator(searcher, store)
    read = cache(lambda hit: _quoted(searcher, query, hit, locate))
    hits = by_first(searcher, store, query, ranking.hits[:looked_at], lambda hit: _wording(read(hit)))
    found = _citations(searcher, query, hits, k, read, explain)
    verdict = judge(searcher, store.own, query, ranking.hits, lambda hit: read(hit).said)
    answered = bool(found) and verdict.doubt is None
    missed = _why_not(searcher, store, query, k, found, answered, read, absent) if absent else ()
    return Answer(
        question=question,
        verdict="answered" if answered else "insufficient",
        confidence=verdict.confidence,
        reason=None if answered else verdict.doubt or _reason(searcher, ranking),
        citations=found if answered else (),
        near_misses=() if answered else found,
        disagreements=(),
        retrievers={name: RetrieverState(state) for name, state in ranking.retrievers.items()},
        calibration=Calibration(verdict.calibration.state, verdict.calibration.id),
        fingerprint=fingerprint(searcher, verdict.calibration.id),
        took_ms=_milliseconds_since(began),
        filtered=filtered(searcher, query) if explain else None,
        why_not=missed,
        as_of=searcher.as_of,
        read_as=query.read_as,
    )


def search(
    index: Askable, store: Store, question: str, k: int = 10, given: Filter = EVERYTHING
) -> SearchResult:
    """The best k passages. Raises BadQuestion or BadInput before anything is searched."""
    began = perf_counter()
    question = checked_question(question)
    k = checked_k(k)
    searcher, query = index.about(question, given)
    ranking = searcher.hybrid(query, k)
    hits = []
    locate = Locator(searcher, store)
    for rank, hit in enumerate(ranking.hits, start=1):
        found = locate(hit)
        hits.append(FoundPassage(rank, hit.score, found.article, found.passage, found.links))
    states = {name: RetrieverState(state) for name, state in ranking.retrievers.items()}
    took = _milliseconds_since(began)
    made_by = fingerprint(searcher)
    return SearchResult(question, tuple(hits), states, made_by, took, searcher.as_of, query.read_as)


def checked_question(question: str) -> str:
    """The question normalised and trimmed. Raises BadQuestion if nothing or too much is left."""
    asked = normalise(question).strip()
    if not _WORD.search(asked):
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


def _looked_at(k: int, config: Config) -> int:
    """How many hits may be looked at for k that do not repeat each other; what is proposed does not depend on it."""
    return max(k, min(_HITS_FOR_ONE * k, config.depth))


def fingerprint(searcher: Searcher, calibrated_by: str | None = None) -> Fingerprint:
    """A calibration is part of the configuration that an answer came about with."""
    config = searcher.fingerprint
    if calibrated_by:
        config = hashlib.sha256(f"{config} {calibrated_by}".encode()).hexdigest()[:16]
    reranker = searcher.reranking.reranker.fingerprint if searcher.reranking else None
    return Fingerprint(searcher.snapshot_id, config, searcher.embedder.fingerprint, reranker)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """A hit with its verified quote, and what the quote says."""

    found: Located
    quote: Quote
    said: Read


def _wording(each: _Quoted) -> Wording:
    return Wording.of(each.found.passage.text, each.quote.text)


_Reader = Callable[[Hit], _Quoted]


def _citations(
    searcher: Searcher, query: Query, hits: Sequence[Hit], k: int, read: _Reader, explain: bool
) -> tuple[Citation, ...]:
    """Of the first k hits that do not repeat one before, each with what repeats it."""

    def worded() -> Iterator[tuple[Wording, tuple[Hit, Located, Quote]]]:
        for hit in hits:
            each = read(hit)
            yield _wording(each), (hit, each.found, each.quote)

    return tuple(
        Citation(
            rank, hit.score, found.article, found.passage, quote,
            replace(found.links, quote=quote_link(found.links.source, quote.text, found.text)),
            tuple(also_in(other.article, other.passage, other.links) for _, other, _ in later),
            explained(searcher, query, hit) if explain else None,
        )
        for rank, ((hit, found, quote), later) in enumerate(distinct(worded(), k), start=1)
    )  # fmt: skip


def _why_not(
    searcher: Searcher,
    store: Store,
    query: Query,
    k: int,
    found: Sequence[Citation],
    answered: bool,
    read: _Reader,
    names: Sequence[str],
) -> tuple[WhyNot, ...]:
    depth = max(k, searcher.config.depth)

    def wording(hit: Hit) -> Wording:
        return _wording(read(hit))

    proposed = searcher.proposed(query, depth)
    asked = Asked(searcher, store, query, depth, proposed, found, answered, wording)
    return tuple(why_not(asked, name) for name in names)


def _quoted(searcher: Searcher, query: Query, hit: Hit, locate: Locator) -> _Quoted:
    found = locate(hit)
    evidence = evidence_in(searcher, query, hit.number, found.stored, found.text)
    quote = quote_of(evidence, found.text, found.page_starts)
    verify(quote, found.passage, found.text, locate.store.place)
    return _Quoted(found, quote, Read(found.article.title, quote.text, evidence.value))


def _reason(searcher: Searcher, ranking: Ranking) -> str:
    if not searcher.passages:
        return searcher.as_of.nothing if searcher.as_of else "The library has no passage to search."
    if all(state is State.EMPTY for state in ranking.retrievers.values()):
        return "No article passes the filter."
    return "No passage shares a word with the question, and the model does not know its script."


def _milliseconds_since(began: float) -> float:
    return round(1000 * (perf_counter() - began), 3)
