"""Files that nobody means well: made by hand for every fault that is known, and any number by chance from good ones."""

import gzip
import os
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from citewell.eval.small_pdf import pdf_of
from tests.corpus.samples import HTML, JSON_LINES, MAIL, MORE, PDF, VALID, WORDS, chapter, docx, epub, zipped

ENCRYPTED = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O ({'a' * 32}) /U ({'b' * 32}) /P -4 >> /ID [<00> <00>]"
)
_LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)
) + "]>"  # fmt: skip
_SECRET = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def _lying_zip() -> bytes:
    """It says in its directory that the member is small."""
    made = bytearray(docx("", **{"word/media/zeros": "0" * 30_000_000}))
    size = (30_000_000).to_bytes(4, "little")
    while (at := made.rfind(size)) >= 0:
        made[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(made)


def _deep_mail(depth: int) -> bytes:
    """Parts within parts."""
    heads = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(depth))
    return f"From: a@b.c\nSubject: deep\n{heads}Content-Type: text/plain\n\n{WORDS}\n".encode()


@cache
def refused_files() -> dict[str, bytes]:
    """None of them has an article."""
    return {
        "empty.txt": b"",
        "blanks.md": b" \n\t\r\n",
        "mark only.txt": b"\xef\xbb\xbf",
        "nul.txt": b"words\0words",
        "surrogate.txt": b"words \xed\xa0\x80 words",
        "latin.txt": "Café".encode("latin-1"),
        "wide.txt": WORDS.encode("utf-16"),
        "wider.md": WORDS.encode("utf-32-le"),
        "japanese.txt": "潮汐".encode("shift_jis"),
        "front.md": b"---\nid: [\n---\nWords.",
        "aliases.md": b"---\na: &a [x]\nb: [*a, *a]\n---\nWords.",
        "date.md": b"---\npublished: someday\n---\nWords.",
        "id.md": b"---\nid: ../../etc\n---\nWords.",
        "menu only.txt": b"Home\nMenu\nLog in\n",
        "bomb.txt.gz": gzip.compress(bytes(10_000_000)),
        "bomb.pdf": gzip.compress(bytes(1_000_000)),
        "bomb.docx": docx("", **{"word/media/zeros": "0" * 210_000_000}),
        "bomb.epub": epub(**{"OEBPS/zeros": "0" * 210_000_000}),
        "many.docx": docx("", **{f"word/media/{i}": "" for i in range(10_001)}),
        "text bomb.docx": docx(f"<w:p><w:r><w:t>{'ab ' * 7_000_000}</w:t></w:r></w:p>"),
        "text bomb.epub": epub(**{"OEBPS/two.xhtml": chapter(f"<p>{'ab ' * 7_000_000}</p>")}),
        "archive.zip": zipped({"a.txt": WORDS}),
        "half.docx": docx()[:300],
        "half.epub": epub()[:500],
        "no chapters.epub": epub(**{"OEBPS/book.opf": "<package/>"}),
        "no table.epub": epub(**{"OEBPS/book.opf": "not XML"}),
        "rights.epub": epub(**{"META-INF/rights.xml": "<r/>"}),
        "words.docx": WORDS.encode(),
        "words.pdf": WORDS.encode(),
        "old.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "encrypted.pdf": pdf_of([[WORDS]], trailer=ENCRYPTED),
        "pictures.pdf": pdf_of([[], [], []]),
        "header.pdf": b"%PDF-1.7\n",
        "half.pdf": PDF[:200],
        "deep.html": b"<html><body>" + b"<div>" * 100_000 + WORDS.encode(),
        "scripts.html": b"<html><script>" + b"x();" * 1000 + b"</script></html>",
        "nothing.html": b"<!DOCTYPE html><html><body></body></html>",
        "charset.html": b'<html><meta charset="utf-8"><p>' + b"\xe9\xe8 " * 50,
        "unknown.html": b'<html><meta charset="x-none"><p>caf\xe9',
        "feed.html.xml.txt": b"<?xml version='1.0'?><feed><entry/></feed>",
        "picture.txt": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "no words.eml": b"From: a@b.c\nSubject: x\n\n",
        "empty.jsonl": b"\n\n",
        "deep.jsonl": b"[" * 200_000,
        "number.jsonl": b"7\n",
        "no field.csv": b"a,b\n1,2\n",
        "header.csv": b"id,text\n",
        "twice.csv": b"text,text\na,b\n",
        "open.csv": b'id,text\na,"never closed' + b"x" * 200_000,
        "deep.epub": epub(**{"OEBPS/two.xhtml": chapter("<div>" * 50_000 + WORDS + "</div>" * 50_000)}),
        "deep.feed.xml.txt": b"<rss version='2.0'><channel>" + b"<item>" * 50_000,
        "large.txt": b"",  # of a gigabyte, as are the next, see below
        "large.jsonl": b"",
        "large.csv": b"",
        "large.html": b"",
        "line\nbreak.txt": b"\xff\xff",
        "es\x1b[31mcape.md": b"\0\0",
    }


@cache
def odd_files() -> dict[str, bytes]:
    """Read in part, or with what is wrong in them replaced."""
    return {
        "late nul.txt": WORDS.encode() * 1000 + b"\0",
        "laughs.docx": docx("", **{"word/document.xml": f"{_LAUGHS}<l>&l;</l>"}),
        "secret.docx": docx("", **{"word/document.xml": f"{_SECRET}<l>&a;</l>"}),
        "laughs.epub": epub(**{"OEBPS/book.opf": f"{_LAUGHS}<l>&l;</l>"}),
        "lying.docx": _lying_zip(),
        "nul.html": HTML.replace("tide", "ti\0de").encode(),
        "mixed.jsonl": JSON_LINES.encode() + b'{"id": "c"\n{"text": "\\ud800 alone"}\n',
        "mime.eml": MAIL.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=x").encode(),
        "charset.eml": MAIL.replace("charset=utf-8", "charset=x-none").encode(),
        "attributes.html": HTML.replace("<p>", "<p " + " ".join(f"a{i}=1" for i in range(5_000)) + ">").encode(),
        "wide table.html": HTML.replace("<p>", "<table><tr><td colspan=99999999>a<td>b<tr><td>c</table><p>").encode(),
        "deep.md": b"> " * 50_000 + WORDS.encode(),
        "deep.eml": _deep_mail(3_000),
        "deep.docx": docx("<w:tbl><w:tr><w:tc>" * 1_500 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 1_500),
        "long word.txt": b"a" * 2_000_000 + b" " + MORE.encode(),
    }  # fmt: skip


GIGABYTE = 1_000_000_000


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(1, len(content))]


def _flipped(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 10, 100))):
        made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made)


def _spliced(content: bytes, chance: random.Random) -> bytes:
    other = VALID[chance.choice(sorted(VALID))]
    return _cut(content, chance) + other[chance.randrange(len(other)) :]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.choice((1, 10, 100))]
    return content[:start] + piece * chance.choice((10, 1000)) + content[start:]


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_cut, _flipped, _spliced, _repeated)


def by_chance(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Good files with a fault somewhere, each format and fault in turn."""
    names = sorted(VALID)
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        name = names[number % len(names)]
        damage = _DAMAGES[number // len(names) % len(_DAMAGES)]
        yield f"chance-{number}{Path(name).suffix}", damage(VALID[name], chance)


def write_by_hand(folder: Path) -> None:
    """All of refused_files() and odd_files(), a stream without an end, and links of every wrong kind."""
    for name, content in (refused_files() | odd_files()).items():
        (folder / name).write_bytes(content)
    for file in folder.glob("large.*"):
        os.truncate(file, GIGABYTE)
    os.mkfifo(folder / "endless.txt")
    (folder / "out.txt").symlink_to("/etc/hostname")
    (folder / "around.txt").symlink_to("around.md")
    (folder / "around.md").symlink_to("around.txt")
    (folder / "nowhere.txt").symlink_to("nothing")
    (folder / "up").symlink_to("..")
    (folder / "again").symlink_to(".")  # within the folder: passed by
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"\xff")


LINKS = 5
