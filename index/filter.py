"""Which articles a question is asked of: by id, source, language, date and metadata; all that is given must hold."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import regex
from numpy.typing import NDArray

from citewell.corpus.errors import BadInput
from citewell.index.articles import Articles, IndexedArticle

_LANGUAGE = regex.compile(r"[a-z]{2}")
_DATE = regex.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


@dataclass(frozen=True, slots=True)
class Filter:
    """Several ids, sources or languages: any of them. Raises BadInput for what is no date, range or language."""

    articles: tuple[str, ...] = ()  # ids
    sources: tuple[str, ...] = ()  # a file or URL, or a folder or site that it lies under
    languages: tuple[str, ...] = ()  # ISO 639-1
    published_from: str | None = None  # 2026, 2026-03 or 2026-03-20; the day itself is in
    published_to: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        first, last = self.published_from, self.published_to
        for said in (first, last):
            if said is not None and not _is_date(said):
                raise BadInput(f"{said!r} is no date to filter by; write 2026, 2026-03 or 2026-03-20.")
        for code in self.languages:
            if not _LANGUAGE.fullmatch(code):
                raise BadInput(
                    f"{code!r} is no language to filter by; write a code of ISO 639-1, as en or nl."
                )
        if first and last and first[: len(last)] > last[: len(first)]:
            raise BadInput(f"{first} is after {last}; give the earlier date first.")

    def passes(self, articles: Articles) -> NDArray[np.bool_]:
        """Which of the articles pass, shape (len(articles),)."""
        if self.articles:
            passing = np.zeros(len(articles), dtype=np.bool_)
            for number in articles.numbers_of(self.articles):
                passing[number] = self._passes(articles[number])
            return passing
        return np.array([self._passes(article) for article in articles.all], dtype=np.bool_)

    def _passes(self, article: IndexedArticle) -> bool:
        return (
            (not self.languages or article.language in self.languages)
            and (not self.sources or any(_is_under(article.source, source) for source in self.sources))
            and self._was_published(article.published)
            and all(pair in article.metadata for pair in self.metadata)
        )

    def _was_published(self, published: str | None) -> bool:
        """A date that is less precise than the limit passes if it can be within."""
        first, last = self.published_from, self.published_to
        if published is None:
            return first is None and last is None
        return (first is None or published[: len(first)] >= first[: len(published)]) and (
            last is None or published[: len(last)] <= last[: len(published)]
        )


EVERYTHING = Filter()


def _is_date(said: str) -> bool:
    try:
        return bool(_DATE.fullmatch(said) and date.fromisoformat(said + "2000-01-01"[len(said) :]))
    except ValueError:
        return False


def _is_under(source: str, given: str) -> bool:
    """Or the same, or a record of it; nothing lies under nothing."""
    folder = given.rstrip("/")
    return given != "" and (source == folder or source.startswith((folder + "/", folder + "#")))
