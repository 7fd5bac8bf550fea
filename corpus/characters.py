"""From bytes to characters: UTF-8 for text, what a page declares for HTML."""

import codecs

import regex

from citewell.corpus.text import normalise

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 8192  # bytes: a NUL in them speaks of a binary file
_MOST_WRONG = 0.001  # share of the characters
_AS_BROWSERS_DO = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "windows-1252")
_DECLARED = regex.compile(rb"(?i)charset\s*=\s*[\"']?\s*([\w:.-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)")


def decoded(content: bytes) -> str:
    """UTF-8 bytes as normalised characters. Raises ValueError for any other."""
    if content.startswith(_WIDE):
        raise ValueError("UTF-16, not UTF-8; save it as UTF-8")
    if b"\0" in content[:_LOOKED_AT]:
        raise ValueError("a binary file, not text")
    try:
        return normalise(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}; save it as UTF-8") from None


def decoded_page(content: bytes) -> str:
    """HTML: by its byte order mark, as UTF-8 if it is, by what it declares, else as browsers do (windows-1252).

    A few wrong bytes become U+FFFD. Raises ValueError if more are, or if the charset is unknown.
    """
    for mark, charset in ((codecs.BOM_UTF8, "utf-8"), *((mark, "utf-16") for mark in _WIDE)):
        if content.startswith(mark):
            return _mostly(content, charset)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        declared = _DECLARED.search(content, endpos=4096)
        charset = (declared[1] or declared[2]).decode("ascii", "replace").lower() if declared else "latin1"
        return _mostly(content, _AS_BROWSERS_DO.get(charset, charset))


def _mostly(content: bytes, charset: str) -> str:
    try:
        characters = content.decode(charset, "replace")
    except LookupError:
        raise ValueError(f"it declares the unknown charset {charset!r}; save it as UTF-8") from None
    if characters.count("\ufffd") > len(characters) * _MOST_WRONG:
        raise ValueError(f"its bytes are not {charset}; save it as UTF-8")
    return characters
