"""A PDF of lines in one typeface, as simple as the format allows: for benchmarks and tests."""

from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN, _LEADING = 595, 842, 56, 14
LINES = (_HEIGHT - 2 * _MARGIN) // _LEADING  # that a page has room for


def pdf_of(pages: Sequence[Sequence[str]], title: str = "", trailer: str = "") -> bytes:
    """Lines of Latin-1 characters on each page; a page without lines is empty. `trailer` adds to the file's trailer."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, lines in enumerate(pages):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>"
        )
        drawn = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
        content = f"BT /F 11 Tf {_LEADING} TL {_MARGIN} {_HEIGHT - _MARGIN} Td\n{drawn}ET".encode(
            "cp1252", "replace"
        )
        objects += [page.encode(), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)]
    objects.append(f"<< /Title ({_escaped(title)}) >>".encode("cp1252", "replace"))
    return _file(objects, trailer)


def _escaped(words: str) -> str:
    return words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: Sequence[bytes], trailer: str) -> bytes:
    """The objects, where each starts, and which is the root; the last says what the document is called."""
    made, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        starts.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    count = len(objects) + 1
    end = f"trailer\n<< /Size {count} /Root 1 0 R /Info {len(objects)} 0 R {trailer} >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + end.encode()
