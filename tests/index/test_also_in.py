"""Answers over articles that repeat each other: one citation for what is said once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.index.answer import ask, search
from citewell.index.citation import AlsoIn
from citewell.index.duplicates import Wording
from citewell.index.library import Library
from citewell.index.response import Answer
from citewell.index.writing import add
from tests.fakes import WordEmbedder

LASTS = "The battery of the new phone lasts for two whole days of calls."
ARTICLES = {
    "a-first": LASTS,
    "b-copy": f"{LASTS}\n",
    "c-corrected": LASTS.replace("two", "3"),
    "d-price": "The battery costs 20 dollars.",
    "e-copy": LASTS.replace(" of calls", ""),
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path, WordEmbedder("battery", "phone"), create=True)
    for name, text in ARTICLES.items():
        (tmp_path / f"{name}.md").write_text(f"---\nid: {name}\ntitle: T {name}\nlanguage: en\n---\n{text}\n")
    add(library, sorted(tmp_path.glob("*.md")))
    return library


def asked(library: Library, k: int, question: str = "How long does the battery of the phone last?") -> Answer:
    return ask(library.searcher(), library.store, question, k)


def cited(answer: Answer) -> list[tuple[int, str, list[str]]]:
    return [(c.rank, c.article.id, [also.article_id for also in c.also_in]) for c in answer.citations]


def test_what_repeats_a_citation_is_listed_under_it_and_takes_no_place(library: Library) -> None:
    """An article with another figure is cited beside it."""
    assert cited(asked(library, 5)) == [
        (1, "a-first", ["e-copy", "b-copy"]),
        (2, "c-corrected", []),
        (3, "d-price", []),
    ]


def test_an_entry_says_where_it_is(library: Library, tmp_path: Path) -> None:
    hits = search(library.searcher(), library.store, "battery").hits
    (copy,) = (hit for hit in hits if hit.article.id == "b-copy")
    assert asked(library, 1).citations[0].also_in[1] == AlsoIn(
        "b-copy", "T b-copy", str(tmp_path / "b-copy.md"), copy.passage.id, f"/v1/passages/{copy.passage.id}"
    )


def test_k_distinct_citations_are_found_below_the_repetitions(library: Library) -> None:
    scores = [citation.score for citation in asked(library, 3).citations]
    assert scores == sorted(scores, reverse=True)
    assert cited(asked(library, 2)) == cited(asked(library, 5))[:2]
    assert cited(asked(library, 3)) == cited(asked(library, 5))


def test_at_most_three_hits_are_looked_at_for_each_citation(tmp_path: Path) -> None:
    library = Library(tmp_path, WordEmbedder("battery"), create=True)
    for i in range(5):
        (tmp_path / f"{i}.md").write_text(f"---\nid: a{i}\nlanguage: en\n---\nThe battery lasts.\n")
    add(library, sorted(tmp_path.glob("*.md")))
    assert cited(asked(library, 1, "battery")) == [(1, "a0", ["a1", "a2"])]
    assert cited(asked(library, 2, "battery")) == [(1, "a0", ["a1", "a2", "a3", "a4"])]


def test_a_search_ranks_repetitions_too(library: Library) -> None:
    found = search(library.searcher(), library.store, "How long does the battery of the phone last?")
    assert {hit.article.id for hit in found.hits} == set(ARTICLES)


@given(
    st.lists(st.sampled_from(["battery", "phone", "costs", "3", "days"]), min_size=1, max_size=4),
    st.integers(1, 5),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_no_two_citations_of_one_answer_repeat(library: Library, words: list[str], k: int) -> None:
    citations = asked(library, k, " ".join(words)).citations
    worded = [Wording.of(c.passage.text, c.quote.text) for c in citations]
    assert not any(worded[j].repeats(worded[i]) for j in range(len(worded)) for i in range(j))
    assert [c.rank for c in citations] == list(range(1, len(citations) + 1))
    named = [c.passage.id for c in citations] + [also.passage_id for c in citations for also in c.also_in]
    assert len(named) == len(set(named))
