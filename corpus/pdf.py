"""PDF by pypdfium2: the text of every page, in order, and where each page starts. Runs in a child process."""

import pypdfium2
import regex
from pypdfium2 import raw

from citewell.corpus.article import Draft
from citewell.corpus.fields import one_line
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise

_HYPHEN_AT_LINE_END = regex.compile(r"[\ufffe\x02](?:\r?\n)?")
_REASONS = {
    raw.FPDF_ERR_PASSWORD: "encrypted; save it without a password",
    raw.FPDF_ERR_SECURITY: "encrypted in a way that is not supported; save it without encryption",
}


def read_pdf(content: bytes, name: str) -> Draft:
    """Raises ValueError for a PDF that is encrypted, damaged or holds no text."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        reason = _REASONS.get(getattr(error, "err_code", None), "a damaged PDF; save it again")
        raise ValueError(reason) from None
    try:
        pages = [_text_of(document, number) for number in range(len(document))]
        said = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    if not any(page.strip() for page in pages):
        raise ValueError(
            f"no text on its {len(pages)} pages, only pictures; run text recognition (OCR) first"
        )
    text, starts = "", []
    for page in pages:
        starts.append(len(text))
        text += page
    return Draft(
        text=text,
        title=_telling(one_line(said.get("Title"))) or first_title(text) or name,
        reader=recipe_of(Format.PDF),
        author=one_line(said.get("Author")),
        pages=tuple(starts),
    )


def _text_of(document: pypdfium2.PdfDocument, number: int) -> str:
    """Normalised lines; nothing for a page that is damaged or has no text."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return ""
    try:
        words = page.get_textpage().get_text_bounded()
    finally:
        page.close()
    lines = normalise(_HYPHEN_AT_LINE_END.sub("", words)).split("\n")
    text = "\n".join(line.strip() for line in lines).strip("\n")
    return text + "\n" if text else ""


def _telling(title: str | None) -> str | None:
    """A title that is no file name, as word processors put there."""
    if title is None or regex.search(r"(?i)\.\w{2,5}$|^untitled|^microsoft word", title):
        return None
    return title
