"""Answers: quotes that stand in the text, and a verdict that says when nothing was found."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.corpus.errors import BadInput, BadQuestion, CorruptLibrary
from citewell.index.answer import ask, search
from citewell.index.citation import links_of
from citewell.index.filter import Filter
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.response import Answer
from citewell.index.scoring import State
from citewell.index.search import Searcher
from citewell.index.writing import add
from tests.fakes import WordEmbedder

PHONES = """---
id: phones
title: Phones compared
published: 2026-03
language: en
url: https://example.org/phones?a=1
---

## Battery

\U0001f50b The screen is bright. The battery lasts two days. The colour fades.

## Prices

| Model | Price |
|---|---|
| Alpha | 300 |
| Beta | 450 |
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    file = tmp_path / "phones.md"
    file.write_text(PHONES, encoding="utf-8")
    (tmp_path / "library").mkdir()
    library = Library(tmp_path / "library", WordEmbedder("battery", "colour", "price", "beta"), create=True)
    add(library, [file])
    return library


def asked(library: Library, question: str, k: int = 5) -> Answer:
    return ask(library.searcher(), library.store, question, k)


def test_the_quote_is_the_sentence_that_answers(library: Library) -> None:
    answer = asked(library, "How long does the battery last?")
    assert answer.verdict == "answered"
    assert answer.citations[0].quote.text == "The battery lasts two days."
    assert answer.citations[0].article.title == "Phones compared"
    assert answer.citations[0].article.published == "2026-03"


def test_a_table_row_is_quoted_whole(library: Library) -> None:
    assert asked(library, "price of the Beta").citations[0].quote.text == "| Beta | 450 |"


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_every_quote_stands_in_the_cited_text(library: Library, question: str) -> None:
    """text[start:end] == quote, in code points, for whatever is asked."""
    text = library.store.text(library.store.article("phones").text_sha)
    for citation in asked(library, f"battery {question}").citations:
        assert text[citation.quote.start : citation.quote.end] == citation.quote.text
        assert text[citation.passage.start : citation.passage.end] == citation.passage.text
        assert citation.article.version == library.store.article("phones").text_sha


def test_without_a_calibration_there_is_no_confidence(library: Library) -> None:
    answer = asked(library, "battery")
    assert (answer.confidence, answer.calibration.state, answer.calibration.id) == (None, "none", None)


def test_when_no_retriever_finds_anything_the_verdict_is_insufficient(library: Library) -> None:
    answer = asked(library, "数据中心")
    assert answer.verdict == "insufficient"
    assert answer.citations == ()
    assert answer.reason
    assert {name: s.state for name, s in answer.retrievers.items()} == {
        "lexical": State.OUT_OF_VOCABULARY,
        "dense": State.UNKNOWN_SCRIPT,
    }


@pytest.mark.parametrize("question", ["battery", "flywheel", "数据中心"])
def test_when_no_article_passes_the_filter_the_verdict_is_insufficient_and_says_so(
    library: Library, question: str
) -> None:
    answer = ask(library.searcher(), library.store, question, 5, Filter(languages=("nl",)))
    assert (answer.verdict, answer.citations) == ("insufficient", ())
    assert answer.reason == "No article passes the filter."
    assert {name: s.state for name, s in answer.retrievers.items()} == {
        "lexical": State.EMPTY,
        "dense": State.EMPTY,
    }
    assert search(library.searcher(), library.store, question, 5, Filter(languages=("nl",))).hits == ()


def test_a_filter_that_all_articles_pass_changes_nothing_in_an_answer(library: Library) -> None:
    filtered = ask(library.searcher(), library.store, "battery price", 5, Filter(published_to="2026-03-20"))
    assert replace(filtered, took_ms=0.0) == replace(asked(library, "battery price"), took_ms=0.0)


def test_the_same_question_has_the_same_answer_but_for_the_time_it_took(library: Library) -> None:
    first, second = asked(library, "battery price"), asked(library, "battery price")
    assert replace(first, took_ms=0.0) == replace(second, took_ms=0.0)


def test_white_space_around_a_question_does_not_matter(library: Library) -> None:
    assert asked(library, "  battery\n").question == "battery"


@pytest.mark.parametrize("question", ["", " ", "\n\t\u00a0", "\ufeff"])
def test_an_empty_question_is_refused(library: Library, question: str) -> None:
    with pytest.raises(BadQuestion, match="empty"):
        asked(library, question)


def test_a_question_may_have_2000_characters_and_no_more(library: Library) -> None:
    assert asked(library, "x" * 2000).question == "x" * 2000
    with pytest.raises(BadQuestion, match="100,000 characters"):
        asked(library, "x" * 100_000)


@pytest.mark.parametrize("k", [0, -1, 101, 10_000])
def test_k_out_of_bounds_is_refused(library: Library, k: int) -> None:
    with pytest.raises(BadInput, match="1 to 100"):
        asked(library, "battery", k)
    with pytest.raises(BadInput, match="1 to 100"):
        search(library.searcher(), library.store, "battery", k)


def test_search_ranks_like_ask(library: Library) -> None:
    found = search(library.searcher(), library.store, "battery price")
    assert [hit.passage.id for hit in found.hits] == [
        c.passage.id for c in asked(library, "battery price").citations
    ]


def test_an_index_that_does_not_fit_the_store_gives_an_error_and_no_answer(library: Library) -> None:
    searcher = library.searcher()
    (part,) = searcher.parts
    shifted = Part(replace(part.segment, spans=part.segment.spans + 1))
    searcher = Searcher("shifted", [shifted], library.embedder, library.config)
    with pytest.raises(CorruptLibrary, match="citewell rebuild"):
        ask(searcher, library.store, "battery")


def test_only_web_addresses_become_source_links(library: Library) -> None:
    article = library.store.article("phones")
    assert links_of(article, "p").source == "https://example.org/phones?a=1"
    for url in ("javascript:alert(1)", "file:///etc/passwd", "httpx://e", " https://e"):
        assert links_of(replace(article, metadata={"url": url}), "p").source is None
