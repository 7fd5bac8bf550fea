"""Spans, and the names of passages."""

import string
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Excluded, Passage, Span, parse_passage_id, passage_id
from citewell.corpus.errors import UnknownPassage

SHA = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("span", "words"),
    [(Span(0, 2), "🙂é"), (Span(2, 4), "你好"), (Span(4, 5), "."), (Span(1, 1), "")],
)
def test_a_span_counts_code_points_and_leaves_its_end_out(span: Span, words: str) -> None:
    assert span.of("🙂é你好.") == words


def test_spans_are_ordered_by_where_they_start_then_where_they_end() -> None:
    assert sorted([Span(3, 4), Span(0, 9), Span(0, 2)]) == [Span(0, 2), Span(0, 9), Span(3, 4)]


def test_values_cannot_be_changed() -> None:
    passage = Passage(Span(0, 1), None, None, (Span(0, 1),))
    with pytest.raises(FrozenInstanceError):
        passage.heading = "another"  # type: ignore[misc]


def test_equal_values_are_one_key() -> None:
    kept = {
        Passage(Span(0, 1), "A", None, (Span(0, 1),)): "passage",
        Excluded(Span(1, 2), "loading"): "excluded",
    }
    assert kept[Passage(Span(0, 1), "A", None, (Span(0, 1),))] == "passage"
    assert kept[Excluded(Span(1, 2), "loading")] == "excluded"


def test_a_passage_is_named_by_article_text_and_place() -> None:
    assert passage_id("gtc-2026", SHA, Span(120, 480)) == "gtc-2026.0123456789ab.120-480"


article_ids = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(article_ids, st.integers(0, 10**7), st.integers(1, 10**5))
def test_a_passage_name_says_where_the_passage_stands(article_id: str, start: int, length: int) -> None:
    """Article ids may hold dots and hyphens themselves."""
    span = Span(start, start + length)
    assert parse_passage_id(passage_id(article_id, SHA, span)) == (article_id, SHA[:12], span)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gtc",
        "gtc.0123456789ab",
        "gtc.0-5",
        ".0123456789ab.0-5",  # no article
        "gtc.0123456789.0-5",  # SHA too short
        "gtc.0123456789abc.0-5",  # and too long
        "gtc.0123456789ab.5",
        "gtc.0123456789ab.5-",
        "gtc.0123456789ab.5-5",  # an empty passage
        "gtc.0123456789ab.9-5",
        "gtc.0123456789ab.a-b",
        "gtc.0123456789ab.²-³",  # digits, but no numbers
        "gtc.0123456789ab.0 - 5",
        "gtc.0123456789ab.0-5-x",  # something too much
        "gtc.0123456789ab.-0-5",
        "gtc.0123456789ab.0--5",
        "gtc.0123456789ab.0-" + "9" * 5000,  # no text is so long
    ],
)
def test_what_is_no_passage_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownPassage) as refused:
        parse_passage_id(name)
    assert refused.value.passage_id == name
