"""Headings, paragraphs, list items, tables and code, found line by line."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.corpus.blocks import Kind, blocks

HEADING, PARAGRAPH, ITEM = Kind.HEADING, Kind.PARAGRAPH, Kind.LIST_ITEM
HEAD, ROW, CODE = Kind.TABLE_HEAD, Kind.TABLE_ROW, Kind.CODE
PROSE = "A sentence of prose that is much too long to be taken for a heading, and that ends with a full stop."


def found(text: str) -> list[tuple[Kind, str]]:
    return [(block.kind, block.span.of(text)) for block in blocks(text, Span(0, len(text)))]


# -- headings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("# One", HEADING),
        ("###### Six", HEADING),
        ("   ## Indented", HEADING),
        ("## Ends with a full stop.", HEADING),
        ("##\tTab", HEADING),
        ("##", HEADING),
        ("####### Seven is too many.", PARAGRAPH),
        ("#hashtag is no heading.", PARAGRAPH),
    ],
)
def test_one_to_six_number_signs_and_a_blank_make_a_heading(line: str, kind: Kind) -> None:
    assert found(f"{line}\n{PROSE}\n") == [(kind, line.strip()), (PARAGRAPH, PROSE)]


@pytest.mark.parametrize(
    "line",
    [
        "What the Pattern Means",
        "NVIDIA Calls the $1 Trillion Market",
        "1. Nvidia GTC 2026 — agentic AI moves into infrastructure",
        "2026 in figures",
        "“Quoted” words",
        "(In brackets)",
        "Éclairs",
        "人工智能",
        "One two three four five six seven eight nine ten eleven twelve",
    ],
)
def test_a_short_line_without_a_full_stop_above_prose_is_a_heading(line: str) -> None:
    assert found(f"{line}\n{PROSE}\n") == [(HEADING, line), (PARAGRAPH, PROSE)]
    assert found(f"{PROSE}\n\n{line}\n\n{PROSE}\n") == [
        (PARAGRAPH, PROSE),
        (HEADING, line),
        (PARAGRAPH, PROSE),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "It is over.",
        "Is it over?",
        "Stop!",
        "Our specific predictions:",
        "To begin with,",
        "结束了。",
        "真的吗?",
        "lower case begins no title",
        "… nor does an ellipsis",
        "One two three four five six seven eight nine ten eleven twelve thirteen",
    ],
)
def test_a_line_that_reads_like_prose_is_a_paragraph(line: str) -> None:
    assert found(f"{line}\n{PROSE}\n") == [(PARAGRAPH, line), (PARAGRAPH, PROSE)]


def test_the_last_line_of_a_text_heads_nothing() -> None:
    assert found(f"{PROSE}\n\nThe end\n") == [(PARAGRAPH, PROSE), (PARAGRAPH, "The end")]


def test_headings_may_follow_one_another() -> None:
    text = f"Enterprise AI\n4. Claude Partner Network — distribution becomes a moat\nA source — Anthropic\n{PROSE}\n"
    assert [kind for kind, _ in found(text)] == [HEADING, HEADING, HEADING, PARAGRAPH]


# -- paragraphs -------------------------------------------------------------------------------------------------


def test_every_unwrapped_line_is_a_paragraph_of_its_own() -> None:
    text = f"{PROSE}\n{PROSE}\n\n\n  {PROSE}  \n"
    assert found(text) == [(PARAGRAPH, PROSE)] * 3


WRAPPED = textwrap.dedent("""\
    The easiest way to see the change is at the consumer edge. If the
    model moves into the app, the firm will not be adding one more
    feature. It will be putting a costly tool behind a common box
    """)


def test_a_hard_wrapped_paragraph_is_one_block() -> None:
    assert found(WRAPPED) == [(PARAGRAPH, WRAPPED.strip())]


def test_hard_wrapped_paragraphs_are_told_apart_by_a_blank_line() -> None:
    assert found(f"{WRAPPED}\n{WRAPPED}") == [(PARAGRAPH, WRAPPED.strip())] * 2


def test_a_heading_above_a_hard_wrapped_paragraph_stays_a_heading() -> None:
    assert found(f"The control panel\n\n{WRAPPED}") == [
        (HEADING, "The control panel"),
        (PARAGRAPH, WRAPPED.strip()),
    ]


def test_an_abbreviation_at_the_end_of_a_wrapped_line_ends_nothing() -> None:
    text = (
        "The commission wrote in its report that it had met Dr.\n"
        "Smith in Ghent, where the second round was held in May,\n"
        "and that the talks had gone well for both sides.\n"
    )
    assert found(text) == [(PARAGRAPH, text.strip())]


words = st.lists(
    st.sampled_from(
        [
            "the",
            "of",
            "model",
            "chip",
            "factory",
            "inference",
            "Nvidia",
            "2026",
            "café",
            "3.5",
            "power,",
            "grid",
            "(new)",
        ]
    ),
    min_size=1,
    max_size=80,
)


@settings(max_examples=100, deadline=None)
@given(words, st.integers(60, 110))
def test_a_paragraph_wrapped_at_any_usual_width_is_one_block(paragraph: list[str], width: int) -> None:
    wrapped = textwrap.fill(" ".join(["Then", *paragraph, "ended."]), width, break_long_words=False)
    assert found(wrapped + "\n") == [(PARAGRAPH, wrapped)]


# -- list items -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["-", "*", "+", "•", "–", "1.", "12)", "100."])
def test_a_list_mark_begins_an_item(mark: str) -> None:
    text = f"{mark} the first item\n{mark} the second one.\n"
    assert found(text) == [(ITEM, f"{mark} the first item"), (ITEM, f"{mark} the second one.")]


@pytest.mark.parametrize(
    "line",
    [
        "-no blank.",
        "*emphasis* begins it.",
        "1.5 million were sold.",
        "2026. a year.",
        "- ",
        "a) no letters.",
    ],
)
def test_near_list_marks_begin_no_item(line: str) -> None:
    assert found(f"{line}\n{PROSE}\n") == [(PARAGRAPH, line.strip()), (PARAGRAPH, PROSE)]


def test_numbered_items_without_full_stops_are_no_headings() -> None:
    assert found("1. Chips\n2. Models\n3. Power\n") == [
        (ITEM, "1. Chips"),
        (ITEM, "2. Models"),
        (ITEM, "3. Power"),
    ]


def test_nested_items_are_items() -> None:
    assert found("- outer\n  - inner\n\t* innermost\n") == [
        (ITEM, "- outer"),
        (ITEM, "- inner"),
        (ITEM, "* innermost"),
    ]


def test_a_hard_wrapped_item_is_one_block() -> None:
    first = "- The first item goes on for longer than a line of this file is\n  wide and is therefore wrapped"
    assert found(f"{first}\n- the second\n") == [(ITEM, first), (ITEM, "- the second")]


# -- tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", ["|---|---|", "| --- | --- |", "|:--|--:|", "| :-: | - |", "|---|---", "---|---|"]
)
def test_a_row_above_a_rule_is_a_table_head(rule: str) -> None:
    assert found(f"| Model | Cost |\n{rule}\n| A. B. | 1 |\n| B | 2 |\n\n{PROSE}\n") == [
        (HEAD, f"| Model | Cost |\n{rule}"),
        (ROW, "| A. B. | 1 |"),
        (ROW, "| B | 2 |"),
        (PARAGRAPH, PROSE),
    ]


def test_a_table_needs_no_outer_pipes() -> None:
    text = f"Model | Cost\n--- | ---\nA. It is small. | 1\nb | 2\n{PROSE}\n"
    assert found(text) == [
        (HEAD, "Model | Cost\n--- | ---"),
        (ROW, "A. It is small. | 1"),
        (ROW, "b | 2"),
        (PARAGRAPH, PROSE),
    ]


@pytest.mark.parametrize("not_a_rule", ["---", "- | text", "| --- | text |", "|   |", "\n|---|---|"])
def test_without_a_rule_right_below_there_is_no_table_head(not_a_rule: str) -> None:
    kinds = [kind for kind, _ in found(f"Either | or.\n{not_a_rule}\n{PROSE}\n")]
    assert HEAD not in kinds


def test_rows_between_pipes_are_rows_without_a_head_too() -> None:
    assert found("| A | 1 |\n| B. C | 2 |\n") == [(ROW, "| A | 1 |"), (ROW, "| B. C | 2 |")]


def test_two_tables_have_a_head_each() -> None:
    text = "| A |\n|---|\n| 1 |\n\n| B |\n|---|\n| 2 |\n"
    assert found(text) == [(HEAD, "| A |\n|---|"), (ROW, "| 1 |"), (HEAD, "| B |\n|---|"), (ROW, "| 2 |")]


def test_a_pipe_in_prose_makes_no_table() -> None:
    assert found("The shell joins programs with | and not with &.\n") == [
        (PARAGRAPH, "The shell joins programs with | and not with &.")
    ]


# -- code -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fence", ["```", "~~~", "```python", "   ```"])
def test_every_line_between_fences_is_code(fence: str) -> None:
    """Nothing in it is taken for a heading, an item or a table."""
    closing = fence.strip()[:3]
    lines = [fence.strip(), "# not a heading", "- no item", "| A | B |", "|---|---|", "x = 1", closing]
    text = "\n".join([fence, *lines[1:5], "", "    x = 1", closing, PROSE, ""])
    assert found(text) == [*((CODE, line) for line in lines), (PARAGRAPH, PROSE)]


def test_another_fence_does_not_close_code() -> None:
    assert found(f"```\n~~~\n```\n{PROSE}\n") == [
        (CODE, "```"),
        (CODE, "~~~"),
        (CODE, "```"),
        (PARAGRAPH, PROSE),
    ]


def test_code_that_is_never_closed_goes_on_to_the_end() -> None:
    assert found(f"```\n{PROSE}\n") == [(CODE, "```"), (CODE, PROSE)]


# -- where blocks stand -----------------------------------------------------------------------------------------


def test_blocks_stand_where_they_should_behind_emoji_and_cjk() -> None:
    """Offsets count code points, whatever UTF-8 or UTF-16 make of them."""
    text = "🙂👩‍👩‍👧 你好。\n\n- 🇳🇱 item\n| A |\n|---|\n| 🙂 |\n"
    assert found(text) == [
        (PARAGRAPH, "🙂👩‍👩‍👧 你好。"),
        (ITEM, "- 🇳🇱 item"),
        (HEAD, "| A |\n|---|"),
        (ROW, "| 🙂 |"),
    ]


def test_only_the_part_asked_for_is_read() -> None:
    text = "# One\nA.\n# Two\nB.\n"
    within = Span(text.index("# Two"), len(text))
    assert [(b.kind, b.span.of(text)) for b in blocks(text, within)] == [
        (HEADING, "# Two"),
        (PARAGRAPH, "B."),
    ]


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n\u00a0\n"])
def test_white_space_holds_no_block(text: str) -> None:
    assert found(text) == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("#-|`~1.* \n\tAb。🙂\u00a0"), max_size=60) | st.text(max_size=40))
def test_every_character_that_is_no_white_space_is_in_one_block(text: str) -> None:
    spans = [block.span for block in blocks(text, Span(0, len(text)))]
    assert spans == sorted(spans)
    outside, start = "", 0
    for span in [*spans, Span(len(text), len(text))]:
        assert start <= span.start
        outside += text[start : span.start]
        start = span.end
        assert span.of(text) == span.of(text).strip()
    assert outside.strip() == ""
