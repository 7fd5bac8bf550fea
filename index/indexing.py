"""From what the store holds to segments: texts that another recipe has cut are cut anew, known vectors are taken."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from citewell.corpus.article import Article, Cut
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.passages import fault_of
from citewell.corpus.repeated import recipe_of, recipe_with
from citewell.corpus.store import Store
from citewell.index.build import build
from citewell.index.cutting import cut_for
from citewell.index.embedding import Embedder, Progress
from citewell.index.layout import Layout
from citewell.index.segment import Segment
from citewell.index.vector_cache import Borrowing, VectorCache

Lines = Mapping[str, frozenset[str]]  # that are left out, by site


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """A store, with what makes an index of its texts; `vectors` is the file of the cache, if there is one, `known` another."""

    store: Store
    embedder: Embedder
    vectors: Path | None
    progress: Progress = lambda *_: None
    known: Path | None = None

    def quiet(self) -> Self:
        """The same, which tells no progress."""
        return replace(self, progress=lambda *_: None)

    def layout(self) -> Layout:
        """All that the store has, cut as its rules say now; what was superseded or removed apart."""
        lines = self.store.lines_of_sites()
        live = self.segments(self.store.articles(), lines)
        return Layout.of(live, self.segments(self.store.superseded(), lines))

    def recut(self) -> None:
        """Let all texts of what is live be cut as the embedder's are."""
        for article in self.store.articles():
            self._cut(article, self.store.text(article.text_sha), None)

    def segments(self, articles: Iterable[Article], lines: Lines | None = None) -> list[Segment]:
        """The segment of some revisions; none of no passage. With the lines of sites texts are cut anew that left out others.

        Without them they stay as they are: other articles of the same text may be indexed so.
        """
        texts = ((article, self.store.text(article.text_sha)) for article in articles)
        given = ((article, text, self._cut(article, text, lines)) for article, text in texts)
        with self._cache() as cache:
            segment = build(given, self.embedder, cache, self.progress)
        return [segment] if len(segment) else []

    @contextmanager
    def _cache(self) -> Iterator[VectorCache | None]:
        if self.vectors is None:
            yield None
            return
        cache = Borrowing(self.vectors, self.known) if self.known else VectorCache(self.vectors)
        with closing(cache):
            yield cache

    def _cut(self, article: Article, text: str, lines: Lines | None) -> Cut:
        """The spans of a text; those of another recipe, or damaged ones, are made anew."""
        store, sha = self.store, article.text_sha
        with suppress(CorruptLibrary):
            known, recipe = store.cut(sha), store.cut_recipe(sha)
            if lines is None:
                fits = recipe_of(recipe) == self.embedder.cut_recipe
            else:
                fits = recipe == self._recipe(sha, lines)[0]
            if fits and fault_of(known, len(text)) is None:
                return known
        recipe, of_site = self._recipe(sha, store.lines_of_sites() if lines is None else lines)
        pieces = cut_for(self.embedder, text, article.language, of_site)
        store.recut(sha, pieces, recipe)
        return pieces

    def _recipe(self, sha: str, lines: Lines) -> tuple[str, Collection[str]]:
        """How a text is to be cut, and the lines that are to be left out of it."""
        of_site = lines.get(self.store.site_of_text(sha), frozenset()) if lines else frozenset()
        return recipe_with(self.embedder.cut_recipe, of_site), of_site
