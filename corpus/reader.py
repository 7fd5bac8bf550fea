"""The readers, one for each format: bytes and a name in, a draft out."""

from functools import cache
from importlib.metadata import version
from typing import Protocol

from citewell.corpus.article import Draft
from citewell.corpus.sniff import Format

ISOLATED = {Format.HTML, Format.PDF, Format.EPUB, Format.DOCX, Format.MAIL}  # read in a child process
RECORDS = {Format.JSON_LINES, Format.CSV}  # a file of many articles
RECIPES = {  # bump one when its reader makes something else of the same bytes: `citewell reread` goes by it
    Format.PLAIN: "plain-2",
    Format.MARKDOWN: "markdown-1",
    Format.HTML: "html-1",
    Format.PDF: "pdf-1",
    Format.EPUB: "epub-1",
    Format.DOCX: "docx-1",
    Format.MAIL: "mail-1",
    Format.JSON_LINES: "jsonl-1",
    Format.CSV: "csv-1",
    Format.FEED: "feed-1",
}
LIBRARIES = {  # that extract: another version of one may make something else of the same bytes, too
    Format.HTML: ("htmldate", "lxml", "trafilatura"),
    Format.PDF: ("pypdfium2",),
    Format.EPUB: ("lxml",),
    Format.DOCX: ("lxml", "python-docx"),
    Format.MAIL: ("lxml",),
    Format.FEED: ("lxml",),
}


class Reader(Protocol):
    """Makes a draft of the bytes of one article; the name is its title if it says none of its own.

    The text is normalised, and the same for the same bytes. Raises ValueError with the reason when there is no text.
    """

    def __call__(self, content: bytes, name: str) -> Draft: ...


def reader_of(wanted: Format) -> Reader:
    """Imported when it is wanted: what the isolated ones stand on belongs in a child process only."""
    match wanted:
        case Format.PLAIN:
            from citewell.corpus.plain import read_plain as read
        case Format.MARKDOWN:
            from citewell.corpus.markdown import read_markdown as read
        case Format.HTML:
            from citewell.corpus.html import read_html as read
        case Format.PDF:
            from citewell.corpus.pdf import read_pdf as read
        case Format.EPUB:
            from citewell.corpus.epub import read_epub as read
        case Format.DOCX:
            from citewell.corpus.docx import read_docx as read
        case Format.MAIL:
            from citewell.corpus.mail import read_mail as read
        case _:
            raise ValueError(f"{wanted} holds many articles")
    return read


def recipe_of(kind: Format) -> str:
    """What today's reader is called: its own number, and the versions of the libraries that it stands on."""
    return "/".join([RECIPES[kind], *(f"{name}-{_version(name)}" for name in LIBRARIES.get(kind, ()))])


@cache
def _version(library: str) -> str:
    return version(library)


def read_as(recipe: str) -> Format | None:
    """The format that something was read as by that recipe, of today or of an earlier day; None for no reader's."""
    name = recipe.partition(" ")[0].partition("/")[0].rpartition("-")[0]
    return next((kind for kind, today in RECIPES.items() if today.rpartition("-")[0] == name), None)


def is_of_today(recipe: str) -> bool:
    kind = read_as(recipe)
    return kind is not None and recipe.partition(" ")[0] == recipe_of(kind)
