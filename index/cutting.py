"""Texts cut for a model: no passage has more tokens than it reads."""

from collections.abc import Collection

from citewell.corpus.article import Cut
from citewell.corpus.passages import Bounds, cut
from citewell.index.embedding import Embedder


def bounds_for(embedder: Embedder) -> Bounds:
    return Bounds(most_tokens=min(Bounds().most_tokens, embedder.most_tokens))


def cut_for(embedder: Embedder, text: str, language: str | None, of_site: Collection[str] = ()) -> Cut:
    """Passages and excluded spans that tile the text, as `embedder.cut_recipe` names them, without the lines of its site."""
    return cut(text, language, embedder.count_tokens, bounds_for(embedder), of_site=of_site)
