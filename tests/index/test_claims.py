"""Citations read from JSON of any age and any kind."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.corpus.errors import NotJson
from citewell.index.claims import Claim, claim_of, read_claims

CITATION: dict[str, Any] = {
    "article": {"id": "bees", "version": "5ha"},
    "quote": {"start": 3, "end": 9, "text": "make h"},
}
CLAIM = Claim("bees", "5ha", Span(3, 9), "make h")
ANSWER = {"question": "?", "verdict": "answered", "citations": [CITATION, CITATION], "took_ms": 1.5}
NO_SPAN = "quote.start and quote.end are no span: whole numbers, 0 <= start < end"


def written(*documents: object) -> bytes:
    return "\n".join(map(json.dumps, documents)).encode()


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (written(CITATION), 1),
        (written([CITATION]), 1),
        (written([CITATION, CITATION]), 2),
        (written(ANSWER), 2),
        (written([ANSWER, CITATION, ANSWER]), 5),
        (written([]), 0),
        (written({"citations": []}), 0),
        (json.dumps(ANSWER, indent=2).encode(), 2),
        (written(CITATION, CITATION, CITATION), 3),
        (written(ANSWER, [CITATION], CITATION), 4),
        (written(CITATION, CITATION) + b"\n\n", 2),
        (b"\r\n" + written(CITATION, CITATION).replace(b"\n", b"\r\n"), 2),
        (b"\xef\xbb\xbf" + written(CITATION), 1),
    ],
    ids=[
        *("one", "a list of one", "a list", "an answer", "a list of both", "an empty list", "no citations"),
        *("indented", "lines", "lines of all kinds", "blank lines", "CRLF", "byte order mark"),
    ],
)  # fmt: skip
def test_a_citation_an_answer_or_a_list_of_either_is_read(raw: bytes, count: int) -> None:
    assert read_claims(raw) == [CLAIM] * count


def test_everything_else_that_a_citation_says_is_ignored() -> None:
    article = {**CITATION["article"], "title": 5, "revision": "x"}
    quote = {**CITATION["quote"], "highlight": [[]], "page": float("nan")}
    said = {"rank": None, "article": article, "passage": "gone", "quote": quote, "links": {}}
    assert claim_of(said) == claim_of({**said, "citations": None}) == CLAIM


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty; give citations, as an answer has them"),
        (b" \n\t\r\n", "empty; give citations, as an answer has them"),
        (b"\xef\xbb\xbf", "empty; give citations, as an answer has them"),
        (b"caf\xe9", "not UTF-8 at byte 3; save it as UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8 at byte 0; save it as UTF-8"),
        (b"not JSON", "not JSON at line 1, column 1: Expecting value"),
        (b'{"article": ', "not JSON at line 1, column 13: Expecting value"),
        (json.dumps(ANSWER, indent=2).encode()[:90], "not JSON at line 7, column"),
        (written(CITATION, CITATION)[:-5], "not JSON at line 2, column"),
        (written(CITATION) + b"\n\nx", "not JSON at line 3, column 1"),
        (b"[" * 100_000 + b"]" * 100_000, "not a citation: nested too deeply"),
        (b'{"a":' * 100_000, "not a citation: nested too deeply"),
        (b"[" + b"9" * 5_000 + b"]", "not a citation: a number in it has thousands of digits"),
        (written(CITATION) + b"\n" + b"9" * 5_000, "not a citation: a number in it has thousands of digits"),
    ],
)
def test_what_is_not_json_is_refused_with_the_place(raw: bytes, said: str) -> None:
    with pytest.raises(NotJson) as refused:
        read_claims(raw)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (("article",), "article.id is missing, empty or no text"),
        (("article", "id"), "article.id is missing, empty or no text"),
        (("article", "version"), "article.version is missing, empty or no text"),
        (("quote",), "quote.text is missing, empty or no text"),
        (("quote", "text"), "quote.text is missing, empty or no text"),
        (("quote", "start"), NO_SPAN),
        (("quote", "end"), NO_SPAN),
    ],
)
@pytest.mark.parametrize("value", [..., None, "", [], {}, 1.5, True, [3], {"start": 3}], ids=repr)
def test_what_a_citation_does_not_say_as_it_should_is_named(
    path: tuple[str, ...], fault: str, value: object
) -> None:
    said = json.loads(json.dumps(CITATION))
    inside = said[path[0]] if len(path) == 2 else said
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    assert claim_of(said).fault == fault


@pytest.mark.parametrize("said", [None, True, 0, 1.5, "", "bees", [], [CITATION], [[]]], ids=repr)
def test_what_is_no_object_is_no_citation(said: object) -> None:
    assert claim_of(said) == Claim(None, None, None, None, "article.id is missing, empty or no text")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (-1, 9),
        (9, 3),
        (3, 3),
        (0, 0),
        (-9, -3),
        (3.0, 9),
        (3, 9.0),
        ("3", "9"),
        (False, True),
        (None, 9),
        (3, None),
    ],
)
def test_a_span_is_two_whole_numbers_in_order(start: object, end: object) -> None:
    claim = claim_of({**CITATION, "quote": {"start": start, "end": end, "text": "make h"}})
    assert claim == Claim("bees", "5ha", None, "make h", NO_SPAN)


def test_a_huge_span_is_one() -> None:
    claim = claim_of({**CITATION, "quote": {"start": 10**300, "end": 10**301, "text": "make h"}})
    assert (claim.span, claim.fault) == (Span(10**300, 10**301), None)


def test_names_are_made_storable_and_quotes_are_left_as_they_are() -> None:
    """A lone surrogate cannot be asked for in the store; a quote with one is not the text."""
    claim = claim_of(
        {"article": {"id": "b\ud800", "version": "\0"}, "quote": {"start": 0, "end": 1, "text": "\ud800"}}
    )
    assert claim == Claim("b\ufffd", "\ufffd", Span(0, 1), "\ud800")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["article", "quote", "citations", "id", "version", "start", "end", "text"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_any_json_can_be_read(said: object) -> None:
    for claim in read_claims(written(said)):
        assert (claim.fault is None) == (
            None not in (claim.article_id, claim.version, claim.span, claim.quote)
        )


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(NotJson):
        read_claims(raw)
