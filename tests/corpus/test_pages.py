"""Spans of pages: which pages a span of a text stands on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.article import Cut, Draft, Span
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.pages import pages_at
from citewell.corpus.plain import pages_between
from citewell.corpus.server import Server
from citewell.corpus.store import Put, Store
from tests.truths import altered

STARTS = (0, 10, 20, 20, 30)  # the third page holds nothing


@pytest.mark.parametrize(
    ("span", "pages"),
    [
        (Span(0, 10), (1,)),
        (Span(9, 11), (1, 2)),
        (Span(10, 20), (2,)),
        (Span(19, 21), (2, 4)),
        (Span(20, 30), (4,)),
        (Span(0, 99), (1, 2, 4, 5)),
        (Span(95, 99), (5,)),
    ],
)
def test_a_span_stands_on_every_page_that_it_has_a_character_of(span: Span, pages: tuple[int, ...]) -> None:
    assert pages_at(span, STARTS) == pages


def test_a_text_without_pages_has_none() -> None:
    assert pages_at(Span(0, 10), ()) == ()


@pytest.mark.parametrize(
    ("text", "starts"),
    [("no page", ()), ("one\f", (0,)), ("one\ftwo", (0, 4)), ("one\ftwo\f", (0, 4)), ("\f\fx", (0, 1, 2))],
)
def test_form_feeds_stand_between_pages(text: str, starts: tuple[int, ...]) -> None:
    assert pages_between(text) == starts


@pytest.fixture
def store(truth: Path | Server) -> Iterator[Store]:
    opened = Store(truth, create=True)
    yield opened
    opened.close()


def put(store: Store, name: str, original: bytes, pages: tuple[int, ...]) -> Put:
    draft = Draft("One. Two.", "", "test", original.decode(), pages=pages)
    return store.put(name, f"/{name}", draft, "en", Cut((), ()), "cut-1")


def test_two_sources_of_one_text_have_pages_of_their_own(store: Store) -> None:
    put(store, "book", b"a", (0, 5))
    put(store, "plain", b"b", ())
    assert store.pages(store.article("book")) == (0, 5)
    assert store.pages(store.article("plain")) == ()


def test_purging_erases_the_pages_that_no_other_article_has(store: Store) -> None:
    for name in ("one", "two"):
        put(store, name, b"a", (0, 5))
    store.purge("one")
    assert store.pages(store.article("two")) == (0, 5)
    store.purge("two")
    assert store.database.rows("SELECT * FROM pages") == []


def test_altered_pages_are_noticed(truth: Path | Server, store: Store) -> None:
    put(store, "book", b"a", (0, 5))
    altered(truth, "UPDATE pages SET starts = '[0,6]'")
    with pytest.raises(CorruptLibrary, match=r"the pages of text .* are damaged"):
        store.pages(store.article("book"))
    assert any("pages of text" in fault for fault in store.faults())
