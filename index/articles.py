"""The articles of a segment: the revisions that its passages were cut from, and what questions can be filtered by.

A segment of the history may hold several revisions of an article; of what is live there is one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article
from citewell.corpus.errors import CorruptLibrary
from citewell.index.strings import Strings

_KEPT = 1024  # articles that stay read
_LOOKING_UP = 64  # times as long as reading one id in order


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    article_id: str
    revision: int
    text_sha: str
    language: str | None
    source: str
    published: str | None
    metadata: tuple[tuple[str, str], ...]  # in order

    @property
    def key(self) -> tuple[str, int]:
        """As of an Article."""
        return self.article_id, self.revision

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
    """In order of their ids, then of their revisions; read from the mapped arrays one by one."""

    ids: Strings
    facts: Strings  # JSON of what else is known of each
    languages: tuple[str | None, ...]  # that some article is in
    language_of: NDArray[np.int16]  # (articles,): index into languages

    @classmethod
    def of(cls, articles: Iterable[IndexedArticle]) -> Self:
        ordered = sorted(articles, key=lambda article: article.key)
        languages = tuple(sorted({article.language for article in ordered}, key=lambda code: code or ""))
        return cls(
            Strings.of(article.article_id for article in ordered),
            Strings.of(map(facts_of, ordered)),
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
        return lru_cache(_KEPT)(lambda number: article_of(self.ids[number], self.facts[number]))

    def __iter__(self) -> Iterator[IndexedArticle]:
        return map(article_of, self.ids, self.facts)

    def numbers_of(self, article_ids: Iterable[str]) -> list[int]:
        """Of all revisions of those articles that are in here, in order."""
        wanted = frozenset(article_ids)
        if len(wanted) * _LOOKING_UP > len(self):
            return [number for number, article_id in enumerate(self.ids) if article_id in wanted]
        return sorted(number for article_id in wanted for number in self._numbers_of(article_id))

    def _numbers_of(self, article_id: str) -> Iterator[int]:
        first = self.ids.find(article_id)
        if first is not None:
            alike = takewhile(lambda number: self.ids[number] == article_id, range(first + 1, len(self)))
            yield from (first, *alike)

    @cached_property
    def all(self) -> tuple[IndexedArticle, ...]:
        """Every article at once: what a filter looks through."""
        return tuple(self)


def facts_of(article: IndexedArticle) -> str:
    """JSON of all but the id."""
    fields = (
        article.revision, article.text_sha, article.language, article.source, article.published, article.metadata,
    )  # fmt: skip
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def article_of(article_id: str, facts: str) -> IndexedArticle:
    try:
        revision, sha, language, source, published, metadata = json.loads(facts)
        pairs = tuple((key, value) for key, value in metadata)
    except (ValueError, TypeError):
        raise CorruptLibrary(
            f"What the index says of article {article_id!r} is damaged. Build it again: citewell rebuild"
        ) from None
    return IndexedArticle(article_id, revision, sha, language, source, published, pairs)
