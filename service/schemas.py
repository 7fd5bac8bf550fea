"""What the HTTP service gives, beside the answers of `citewell.index.answer`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel

from citewell.corpus.article import Article, Cut, passage_id
from citewell.corpus.sources import Source
from citewell.index.checking import Now
from citewell.index.citation import CitedArticle, CitedPassage, Links
from citewell.index.findings import Finding
from citewell.index.health import Health as LibraryHealth
from citewell.index.response import Answer
from citewell.service.jobs import Job


class Problem(BaseModel):
    """An error as RFC 9457 has it; `detail` says what to do next."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


@dataclass(frozen=True, slots=True)
class Answers:
    """In the order of the questions."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    id: str
    title: str
    source: str
    author: str | None
    published: str | None
    language: str | None
    metadata: Mapping[str, str]
    revision: int
    version: str
    recorded_at: str

    @classmethod
    def of(cls, article: Article) -> "ArticleSummary":
        return cls(
            article.article_id, article.title, article.source, article.author, article.published, article.language,
            article.metadata, article.revision, article.text_sha, article.recorded_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Articles in order of id; `next` is the cursor of the following page, null on the last."""

    articles: tuple[ArticleSummary, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What putting an article did; it is found from now on."""

    result: str  # added, updated or unchanged
    article: ArticleSummary
    passages: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, the newest first; `next` is the cursor of the following page, null on the last."""

    jobs: tuple[Job, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PassageOutline:
    id: str
    start: int
    end: int
    heading: str | None


@dataclass(frozen=True, slots=True)
class ExcludedOutline:
    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article with its text; passages and excluded spans tile it."""

    article: ArticleSummary
    text: str
    passages: tuple[PassageOutline, ...]
    excluded: tuple[ExcludedOutline, ...]

    @classmethod
    def of(cls, article: Article, text: str, cut: Cut) -> "ArticleText":
        name, sha = article.article_id, article.text_sha
        return cls(
            ArticleSummary.of(article),
            text,
            tuple(
                PassageOutline(passage_id(name, sha, p.span), p.span.start, p.span.end, p.heading)
                for p in cut.passages
            ),
            tuple(ExcludedOutline(e.span.start, e.span.end, e.rule) for e in cut.excluded),
        )


@dataclass(frozen=True, slots=True)
class PassageText:
    """A passage as it was cited; `current` is false once its article was changed or removed, `now` what it reads now."""

    article: CitedArticle
    passage: CitedPassage
    current: bool
    links: Links
    now: Now


@dataclass(frozen=True, slots=True)
class Health:
    status: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, faults first; `is_well` if there is nothing but notes. Languages come with their articles."""

    articles: int
    passages: int
    languages: tuple[tuple[str | None, int], ...]
    left_out: int
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    is_well: bool

    @classmethod
    def of(cls, health: LibraryHealth) -> Self:
        said = (health.articles, health.passages, health.languages, health.left_out, health.sources)
        return cls(*said, health.findings, health.is_well)
