"""What is indexed for a passage and for a sentence."""

import hashlib

import pytest

from citewell.corpus.article import LONGEST_LINE, Passage, Span
from citewell.corpus.passages import Bounds, cut
from citewell.index.build import BUILD_RECIPE, sentence_with_header, with_context

TABLE = "Prices\n\n| Model | Cost |\n|---|---|\n| A | 1 |\n| B | 2 |\n"


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    ("title", "heading", "indexed"),
    [
        ("News", "Prices", "News\nPrices\nIt costs 3."),
        ("News", None, "News\nIt costs 3."),
        ("", "News", "News\nIt costs 3."),
        ("News", "News", "News\nIt costs 3."),
        ("It costs", None, "It costs 3."),  # said already
    ],
)
def test_a_passage_is_indexed_under_its_title_and_heading(
    title: str, heading: str | None, indexed: str
) -> None:
    passage = Passage(Span(0, 12), heading, None, (Span(0, 11),))
    assert with_context(title, passage, "It costs 3.\n") == indexed


def test_a_table_row_is_embedded_with_its_header() -> None:
    (passage,) = cut(TABLE, "en", words).passages
    rows = [sentence_with_header(sentence, passage, TABLE) for sentence in passage.sentences]
    assert rows == ["| Model | Cost |\n| A | 1 |", "| Model | Cost |\n| B | 2 |"]


def test_a_row_in_a_passage_of_its_own_keeps_the_header_of_its_table() -> None:
    tiny = Bounds(least_words=1, target_words=2, most_words=4, most_tokens=100)
    passages = cut(TABLE, "en", words, tiny).passages
    last = passages[-1]
    assert last.span.of(TABLE) == "| B | 2 |\n"
    assert sentence_with_header(last.sentences[0], last, TABLE) == "| Model | Cost |\n| B | 2 |"
    assert with_context("News", last, TABLE) == "News\nPrices\n| Model | Cost |\n| B | 2 |"


def test_a_sentence_stands_for_itself() -> None:
    text = "One thing. Another thing."
    (passage,) = cut(text, "en", words).passages
    assert [sentence_with_header(s, passage, text) for s in passage.sentences] == [
        "One thing.",
        "Another thing.",
    ]


def test_an_index_names_how_its_passages_were_put_in_context() -> None:
    """Whoever changes what this digest is of has to count the recipe up: an earlier index is then built anew."""
    endless = "x" * (LONGEST_LINE + 1)
    table = f"Prices\n\n| Model | {endless} |\n|---|---|\n| A | 1 |\n"
    (passage,) = cut(table, "en", words).passages
    given = [
        with_context("News", Passage(Span(0, 6), "Prices", None, ()), "It costs 3."),
        with_context(endless, Passage(Span(0, 6), endless + "y", Span(0, 11), ()), "It costs 3."),
        *(sentence_with_header(sentence, passage, table) for sentence in passage.sentences),
    ]
    digest = hashlib.sha256("\0".join(given).encode()).hexdigest()[:16]
    assert (BUILD_RECIPE.split()[-1], digest) == ("context-2", "9f5e5300e3a2cb90")
