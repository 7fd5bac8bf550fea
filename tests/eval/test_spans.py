"""Characters returned against characters of evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.eval.locate import Located
from citewell.eval.spans import Overlap, overlap, overlaps


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Span(0, 5), Span(4, 9), True),
        (Span(0, 5), Span(5, 9), False),
        (Span(0, 9), Span(3, 4), True),
        (Span(3, 4), Span(3, 4), True),
    ],
    ids=["one code point", "neighbours", "inside", "equal"],
)
def test_spans_overlap_when_they_share_a_code_point(one: Span, other: Span, expected: bool) -> None:
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected


def piece(article: str, *spans: tuple[int, int]) -> Located:
    return Located(article, "sha", tuple(Span(*span) for span in spans))


@pytest.mark.parametrize(
    ("returned", "evidence", "expected"),
    [
        pytest.param([("a", 0, 100)], [piece("a", (40, 60))], Overlap(100, 20, 20), id="inside"),
        pytest.param([("a", 0, 50)], [piece("a", (40, 60))], Overlap(50, 20, 10), id="half of it"),
        pytest.param([("a", 0, 50), ("a", 50, 90)], [piece("a", (40, 60))], Overlap(90, 20, 20), id="over an edge"),
        pytest.param([("a", 0, 50), ("a", 20, 70)], [piece("a", (40, 60))], Overlap(70, 20, 20), id="each counts once"),
        pytest.param([("b", 0, 100)], [piece("a", (40, 60))], Overlap(100, 20, 0), id="another article"),
        pytest.param([("a", 0, 10)], [piece("a", (50, 60), (0, 8))], Overlap(10, 8, 8), id="the better of two places"),
        pytest.param([], [piece("a", (50, 60), (0, 10))], Overlap(0, 10, 0), id="nothing returned"),
        pytest.param([("a", 0, 9)], [piece("a", (0, 4)), piece("a", (2, 6))], Overlap(9, 6, 6), id="two pieces overlap"),
        pytest.param([("a", 0, 9)], [piece("a", (0, 4)), piece("b", (0, 6))], Overlap(9, 10, 4), id="two articles"),
    ],
)  # fmt: skip
def test_characters_are_counted_once(
    returned: list[tuple[str, int, int]], evidence: list[Located], expected: Overlap
) -> None:
    assert overlap([(article, Span(start, end)) for article, start, end in returned], evidence) == expected


def test_shares_of_an_overlap() -> None:
    found = Overlap(returned=50, evidence=20, both=10)
    assert (found.precision, found.recall, found.iou) == (0.2, 0.5, 10 / 60)
    nothing = Overlap(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.iou) == (0, 0, 0)


SPANS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 10)).map(lambda s: (s[0], Span(s[1], s[1] + s[2]))),
    max_size=6,
)  # fmt: skip


@given(SPANS, SPANS)
def test_an_overlap_is_that_of_sets_of_characters(
    returned: list[tuple[str, Span]], evidence: list[tuple[str, Span]]
) -> None:
    ours, theirs = (
        {(article, at) for article, span in spans for at in range(span.start, span.end)}
        for spans in (returned, evidence)
    )
    found = overlap(returned, [Located(article, "sha", (span,)) for article, span in evidence])
    assert found == Overlap(len(ours), len(theirs), len(ours & theirs))
