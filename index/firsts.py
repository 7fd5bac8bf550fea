"""Of near-duplicate articles the one that was added first is cited for what they all say."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from citewell.corpus.store import Store
from citewell.index.articles import IndexedArticle
from citewell.index.duplicates import Wording
from citewell.index.query import Query
from citewell.index.scoring import Hit
from citewell.index.search import Searcher
from citewell.index.signatures import NEAR, Keys, jaccard, said

_MOST_COMPARED = (
    8  # of the articles that agree with one, those added first: a template may have made thousands
)
_MOST_READ = 16  # of an article's passages, the best: what is repeated answers as well


def by_first(
    searcher: Searcher, store: Store, query: Query, hits: Sequence[Hit], wording: Callable[[Hit], Wording]
) -> list[Hit]:
    """The hits; where one repeats a near-duplicate added before, the passage of that one, which it follows.

    Best first, but for what follows another. Only articles that are searched and pass the filter count.
    """
    firsts = _Firsts(searcher, store, query, wording)
    given = {hit.number: hit for hit in hits}
    leads: dict[int, tuple[Hit, list[Hit]]] = {}
    for hit, first in zip(hits, firsts.of(hits), strict=True):
        lead = given.get(first.number, first)  # which has its ranks
        _, following = leads.setdefault(lead.number, (lead, []))
        if lead.number != hit.number:
            following.append(hit)
    ordered = sorted(leads.values(), key=lambda each: (-each[0].score, each[0].passage_id))
    return [each for lead, following in ordered for each in (lead, *following)]


class _Firsts:
    """For one question."""

    def __init__(
        self, searcher: Searcher, store: Store, query: Query, wording: Callable[[Hit], Wording]
    ) -> None:
        self._searcher, self._store, self._query, self._wording = searcher, store, query, wording
        self._before: dict[str, list[IndexedArticle]] = {}  # of each article those that it repeats

    def of(self, hits: Sequence[Hit]) -> list[Hit]:
        """For each hit the passage that says it first: often itself."""
        self._look_up(hits)
        return [self._first(hit) for hit in hits]

    def _first(self, hit: Hit) -> Hit:
        """What repeats another is never the first, so none of those that are taken repeats one taken before."""
        searcher, query = self._searcher, self._query
        for article in self._before[_article(searcher, hit).article_id]:
            numbers = searcher.passing(searcher.numbers_of(article.article_id), query.filter)
            for found in searcher.scored(query, numbers)[:_MOST_READ]:
                if self._wording(hit).repeats(self._wording(found)):
                    self._look_up([found])
                    if self._first(found).number == found.number:
                        return found
        return hit

    def _look_up(self, hits: Sequence[Hit]) -> None:
        """Where there is one part it is known of most articles that they agree with none."""
        single = len(self._searcher.parts) == 1
        new: dict[str, tuple[IndexedArticle, Keys]] = {}
        for hit in hits:
            segment, number = self._searcher.locate(hit.number)
            own, at = segment.article(number), int(segment.article_of[number])
            if own.article_id in self._before:
                continue
            self._before[own.article_id] = []
            if not (single and segment.signatures.alone[at]):
                new[own.article_id] = own, segment.signatures.of_article(at)
        if not new:
            return
        keys = np.stack([each for _, each in new.values()], axis=1)
        agreeing: list[list[IndexedArticle]] = [[] for _ in new]
        for part in self._searcher.parts:
            for mine, numbers in zip(agreeing, part.segment.signatures.agreeing(keys), strict=True):
                mine += [part.segment.articles[number] for number in sorted(numbers - part.dead)]
        for (own, _), others in zip(new.values(), agreeing, strict=True):
            if len(others) > 1:
                self._before[own.article_id] = list(self._near(own, others))

    def _near(self, own: IndexedArticle, others: Sequence[IndexedArticle]) -> Iterator[IndexedArticle]:
        """Those of the others that were added before it, by id where that is the same, and are near, the first first."""
        order = {each.article_id: (self._store.added(each.article_id), each.article_id) for each in others}
        before = [each for each in others if order[each.article_id] < order[own.article_id]]
        if before:
            words = self._said(own)
            for each in sorted(before, key=lambda each: order[each.article_id])[:_MOST_COMPARED]:
                if each.text_sha == own.text_sha or jaccard(words, self._said(each)) >= NEAR:
                    yield each

    def _said(self, article: IndexedArticle) -> frozenset[tuple[str, ...]]:
        return said(self._store.text(article.text_sha), self._store.cut(article.text_sha))


def _article(searcher: Searcher, hit: Hit) -> IndexedArticle:
    segment, local = searcher.locate(hit.number)
    return segment.article(local)
