"""Plain text: the whole file is the text, and its first telling line is the title."""

import pytest

from citewell.corpus.article import Draft
from citewell.corpus.plain import first_title, read_plain, shorten

LONG = (
    "A first line that is far too long for a title because it is in truth a whole paragraph, as it often is"
)


def read(characters: str) -> Draft:
    return read_plain(characters.encode(), "file-name")


def test_the_whole_file_is_the_text() -> None:
    text = "---\nid: not-front-matter-here\n---\n\n  Body. \n\n"
    draft = read(text)
    assert draft == Draft(text=text, title=draft.title, reader="plain-2")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A title\n\nBody.\n", "A title"),
        ("\n\n  A title  \nBody.\n", "A title"),
        ("# A title\n\nBody.\n", "A title"),
        ("**A title**\n\nBody.\n", "A title"),
        ("Introduction\nThe body begins.\n", "The body begins."),
        ("INLEIDING:\n\nEen stuk.\n", "Een stuk."),
        ("# Summary\n\nThe body begins.\n", "The body begins."),
        ("Introduction to tides\n\nBody.\n", "Introduction to tides"),
        ("Blog\nA title\n\nBody.\n", "A title"),  # leftovers are no titles
        ("Skip to main content\nMenu\nA title\n\nBody.\n", "A title"),
        ("Learning C#\n\nBody.\n", "Learning C#"),
        ("***\n\nA title\n\nBody.\n", "A title"),
        ("---\n\nA title\n\nBody.\n", "A title"),
        ("=====\nA title\n=====\n\nBody.\n", "A title"),
        ("\x0c\nA title\n\nBody.\n", "A title"),  # a page break
        ("\u00a0\nA title\n\nBody.\n", "A title"),  # a no-break space
        ("人工智能\n\n正文。\n", "人工智能"),
        ("🙂 A title\n", "🙂 A title"),
        ("Comments\nLoading...\n", "file-name"),
        ("Introduction\n", "file-name"),
        ("***\n", "file-name"),
        ("", "file-name"),
    ],
)
def test_the_title_is_the_first_telling_line_else_the_file_name(text: str, title: str) -> None:
    assert read(text).title == title


def test_a_long_first_line_is_shortened_at_a_word() -> None:
    assert read(LONG).title == (
        "A first line that is far too long for a title because it is in truth a whole paragraph …"
    )


@pytest.mark.parametrize(
    ("line", "shortened"),
    [
        ("x" * 90, "x" * 90),
        ("x" * 91, "x" * 90 + " …"),  # not a blank anywhere
        ("x" * 80 + " " + "y" * 20, "x" * 80 + " …"),
        ("x" * 80 + ": " + "y" * 20, "x" * 80 + " …"),
        ("x" * 80 + " – " + "y" * 20, "x" * 80 + " …"),
    ],
)
def test_a_title_is_shortened_without_marks_at_its_end(line: str, shortened: str) -> None:
    assert shorten(line) == shortened


def test_a_line_with_endless_blanks_in_it_is_read_at_once() -> None:
    """Each of them once: as many took hours when a run of blanks was looked at from each of its blanks."""
    words = f"The tide{' ' * 2_000_000}comes in."
    assert first_title(words) == "The tide …"
