"""The text of an article: normalised once, named by its SHA-256, never changed afterwards."""

import hashlib
import re
import unicodedata

import regex

# the last two ranges turn the order of others
_UNSHOWABLE = regex.compile(r"[\p{Cc}\p{Zl}\p{Zp}\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_UNNAMEABLE = regex.compile(r"[\p{Cc}\ud800-\udfff]")  # stays as it is: ids are made of sources
_UNSTORABLE = regex.compile(r"[\x00\ud800-\udfff]")
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_WORD_OR_CJK = regex.compile(
    rf"(?P<cjk>[{_CJK}])|[\p{{L}}\p{{N}}--[{_CJK}]][\p{{L}}\p{{M}}\p{{N}}'’.,--[{_CJK}]]*", regex.V1
)
_ASCII_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'.,]*")  # the same, several times as fast


def normalise(raw: str) -> str:
    """NFC, LF line ends, no byte order mark; NUL and lone surrogates become U+FFFD."""
    text = raw.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _UNSTORABLE.sub("\ufffd", text))


def escaped(words: str) -> str:
    """The words on one line that any terminal can show as they are: what controls it or their order, and lone surrogates, are escaped."""
    return _UNSHOWABLE.sub(_escape, words)


def as_source(path: str) -> str:
    """The path as articles name it as their source, which may be stored: control characters and lone surrogates are escaped."""
    return _UNNAMEABLE.sub(_escape, path)


def _escape(match: regex.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def text_sha(text: str) -> str:
    """SHA-256 of the UTF-8 bytes, in hexadecimal: the name of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def count_words(text: str) -> float:
    """Number of words; in Chinese, Japanese and Korean two characters count as one word."""
    if text.isascii():
        return float(len(_ASCII_WORD.findall(text)))
    found = _WORD_OR_CJK.findall(text)  # of each the CJK character, empty for a word
    words = found.count("")
    return words + 0.5 * (len(found) - words)
