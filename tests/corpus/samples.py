"""One small article in every format, all with the same words, made without the libraries that read them."""

import io
import zipfile

from citewell.eval.small_pdf import pdf_of

WORDS = "The tide turns twice a day."
MORE = "Spring tide comes two days after new moon."

HTML = f"""<!DOCTYPE html><html lang="en"><head><title>Tides</title><meta name="author" content="Robin Vale">
<meta property="article:published_time" content="2026-03-20"><link rel="canonical" href="https://example.org/tides">
</head><body><nav><a href="/">Home</a></nav><article><h1>Tides</h1><p>{WORDS} {MORE}</p></article></body></html>"""
MAIL = f"""From: Robin Vale <robin@example.org>
To: all@example.org
Subject: Tides
Date: Fri, 20 Mar 2026 08:00:00 +0000
Message-ID: <tides@example.org>
Content-Type: text/plain; charset=utf-8

{WORDS} {MORE}
"""
MARKDOWN = f"---\nid: tides\npublished: 2026-03-20\n---\n# Tides\n\n{WORDS} {MORE}\n"
JSON_LINES = (
    f'{{"id": "a", "title": "Tides", "text": "{WORDS}"}}\n{{"id": "b", "title": "Moon", "text": "{MORE}"}}\n'
)
CSV = f'id,title,text\nc,Tides,"{WORDS}"\nd,Moon,"{MORE}"\n'
PDF = pdf_of([[WORDS], [], [MORE]], title="Tides")

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0">
<metadata><dc:title>Tides</dc:title><dc:creator>Robin Vale</dc:creator><dc:date>2026-03-20</dc:date>
<dc:language>en-GB</dc:language><dc:identifier>urn:isbn:1</dc:identifier></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="one" href="one%20chapter.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="nav"/><itemref idref="two"/><itemref idref="one"/></spine></package>"""
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def zipped(members: dict[str, str | bytes]) -> bytes:
    """The first member is not compressed, as in an EPUB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (name, content) in enumerate(members.items()):
            archive.writestr(name, content, None if i else zipfile.ZIP_STORED)
    return made.getvalue()


def chapter(inner: str) -> str:
    return f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{inner}</body></html>'


def epub(**others: str | bytes) -> bytes:
    """A book of two chapters, the second in the archive first in the book; members may be replaced or added."""
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": _PACKAGE,
        "OEBPS/nav.xhtml": chapter("<p>Contents</p>"),
        "OEBPS/one chapter.xhtml": chapter(f"<h2>Moon</h2><p>{MORE}</p>"),
        "OEBPS/two.xhtml": chapter(f"<h1>Tides</h1><p>{WORDS}</p>"),
    }
    return zipped(members | others)


def docx(body: str = "", **others: str | bytes) -> bytes:
    """A document with a paragraph, and with what is given as its body after that."""
    document = f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>{body}</w:body></w:document>'
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": document,
    }
    return zipped(members | others)


def paragraph(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    lines = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    grid = "<w:tblGrid>" + "<w:gridCol/>" * len(rows[0]) + "</w:tblGrid>"
    return f"<w:tbl><w:tblPr/>{grid}{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


VALID: dict[str, bytes] = {
    "a.txt": f"Tides\n\n{WORDS}\f{MORE}\f".encode(),
    "a.md": MARKDOWN.encode(),
    "a.html": HTML.encode(),
    "a.pdf": PDF,
    "a.epub": epub(),
    "a.docx": docx(),
    "a.eml": MAIL.encode(),
    "a.jsonl": JSON_LINES.encode(),
    "a.csv": CSV.encode(),
}
