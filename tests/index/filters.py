"""Random articles and filters, and what a filter means written down on its own."""

import calendar
import datetime

from hypothesis import strategies as st

from citewell.index.articles import IndexedArticle
from citewell.index.filter import Filter

NAMES = ("a", "b", "c", "d", "e", "f")
LANGUAGES = ("en", "nl", "de")
SOURCES = (
    "/notes/tides.txt",
    "/notes",
    "/notes/sea/a.md",
    "/notes-old/b.md",
    "https://e.org/notes/a?b=/notes",
)
DATES = ("2025", "2026", "2025-12", "2026-01", "2026-02", "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01")  # fmt: skip
PAIRS = (("topic", "sea"), ("topic", "sky"), ("sea", "topic"), ("url", "https://e.org/?a=b"))

published = st.none() | st.sampled_from(DATES)
metadata = st.dictionaries(st.sampled_from(["topic", "sea", "url"]), st.sampled_from([v for _, v in PAIRS]))


def indexed_articles() -> st.SearchStrategy[list[IndexedArticle]]:
    one = st.builds(
        IndexedArticle,
        article_id=st.sampled_from(NAMES),
        revision=st.integers(1, 3),
        text_sha=st.text("0123456789abcdef", min_size=12, max_size=12),
        language=st.none() | st.sampled_from(LANGUAGES),
        source=st.sampled_from(SOURCES) | st.text(st.characters(), max_size=5),
        published=published,
        metadata=metadata.map(lambda pairs: tuple(sorted(pairs.items()))),
    )
    return st.lists(one, max_size=len(NAMES), unique_by=lambda article: article.article_id)


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=3).map(tuple)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Every kind by itself, and several together."""
    kinds = draw(st.sets(st.sampled_from(["articles", "sources", "languages", "dates", "metadata"])))
    first, last = draw(st.tuples(published, published).filter(lambda limits: is_a_range(*limits)))
    return Filter(
        draw(some(*NAMES, "nobody")) if "articles" in kinds else (),
        draw(some(*SOURCES, "/notes/", "/", "/note", "https://e.org", "")) if "sources" in kinds else (),
        draw(some(*LANGUAGES, "fr")) if "languages" in kinds else (),
        first if "dates" in kinds else None,
        last if "dates" in kinds else None,
        draw(st.lists(st.sampled_from(PAIRS), max_size=2).map(tuple)) if "metadata" in kinds else (),
    )


def days(date: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a year, a month or a day."""
    year, month, day = (*map(int, date.split("-")), None, None)[:3]
    assert year is not None
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    return datetime.date(year, month or 1, day or 1), datetime.date(year, last_month, last_day)


def is_a_range(first: str | None, last: str | None) -> bool:
    return first is None or last is None or days(first)[0] <= days(last)[1]


def passes(given: Filter, article: IndexedArticle) -> bool:
    """One kind after the other; dates as days."""
    if given.articles and article.article_id not in given.articles:
        return False
    if given.languages and article.language not in given.languages:
        return False
    if given.sources and not any(is_at_or_under(article.source, source) for source in given.sources):
        return False
    for key, value in given.metadata:
        if dict(article.metadata).get(key) != value:
            return False
    if given.published_from is None and given.published_to is None:
        return True
    if article.published is None:
        return False
    first, last = days(article.published)
    starts = days(given.published_from)[0] if given.published_from else datetime.date.min
    ends = days(given.published_to)[1] if given.published_to else datetime.date.max
    return first <= ends and last >= starts


def is_at_or_under(source: str, given: str) -> bool:
    if not given:
        return False
    names = given.rstrip("/").split("/")
    return source.split("/")[: len(names)] == names
