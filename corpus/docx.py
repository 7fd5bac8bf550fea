"""DOCX by python-docx: headings, paragraphs, lists and tables in their order. Runs in a child process."""

import io
from collections.abc import Iterator

import docx
import regex
from docx.document import Document
from docx.opc.exceptions import OpcError
from docx.table import Table
from lxml import etree

from citewell.corpus import archive
from citewell.corpus.article import Draft
from citewell.corpus.fields import if_usable, language, one_line
from citewell.corpus.markup import row_of
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise

_LEVEL = regex.compile(r"Heading ([1-6])")


def read_docx(content: bytes, name: str) -> Draft:
    """Raises ValueError for a document that is damaged, too large or empty."""
    archive.opened(content).close()
    try:
        document = docx.Document(io.BytesIO(content))
        text = normalise("\n\n".join(_blocks(document))) + "\n"
    except (LookupError, ValueError, AttributeError, OpcError, etree.XMLSyntaxError):
        raise ValueError("a damaged DOCX, or no DOCX at all; save it again") from None
    if not text.strip():
        raise ValueError("no text in the document, only pictures")
    said = document.core_properties
    return Draft(
        text=text,
        title=_own(said.title) or first_title(text) or name,
        reader=recipe_of(Format.DOCX),
        author=_own(said.author),
        language=if_usable(language, said.language or None),
    )


def _own(said: str) -> str | None:
    """Without what the library says in place of a document that says nothing."""
    return None if said in ("Word Document", "python-docx") else one_line(said)


def _blocks(document: Document) -> Iterator[str]:
    items: list[str] = []
    for content in document.iter_inner_content():
        if isinstance(content, Table):
            block, item = _rows(content), False
        else:
            style = (content.style.name or "") if content.style is not None else ""
            words = "\n".join(" ".join(line.split()) for line in content.text.split("\n")).strip()
            level = _LEVEL.fullmatch(style)
            item = style.startswith("List") and bool(words)
            mark = "- " if item else "# " if style == "Title" else f"{'#' * int(level[1])} " if level else ""
            block = mark + words if words else ""
        if item:
            items.append(block)
            continue
        if items:
            yield "\n".join(items)
            items = []
        if block:
            yield block
    if items:
        yield "\n".join(items)


def _rows(table: Table) -> str:
    """Between pipes, the first row as header; a table of one column or row is no table."""
    rows = [[" ".join(cell.text.split()).replace("|", "¦") for cell in row.cells] for row in table.rows]
    rows = [row for row in rows if any(row)]
    if len(rows) < 2 or len(rows[0]) < 2:
        return "\n\n".join(words for row in rows for words in row if words)
    return "\n".join([row_of(rows[0]), "|" + "---|" * len(rows[0]), *map(row_of, rows[1:])])
