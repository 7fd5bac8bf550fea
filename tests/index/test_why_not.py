"""Why something is not cited: one outcome for each way to be left out, and never an exception."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.corpus.article import passage_id
from citewell.index import calibration
from citewell.index.answer import ask, search
from citewell.index.config import Config
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.library import Library
from citewell.index.response import Answer
from citewell.index.why_not import Outcome, WhyNot
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

ARTICLES = {
    "best": "The battery lasts two days.",
    "copy": "The battery lasts two days.",
    "next": "A battery weighs little.",
    "dutch": "De battery is zwaar.",
    "far": "Snow falls.",
    "gone": "The battery is gone.",
}
QUESTION = "How long does the battery last?"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Each retriever proposes three passages at most."""
    library = Library(tmp_path, WordEmbedder("battery", "snow"), Config(depth=3), create=True)
    for name, text in ARTICLES.items():
        put(library, name, text)
    remove(library, ["gone"])
    yield library
    library.close()


def put(library: Library, name: str, text: str) -> str:
    """The id of the article's only passage."""
    file = library.folder / f"{name}.md"
    language = "nl" if name == "dutch" else "en"
    file.write_text(f"---\nid: {name}\nlanguage: {language}\n---\n{text}\n", "utf-8")
    add(library, [file])
    article = library.store.article(name)
    (passage,) = library.store.cut(article.text_sha).passages
    return passage_id(name, article.text_sha, passage.span)


def asked(
    library: Library, *names: str, k: int = 1, only: Filter = EVERYTHING, question: str = QUESTION
) -> Answer:
    return ask(library.searcher(), library.store, question, k, only, absent=names)


def of(library: Library, name: str, k: int = 1, only: Filter = EVERYTHING) -> WhyNot:
    (said,) = asked(library, name, k=k, only=only).why_not
    return said


def test_nothing_is_said_that_was_not_asked_for(library: Library) -> None:
    assert asked(library).why_not == ()


def test_what_is_cited_is_said_to_be(library: Library) -> None:
    said = of(library, "next", k=2)
    (_, second) = asked(library, k=2).citations
    assert (said.outcome, said.detail, said.citation) == (Outcome.CITED, "It is citation 2.", 2)
    assert (said.passage, said.score, said.rank) == (second.passage.id, second.score, 3)


def test_what_repeats_a_citation_is_said_to(library: Library) -> None:
    said = of(library, "copy")
    assert (said.outcome, said.citation, said.rank) == (Outcome.REPEATED, 1, 2)
    assert said.detail == f"It ranks 2 of 4 with a score of {said.score} and repeats citation 1."


def test_what_ranks_lower_is_compared_with_the_last_citation(library: Library) -> None:
    said = of(library, "next")
    (best,) = asked(library).citations
    assert (said.outcome, said.citation, said.rank) == (Outcome.RANKED, None, 3)
    assert said.detail == f"It ranks 3 of 4 with a score of {said.score}; the last citation has {best.score}."


def test_what_neither_retriever_proposes_has_the_score_that_it_would_have_had(library: Library) -> None:
    said = of(library, "far")
    assert (said.outcome, said.rank, said.score) == (Outcome.NOT_PROPOSED, None, 0.0)
    assert said.detail.startswith(
        "Neither retriever has it among its best 3. Its score would have been 0.0; the last citation has 0."
    )
    assert said.explain is not None
    assert (said.explain.ranks.lexical, said.explain.ranks.dense) == (None, None)
    assert (said.explain.raw.lexical, said.explain.raw.passage) == (0.0, 0.0)


def test_the_score_that_it_would_have_had_is_that_of_a_deeper_search(library: Library) -> None:
    deeper = Library(library.folder, library.embedder)
    found = search(deeper.searcher(), deeper.store, QUESTION)
    scores = {hit.article.id: hit.score for hit in found.hits}
    assert {name: of(library, name).score for name in scores} == scores


def test_what_the_filter_excludes_is_said_to_be(library: Library) -> None:
    said = of(library, "best", only=Filter(languages=("nl",)))
    assert said == WhyNot("best", Outcome.FILTERED, "The filter excludes it.")


@pytest.mark.parametrize("by_passage", [False, True])
def test_a_removed_article_is_said_to_be(library: Library, by_passage: bool) -> None:
    article = library.store.revisions("gone")[0]
    (passage,) = library.store.cut(article.text_sha).passages
    name = passage_id("gone", article.text_sha, passage.span) if by_passage else "gone"
    assert of(library, name) == WhyNot(name, Outcome.REMOVED, "The article was removed.")


def test_a_passage_of_a_former_text_is_superseded(library: Library) -> None:
    former = put(library, "far", "It snows.")
    put(library, "far", "The battery froze.")
    said = of(library, former)
    assert said.outcome is Outcome.SUPERSEDED
    assert said.detail == "It stands in revision 2; the text of revision 3 is searched."
    assert of(library, "far").outcome is not Outcome.SUPERSEDED


def test_a_passage_is_asked_for_by_its_own_id(library: Library) -> None:
    (best,) = asked(library).citations
    said = of(library, best.passage.id)
    assert (said.id, said.outcome, said.passage) == (best.passage.id, Outcome.CITED, best.passage.id)


def test_a_span_that_is_no_passage_is_not_indexed(library: Library) -> None:
    sha = library.store.article("best").text_sha
    assert of(library, f"best.{sha[:12]}.0-3").outcome is Outcome.NOT_INDEXED


def test_of_an_article_its_best_passage_is_explained(library: Library) -> None:
    words = " ".join(f"snow{i}" for i in range(300))
    file = library.folder / "long.md"
    file.write_text(f"---\nid: long\nlanguage: en\n---\n# One\n\n{words}.\n\n# Two\n\nThe battery lasts.\n")
    add(library, [file])
    said = of(library, "long", k=5)
    (cited,) = (c for c in asked(library, k=5).citations if c.article.id == "long")
    assert len(library.store.cut(library.store.article("long").text_sha).passages) > 1
    assert (said.outcome, said.passage) == (Outcome.CITED, cited.passage.id)


def test_when_nothing_is_found_nothing_would_have_been(library: Library) -> None:
    answer = asked(library, "best", "nobody", question="数据")
    assert answer.verdict == "insufficient"
    assert [said.outcome for said in answer.why_not] == [Outcome.NOT_PROPOSED, Outcome.UNKNOWN]
    assert answer.why_not[0].detail == "Neither retriever had anything to say of the question."
    assert (answer.why_not[0].score, answer.why_not[0].explain) == (None, None)


@given(st.text(max_size=20) | st.from_regex(r"(best|x)\.[0-9a-f]{12}\.\d{1,3}-\d{1,3}", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_an_id_that_nothing_has_is_said_to_be_unknown(library: Library, name: str) -> None:
    said = of(library, name)
    assert said.outcome is Outcome.UNKNOWN
    assert said.detail == "The library has no article and no passage of this id."


@pytest.mark.parametrize(
    "name", ["\ud800", "a\x00b", "\udcff.md", "best.", "best.0123456789ab.99999999999999999999-3"]
)
def test_what_no_id_can_be_is_unknown_too(library: Library, name: str) -> None:
    assert of(library, name).outcome is Outcome.UNKNOWN


def test_answers_are_given_in_the_order_of_the_questions(library: Library) -> None:
    answer = asked(library, "next", "nobody", "best", "next")
    assert [said.id for said in answer.why_not] == ["next", "nobody", "best", "next"]
    assert answer.citations == asked(library).citations


def test_of_a_question_that_is_not_answered_it_is_a_near_miss(library: Library) -> None:
    sure = replace(
        calibration.shipped(),
        threshold=1.0,
        config=library.config.fingerprint,
        model=library.embedder.fingerprint,
    )
    calibration.write(library.store.own, sure)
    first, *_ = asked(library, k=1).near_misses
    (said,) = asked(library, first.article.id, k=1).why_not
    assert (said.outcome, said.detail, said.citation) == (Outcome.NEAR_MISS, "It is near miss 1.", 1)
