"""From a file to a draft, and why a file cannot be read when it cannot."""

import hashlib
import os
import re
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus import reading
from citewell.corpus.article import Draft
from citewell.corpus.children import LIMITS, Limits
from citewell.corpus.errors import BadInput, UnreadableFile
from citewell.corpus.reading import article_id_of, language_of, read_file
from citewell.corpus.text import normalise, text_sha


def a_file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def a_draft(article_id: str | None = None, text: str = "", language: str | None = None) -> Draft:
    return Draft(
        text=text, title="", reader="test", original_sha="", article_id=article_id, language=language
    )


# -- one file ---------------------------------------------------------------------------------------------------


def test_plain_text_is_read_as_it_stands(tmp_path: Path) -> None:
    content = "A title\n\nThe body.\n"
    assert read_file(a_file(tmp_path, "notes.txt", content)) == Draft(
        text=content,
        title="A title",
        reader="plain-2",
        original_sha=hashlib.sha256(content.encode()).hexdigest(),
    )


@pytest.mark.parametrize("name", ["notes.md", "notes.markdown", "NOTES.MD"])
def test_markdown_is_read_without_its_front_matter(tmp_path: Path, name: str) -> None:
    content = "---\nid: notes\n---\n# A title\n\nThe body.\n"
    assert read_file(a_file(tmp_path, name, content)) == Draft(
        text="# A title\n\nThe body.\n",
        title="A title",
        reader="markdown-1",
        original_sha=hashlib.sha256(content.encode()).hexdigest(),
        article_id="notes",
    )


@pytest.mark.parametrize("name", ["README", ".txt", "notes.rst"])
def test_words_under_any_name_are_plain_text(tmp_path: Path, name: str) -> None:
    draft = read_file(a_file(tmp_path, name, "words"))
    assert (draft.text, draft.reader) == ("words", "plain-2")


def test_front_matter_in_plain_text_is_text(tmp_path: Path) -> None:
    draft = read_file(a_file(tmp_path, "notes.TXT", "---\nid: notes\n---\nThe body.\n"))
    assert (draft.article_id, draft.text) == (None, "---\nid: notes\n---\nThe body.\n")


@pytest.mark.parametrize("name", ["notes.txt", "notes.md"])
def test_reading_twice_gives_the_same_draft(tmp_path: Path, name: str) -> None:
    path = a_file(tmp_path, name, "---\nid: notes\ntags: [b, a]\n---\n# A title\r\n\r\nCafe\u0301 🙂\n")
    first, second = read_file(path), read_file(path)
    assert first == second
    assert text_sha(first.text) == text_sha(second.text)


@pytest.mark.parametrize(
    "content",
    [
        "Café 🙂\nTwo.\n".encode(),
        "Café 🙂\r\nTwo.\r\n".encode(),
        "Café 🙂\rTwo.\r".encode(),
        "Café 🙂\nTwo.\n".encode("utf-8-sig"),
        "Cafe\u0301 🙂\nTwo.\n".encode(),
    ],
)
def test_encodings_of_one_text_are_the_same_text(tmp_path: Path, content: bytes) -> None:
    """The bytes stay told apart by their own SHA."""
    draft = read_file(a_file(tmp_path, "notes.txt", content))
    assert draft.text == "Café 🙂\nTwo.\n"
    assert draft.original_sha == hashlib.sha256(content).hexdigest()


def test_front_matter_behind_a_byte_order_mark_is_found(tmp_path: Path) -> None:
    draft = read_file(a_file(tmp_path, "notes.md", "\ufeff---\r\nid: notes\r\n---\r\nThe body.\r\n"))
    assert (draft.article_id, draft.text) == ("notes", "The body.\n")


def test_a_nul_far_into_a_text_is_replaced(tmp_path: Path) -> None:
    """Only one near the start speaks of a binary file."""
    draft = read_file(a_file(tmp_path, "notes.txt", "word " * 2000 + "\0"))
    assert draft.text == "word " * 2000 + "\ufffd"


NOT_YAML = "front matter is not YAML (line 3); mend it or remove the --- lines"
NOT_FIELDS = "front matter is not a list of 'name: value' lines; mend it or remove the --- lines"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "empty file"),
        ("a.txt", b" \n\t\r\n", "empty file"),
        ("a.txt", "\u00a0\u2003\n".encode(), "no text in it"),
        ("a.txt", "\ufeff".encode(), "no text in it"),
        ("a.md", b"---\nid: a\n---\n", "no text in it"),
        ("a.md", b"---\nid: a\n---\n \n\n", "no text in it"),
        ("a.txt", b"\x7fELF\x02\x01\x01\0\0\0", "a binary file, not text"),
        ("a.txt", "Café".encode("latin-1"), "not UTF-8 at byte 3; save it as UTF-8"),
        ("a.md", b"abc\xff\xfe", "not UTF-8 at byte 3; save it as UTF-8"),
        ("a.txt", b"cut off in \xf0\x9f\x99", "not UTF-8 at byte 11; save it as UTF-8"),
        ("a.txt", b"\xed\xa0\x80", "not UTF-8 at byte 0; save it as UTF-8"),  # a surrogate, encoded
        ("a.txt", "人工智能".encode("utf-16"), "UTF-16, not UTF-8; save it as UTF-8"),
        ("a.pdf", b"words", "no PDF, whatever its name says"),
        ("a.txt.gz", b"\x1f\x8b", "a gzip archive; unpack it first"),
        ("a.md", b"---\nid: [a\n---\nBody.\n", NOT_YAML),
        ("a.md", b"---\n- a\n---\nBody.\n", NOT_FIELDS),
        (
            "a.md",
            b"---\npublished: soon\n---\nBody.\n",
            "front matter: published 'soon' is no date; write 2026, 2026-03 or 2026-03-20",
        ),
        (
            "a.md",
            b"---\nlanguage: 7\n---\nBody.\n",
            "front matter: language '7' is no ISO 639-1 code; write en, nl or de",
        ),
    ],
)
def test_a_file_that_holds_no_article_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = a_file(tmp_path, name, content)
    with pytest.raises(UnreadableFile) as refused:
        read_file(path)
    assert (refused.value.path, refused.value.reason) == (path, reason)
    assert str(refused.value) == f"{path}: {reason}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_in_a_wider_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UnreadableFile, match=r"binary|UTF-8"):
        read_file(a_file(tmp_path, "a.txt", "Plain words.".encode(encoding)))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        read_file(tmp_path / "missing.txt")


def test_a_folder_with_a_name_like_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(UnreadableFile, match="Is a directory"):
        read_file(tmp_path / "x.txt")


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(UnreadableFile, match="No such file"):
        read_file(tmp_path / "x.txt")


def test_twenty_million_bytes_are_the_most() -> None:
    assert LIMITS.article == 20_000_000


def test_a_file_over_the_most_bytes_is_refused(tmp_path: Path) -> None:
    most = Limits(article=1000)
    assert read_file(a_file(tmp_path, "just.txt", b"x" * 1000), most).text == "x" * 1000
    with pytest.raises(UnreadableFile) as refused:
        read_file(a_file(tmp_path, "over.txt", b"x" * 1001), most)
    assert refused.value.reason == "1,001 bytes; an article has at most 1,000 (max_article_bytes)"


class Growing(FileIO):
    """A file that somebody writes to while it is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        with Path(str(self.name)).open("ab") as other:
            other.write(b"more")
        return super().read(size) or b""


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    with (
        Growing(a_file(tmp_path, "a.txt", "words")) as stream,
        pytest.raises(ValueError, match="it changed while it was read; add it again"),
    ):
        reading._bytes_of(stream, Limits())


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["any.txt", "any.md"]),
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.text("-\n:ab \0").map(str.encode),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    path = a_file(tmp_path_factory.getbasetemp(), name, content)
    try:
        draft = read_file(path)
    except UnreadableFile:
        return
    assert draft.text.strip()
    assert draft.title.strip()
    assert normalise(draft.text) == draft.text


# -- odd file names ---------------------------------------------------------------------------------------------

ODD_NAMES = [
    ("ümlaut é.txt", "mlaut"),
    ("人工智能.txt", "article"),
    ("🙂.txt", "article"),
    ("two words.txt", "two-words"),
    ("tab\tand\nline.txt", "tab-and-line"),
    ("-rf.txt", "rf"),
    ("a.b.c.txt", "a-b-c"),
    ("..txt", "article"),
    ("UPPER.TXT", "upper"),
    ("'quo\"ted'; DROP TABLE.txt", "quo-ted-drop-table"),
    ("%2e%2e.txt", "2e-2e"),
    ("x" * 200 + ".txt", "x" * 40),
    (os.fsdecode(b"caf\xe9.txt"), "caf"),  # not UTF-8
]


@pytest.mark.parametrize(("name", "readable"), ODD_NAMES)
def test_a_file_may_have_any_name(tmp_path: Path, name: str, readable: str) -> None:
    path = a_file(tmp_path, name, "A title\n\nThe body.\n")
    draft = read_file(path)
    assert (draft.title, draft.text) == ("A title", "A title\n\nThe body.\n")
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    assert article_id_of(draft, str(path)) == f"{readable}-{digest}"


@pytest.mark.parametrize(("name", "readable"), ODD_NAMES)
def test_a_title_made_of_a_file_name_can_be_stored(tmp_path: Path, name: str, readable: str) -> None:
    title = read_file(a_file(tmp_path, name, "Introduction\n")).title
    assert title == " ".join(normalise(Path(name).stem).split())


# -- the id and the language ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "article_id", ["a", "7", "007", "gtc-2026-chips", "A.b_c-d", "2026.03.20", "x" * 100, "a..b", "a-"]
)
def test_the_id_that_an_article_gives_itself_is_used(article_id: str) -> None:
    assert article_id_of(a_draft(article_id), "/a/file.md") == article_id


@pytest.mark.parametrize(
    "article_id",
    ["", ".hidden", "-rf", "_a", "a b", "a/b", "../a", "a\n", "é", "人", "x" * 101, "a?b", "a#b", "a%20b"],
)
def test_an_id_that_would_not_fit_a_link_is_refused(article_id: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"/a/file.md: the id {article_id!r} is not usable. Use ")):
        article_id_of(a_draft(article_id), "/a/file.md")


@pytest.mark.parametrize(
    ("source", "article_id"),
    [
        ("/news/GTC 2026, the chips.txt", "gtc-2026-the-chips-52c4f2cf"),
        ("/old/GTC 2026, the chips.txt", "gtc-2026-the-chips-b8b18fda"),
        ("https://example.org/posts/42", "42-25f1fe69"),
        ("/notes/turned\u202e.txt", "turned-213c42ea"),
    ],
)
def test_an_article_without_an_id_gets_one_from_its_source(source: str, article_id: str) -> None:
    """Readable start, then eight digits of sha256(source), so that equal names in two folders do not collide."""
    assert article_id_of(a_draft(), source) == article_id


@pytest.mark.parametrize(
    ("said", "text", "language"),
    [
        ("nl", "The company that makes the chips has more orders than it can fill.", "nl"),
        (None, "The company that makes the chips has more orders than it can fill.", "en"),
        (None, "人工智能。", None),
    ],
)
def test_the_language_is_the_one_named_else_the_one_guessed(
    said: str | None, text: str, language: str | None
) -> None:
    assert language_of(a_draft(text=text, language=said)) == language
