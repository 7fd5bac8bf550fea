"""EPUB: the chapters in the order of the book's spine, each as a page of its own markup. Runs in a child process."""

import posixpath
from urllib.parse import unquote

from lxml import etree

from citewell.corpus import archive
from citewell.corpus.article import Draft
from citewell.corpus.characters import decoded_page
from citewell.corpus.fields import if_usable, language, one_line, published
from citewell.corpus.html import parsed
from citewell.corpus.markup import text_of
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise

_CONTAINER = "META-INF/container.xml"
_NAMES = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "o": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def read_epub(content: bytes, name: str) -> Draft:
    """Raises ValueError for a book that is damaged, encrypted or has no text."""
    book = archive.opened(content)
    if "META-INF/rights.xml" in book.namelist():
        raise ValueError("encrypted (DRM); it cannot be read")
    container = _xml(archive.member(book, _CONTAINER))
    place = next(iter(container.xpath("//c:rootfile/@full-path", namespaces=_NAMES)), "")
    package = _xml(archive.member(book, place))
    files = {
        item.get("id"): posixpath.normpath(
            posixpath.join(posixpath.dirname(place), unquote(item.get("href", "")))
        )
        for item in package.xpath("//o:manifest/o:item", namespaces=_NAMES)
        if "nav" not in item.get("properties", "").split()
    }
    spine = package.xpath("//o:spine/o:itemref[not(@linear='no')]/@idref", namespaces=_NAMES)
    chapters = [_chapter(archive.member(book, files[each])) for each in spine if each in files]
    text = normalise("\n\n".join(chapter for chapter in chapters if chapter)) + "\n"
    if not text.strip():
        raise ValueError("no text in the book, only pictures")

    def said(field: str) -> str | None:
        words = package.xpath(f"//o:metadata/dc:{field}", namespaces=_NAMES)
        return one_line([each.text for each in words if each.text] or None)

    return Draft(
        text=text,
        title=said("title") or first_title(text) or name,
        reader=recipe_of(Format.EPUB),
        author=said("creator"),
        published=if_usable(published, said("date")),
        language=if_usable(language, said("language")),
        metadata={"identifier": identifier} if (identifier := said("identifier")) else {},
    )


def _chapter(content: bytes) -> str:
    if not content.strip():
        return ""
    body = parsed(decoded_page(content)).find("body")
    return text_of(body) if body is not None else ""


def _xml(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        tree = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        tree = None
    if tree is None:
        raise ValueError("its table of contents is damaged; save it again")
    return tree
