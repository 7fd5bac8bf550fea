"""The values that travel from a file to a citation: all frozen, all hashable or plain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from citewell.corpus.errors import UnknownPassage


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Unicode code points [start, end) of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


LONGEST_LINE = 1_000  # characters of a title, heading or table header that stand for passages: each of them has it with it


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reader makes of one source: the text and what the source says of itself."""

    text: str
    title: str
    reader: str
    original_sha: str = ""  # SHA-256 of the bytes that it was made of; known to who has them
    article_id: str | None = None
    author: str | None = None
    published: str | None = None  # ISO 8601, as precise as the source: 2026, 2026-03 or 2026-03-20
    language: str | None = None  # ISO 639-1
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[
        int, ...
    ] = ()  # where in the text each page starts, the first at 0; none if there are no pages


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a text, the unit of retrieval; sentences are the units of evidence inside it.

    `heading` is the nearest one above the passage or at its start; `table_header` is the header row of the
    table that the passage begins in the middle of.
    """

    span: Span
    heading: str | None
    table_header: Span | None
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A part of a text that is page leftover, kept beside the text; `rule` says why."""

    span: Span
    rule: str


@dataclass(frozen=True, slots=True)
class Cut:
    """How one text is cut: its passages and excluded spans tile it, in order."""

    passages: tuple[Passage, ...]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """One revision of an article: what it was called and which text it had. It never changes."""

    article_id: str
    source: str  # a file's absolute path or a URL
    revision: int  # counts from 1
    text_sha: str
    title: str
    author: str | None
    published: str | None
    language: str | None
    metadata: Mapping[str, str]
    recorded_at: str  # UTC, ISO 8601
    original_sha: str
    reader: str

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from every other revision in the library."""
        return self.article_id, self.revision


@dataclass(frozen=True, slots=True)
class Change:
    """One write to the store; `kind` is put, remove, purge, drop (of revisions that are not kept any longer) or clean.

    The last is of no article: other lines are left out of texts.
    """

    number: int  # counts from 1
    article_id: str
    kind: str
    revision: int  # the highest number that a revision of the article had by then
    former: int  # number of the article's change before; 0 for its first
    recorded_at: str  # UTC, ISO 8601; never before that of the change before


def passage_id(article_id: str, sha: str, span: Span) -> str:
    """The name of a passage: it says where the passage stands, so it resolves without an index."""
    return f"{article_id}.{sha[:12]}.{span.start}-{span.end}"


def parse_passage_id(name: str) -> tuple[str, str, Span]:
    """Article id, first 12 digits of the text SHA, and span; UnknownPassage if it is no such name."""
    try:
        article_id, sha12, ends = name.rsplit(".", 2)
        start, end = map(int, ends.split("-"))
    except ValueError:
        raise UnknownPassage(name) from None
    span = Span(start, end)
    if not article_id or len(sha12) != 12 or not start < end or passage_id(article_id, sha12, span) != name:
        raise UnknownPassage(name)
    return article_id, sha12, span


def is_web(source: str) -> bool:
    """Whether an article came from an address that a browser opens."""
    return source.startswith(("http://", "https://"))
