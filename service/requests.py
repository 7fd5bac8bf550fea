"""What the HTTP service takes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from citewell.index.answer import MOST_HITS
from citewell.index.filter import Filter

_MOST_VALUES = 1000  # of a list in a filter
MOST_QUESTIONS = 100  # of a batch
MOST_ARTICLES = 10_000  # of a job
ARTICLE_ID = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_DATE = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"


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


class BatchRequest(BaseModel):
    """Questions to be answered one after another from one snapshot."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"questions": [{"question": "Who leads NVIDIA?", "k": 1}]}]},
    )

    questions: list[AskRequest] = Field(min_length=1, max_length=MOST_QUESTIONS)


class ArticleRequest(BaseModel):
    """An article's text and what is known of it; what is left out is read from the text where it can be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "# Tides\n\nSpring tide comes two days after new moon.", "published": "2026-03-20"}
            ]
        },
    )

    text: str = Field(min_length=1, description="Unicode text; Markdown may begin with front matter.")
    format: Literal["markdown", "plain"] = "markdown"
    title: str | None = Field(default=None, max_length=1000)
    source: str | None = Field(
        default=None, max_length=4000, description="URL that it came from. citewell:ID if left out."
    )
    author: str | None = Field(default=None, max_length=1000)
    published: str | None = Field(default=None, pattern=_DATE, examples=["2026-03-20", "2026-03", "2026"])
    language: str | None = Field(default=None, pattern="^[a-z]{2,3}$", examples=["en"])
    metadata: dict[str, str] = Field(default={}, max_length=_MOST_VALUES)


class IdentifiedArticle(ArticleRequest):
    """An article with the id that it is to have."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"id": "tides", "text": "Spring tide comes two days after new moon."}]
        },
    )

    id: str = Field(pattern=ARTICLE_ID, examples=["tides"])


class ArticlesRequest(BaseModel):
    """Articles to be added by a job."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"articles": [{"id": "tides", "text": "Spring tide comes two days after new moon."}]}
            ]
        },
    )

    articles: list[IdentifiedArticle] = Field(min_length=1, max_length=MOST_ARTICLES)
