"""The articles of a segment: the revisions that its passages were cut from, and what questions can be filtered by."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property, lru_cache
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article
from citewell.corpus.errors import CorruptLibrary
from citewell.index.strings import Strings

_KEPT = 1024  # articles that stay read


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    article_id: str
    revision: int
    text_sha: str
    language: str | None
    source: str
    published: str | None
    metadata: tuple[tuple[str, str], ...]  # in order

    @classmethod
    def of(cls, article: Article) -> Self:
        return cls(
            article.article_id,
            article.revision,
            article.text_sha,
            article.language,
            article.source,
            article.published,
            tuple(sorted(article.metadata.items())),
        )


@dataclass(frozen=True, eq=False)
class Articles(Sequence[IndexedArticle]):
    """In order of their ids; read from the mapped arrays one by one."""

    ids: Strings
    facts: Strings  # JSON of what else is known of each
    languages: tuple[str | None, ...]  # that some article is in
    language_of: NDArray[np.int16]  # (articles,): index into languages

    @classmethod
    def of(cls, articles: Iterable[IndexedArticle]) -> Self:
        ordered = sorted(articles, key=lambda article: article.article_id)
        languages = tuple(sorted({article.language for article in ordered}, key=lambda code: code or ""))
        return cls(
            Strings.of(article.article_id for article in ordered),
            Strings.of(map(_said, ordered)),
            languages,
            np.array([languages.index(article.language) for article in ordered], dtype=np.int16),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, number: int) -> IndexedArticle: ...
    @overload
    def __getitem__(self, number: slice) -> list[IndexedArticle]: ...
    def __getitem__(self, number: int | slice) -> IndexedArticle | list[IndexedArticle]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        return self._one(number)

    @cached_property
    def _one(self) -> Callable[[int], IndexedArticle]:
        """The same few are looked up again and again to name the passages of one question."""
        return lru_cache(_KEPT)(lambda number: _read(self.ids[number], self.facts[number]))

    def __iter__(self) -> Iterator[IndexedArticle]:
        return map(_read, self.ids, self.facts)

    def numbers_of(self, article_ids: Iterable[str]) -> list[int]:
        """Of those of the articles that are in here."""
        found = map(self.ids.find, article_ids)
        return [number for number in found if number is not None]

    @cached_property
    def all(self) -> tuple[IndexedArticle, ...]:
        """Every article at once: what a filter looks through."""
        return tuple(self)


def _said(article: IndexedArticle) -> str:
    _, *fields = astuple(article)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _read(article_id: str, facts: str) -> IndexedArticle:
    try:
        revision, sha, language, source, published, metadata = json.loads(facts)
        pairs = tuple((key, value) for key, value in metadata)
    except (ValueError, TypeError):
        raise CorruptLibrary(
            f"What the index says of article {article_id!r} is damaged. Build it again: citewell rebuild"
        ) from None
    return IndexedArticle(article_id, revision, sha, language, source, published, pairs)
