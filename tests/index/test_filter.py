"""Which articles pass a filter."""

from typing import Any

import pytest
from hypothesis import given

from citewell.corpus.errors import BadInput
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.filter import EVERYTHING, Filter
from tests.index.filters import filters, indexed_articles
from tests.index.filters import passes as meant

SEA = (("topic", "sea"), ("url", "https://e.org/?a=b"))


def passing(given_: Filter, **said: Any) -> bool:
    """Whether an article of which this is said passes."""
    fields = {
        "article_id": "tides",
        "language": "en",
        "source": "/notes/tides.txt",
        "published": None,
        "metadata": (),
    }
    article = IndexedArticle(**{"revision": 1, "text_sha": "sha", **fields, **said})
    (passed,) = given_.passes(Articles.of([article])).tolist()
    return bool(passed)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (("tides",), True),
        (("moon", "tides"), True),
        (("moon",), False),
        (("tide",), False),
        (("Tides",), False),
    ],
)
def test_an_article_passes_by_its_id(ids: tuple[str, ...], expected: bool) -> None:
    assert passing(Filter(articles=ids)) is expected


@pytest.mark.parametrize(
    ("source", "given_", "expected"),
    [
        ("/notes/tides.txt", "/notes/tides.txt", True),
        ("/notes/tides.txt", "/notes", True),
        ("/notes/tides.txt", "/notes/", True),
        ("/notes/sea/tides.txt", "/notes", True),
        ("/notes/tides.txt", "/", True),
        ("/notes/tides.txt", "/notes/tides", False),
        ("/notes/tides.txt", "/note", False),
        ("/notes-old/tides.txt", "/notes", False),
        ("/notes/tides.txt", "notes", False),
        ("/notes", "/notes/tides.txt", False),
        ("/notes", "/notes/", True),
        ("/notes/tides.txt", "", False),
        ("https://e.org/notes/tides", "https://e.org", True),
        ("https://e.org/notes/tides", "https://e.org/notes/", True),
        ("https://e.org/notes", "https://e.org/notes/", True),
        ("https://e.org/notes/tides", "https://", True),
        ("https://e.org/notes/tides", "https://e.or", False),
        ("https://e.org.evil/tides", "https://e.org", False),
        ("https://e.org/notes/tides", "/", False),
    ],
)
def test_an_article_passes_by_its_source_or_a_folder_above_it(
    source: str, given_: str, expected: bool
) -> None:
    """What it begins with is not enough."""
    assert passing(Filter(sources=(given_,)), source=source) is expected
    assert passing(Filter(sources=("/elsewhere", given_)), source=source) is expected


@pytest.mark.parametrize(
    ("language", "given_", "expected"),
    [
        ("en", ("en",), True),
        ("en", ("nl", "en"), True),
        ("en", ("nl",), False),
        (None, ("en",), False),
        (None, (), True),
    ],
)
def test_an_article_passes_by_its_language(
    language: str | None, given_: tuple[str, ...], expected: bool
) -> None:
    assert passing(Filter(languages=given_), language=language) is expected


@pytest.mark.parametrize(
    ("published", "first", "last", "expected"),
    [
        ("2026-03-20", "2026-03-20", "2026-03-20", True),
        ("2026-03-20", "2026-03-21", None, False),
        ("2026-03-20", None, "2026-03-19", False),
        ("2026-03-20", "2026-03", "2026-03", True),
        ("2026-03-20", "2026-04", None, False),
        ("2026-03-20", None, "2026-02", False),
        ("2026-03-20", "2026", "2026", True),
        ("2026-03-20", "2027", None, False),
        ("2026-03-20", None, "2025", False),
        ("2026-03", "2026-03-31", None, True),
        ("2026-03", None, "2026-03-01", True),
        ("2026-03", "2026-04-01", None, False),
        ("2026-03", None, "2026-02-28", False),
        ("2026-03", "2026-02", "2026-04", True),
        ("2026-03", "2026", "2026", True),
        ("2026", "2026-12-31", None, True),
        ("2026", None, "2026-01-01", True),
        ("2026", "2026-06-01", "2026-06-30", True),
        ("2026", "2027-01-01", None, False),
        ("2026", None, "2025-12", False),
        ("2026", "2026", "2026", True),
        ("2026-12-31", "2025-12-31", "2027-01-01", True),
        (None, "0001", None, False),
        (None, None, "9999", False),
        (None, None, None, True),
    ],
)
def test_an_article_passes_by_its_date(
    published: str | None, first: str | None, last: str | None, expected: bool
) -> None:
    """The limits are in; a date that is less precise passes if it can be within, no date does not."""
    assert passing(Filter(published_from=first, published_to=last), published=published) is expected


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((("topic", "sea"),), True),
        (SEA, True),
        (SEA[::-1], True),
        ((("topic", "sky"),), False),
        ((("topic", "sea"), ("by", "A")), False),
        ((("topic", "sea"), ("topic", "sky")), False),
        ((("sea", "topic"),), False),
        ((("topic", ""),), False),
    ],
)
def test_an_article_passes_by_every_pair_of_its_metadata(
    pairs: tuple[tuple[str, str], ...], expected: bool
) -> None:
    assert passing(Filter(metadata=pairs), metadata=SEA) is expected


@pytest.mark.parametrize(
    "failing",
    [
        {},
        {"articles": ("moon",)},
        {"sources": ("/elsewhere",)},
        {"languages": ("nl",)},
        {"published_from": "2026-04"},
        {"published_to": "2026-02"},
        {"metadata": (("topic", "sky"),)},
    ],
)
def test_all_that_is_given_must_hold(failing: dict[str, Any]) -> None:
    every = {
        "articles": ("tides",),
        "sources": ("/notes",),
        "languages": ("en",),
        "published_from": None if "published_to" in failing else "2026-03",
        "published_to": None if "published_from" in failing else "2026-03",
        "metadata": SEA,
    }
    assert passing(Filter(**{**every, **failing}), published="2026-03", metadata=SEA) is (failing == {})


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yesterday",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2026-02-00",
        "2025-02-29",
        "0000",
        "26",
        "2026-3",
        "2026-03-2",
        "2026-03-20T10:00",
        "2026-W12",
        "20260320",
        " 2026",
        "2026\n",
        "-2026",
        "２０２６",
    ],
)
@pytest.mark.parametrize("limit", ["published_from", "published_to"])
def test_what_is_no_date_is_refused(said: str, limit: str) -> None:
    with pytest.raises(
        BadInput, match="is no date to filter by; write 2026, 2026-03 or 2026-03-20"
    ) as refused:
        Filter(**{limit: said})  # type: ignore[arg-type]
    assert str(refused.value).startswith(repr(said))


@pytest.mark.parametrize("said", ["2024-02-29", "2026-12-31", "2026-12", "0001", "9999"])
def test_what_is_a_date_is_taken(said: str) -> None:
    assert Filter(published_from=said, published_to=said).published_from == said


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026", "2025"), ("2026-03", "2026-02"), ("2026-03-20", "2026-03-19"), ("2026-04", "2026-03-31"), ("2027-01-01", "2026")],
)  # fmt: skip
def test_an_end_before_the_beginning_is_refused(first: str, last: str) -> None:
    """Else an article of 2026 could pass, which may be published on any day of it but on none of these."""
    with pytest.raises(BadInput, match=f"{first} is after {last}"):
        Filter(published_from=first, published_to=last)


@pytest.mark.parametrize(
    ("first", "last"), [("2026-03-20", "2026-03"), ("2026-03", "2026"), ("2026-12-31", "2026")]
)
def test_an_end_that_holds_the_beginning_is_taken(first: str, last: str) -> None:
    assert passing(Filter(published_from=first, published_to=last), published=first)


@given(filters(), indexed_articles())
def test_those_pass_that_should(given_: Filter, articles: list[IndexedArticle]) -> None:
    ordered = Articles.of(articles)
    assert given_.passes(ordered).tolist() == [meant(given_, article) for article in ordered]


@given(indexed_articles())
def test_without_any_limit_everything_passes(articles: list[IndexedArticle]) -> None:
    assert EVERYTHING.passes(Articles.of(articles)).tolist() == [True] * len(articles)


@pytest.mark.parametrize("given_", [EVERYTHING, Filter(languages=("en",)), Filter(articles=("a",))])
def test_of_no_articles_none_passes(given_: Filter) -> None:
    passed = given_.passes(Articles.of([]))
    assert (passed.dtype.kind, passed.tolist()) == ("b", [])
