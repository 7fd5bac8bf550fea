"""Tiny libraries: in memory, of articles with one sentence a passage, and on disk."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from citewell.corpus.article import Article, Cut, Passage, Span
from citewell.corpus.text import text_sha
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.vector_cache import VectorCache
from citewell.index.writing import add
from tests.fakes import WordEmbedder


def an_article(
    article_id: str,
    *sentences: str,
    language: str | None = "en",
    source: str | None = None,
    published: str | None = None,
    metadata: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Article, str, Cut]:
    """An article without a title whose every sentence is a passage of its own."""
    text, passages = "", []
    for sentence in sentences:
        span = Span(len(text), len(text) + len(sentence) + 1)
        passages.append(Passage(span, None, None, (Span(span.start, span.end - 1),)))
        text += sentence + "\n"
    article = Article(
        article_id, source or f"/{article_id}.txt", 1, text_sha(text), "", None, published, language, metadata,
        "2026-03-01T00:00:00Z", "", "test",
    )  # fmt: skip
    return article, text, Cut(tuple(passages), ())


def a_segment(folder: Path, embedder: Embedder, *articles: tuple[Article, str, Cut]) -> Segment:
    cache = VectorCache(folder / "vectors.db")
    try:
        return build(articles, embedder, cache)
    finally:
        cache.close()


def a_searcher(folder: Path, embedder: Embedder, *articles: tuple[Article, str, Cut]) -> Searcher:
    return Searcher("snapshot", [Part(a_segment(folder, embedder, *articles))], embedder, Config())


def insects(folder: Path) -> Library:
    """A library of three articles, of a sentence each."""
    for name, text in {
        "ants": "Ants dig tunnels.",
        "bees": "Bees make honey.",
        "moths": "Moths eat.",
    }.items():
        (folder / f"{name}.md").write_text(f"---\nid: {name}\nlanguage: en\n---\n{text}\n", "utf-8")
    library = Library(folder, WordEmbedder("ants", "tunnels", "honey"), create=True)
    add(library, sorted(folder.glob("*.md")))
    return library
