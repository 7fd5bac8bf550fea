"""Plain text: the whole file is the text; the title is its first telling line."""

import regex

from citewell.corpus.article import Draft
from citewell.corpus.cleaning import excluded_spans

TITLE_LENGTH = 90
_BARE = regex.compile(r"(?i)(introduction|introductie|einleitung|inleiding|abstract|summary|overview)\W*")


def read_plain(characters: str, *, name: str, original_sha: str) -> Draft:
    title = first_title(characters) or name
    return Draft(text=characters, title=title, reader="plain-1", original_sha=original_sha)


def first_title(text: str) -> str | None:
    """The first line that is neither leftover nor a bare "Introduction", shortened at a word."""
    leftovers = [excluded.span for excluded in excluded_spans(text)]
    start = 0
    for line in text.splitlines(keepends=True):
        words = line.strip(" \t\n#*_")
        if words and not _BARE.fullmatch(words) and not any(s.start <= start < s.end for s in leftovers):
            return shorten(words)
        start += len(line)
    return None


def shorten(line: str) -> str:
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:–—- ") + " …"
