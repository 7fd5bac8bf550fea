"""The sentences of a block: the units of evidence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencex import get_sentence_boundaries

from citewell.corpus.article import Span
from citewell.corpus.blocks import Block, Kind
from citewell.corpus.sentences import MOST_WORDS, sentences


def found(words: str, kind: Kind = Kind.PARAGRAPH, language: str | None = "en") -> list[str]:
    """The sentences of a block that stands in the middle of a text."""
    text = "Before 🙂.\n" + words + "\nAfter."
    start = len("Before 🙂.\n")
    block = Block(kind, Span(start, start + len(words)))
    return [span.of(text) for span in sentences(text, block, language)]


@pytest.mark.parametrize(
    "expected",
    [
        ["One thing.", "Another thing!", "A third thing?"],
        ["Dr. Smith left.", "Mr. Li, Ph.D., stayed until 5 p.m. on Monday."],
        ["U.S. firms grew, e.g. in Texas, i.e. in the south.", "Others did not."],
        ["It scored 83.0% against 70.9% for GPT-5.2.", "On documents it hit 91%."],
        ["Version 2.0.1 costs $0.75 per 1M tokens.", "See Fig. 3 for more."],
        ["He said “it is over.”", "Then he left."],
        ["🙂 Smile.", "Again 🙂 and again 🙂🙂.", "End."],
        ["No full stop at the end"],
        ["One line\nand the next.", "Another\none."],
    ],
)
def test_a_paragraph_is_divided_into_sentences(expected: list[str]) -> None:
    assert found(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("nl", ["Dhr. Jansen betaalde 2,5 euro.", "Dat is bijv. zo bij Tesla."]),
        ("de", ["Das gilt z.B. am 3. März.", "Es kostet 1.000 Euro."]),
        (None, ["Dr. Smith left.", "He came back."]),
        ("xx", ["A language that nobody knows.", "It is read like English."]),
    ],
)
def test_abbreviations_are_those_of_the_language(language: str | None, expected: list[str]) -> None:
    assert found(" ".join(expected), language=language) == expected


@pytest.mark.parametrize("language", ["zh", "ja", "en", None])
def test_sentences_need_no_blank_between_them(language: str | None) -> None:
    assert found("人工智能正在改变世界。真的吗?是!", language=language) == [
        "人工智能正在改变世界。",
        "真的吗?",
        "是!",
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("- An item.", ["An item."]),
        ("*  An item. With two sentences.", ["An item.", "With two sentences."]),
        ("• An item", ["An item"]),
        ("1. An item.", ["An item."]),
        ("12)\tAn item", ["An item"]),
        ("- - twice marked", ["- twice marked"]),
        ("- 1.5 million", ["1.5 million"]),
        ("- …", []),
    ],
)
def test_a_list_mark_is_no_part_of_a_sentence(item: str, expected: list[str]) -> None:
    assert found(item, Kind.LIST_ITEM) == expected


def test_a_number_that_begins_a_paragraph_is_part_of_its_sentence() -> None:
    assert found("7) In all, that is.") == ["7) In all, that is."]


@pytest.mark.parametrize("kind", [Kind.TABLE_ROW, Kind.CODE])
def test_a_row_or_a_line_of_code_is_one_sentence(kind: Kind) -> None:
    row = "| It works. It is cheap. | Dr. Li? Yes! |"
    assert found(row, kind) == [row]


@pytest.mark.parametrize("kind", [Kind.HEADING, Kind.TABLE_HEAD])
def test_a_heading_is_no_evidence_of_its_own(kind: Kind) -> None:
    assert found("# A heading. With a stop.", kind) == []


@pytest.mark.parametrize("kind", [Kind.PARAGRAPH, Kind.LIST_ITEM, Kind.TABLE_ROW, Kind.CODE])
@pytest.mark.parametrize("marks", ["---", "***", "|  |  |", "…", "🙂", "```", "- -"])
def test_marks_without_a_letter_or_digit_are_no_sentence(kind: Kind, marks: str) -> None:
    assert found(marks, kind) == []


prose = st.lists(
    st.sampled_from(
        ["Word", "a 🙂", "3.14", "Dr.", "e.g.", "end.", "你好。", "Why?", "“Yes!”", "-", "\n", "é "]
    ),
    min_size=1,
    max_size=30,
).map(lambda parts: " ".join(parts).strip())


@settings(max_examples=200, deadline=None)
@given(prose, st.sampled_from([Kind.PARAGRAPH, Kind.LIST_ITEM]), st.sampled_from(["en", "nl", "zh", None]))
def test_every_letter_is_in_one_sentence_and_none_has_white_space_at_its_ends(
    words: str, kind: Kind, language: str | None
) -> None:
    text = "🙂\n" + words
    spans = list(sentences(text, Block(kind, Span(2, len(text))), language))
    outside, start = "", 2
    for span in spans:
        assert start <= span.start < span.end <= len(text)
        assert span.of(text) == span.of(text).strip()
        outside += text[start : span.start]
        start = span.end
    outside += text[start:]
    assert [character for character in outside if character.isalnum()] == []


def test_a_text_without_marks_is_quoted_in_pieces_between_blanks() -> None:
    """A transcript of thousands of words is no sentence; an ordinary long sentence stays whole."""
    long = " ".join(f"w{i}" for i in range(MOST_WORDS))
    run_on = " ".join(f"w{i}" for i in range(1000))
    (whole,) = sentences(long, Block(Kind.PARAGRAPH, Span(0, len(long))), "en")
    pieces = list(sentences(run_on, Block(Kind.PARAGRAPH, Span(0, len(run_on))), "en"))
    assert whole == Span(0, len(long))
    assert [len(piece.of(run_on).split()) for piece in pieces] == [50] * 20
    assert " ".join(piece.of(run_on) for piece in pieces) == run_on


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u202f", "\u3000", "\u1680"])
@pytest.mark.parametrize("words", ["A{}.", "It costs 5{}. It is new.", "1.{}A b.{}C d."])
def test_blanks_of_several_bytes_do_no_harm(words: str, blank: str) -> None:
    """The library that finds boundaries panics at some of them."""
    text = words.replace("{}", blank)
    assert "".join("".join(found(text)).split()) == "".join(text.split())


def test_a_long_paragraph_is_divided_piece_by_piece_as_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is cut where a piece ends, and none is given more than a piece: what divides takes the square of that."""
    expected = [f"The tide of day {number} came in twice, and it went out." for number in range(200)]
    given: list[int] = []

    def divided(language: str, body: str) -> list[dict[str, int]]:
        given.append(len(body))
        return list(get_sentence_boundaries(language, body))

    monkeypatch.setattr("citewell.corpus.sentences.get_sentence_boundaries", divided)
    monkeypatch.setattr("citewell.corpus.sentences.MOST_AT_ONCE", 300)
    assert found(" ".join(expected)) == expected
    assert len(given) > 10
    assert max(given) <= 300
    long = "word " * 100 + "end."
    assert "".join(found(f"{long} {long}")).replace(" ", "") == (long * 2).replace(" ", "")
