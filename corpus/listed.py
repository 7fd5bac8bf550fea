"""What a feed or a sitemap lists: values that travel from the child process that reads it."""

from dataclasses import dataclass

from citewell.corpus.article import Draft


@dataclass(frozen=True, slots=True)
class Entry:
    """Of a feed; without a draft its text is on the page that it links to.

    `key` tells it from the others; `original` is the feed with no other entry in it, `state` another whenever the feed says
    anything else of the entry.
    """

    key: str
    link: str | None
    state: str
    original: str
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`places` are addresses as they are written, each with what was said of its last change, or an empty word."""

    is_index: bool
    places: tuple[tuple[str, str], ...]
