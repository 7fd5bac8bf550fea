"""What the store says of a hit: its article, its passage and where they can be looked up."""

from dataclasses import dataclass
from functools import cache

from citewell.corpus.article import Article, Passage
from citewell.corpus.errors import UnknownArticle
from citewell.corpus.store import Store
from citewell.index.citation import CitedArticle, CitedPassage, Links, cited, cited_passage, links_of, unfit
from citewell.index.scoring import Hit
from citewell.index.search import Searcher


@dataclass(frozen=True, slots=True)
class Located:
    """A hit in the store."""

    article: CitedArticle
    passage: CitedPassage
    links: Links
    stored: Passage
    text: str  # of the whole article
    page_starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    article: Article
    text: str
    page_starts: tuple[int, ...]


class Locator:
    """For one question: each article is read, and its text checked against its SHA-256, once.

    Raises CorruptLibrary for a hit that does not fit the store.
    """

    def __init__(self, searcher: Searcher, store: Store) -> None:
        self._searcher, self.store = searcher, store
        self._kept = cache(self._read)

    def __call__(self, hit: Hit) -> Located:
        segment, local = self._searcher.locate(hit.number)
        indexed, span, rows = segment.article(local), segment.span(local), segment.sentences(local)
        try:
            kept = self._kept(indexed.article_id, indexed.revision)
        except UnknownArticle:
            raise unfit(hit.passage_id, self.store.place) from None
        stored = self.store.passage(indexed.text_sha, span)
        if (
            kept.article.text_sha != indexed.text_sha
            or stored is None
            or len(stored.sentences) != rows.stop - rows.start
        ):
            raise unfit(hit.passage_id, self.store.place)
        passage = cited_passage(hit.passage_id, span, stored.heading, kept.text, kept.page_starts)
        links = links_of(kept.article, hit.passage_id, of_revision=self._searcher.as_of is not None)
        return Located(cited(kept.article), passage, links, stored, kept.text, kept.page_starts)

    def _read(self, article_id: str, revision: int) -> _Kept:
        return _Kept(*self.store.revision(article_id, revision))
