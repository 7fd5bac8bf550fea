"""A text cut into passages: exact small cases, then what holds of every cut."""

import textwrap
from dataclasses import dataclass, field

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Cut, Passage, Span
from citewell.corpus.passages import Bounds, cut, whole
from citewell.corpus.text import normalise
from tests.corpus.checks import (
    assert_sentences_fit,
    assert_tiles,
    assert_whole,
    assert_within_bounds,
    table_rows,
)

SMALL = Bounds(least_words=6, target_words=12, most_words=20, most_tokens=30)


def count_tokens(text: str) -> int:
    """Words, and each Chinese character by itself, as a word-piece tokenizer has it."""
    return len(regex.findall(r"\p{Han}|[^\s\p{Han}]+", text))


def pieces(text: str, bounds: Bounds = SMALL) -> list[str]:
    return [passage.span.of(text) for passage in cut(text, "en", count_tokens, bounds).passages]


# -- exact small cases ------------------------------------------------------------------------------------------

EIGHT = "Here are eight words of a short sentence."
SIX = "Six words are enough for it."


def test_a_short_text_is_one_passage() -> None:
    assert cut("\n# Chips\n\nOne. Two 🙂.\n", "en", count_tokens, SMALL) == Cut(
        passages=(Passage(Span(0, 22), "Chips", None, (Span(10, 14), Span(15, 21))),), excluded=()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{EIGHT}\n", [f"{EIGHT}\n"]),
        (f"  {EIGHT}  ", [f"  {EIGHT}  "]),
        (  # a paragraph is a better place than the middle of one
            f"{EIGHT} {SIX}\n\n{SIX} {EIGHT}\n",
            [f"{EIGHT} {SIX}\n\n", f"{SIX} {EIGHT}\n"],
        ),
        (  # a heading goes with what it heads
            f"{EIGHT} {SIX}\n\n# Power\n\n{EIGHT}\n",
            [f"{EIGHT} {SIX}\n\n", f"# Power\n\n{EIGHT}\n"],
        ),
        (  # six words alone are enough, five go with a neighbour
            f"{EIGHT} {SIX}\n\n{SIX}\n",
            [f"{EIGHT} {SIX}\n\n{SIX}\n"],
        ),
        (
            f"{EIGHT} {EIGHT}\n\nOnly five words are here.\n\n{EIGHT}\n",
            [f"{EIGHT} {EIGHT}\n\n", f"Only five words are here.\n\n{EIGHT}\n"],
        ),
        ("🙂 " + EIGHT + "\n\n你好。\n", ["🙂 " + EIGHT + "\n\n你好。\n"]),
    ],
)
def test_a_text_is_cut_at(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_passage_has_at_most_220_words_and_250_tokens_and_as_a_rule_60_words() -> None:
    bounds = Bounds()
    assert (bounds.least_words, bounds.most_words, bounds.most_tokens) == (60, 220, 250)


def test_a_heading_begins_a_passage_where_both_sides_are_large_enough() -> None:
    """Even though all of it would fit one passage of about the size that is aimed at."""
    assert pieces(f"{SIX}\n\n# Power\n\n{SIX}\n") == [f"{SIX}\n\n", f"# Power\n\n{SIX}\n"]


def test_a_heading_does_not_end_a_passage() -> None:
    """Even where the sizes would be more even if it did."""
    before = "Here are seven words of a sentence."
    heading = "# The power that chips need"
    behind = "Here " + "are more words " * 4 + "than before."
    assert pieces(f"{before}\n\n{heading}\n\n{behind}\n") == [f"{before}\n\n", f"{heading}\n\n{behind}\n"]


def test_a_long_sentence_stands_alone() -> None:
    long = "This sentence has " + "very " * 20 + "many words."
    assert pieces(f"{EIGHT}\n\n{long}\n\n{EIGHT}\n") == [f"{EIGHT}\n\n", f"{long}\n\n", f"{EIGHT}\n"]


def test_a_sentence_with_many_tokens_stands_alone() -> None:
    """Few words may be many tokens."""
    marks = "Marks " + "· " * 28 + "end."
    assert pieces(f"{EIGHT}\n\n{marks}\n\n{EIGHT}\n") == [f"{EIGHT}\n\n", f"{marks}\n\n", f"{EIGHT}\n"]


TABLE = "| Model | Price in dollars |\n|---|---|\n"
ROWS = [f"| Model {letter} | It costs {n} dollars. It is sold. |\n" for n, letter in enumerate("ABCDEF")]


def test_rows_are_not_divided_and_know_the_header_of_their_table() -> None:
    text = f"Prices\n\n{TABLE}{''.join(ROWS)}"
    header = Span(8, 36)
    assert header.of(text) == "| Model | Price in dollars |"
    found = [
        (p.span.of(text), p.heading, p.table_header) for p in cut(text, "en", count_tokens, SMALL).passages
    ]
    assert found == [
        (f"Prices\n\n{TABLE}{ROWS[0]}", "Prices", None),
        (ROWS[1] + ROWS[2], "Prices", header),
        (ROWS[3] + ROWS[4], "Prices", header),
        (ROWS[5], "Prices", header),
    ]


def test_the_header_of_a_table_is_its_line_without_blanks_at_the_ends() -> None:
    text = f"  | Model | Price |  \n|---|---|\n{''.join(ROWS)}"
    headers = {
        p.table_header and p.table_header.of(text) for p in cut(text, "en", count_tokens, SMALL).passages
    }
    assert headers == {None, "| Model | Price |"}


def test_a_passage_of_a_second_table_has_the_header_of_that_table() -> None:
    second = "| Maker | City of its seat |\n|---|---|\n"
    text = f"{TABLE}{ROWS[0]}{ROWS[1]}\n{second}{''.join(ROWS)}"
    last = cut(text, "en", count_tokens, SMALL).passages[-1]
    assert last.table_header is not None
    assert last.table_header.of(text) == "| Maker | City of its seat |"


def test_a_passage_below_a_table_has_no_header() -> None:
    text = f"{TABLE}{''.join(ROWS)}\n{EIGHT} {EIGHT}\n"
    assert cut(text, "en", count_tokens, SMALL).passages[-1].table_header is None


def test_rows_without_a_head_do_not_take_that_of_an_earlier_table() -> None:
    text = f"{TABLE}{ROWS[0]}\n{EIGHT} {EIGHT}\n\n{ROWS[1]}{ROWS[2]}"
    last = cut(text, "en", count_tokens, SMALL).passages[-1]
    assert (last.span.of(text), last.table_header) == (ROWS[1] + ROWS[2], None)


def test_sentences_are_the_evidence_and_headings_and_marks_are_not() -> None:
    text = "# Chips\n\n- One item here.\n- Another. 🙂 And one.\n\n| A | B |\n|---|---|\n| a | b |\n"
    (passage,) = cut(text, "en", count_tokens, Bounds()).passages
    assert [sentence.of(text) for sentence in passage.sentences] == [
        "One item here.",
        "Another.",
        "🙂 And one.",
        "| a | b |",
    ]


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("# Only a heading\n", ["# Only a heading"]),
        ("\n\n  # Only a heading \n\n", ["# Only a heading"]),
        ("# One\n## Two\n", ["# One", "## Two"]),
        ("\n***\n", ["***"]),
        ("| A | B |\n|---|---|\n", ["| A | B |\n|---|---|"]),
    ],
)
def test_where_there_is_nothing_but_headings_they_are_the_evidence(text: str, evidence: list[str]) -> None:
    (passage,) = cut(text, "en", count_tokens).passages
    assert [sentence.of(text) for sentence in passage.sentences] == evidence


def headings(text: str) -> list[tuple[str | None, str]]:
    return [(p.heading, p.span.of(text).strip()) for p in cut(text, "en", count_tokens, SMALL).passages]


def test_a_passage_has_the_nearest_heading_above_it_or_at_its_start() -> None:
    body = f"{EIGHT} {EIGHT}"
    text = f"{body}\n\n# First\n\n{body}\n\n{body}\n\n## **Second** ##\n\n{body}\n"
    assert headings(text) == [
        (None, body),
        ("First", f"# First\n\n{body}"),
        ("First", body),
        ("Second", f"## **Second** ##\n\n{body}"),
    ]


def test_a_heading_inside_a_passage_holds_for_the_next_one() -> None:
    begin, body = f"Four words are here.\n\n# Inside\n\n{EIGHT}", f"{EIGHT} {EIGHT}"
    assert headings(f"{begin}\n\n{body}\n") == [(None, begin), ("Inside", body)]


def test_a_heading_keeps_the_signs_that_belong_to_its_words() -> None:
    assert headings(f"## Programming in C#\n\n{EIGHT}\n")[0][0] == "Programming in C#"


def test_a_heading_holds_for_the_passages_behind_a_leftover_too() -> None:
    body = f"{EIGHT} {EIGHT}"
    assert headings(f"# First\n\n{body}\n\nAdvertisement\n\n{body}\n") == [
        ("First", f"# First\n\n{body}"),
        ("First", body),
    ]


def test_a_leftover_lies_between_passages_and_never_in_one() -> None:
    text = f"Blog\n{EIGHT}\n\nAdvertisement\n\n{SIX}\nLoading comments..."
    found = cut(text, "en", count_tokens)
    assert [p.span.of(text) for p in found.passages] == [f"{EIGHT}\n\n", f"{SIX}\n"]
    assert [(e.rule, e.span.of(text)) for e in found.excluded] == [
        ("navigation", "Blog\n"),
        ("navigation", "Advertisement\n\n"),
        ("loading", "Loading comments..."),
    ]


def test_a_leftover_that_is_not_to_be_cleaned_is_part_of_a_passage() -> None:
    text = f"Blog\n{EIGHT}\nLoading comments...\n"
    found = cut(text, "en", count_tokens, clean=False)
    assert ([p.span for p in found.passages], found.excluded) == ([Span(0, len(text))], ())


@pytest.mark.parametrize("text", ["", "\n", " \n\t\u00a0\n"])
def test_a_text_of_white_space_has_no_passage(text: str) -> None:
    assert cut(text, "en", count_tokens) == Cut((), ())


def test_a_text_of_leftovers_has_no_passage() -> None:
    text = "\nLoading...\n\n"
    found = cut(text, "en", count_tokens)
    assert (found.passages, [e.span for e in found.excluded]) == ((), [Span(0, len(text))])


@pytest.mark.parametrize(
    "text", [EIGHT, f"\n {EIGHT}\n\n{SIX}\n" * 40, f"{TABLE}{''.join(ROWS)}" * 10, f"Blog\n\n{EIGHT}\n"]
)
def test_whole_gives_a_single_passage(text: str) -> None:
    found = whole(text, "en")
    assert ([p.span for p in found.passages], found.excluded) == ([Span(0, len(text))], ())
    assert_sentences_fit(found, text)
    assert (found.passages[0].heading, found.passages[0].table_header) == (None, None)


# -- what holds of every cut ------------------------------------------------------------------------------------


@dataclass
class Page:
    """A text made of parts, and where the pieces stand that no cut may divide."""

    text: str = ""
    pieces: list[Span] = field(default_factory=list)
    header_of: dict[int, Span] = field(default_factory=dict)  # by the start of the row

    def add(self, piece: str, behind: str) -> Span:
        span = Span(len(self.text), len(self.text) + len(piece))
        self.pieces.append(span)
        self.text += piece + behind
        return span


some_words = st.lists(
    st.sampled_from(
        [
            "chips",
            "models",
            "the",
            "of",
            "Nvidia",
            "café",
            "3.14",
            "$0.75",
            "power-hungry",
            "2026,",
            "(new)",
            "data",
            "🙂",
            "“capability”",
            "450MW",
            "e.g.",
            "Dr.",
        ]
    ),
    min_size=1,
    max_size=18,
).map(" ".join)
many_words = st.integers(150, 190).map(lambda n: "word " * n + "more")
english = st.builds(
    "{} {} {}".format,
    st.sampled_from(["Here", "Élan", "In 2026", "🙂 So"]),
    some_words | some_words | some_words | many_words,
    st.sampled_from(["ended.", "began!", "grew?", "was “over.”"]),
)
chinese = st.lists(st.sampled_from("人工智能正在改变世界"), min_size=2, max_size=90).map(
    lambda c: "".join(c) + "。"
)
cell = st.sampled_from(
    [
        "1",
        "$0.75",
        "Tool use. Cheaper than others.",
        "Dr. Li? Yes!",
        "人工智能。",
        "🙂",
        "",
        "many more words " * 12,
    ]
)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    page = Page(draw(st.sampled_from(["", "\n", " \n\n", "Blog\n", "\nHome\n\n"])))
    for part in draw(
        st.lists(
            st.sampled_from(
                [
                    "heading",
                    "plain heading",
                    "paragraph",
                    "paragraph",
                    "wrapped",
                    "list",
                    "table",
                    "leftover",
                    "code",
                    "cjk",
                ]
            ),
            min_size=1,
            max_size=9,
        )
    ):
        _PARTS[part](draw, page)
        page.text += draw(st.sampled_from(["\n", "\n", "\n\n", "\n \t\n"]))
    return page


def _heading(draw: st.DrawFn, page: Page) -> None:
    page.add(draw(st.sampled_from(["# ", "### "])) + draw(some_words), "\n")


def _plain_heading(draw: st.DrawFn, page: Page) -> None:
    page.add(draw(st.sampled_from(["What It Means", "2. The Models of 2026", "🙂", "中文标题"])), "\n")


def _paragraph(draw: st.DrawFn, page: Page) -> None:
    sentences = draw(st.lists(english, min_size=1, max_size=8))
    for sentence in sentences[:-1]:
        page.add(sentence, " ")
    page.add(sentences[-1], "\n")


def _wrapped(draw: st.DrawFn, page: Page) -> None:
    """A paragraph in lines of one width, set off by blank lines; none of them ends with an abbreviation."""
    sentences = draw(
        st.lists(english.map(lambda s: s.replace("Dr.", "Ms").replace("e.g.", "as")), min_size=1, max_size=6)
    )
    wrapped = textwrap.fill(
        " ".join(sentences), draw(st.integers(70, 100)), break_long_words=False, break_on_hyphens=False
    )
    page.text += "\n"
    at = len(page.text)
    page.text += wrapped + "\n\n"
    for sentence in sentences:
        page.pieces.append(Span(at, at + len(sentence)))
        at += len(sentence) + 1


def _list(draw: st.DrawFn, page: Page) -> None:
    marks = draw(st.sampled_from([["-"] * 9, ["•"] * 9, [f"{n}." for n in range(1, 10)]]))
    for mark, item in zip(marks, draw(st.lists(english, min_size=1, max_size=9)), strict=False):
        page.text += mark + " "
        page.add(item, "\n")


def _table(draw: st.DrawFn, page: Page) -> None:
    columns = draw(st.integers(2, 4))
    begin, end = draw(
        st.sampled_from([("| ", " |"), ("| ", " |"), ("x ", " y")])
    )  # with outer pipes or without
    page.text += "\n"

    def row(cells: list[str]) -> str:
        return begin + " | ".join(cells) + end

    header = page.add(row(["Model"] * columns), "\n")
    page.text += row(["---"] * columns).replace("x", "").replace("y", "").strip() + "\n"
    for _ in range(draw(st.integers(0, 40))):
        cells = [draw(cell) for _ in range(columns)]
        page.header_of[page.add(row(cells), "\n").start] = header
    page.text += "\n"


def _leftover(draw: st.DrawFn, page: Page) -> None:
    page.add(
        draw(
            st.sampled_from(
                [
                    "Loading comments...",
                    "Comments",
                    "Advertisement",
                    "Share this article",
                    "Related topics",
                    "Blog",
                ]
            )
        ),
        "\n",
    )


def _code(draw: st.DrawFn, page: Page) -> None:
    page.text += "```python\n"
    for line in draw(
        st.lists(st.sampled_from(["x = 1", "# no heading", "print(x)  # So. It ends.", ""]), max_size=9)
    ):
        page.add(line, "\n")
    page.text += "```\n"


def _cjk(draw: st.DrawFn, page: Page) -> None:
    for sentence in draw(st.lists(chinese, min_size=1, max_size=6)):
        page.add(sentence, "")
    page.text += "\n"


_PARTS = {
    "heading": _heading,
    "plain heading": _plain_heading,
    "paragraph": _paragraph,
    "wrapped": _wrapped,
    "list": _list,
    "table": _table,
    "leftover": _leftover,
    "code": _code,
    "cjk": _cjk,
}


@settings(max_examples=200, deadline=None)
@given(pages(), st.sampled_from([Bounds(), Bounds(), SMALL]))
def test_a_cut_tiles_the_text_and_divides_no_sentence_and_no_row(page: Page, bounds: Bounds) -> None:
    found = cut(page.text, "en", count_tokens, bounds)
    assert_tiles(found, page.text)
    assert_whole(found, page.pieces, page.text)
    assert_whole(found, table_rows(page.text), page.text)
    assert_sentences_fit(found, page.text)


@settings(max_examples=200, deadline=None)
@given(pages(), st.sampled_from([Bounds(), Bounds(), SMALL]))
def test_passages_keep_to_their_bounds(page: Page, bounds: Bounds) -> None:
    assert_within_bounds(cut(page.text, "en", count_tokens, bounds), page.text, count_tokens, bounds)


@settings(max_examples=150, deadline=None)
@given(pages())
def test_a_passage_has_a_table_header_just_if_it_begins_with_a_row_below_it(page: Page) -> None:
    for passage in cut(page.text, "en", count_tokens, SMALL).passages:
        words = passage.span.of(page.text)
        begins = passage.span.start + len(words) - len(words.lstrip())
        assert passage.table_header == page.header_of.get(begins)


@settings(max_examples=100, deadline=None)
@given(pages())
def test_the_same_text_is_cut_the_same_way(page: Page) -> None:
    assert cut(page.text, "en", count_tokens) == cut(page.text, "en", count_tokens)


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("#-|`~1.* \n\tAb。🙂\u00a0人"), max_size=80) | st.text(max_size=60),
    st.sampled_from(["en", "nl", None]),
)
def test_any_text_that_holds_something_is_tiled(raw: str, language: str | None) -> None:
    text = normalise(raw)
    found = cut(text, language, count_tokens, SMALL)
    if text.strip():
        assert_tiles(found, text)
        assert_sentences_fit(found, text)
    else:
        assert found == Cut((), ())
