"""Explanations: what scores are made of, in exact decimals."""

import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.index.config import Config
from citewell.index.explain import Explanation, Filtered, Ranks, Term, Values, explained, filtered
from citewell.index.filter import Filter
from citewell.index.part import Part
from citewell.index.query import Query
from citewell.index.scoring import Hit
from citewell.index.search import Searcher
from tests.fakes import WordEmbedder
from tests.index.examples import a_searcher, a_segment, an_article

PHONE = an_article("phone", "The battery lasts.")
SHOP = an_article("shop", "The price is high.", language="nl")


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    return a_searcher(tmp_path, WordEmbedder("battery", "price"), PHONE, SHOP)


def of_all(searcher: Searcher, query: Query) -> dict[str, tuple[Hit, Explanation]]:
    return {
        hit.passage_id.split(".")[0]: (hit, explained(searcher, query, hit))
        for hit in searcher.hybrid(query, 10).hits
    }


def test_a_score_is_made_of_three_values_with_their_weights(searcher: Searcher) -> None:
    """The passage holds one of two terms, which is in one of two passages."""
    query = searcher.query("battery life")
    hit, explanation = of_all(searcher, query)["phone"]
    rare, unknown = round(math.log(2), 6), round(math.log(6), 6)
    assert explanation.terms == (Term("batteri", rare, True), Term("life", unknown, False))
    assert explanation.weights == Values(0.45, 0.25, 0.3)
    assert explanation.ranks == Ranks(1, 1)
    assert explanation.parts == Values(round(hit.score - 0.55, 6), 0.25, 0.3)
    assert (explanation.raw.passage, explanation.raw.sentence) == (1.0, 1.0)
    assert explanation.raw.lexical == pytest.approx((hit.score - 0.55) / 0.45, abs=1e-5)


def test_a_passage_is_explained_in_its_own_language(searcher: Searcher) -> None:
    """`the` is a word like others in Dutch."""
    found = of_all(searcher, searcher.query("the prices"))
    assert [term.term for term in found["phone"][1].terms] == ["price"]
    assert [term.term for term in found["shop"][1].terms] == ["the", "price"]
    assert [term.held for term in found["shop"][1].terms] == [True, True]


def test_a_term_that_is_asked_for_twice_is_named_once(searcher: Searcher) -> None:
    _, explanation = of_all(searcher, searcher.query("battery, battery!"))["phone"]
    assert [term.term for term in explanation.terms] == ["batteri"]


def test_a_silent_retriever_has_no_value_no_weight_and_no_rank(searcher: Searcher) -> None:
    _, explanation = of_all(searcher, searcher.query("数据 battery"))["phone"]
    assert explanation.weights == Values(1.0, None, None)
    assert (explanation.raw.passage, explanation.parts.sentence) == (None, None)
    assert explanation.ranks == Ranks(1, None)
    _, explanation = of_all(searcher, searcher.query("flywheel"))["phone"]
    assert explanation.weights == Values(None, 0.454545, 0.545455)
    assert explanation.ranks == Ranks(None, 1)


def test_what_a_retriever_does_not_propose_has_no_rank_there(searcher: Searcher) -> None:
    _, explanation = of_all(searcher, searcher.query("battery"))["shop"]
    assert explanation.ranks == Ranks(None, 2)
    assert explanation.parts.lexical == explanation.raw.lexical == 0.0


@given(st.lists(st.sampled_from(["battery", "price", "the", "high", "life", "数据"]), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_parts_add_up_to_the_score_and_are_raw_values_times_weights(
    searcher: Searcher, words: list[str]
) -> None:
    for hit, explanation in of_all(searcher, searcher.query(" ".join(words))).values():
        names = [
            name for name in ("lexical", "passage", "sentence") if getattr(explanation.raw, name) is not None
        ]
        parts, raw, weights = (
            [getattr(of, name) for name in names]
            for of in (explanation.parts, explanation.raw, explanation.weights)
        )
        assert sum(Decimal(str(part)) for part in parts) == Decimal(str(hit.score))
        assert parts == pytest.approx([r * w for r, w in zip(raw, weights, strict=True)], abs=2e-6)
        assert sum(weights) == pytest.approx(1.0)


def test_what_was_filtered_counts_live_passages(tmp_path: Path) -> None:
    gone = an_article("gone", "One.", "Two.")
    segment = a_segment(tmp_path, WordEmbedder("battery"), PHONE, SHOP, gone)
    dead = segment.articles.numbers_of(["gone"])
    searcher = Searcher("snapshot", [Part(segment, dead)], WordEmbedder("battery"), Config())
    assert filtered(searcher, searcher.query("battery")) == Filtered(2, 2)
    assert filtered(searcher, searcher.query("battery", Filter(languages=("nl",)))) == Filtered(1, 2)
    assert filtered(searcher, searcher.query("battery", Filter(articles=("gone",)))) == Filtered(0, 2)
