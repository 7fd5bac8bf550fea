"""From what the store holds to segments: texts that another recipe has cut are cut anew, known vectors are taken."""

from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from citewell.corpus.article import Article, Cut
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.passages import fault_of
from citewell.corpus.store import Store
from citewell.index.build import build
from citewell.index.cutting import cut_for
from citewell.index.embedding import Embedder, Progress
from citewell.index.layout import Layout
from citewell.index.segment import Segment
from citewell.index.vector_cache import VectorCache


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """A store, with what makes an index of its texts; `vectors` is the file of the cache."""

    store: Store
    embedder: Embedder
    vectors: Path
    progress: Progress = lambda *_: None

    def layout(self) -> Layout:
        """All that the store has; what was superseded or removed apart."""
        return Layout.of(self.segments(self.store.articles()), self.segments(self.store.superseded()))

    def segments(self, articles: Iterable[Article]) -> list[Segment]:
        """The segment of some revisions; none of no passage."""
        texts = ((article, self.store.text(article.text_sha)) for article in articles)
        given = ((article, text, self._cut(article, text)) for article, text in texts)
        with closing(VectorCache(self.vectors)) as cache:
            segment = build(given, self.embedder, cache, self.progress)
        return [segment] if len(segment) else []

    def _cut(self, article: Article, text: str) -> Cut:
        """The spans of a text; those of another recipe, or damaged ones, are made anew."""
        sha, recipe = article.text_sha, self.embedder.cut_recipe
        with suppress(CorruptLibrary):
            known = self.store.cut(sha)
            if self.store.cut_recipe(sha) == recipe and fault_of(known, len(text)) is None:
                return known
        pieces = cut_for(self.embedder, text, article.language)
        self.store.recut(sha, pieces, recipe)
        return pieces
