"""Plain text: the whole file is the text; the title is its first telling line. Form feeds divide it into pages."""

import regex

from citewell.corpus.article import Draft
from citewell.corpus.blocks import heading_words
from citewell.corpus.characters import decoded
from citewell.corpus.cleaning import excluded_spans
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format

TITLE_LENGTH = 90
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{N}]")
_BARE = regex.compile(r"(?i)(introduction|introductie|einleitung|inleiding|abstract|summary|overview)\W*")


def read_plain(content: bytes, name: str) -> Draft:
    """Raises ValueError for what is not UTF-8."""
    text = decoded(content)
    return Draft(
        text=text, title=first_title(text) or name, reader=recipe_of(Format.PLAIN), pages=pages_between(text)
    )


def pages_between(text: str) -> tuple[int, ...]:
    """Where pages start that form feeds stand between, as pdftotext writes them; it ends the last with one, too."""
    ends = [i + 1 for i, character in enumerate(text) if character == "\f"] if "\f" in text else []
    starts = [0, *(end for end in ends if end < len(text))]
    return tuple(starts) if ends else ()


def first_title(text: str) -> str | None:
    """The first line that is neither leftover nor a bare "Introduction", shortened at a word."""
    leftovers = [excluded.span for excluded in excluded_spans(text)]
    start = 0
    for line in text.split("\n"):
        words = heading_words(line)
        telling = _LETTER_OR_DIGIT.search(words) and not _BARE.fullmatch(words)
        if telling and not any(span.start <= start < span.end for span in leftovers):
            return shorten(words)
        start += len(line) + 1
    return None


def shorten(line: str) -> str:
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:–—- ") + " …"
