"""Documents that stand in no library, searched all the same: an index in memory, vectors kept in the user's cache folder."""

from collections.abc import Iterable
from contextlib import closing

from citewell.corpus.article import Article, Cut
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.embedding import Embedder, Progress
from citewell.index.model import cache_folder
from citewell.index.part import Part
from citewell.index.reranking import Reranking
from citewell.index.search import Searcher
from citewell.index.vector_cache import VectorCache


def kept_vectors() -> closing[VectorCache]:
    """Of all sets that were ever judged."""
    return closing(VectorCache(cache_folder() / "vectors.db"))


def searcher_of(
    documents: Iterable[tuple[Article, str, Cut]],
    embedder: Embedder,
    cache: VectorCache,
    config: Config = Config(),
    reranking: Reranking | None = None,
    progress: Progress = lambda *_: None,
) -> Searcher:
    segment = build(documents, embedder, cache, progress)
    return Searcher(segment.id, [Part(segment)], embedder, config, reranking)
