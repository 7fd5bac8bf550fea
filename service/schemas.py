"""What the HTTP service takes and gives, beside the answers of `citewell.index.answer`."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from citewell.corpus.article import Article, Cut, passage_id
from citewell.index.answer import MOST_HITS
from citewell.index.checking import Now
from citewell.index.citation import CitedArticle, CitedPassage, Links
from citewell.index.filter import Filter

_MOST_VALUES = 1000  # of a list in a filter


class FilterRequest(BaseModel):
    """Only articles for which all of this holds; of several ids, sources or languages any."""

    model_config = ConfigDict(extra="forbid")

    articles: list[str] = Field(default=[], max_length=_MOST_VALUES, description="Ids.")
    sources: list[str] = Field(
        default=[],
        max_length=_MOST_VALUES,
        description="A file or URL, or a folder or site that it lies under.",
    )
    languages: list[str] = Field(
        default=[], max_length=_MOST_VALUES, description="ISO 639-1 codes.", examples=[["en"]]
    )
    published_from: str | None = Field(default=None, examples=["2026-03"])
    published_to: str | None = Field(default=None, examples=["2026-03-20"])
    metadata: dict[str, str] = Field(default={}, max_length=_MOST_VALUES)

    def filter(self) -> Filter:
        """Raises BadInput for what is no date."""
        return Filter(
            tuple(self.articles),
            tuple(self.sources),
            tuple(self.languages),
            self.published_from,
            self.published_to,
            tuple(sorted(self.metadata.items())),
        )


class AskRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "How much is Amazon investing in OpenAI?", "k": 3}]},
    )

    question: str = Field(description="At most 2,000 characters.")
    k: int = Field(default=5, ge=1, le=MOST_HITS, description="Most citations in the answer.")
    filter: FilterRequest = FilterRequest()
    as_of: str | None = Field(
        default=None,
        description="Answer from what the library knew on that day (its end, in UTC) or at that time; null: now.",
        examples=["2026-11-01", "2026-11-01T09:30:00Z"],
    )
    explain: bool = Field(default=False, description="Say what each score is made of, and what was filtered.")
    why_not: list[str] = Field(
        default=[], max_length=MOST_HITS, description="Ids of articles or passages: why they are not cited."
    )


class Problem(BaseModel):
    """An error as RFC 9457 has it; `detail` says what to do next."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


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
