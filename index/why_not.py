"""Why an article or a passage is not cited, or where it is."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article, parse_passage_id
from citewell.corpus.errors import UnknownPassage
from citewell.corpus.store import Store
from citewell.corpus.text import normalise
from citewell.index.citation import Citation, unfit
from citewell.index.duplicates import Wording
from citewell.index.explain import Explanation, explained
from citewell.index.query import Query
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Searcher

_NOT_INDEXED = "No passage of this id, or of this article, is searched."


class Outcome(StrEnum):
    CITED = "cited"
    NEAR_MISS = "near_miss"  # among the nearest passages of a question that is not answered
    REPEATED = "repeated"  # it repeats a citation
    RANKED = "ranked"  # below the last citation
    NOT_PROPOSED = "not_proposed"  # by neither retriever
    FILTERED = "filtered"
    SUPERSEDED = "superseded"  # the article has another text now
    NOT_YET = "not_yet"  # recorded after the moment that was asked about
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
    citations: Sequence[Citation]  # near misses if it was not answered
    answered: bool
    wording: Callable[[Hit], Wording]

    @property
    def noun(self) -> str:
        return "citation" if self.answered else "near miss"


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
        if citation.passage.id in hits or citation.passage.id == name or citation.article.id == name:
            detail = f"It is {asked.noun} {citation.rank}."
            outcome = Outcome.CITED if asked.answered else Outcome.NEAR_MISS
            rank, hit = hits.get(citation.passage.id) or (None, _cited(asked, found, citation))
            return _of(asked, name, outcome, detail, rank, hit, citation.rank)
    if not hits:
        return _not_proposed(asked, name, found)
    rank, hit = next(iter(hits.values()))
    place = f"It ranks {rank} of {len(asked.proposed.hits)} with a score of {hit.score}"
    wording = asked.wording(hit)
    for citation in asked.citations:
        if wording.repeats(Wording.of(citation.passage.text, citation.quote.text)):
            detail = f"{place} and repeats {asked.noun} {citation.rank}."
            return _of(asked, name, Outcome.REPEATED, detail, rank, hit, citation.rank)
    return _of(asked, name, Outcome.RANKED, f"{place}; {_last(asked)}.", rank, hit)


def _cited(asked: Asked, numbers: NDArray[np.int64], citation: Citation) -> Hit:
    """What is cited without having been proposed: a near-duplicate of it was."""
    scored = asked.searcher.scored(asked.query, numbers)
    return next(hit for hit in scored if hit.passage_id == citation.passage.id)


def _searched(asked: Asked, name: str) -> NDArray[np.int64] | WhyNot:
    """Numbers of the passages that are meant and were searched, or why there is none."""
    searcher, store = asked.searcher, asked.store
    article_id, revisions = name, store.revisions(name)
    given: list[Article] = []  # the revisions whose text a passage id names
    if not revisions:
        with suppress(UnknownPassage):
            article_id, sha12, _ = parse_passage_id(name)
            revisions = store.revisions(article_id)
            given = [revision for revision in revisions if revision.text_sha.startswith(sha12)]
        if not given:
            if _is_searched(searcher, article_id, name):
                raise unfit(name, store.place)
            return WhyNot(name, Outcome.UNKNOWN, "The library has no article and no passage of this id.")
    numbers = searcher.numbers_of(article_id)
    if not len(numbers):
        return _not_searched(asked, name, revisions)
    segment, local = searcher.locate(int(numbers[0]))
    shown = segment.article(local)
    if given and shown.text_sha not in {revision.text_sha for revision in given}:
        return _of_another_text(name, given, shown.revision)
    if given:
        numbers = numbers[[searcher.passage_id(number) == name for number in numbers.tolist()]]
    if not len(numbers):
        return WhyNot(name, Outcome.NOT_INDEXED, _NOT_INDEXED)
    passing = searcher.passing(numbers, asked.query.filter)
    return passing if len(passing) else WhyNot(name, Outcome.FILTERED, "The filter excludes it.")


def _is_searched(searcher: Searcher, article_id: str, name: str) -> bool:
    """Whether the article, or if it is named the passage, is in the index."""
    numbers = searcher.numbers_of(article_id).tolist()
    return name in (article_id, *map(searcher.passage_id, numbers)) and bool(numbers)


def _not_searched(asked: Asked, name: str, revisions: Sequence[Article]) -> WhyNot:
    """Why nothing of an article was searched, of which these revisions are kept."""
    first, as_of = revisions[0], asked.searcher.as_of
    if as_of is not None and first.recorded_at > as_of.moment:
        detail = f"Revision {first.revision}, the first that is kept of it, was recorded later: at {first.recorded_at}."
        return WhyNot(name, Outcome.NOT_YET, detail)
    if as_of is not None:
        return WhyNot(name, Outcome.REMOVED, "The article had been removed by then.")
    if any(asked.store.live([first.article_id])):
        return WhyNot(name, Outcome.NOT_INDEXED, _NOT_INDEXED)
    return WhyNot(name, Outcome.REMOVED, "The article was removed.")


def _of_another_text(name: str, given: Sequence[Article], searched: int) -> WhyNot:
    """The passage stands in these revisions; another one is searched."""
    former = [revision.revision for revision in given if revision.revision < searched]
    outcome = Outcome.SUPERSEDED if former else Outcome.NOT_YET
    stands = former[-1] if former else given[0].revision
    detail = f"It stands in revision {stands}; the text of revision {searched} is searched."
    return WhyNot(name, outcome, detail)


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
    return f"the last {asked.noun} has {asked.citations[-1].score}" if asked.citations else "nothing is cited"


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
