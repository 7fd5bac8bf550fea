"""From what the store holds to segments: texts that another recipe has cut are cut anew, known vectors are taken."""

from collections.abc import Iterable
from contextlib import closing, suppress
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


def layout_of(store: Store, embedder: Embedder, vectors: Path, progress: Progress) -> Layout:
    """All that a store has; what was superseded or removed apart. `vectors` is the file of the cache."""
    live = segments_of(store.articles(), store, embedder, vectors, progress)
    return Layout.of(live, segments_of(store.superseded(), store, embedder, vectors, progress))


def segments_of(
    articles: Iterable[Article], store: Store, embedder: Embedder, vectors: Path, progress: Progress
) -> list[Segment]:
    """The segment of some revisions; none of no passage."""
    texts = ((article, store.text(article.text_sha)) for article in articles)
    given = ((article, text, _cut_of(store, article, text, embedder)) for article, text in texts)
    with closing(VectorCache(vectors)) as cache:
        segment = build(given, embedder, cache, progress)
    return [segment] if len(segment) else []


def _cut_of(store: Store, article: Article, text: str, embedder: Embedder) -> Cut:
    """The spans of a text; those of another recipe, or damaged ones, are made anew."""
    sha = article.text_sha
    with suppress(CorruptLibrary):
        known = store.cut(sha)
        if store.cut_recipe(sha) == embedder.cut_recipe and fault_of(known, len(text)) is None:
            return known
    pieces = cut_for(embedder, text, article.language)
    store.recut(sha, pieces, embedder.cut_recipe)
    return pieces
