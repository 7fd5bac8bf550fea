"""What a question gives: these dataclasses are the JSON of `ask` and `search` over HTTP, on the command line, to an agent."""

from dataclasses import dataclass, field

from citewell.index.as_of import AsOf
from citewell.index.citation import Citation, CitedArticle, CitedPassage, Links
from citewell.index.explain import Filtered
from citewell.index.scoring import State
from citewell.index.spelling import ReadAs
from citewell.index.why_not import WhyNot


@dataclass(frozen=True, slots=True)
class RetrieverState:
    state: State


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which calibration made the confidence; with none, confidence is null."""

    state: str = "none"
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Same four, same answer."""

    snapshot: str
    config: str  # and the calibration, and how hits are reranked
    model: str
    reranker: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    verdict: str  # answered or insufficient
    confidence: float | None
    reason: str | None
    citations: tuple[Citation, ...]
    near_misses: tuple[Citation, ...]
    disagreements: tuple[str, ...]
    retrievers: dict[str, RetrieverState]
    calibration: Calibration
    fingerprint: Fingerprint
    took_ms: float
    filtered: Filtered | None = None  # with an explanation
    why_not: tuple[WhyNot, ...] = ()  # of what was asked for
    as_of: AsOf | None = None  # null for an answer from what is there now
    read_as: tuple[ReadAs, ...] = ()  # words that no passage holds


@dataclass(frozen=True, slots=True)
class FoundPassage:
    rank: int
    score: float
    article: CitedArticle
    passage: CitedPassage
    links: Links


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranking of passages, without evidence or verdict."""

    query: str
    hits: tuple[FoundPassage, ...]
    retrievers: dict[str, RetrieverState]
    fingerprint: Fingerprint
    took_ms: float = field(default=0.0)
    as_of: AsOf | None = None
    read_as: tuple[ReadAs, ...] = ()
