"""Citations: what is quoted, where it stands, and the check that it stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote as url_quote

from citewell.corpus.article import Article, Span, is_web
from citewell.corpus.database import Place
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.pages import pages_at
from citewell.index.evidence import Evidence
from citewell.index.explain import Explanation


@dataclass(frozen=True, slots=True)
class CitedArticle:
    id: str
    title: str
    source: str
    published: str | None
    revision: int
    version: str  # SHA-256 of the text


@dataclass(frozen=True, slots=True)
class CitedPassage:
    id: str
    start: int
    end: int
    heading: str | None
    pages: tuple[int, ...]  # that it stands on, counted from 1; none if its source has no pages
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to highlight, in Unicode code points of the article's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """text[start:end] of the article's text, in Unicode code points.

    `highlight` is the sentence in it that says most; `table_header` names the columns of a table row; `pages` are the
    pages of the source that it stands on, if it has any.
    """

    start: int
    end: int
    text: str
    highlight: Mark
    table_header: str | None = None
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """Relative, so that they do not depend on the host; `source` only if the article came from the web.

    `quote` is the source at the quote, if there is a link that leads there and to nothing else.
    """

    passage: str
    article: str
    source: str | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """A passage that ranks lower and repeats the one that is cited."""

    article_id: str
    title: str
    source: str
    passage_id: str
    link: str


@dataclass(frozen=True, slots=True)
class Citation:
    rank: int
    score: float
    article: CitedArticle
    passage: CitedPassage
    quote: Quote
    links: Links
    also_in: tuple[AlsoIn, ...] = ()
    explain: Explanation | None = None


def quote_of(evidence: Evidence, text: str, page_starts: Sequence[int]) -> Quote:
    span, best, header = evidence.span, evidence.sentence, evidence.table_header
    return Quote(
        span.start,
        span.end,
        span.of(text),
        Mark(best.start, best.end),
        header.of(text) if header else None,
        pages_at(span, page_starts),
    )


def verify(quote: Quote, passage: CitedPassage, text: str, store: Place) -> None:
    """The invariant of every citation. Raises CorruptLibrary if the index and the text in the store's file disagree."""
    inside = passage.start <= quote.start < quote.end <= passage.end
    if (
        not inside
        or text[quote.start : quote.end] != quote.text
        or text[passage.start : passage.end] != passage.text
    ):
        raise unfit(passage.id, store)


def unfit(passage_id: str, store: Place) -> CorruptLibrary:
    return CorruptLibrary(
        f"The index does not fit what {store} says of passage {passage_id}. Build it again: citewell rebuild --library "
        f"{store.folder}"
    )


def cited(article: Article) -> CitedArticle:
    return CitedArticle(
        article.article_id,
        article.title,
        article.source,
        article.published,
        article.revision,
        article.text_sha,
    )


def links_of(article: Article, passage_id: str, of_revision: bool = False) -> Links:
    """To the article as it is now, or to that revision."""
    named = f"?revision={article.revision}" if of_revision else ""
    web = article.metadata.get("url") or article.source
    return Links(
        passage=f"/v1/passages/{url_quote(passage_id)}",
        article=f"/v1/articles/{url_quote(article.article_id)}{named}",
        source=web if is_web(web) else None,
        quote=None,
    )


def also_in(article: CitedArticle, passage: CitedPassage, links: Links) -> AlsoIn:
    return AlsoIn(article.id, article.title, article.source, passage.id, links.passage)


def cited_passage(
    passage_id: str, span: Span, heading: str | None, text: str, page_starts: Sequence[int]
) -> CitedPassage:
    pages = pages_at(span, page_starts)
    return CitedPassage(passage_id, span.start, span.end, heading, pages, span.of(text))
