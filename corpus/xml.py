"""XML of strangers as a tree: without entities of its own, and whole or not at all. For child processes."""

from html import entities

import regex
from lxml import etree

from citewell.corpus.markup import raw_text

_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_NAMED = regex.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")


def xml_of(content: bytes, base: str | None = None) -> etree._Element:
    """The root. Raises ValueError when it is broken, holds no element, or declares entities.

    Names of characters that HTML has and XML has not, as &nbsp;, are understood: feeds are full of them.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_NAMED.sub(_numbered, content), parser, base_url=base)
    except etree.XMLSyntaxError as error:
        line, _ = error.position
        raise ValueError(f"broken XML (line {line}): {' '.join((error.msg or '').split())[:120]}") from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and next(declared.iterentities(), None) is not None:
        raise ValueError("it declares entities, which are not read")
    return root


def local_name(element: etree._Element) -> str:
    """Without its namespace; empty for what is no element."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def words_of(element: etree._Element | None) -> str:
    return "" if element is None else raw_text(element).strip()


def _numbered(name: "regex.Match[bytes]") -> bytes:
    known = name[1].decode("ascii")
    characters = entities.html5.get(f"{known};", "") if known not in _XML_NAMES else ""
    return "".join(f"&#{ord(each)};" for each in characters).encode("ascii") or name[0]
