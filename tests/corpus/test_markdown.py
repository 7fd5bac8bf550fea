"""Markdown: the front matter is metadata, the body behind it is the text as it stands."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Draft
from citewell.corpus.markdown import read_markdown, split_front_matter

BODY = "# A heading\n\nThe body.\n"


def read(characters: str) -> Draft:
    return read_markdown(characters.encode(), "file-name")


def with_field(line: str) -> Draft:
    return read(f"---\n{line}\n---\n{BODY}")


def test_front_matter_becomes_metadata_and_the_rest_is_the_text() -> None:
    front = (
        "---\nid: tides\ntitle: High and low\nauthor: A. Writer\npublished: 2026-03-20\nlanguage: en\n"
        "based_on: the sea\n---\n"
    )
    assert read(front + BODY) == Draft(
        text=BODY,
        title="High and low",
        reader="markdown-1",
        article_id="tides",
        author="A. Writer",
        published="2026-03-20",
        language="en",
        metadata={"based_on": "the sea"},
    )


@pytest.mark.parametrize(
    ("characters", "fields", "body"),
    [
        ("---\na: b\n---\nBody\n", {"a": "b"}, "Body\n"),
        ("---\na: b\n...\nBody\n", {"a": "b"}, "Body\n"),
        ("--- \t\na: b\n---  \nBody\n", {"a": "b"}, "Body\n"),
        ("---\na: b\n---\n\nBody\n", {"a": "b"}, "\nBody\n"),
        ("---\na: b\n---", {"a": "b"}, ""),
        ("---\n---\nBody\n", {}, "Body\n"),
        ("---\n\n---\nBody\n", {}, "Body\n"),
        ("---\n# only a remark\n---\nBody\n", {}, "Body\n"),
        ("---\na: b --- c\n---\nBody\n", {"a": "b --- c"}, "Body\n"),
        ("---\na: b\n---\nBody\n---\nc: d\n---\n", {"a": "b"}, "Body\n---\nc: d\n---\n"),
        ("---\na: b\nBody, and no closing line\n", {}, "---\na: b\nBody, and no closing line\n"),
        ("\n---\na: b\n---\n", {}, "\n---\na: b\n---\n"),  # not at the very start
        ("----\na: b\n----\n", {}, "----\na: b\n----\n"),
        ("Body\n", {}, "Body\n"),
        ("", {}, ""),
    ],
)
def test_front_matter_stands_between_lines_of_three_hyphens_at_the_start(
    characters: str, fields: dict[str, object], body: str
) -> None:
    assert split_front_matter(characters) == (fields, body)


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("published: 2026", "2026"),
        ("published: 2026-03", "2026-03"),
        ("published: 2026-03-20", "2026-03-20"),
        ("published: '2026-03-20'", "2026-03-20"),
        ("published: 2026-03-20T10:00:00Z", "2026-03-20"),
        ("published: 2026-03-20 10:00:00", "2026-03-20"),
        ("published: 2024-02-29", "2024-02-29"),
        ("date: 2026-03", "2026-03"),
        ("date: 2025\npublished: 2026", "2026"),
        ("published: null", None),
        ("published: ~", None),
        ("published:", None),
        ("published: ''", None),
        ("other: 2026", None),
    ],
)
def test_a_date_is_kept_as_precise_as_it_is_written(line: str, published: str | None) -> None:
    assert with_field(line).published == published


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "March 2026",
        "20. 3. 2026",
        "20-03-2026",
        "26",
        "2026-13",
        "2026-00",
        "2026-3-2",
        "20260320",
        "20263",
        "2026-02-31",
        "'2026-02-31'",
        "'2025-02-29'",
        "[2026, 2027]",
    ],
)
def test_what_is_no_date_is_refused_rather_than_cut_short(date: str) -> None:
    with pytest.raises(ValueError, match="front matter"):
        with_field(f"published: {date}")


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("language: en", "en"),
        ("language: NL", "nl"),
        ("lang: de", "de"),
        ("language: nl-BE", "nl"),
        ("language: de_AT", "de"),
        ("language: no", "no"),  # Norwegian, which YAML takes for "false"
        ("language: null", None),
        ("language:", None),
    ],
)
def test_a_language_is_a_two_letter_code(line: str, language: str | None) -> None:
    assert with_field(line).language == language


@pytest.mark.parametrize("language", ["English", "deutsch", "Dutch", "e", "42", "人"])
def test_what_is_no_language_code_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="ISO 639-1"):
        with_field(f"language: {language}")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("author: A. Writer", "A. Writer"),
        ("author: [A. Writer, B. Writer]", "A. Writer, B. Writer"),
        ("author:\n  - A. Writer\n  - B. Writer", "A. Writer, B. Writer"),
        ("author: >\n  A.\n  Writer", "A. Writer"),
        ("author: '  A.   Writer '", "A. Writer"),
        ("author: 'Zoe\u0308'", "Zoë"),
        ("author: 42", "42"),
        ("author: []", None),
        ("author: null", None),
        ("author: ''", None),
    ],
)
def test_a_field_is_a_line_of_words(line: str, value: str | None) -> None:
    assert with_field(line).author == value


def test_an_id_is_kept_letter_by_letter() -> None:
    """YAML would make the number 7 of it."""
    assert with_field("id: 007").article_id == "007"


def test_fields_of_other_names_are_kept_in_order_of_name_and_empty_ones_are_not() -> None:
    draft = with_field("tags: [x, y]\nseen: 2026-03-20\nempty: null\n1: one\nid: a")
    assert list(draft.metadata.items()) == [("1", "one"), ("seen", "2026-03-20"), ("tags", "x, y")]


@pytest.mark.parametrize(
    ("characters", "title"),
    [
        ("---\ntitle: From the front\n---\n# Heading\n", "From the front"),
        ("---\ntitle: null\n---\n# Heading\n", "Heading"),
        ("---\ntitle: ''\n---\n# Heading\n", "Heading"),
        ("# Heading\n\nBody.\n", "Heading"),
        ("\n\n### Heading ###\n\nBody.\n", "Heading"),
        ("# Learning C#\n\nBody.\n", "Learning C#"),
        ("First line.\n\n# Heading\n", "First line."),
        ("Blog\n\n# Heading\n", "Heading"),
        ("# \n\nBody.\n", "Body."),
        ("---\nid: x\n---\n", "file-name"),
        ("---\ntitle: No closing line\n\nBody.\n", "title: No closing line"),
    ],
)
def test_the_title_is_the_field_else_the_first_heading_else_the_first_line_else_the_file_name(
    characters: str, title: str
) -> None:
    assert read(characters).title == title


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("a: [b", "front matter is not YAML (line 3)"),  # found unclosed where the next line begins
        ("a: b\nc: d: e", "front matter is not YAML (line 3)"),
        ("\tx: y", "front matter is not YAML (line 2)"),
        ("- a\n- b", "front matter is not a list of 'name: value' lines"),
        ("just words", "front matter is not a list of 'name: value' lines"),
        ("42", "front matter is not a list of 'name: value' lines"),
    ],
)
def test_front_matter_that_is_no_yaml_mapping_is_refused_with_the_way_out(front: str, reason: str) -> None:
    with pytest.raises(ValueError, match="front matter") as refused:
        with_field(front)
    assert str(refused.value) == f"{reason}; mend it or remove the --- lines"


yaml_like = st.text(st.sampled_from("ab01:-[]{}!&*?|>'\"#,.%@~ \n\t\ufffd"), max_size=40)
tagged = st.builds(
    "{}: {} {}".format,
    st.sampled_from(["id", "title", "published", "language", "other"]),
    st.sampled_from(["", "!!timestamp", "!!int", "!!float", "!!bool", "!!binary", "!!set"]),
    yaml_like,
)


@settings(max_examples=200, deadline=None)
@example("title: !!timestamp x")
@example("title: !!int ''")
@example("title: " + "[" * 5000)
@given(yaml_like | tagged)
def test_any_front_matter_is_read_or_refused(front: str) -> None:
    """Nothing but a ValueError comes out, and the body is never lost."""
    try:
        draft = with_field(front)
    except ValueError:
        return
    assert draft.text.endswith(BODY)
