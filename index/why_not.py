"""Why an article or a passage is not cited, or where it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import UnknownArticle, UnknownPassage
from citewell.corpus.store import Store
from citewell.corpus.text import normalise
from citewell.index.citation import Citation
from citewell.index.duplicates import Wording
from citewell.index.explain import Explanation, explained
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Query, Searcher


class Outcome(StrEnum):
    CITED = "cited"
    REPEATED = "repeated"  # it repeats a citation
    RANKED = "ranked"  # below the last citation
    NOT_PROPOSED = "not_proposed"  # by neither retriever
    FILTERED = "filtered"
    SUPERSEDED = "superseded"  # the article has another text now
    REMOVED = "removed"
    NOT_INDEXED = "not_indexed"  # there, with no passage in what is searched
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What became of an article's best passage, or of a passage; `detail` says it in words."""

    id: str
    outcome: Outcome
    detail: str
    passage: str | None = None  # the one that is spoken of
    rank: int | None = None  # among all that was proposed, repetitions too
    score: float | None = None  # for what was not proposed: that it would have had
    citation: int | None = None  # the rank of the citation that it is, or repeats
    explain: Explanation | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """A question that was answered, with all that there was to choose from."""

    searcher: Searcher
    store: Store
    query: Query
    depth: int  # how many hits each retriever could propose
    proposed: Ranking
    citations: Sequence[Citation]
    wording: Callable[[Hit], Wording]


def why_not(asked: Asked, name: str) -> WhyNot:
    """Of an article by its id, or of a passage by its; any other name is said to be unknown."""
    name = normalise(name)
    found = _searched(asked, name)
    if isinstance(found, WhyNot):
        return found
    hits = {
        hit.passage_id: (rank, hit) for rank, hit in enumerate(asked.proposed.hits, 1) if hit.number in found
    }
    for citation in asked.citations:
        if citation.passage.id in hits:
            detail = f"It is citation {citation.rank}."
            return _of(asked, name, Outcome.CITED, detail, *hits[citation.passage.id], citation.rank)
    if not hits:
        return _not_proposed(asked, name, found)
    rank, hit = next(iter(hits.values()))
    place = f"It ranks {rank} of {len(asked.proposed.hits)} with a score of {hit.score}"
    wording = asked.wording(hit)
    for citation in asked.citations:
        if wording.repeats(Wording.of(citation.passage.text, citation.quote.text)):
            detail = f"{place} and repeats citation {citation.rank}."
            return _of(asked, name, Outcome.REPEATED, detail, rank, hit, citation.rank)
    return _of(asked, name, Outcome.RANKED, f"{place}; {_last(asked)}.", rank, hit)


def _searched(asked: Asked, name: str) -> NDArray[np.int64] | WhyNot:
    """Numbers of the passages that are meant and were searched, or why there is none."""
    searcher, store = asked.searcher, asked.store
    given = None  # the revision that a passage id names
    if not store.revisions(name):
        try:
            article_id, sha12, _ = parse_passage_id(name)
            given = store.article_with_text(article_id, sha12)
        except UnknownPassage:
            pass
        if given is None:
            return WhyNot(name, Outcome.UNKNOWN, "The library has no article and no passage of this id.")
    try:
        live = store.article(given.article_id if given else name)
    except UnknownArticle:
        return WhyNot(name, Outcome.REMOVED, "The article was removed.")
    if given and given.text_sha != live.text_sha:
        detail = f"It stands in revision {given.revision}; the text of revision {live.revision} is searched."
        return WhyNot(name, Outcome.SUPERSEDED, detail)
    numbers = searcher.numbers_of(live.article_id)
    if given:
        numbers = numbers[[searcher.passage_id(number) == name for number in numbers.tolist()]]
    if not len(numbers):
        return WhyNot(name, Outcome.NOT_INDEXED, "No passage of this id, or of this article, is searched.")
    passing = searcher.passing(numbers, asked.query.filter)
    return passing if len(passing) else WhyNot(name, Outcome.FILTERED, "The filter excludes it.")


def _not_proposed(asked: Asked, name: str, numbers: NDArray[np.int64]) -> WhyNot:
    if asked.query.lexical is not State.OK and asked.query.dense is not State.OK:
        return WhyNot(name, Outcome.NOT_PROPOSED, "Neither retriever had anything to say of the question.")
    best = asked.searcher.scored(asked.query, numbers)[0]
    detail = (
        f"Neither retriever has it among its best {asked.depth}. Its score would have been {best.score}; "
        f"{_last(asked)}."
    )
    return _of(asked, name, Outcome.NOT_PROPOSED, detail, None, best)


def _last(asked: Asked) -> str:
    return f"the last citation has {asked.citations[-1].score}" if asked.citations else "nothing is cited"


def _of(
    asked: Asked,
    name: str,
    outcome: Outcome,
    detail: str,
    rank: int | None,
    hit: Hit,
    citation: int | None = None,
) -> WhyNot:
    explain = explained(asked.searcher, asked.query, hit)
    return WhyNot(name, outcome, detail, hit.passage_id, rank, hit.score, citation, explain)
