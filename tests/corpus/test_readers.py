"""What each format gives: words in order, what the source says of itself, tables as rows, pages."""

from pathlib import Path

import pytest

from citewell.corpus.article import Draft
from citewell.corpus.errors import UnreadableFile
from citewell.corpus.finding import Refused
from citewell.corpus.reading import Reading, read_all, read_file
from citewell.eval.small_pdf import pdf_of
from tests.corpus.samples import (
    HTML,
    MAIL,
    MORE,
    PDF,
    VALID,
    WORDS,
    chapter,
    docx,
    epub,
    paragraph,
    table,
)


def read(folder: Path, name: str, content: bytes | str) -> Draft:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path)


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(folder, name, content)
    return refused.value.reason


@pytest.mark.parametrize("name", [name for name in VALID if name not in ("a.jsonl", "a.csv")])
def test_a_format_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    """Under its own name and under none; Markdown and plain text are told apart by front matter."""
    own, unnamed = read(tmp_path, name, VALID[name]), read(tmp_path, "unnamed", VALID[name])
    assert own.reader == unnamed.reader
    assert own.text == unnamed.text
    assert WORDS in own.text


# -- HTML ---------------------------------------------------------------------------------------------------------


def test_a_page_gives_its_article_and_what_it_says_of_itself(tmp_path: Path) -> None:
    draft = read(tmp_path, "a.html", HTML)
    assert draft.text == f"Tides\n\n{WORDS} {MORE}\n"
    assert (draft.title, draft.author, draft.published, draft.language) == (
        "Tides",
        "Robin Vale",
        "2026-03-20",
        "en",
    )
    assert (draft.metadata, draft.pages) == ({"url": "https://example.org/tides"}, ())


def body_of(folder: Path, inner: str) -> str:
    return read(folder, "a.html", f"<!DOCTYPE html><html><body><article>{inner}</article></body></html>").text


def test_a_table_becomes_rows_under_their_header(tmp_path: Path) -> None:
    text = body_of(
        tmp_path,
        f"<p>{WORDS} {MORE}</p><table><tr><th>Port</th><th>Height | m</th></tr><tr><td>Delfzijl</td><td>3.0</td></tr>"
        f"<tr><td>Vlissingen</td><td>4.5</td></tr></table><p>{MORE} {WORDS}</p>",
    )
    assert "| Port | Height ¦ m |\n|---|---|\n| Delfzijl | 3.0 |\n| Vlissingen | 4.5 |" in text


def test_lists_code_and_long_headings_keep_their_form(tmp_path: Path) -> None:
    text = body_of(
        tmp_path,
        f"<h2>Is this a heading?</h2><p>{WORDS} {MORE}</p><ul><li>Ebb</li><li>Flood</li></ul><ol><li>First</li>"
        f"<li>Second</li></ol><pre><code>x = 1\ny = 2</code></pre><p>{MORE}</p>",
    )
    assert "## Is this a heading?" in text
    assert "- Ebb\n- Flood" in text
    assert "1. First\n2. Second" in text
    assert "x = 1\ny = 2" in text


@pytest.mark.parametrize(
    ("declared", "charset"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "windows-1252"),
        ("windows-1252", "windows-1252"),
        ("iso-8859-1", "utf-8"),
    ],
)
def test_a_page_is_decoded_as_it_is_meant(tmp_path: Path, declared: str, charset: str) -> None:
    """What is UTF-8 is UTF-8 whatever it declares."""
    page = f'<html><head><meta charset="{declared}"></head><body><p>Café “Zee”: {WORDS}</p></body></html>'
    assert "Café “Zee”" in read(tmp_path, "a.html", page.encode(charset)).text


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"<html><body></body></html>", "no main text in the page"),
        (b"<html><script>var x = 1;</script></html>", "no main text in the page"),
        (
            b'<html><head><meta charset="klingon"></head><p>caf\xe9</p></html>',
            "it declares the unknown charset 'klingon'; save it as UTF-8",
        ),
        (
            b'<html><head><meta charset="utf-8"></head><p>' + b"\xe9\xe8 " * 40,
            "its bytes are not utf-8; save it as UTF-8",
        ),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "no entry in it"),
        (b"<?xml version='1.0'?><svg><g/></svg>", "XML of another kind than a page (svg)"),
    ],
)
def test_a_page_without_words_says_why(tmp_path: Path, page: bytes, reason: str) -> None:
    assert refusal(tmp_path, "a.txt", page) == reason


# -- PDF ----------------------------------------------------------------------------------------------------------


def test_a_pdf_gives_its_text_and_where_pages_start(tmp_path: Path) -> None:
    draft = read(tmp_path, "a.pdf", PDF)
    assert draft.text == f"{WORDS}\n{MORE}\n"
    assert draft.pages == (0, len(WORDS) + 1, len(WORDS) + 1)  # the second holds nothing
    assert draft.title == "Tides"


ENCRYPTED = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O ({'a' * 32}) /U ({'b' * 32}) /P -4 >> /ID [<00> <00>]"
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf_of([["x"]], trailer=ENCRYPTED), "encrypted; save it without a password"),
        (
            pdf_of([[], []]),
            "no text on its 2 pages, only pictures; run text recognition (OCR) first",
        ),
        (b"%PDF-1.7\nbroken", "a damaged PDF; save it again"),
        (PDF[:100], "a damaged PDF; save it again"),
    ],
)
def test_a_pdf_without_text_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(tmp_path, "a.pdf", content) == reason


# -- books, documents, mail ---------------------------------------------------------------------------------------


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    draft = read(tmp_path, "a.epub", epub())
    assert draft.text == f"Tides\n\n{WORDS}\n\nMoon\n\n{MORE}\n"
    assert (draft.title, draft.author, draft.published, draft.language) == (
        "Tides",
        "Robin Vale",
        "2026-03-20",
        "en",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (epub(**{"META-INF/rights.xml": "<rights/>"}), "encrypted (DRM); it cannot be read"),
        (
            epub(**{"OEBPS/one chapter.xhtml": "", "OEBPS/two.xhtml": chapter("<img/>")}),
            "no text in the book, only pictures",
        ),
        (epub(**{"OEBPS/book.opf": ""}), "its table of contents is damaged; save it again"),
        (epub()[:400], "a damaged zip file; save it again"),
    ],
)
def test_a_book_without_text_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(tmp_path, "a.epub", content) == reason


def test_a_document_gives_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    draft = read(tmp_path, "a.docx", docx(table(("Port", "Height"), ("Delfzijl", "3.0 m")) + paragraph(MORE)))
    assert draft.text == f"{WORDS}\n\n| Port | Height |\n|---|---|\n| Delfzijl | 3.0 m |\n\n{MORE}\n"


def test_what_unpacks_to_too_much_is_refused_before_it_is(tmp_path: Path) -> None:
    bomb = docx("", **{"word/media/zeros": "0" * 210_000_000})
    assert len(bomb) < 300_000
    assert refusal(tmp_path, "a.docx", bomb).startswith("unpacks to 210,00")


def test_a_mail_gives_its_words_and_head(tmp_path: Path) -> None:
    draft = read(tmp_path, "a.eml", MAIL)
    assert draft.text == f"{WORDS} {MORE}\n"
    assert (draft.title, draft.author, draft.published) == (
        "Tides",
        "Robin Vale <robin@example.org>",
        "2026-03-20",
    )
    assert draft.metadata == {"message_id": "<tides@example.org>"}


def test_of_a_mail_in_html_the_words_are_taken(tmp_path: Path) -> None:
    mail = MAIL.replace("text/plain", "text/html").replace(WORDS, f"<html><body><p>{WORDS}</p><p>")
    assert read(tmp_path, "a.eml", mail).text == f"{WORDS}\n\n{MORE}\n"


# -- many articles in a file --------------------------------------------------------------------------------------


def all_of(
    folder: Path, name: str, content: str | bytes, mapped: dict[str, str] | None = None
) -> list[Reading | Refused]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_all([path], mapped))


def brief(found: list[Reading | Refused], folder: Path) -> list[tuple[str, ...]]:
    return [
        (
            each.place.removeprefix(f"{folder}/"),
            each.reason if isinstance(each, Refused) else each.draft.text,
        )
        for each in found
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_each_record_is_an_article(tmp_path: Path, name: str) -> None:
    found = all_of(tmp_path, name, VALID[name])
    assert brief(found, tmp_path) == [(f"{name}, record 1", WORDS), (f"{name}, record 2", MORE)]
    drafts = [each.draft for each in found if isinstance(each, Reading)]
    ids = ("a", "b") if name == "a.jsonl" else ("c", "d")
    assert [(draft.article_id, draft.title) for draft in drafts] == [(ids[0], "Tides"), (ids[1], "Moon")]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_the_original_of_a_record_can_be_read_by_itself(tmp_path: Path, name: str) -> None:
    for each in all_of(tmp_path, name, VALID[name]):
        assert isinstance(each, Reading)
        (again,) = all_of(tmp_path, f"again-{name}", each.original)
        assert isinstance(again, Reading)
        assert again.draft == each.draft


def test_fields_are_taken_by_a_mapping_and_others_are_metadata(tmp_path: Path) -> None:
    record = '{"nr": 7, "headline": "Tides", "story": "Words.", "url": "https://example.org/7", "tags": ["a", "b"], "x": {}}'
    (found,) = all_of(tmp_path, "a.jsonl", record, {"text": "story", "title": "headline", "id": "nr"})
    assert isinstance(found, Reading)
    assert (found.draft.article_id, found.draft.title, found.draft.text) == ("7", "Tides", "Words.")
    assert found.draft.metadata == {"url": "https://example.org/7", "tags": "a, b"}
    assert found.draft.reader == "jsonl-1 id=nr text=story title=headline"
    assert found.source == "https://example.org/7"


def test_without_an_address_the_source_is_the_place_in_the_file(tmp_path: Path) -> None:
    found = all_of(tmp_path, "a.jsonl", '{"text": "One."}\n\n{"text": "Two."}')
    assert [each.source for each in found if isinstance(each, Reading)] == [
        f"{tmp_path}/a.jsonl#1",
        f"{tmp_path}/a.jsonl#2",
    ]


def test_a_wrong_record_does_not_keep_the_others_out(tmp_path: Path) -> None:
    lines = [
        '{"text": "One."}', "not JSON", "[1]", '{"body": "x", "b": 1}', '{"text": 7}', '{"text": " "}',
        '{"text": "x", "published": "soon"}', '{"text": "\\ud800 and \\u0000"}', "[" * 100_000,
    ]  # fmt: skip
    no_object = "not a JSON object on one line"
    assert [said for _, said in brief(all_of(tmp_path, "a.jsonl", "\n".join(lines)), tmp_path)] == [
        "One.",
        no_object,
        no_object,
        "no field 'text'; name one with --map text=FIELD (fields: b, body)",
        "the field 'text' holds no words",
        "no text in it",
        "published 'soon' is no date; write 2026, 2026-03 or 2026-03-20",
        "\ufffd and \ufffd",
        no_object,
    ]


def test_rows_of_csv_may_hold_lines_and_be_wrong(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfid;text\na;"One;\nstill ""one""."\n\nb;caf\xe9\nc;x;y\nd;Two.\n'
    assert brief(all_of(tmp_path, "a.csv", content), tmp_path) == [
        ("a.csv, record 1", 'One;\nstill "one".'),
        ("a.csv, record 2", "not UTF-8 at byte 5; save it as UTF-8"),
        ("a.csv, record 3", "3 cells, but 2 columns"),
        ("a.csv, record 4", "Two."),
    ]


def test_tabs_divide_a_tsv(tmp_path: Path) -> None:
    assert brief(all_of(tmp_path, "a.tsv", "id\ttext\na\tOne, two.\n"), tmp_path) == [
        ("a.tsv, record 1", "One, two.")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("text,text\na,b\n", "two columns have one name; mend its first line"),
        ("id,text\n", "no article in it"),
    ],
)
def test_a_table_without_articles_says_why(tmp_path: Path, content: str, reason: str) -> None:
    assert brief(all_of(tmp_path, "a.csv", content), tmp_path) == [("a.csv", reason)]


def test_a_file_that_changes_while_its_records_are_taken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One."}\n{"text": "Two."}\n')
    found = read_all([path])
    first = next(found)
    with path.open("a") as file:
        file.write("{")
    last = list(found)[-1]
    assert isinstance(first, Reading)
    assert last == Refused(str(path), "it changed while it was read; add it again")
