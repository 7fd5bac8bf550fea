"""Gold: questions judged by words of articles, so that the same file judges any way of cutting passages.

Evidence is an article and an exact quote; or, where the words may not stand in the file, their span and SHA-256.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.corpus.text import text_sha
from citewell.eval.lines import lines, parsed

KINDS = (
    "fact", "table", "paraphrase", "several", "disagree", "misspelt", "other_language", "unanswerable",
)  # fmt: skip
SPLITS = ("dev", "test")
WHYS = (
    "other period", "other company", "other product", "other figure", "false premise", "detail not given", "other topic",
)  # fmt: skip
_NEEDS = "A line needs id, kind, question and evidence [{article, quote}]"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of an article that answer the question."""

    article: str  # its id, or the name of the file that it came from
    quote: str

    def places(self, text: str) -> tuple[Span, ...]:
        """Everywhere the words stand."""
        return tuple(_occurrences(text, self.quote))

    def __str__(self) -> str:
        return repr(self.quote)


@dataclass(frozen=True, slots=True)
class DigestedEvidence:
    """The same without the words: where they stood, and their SHA-256."""

    article: str
    span: Span
    sha256: str

    def places(self, text: str) -> tuple[Span, ...]:
        """Where they stood; if other words stand there now, everywhere else that they stand."""
        if self._stands_at(self.span, text):
            return (self.span,)
        length = self.span.end - self.span.start
        spans = (Span(start, start + length) for start in range(len(text) - length + 1))
        return tuple(span for span in spans if self._stands_at(span, text))

    def _stands_at(self, span: Span, text: str) -> bool:
        return text_sha(span.of(text)) == self.sha256

    def __str__(self) -> str:
        return (
            f"the words with SHA-256 {self.sha256[:12]}..., which stood at {self.span.start}-{self.span.end}"
        )


AnyEvidence = Evidence | DigestedEvidence


@dataclass(frozen=True, slots=True)
class Question:
    """A judged question; without evidence it cannot be answered from the articles.

    What is fitted is fitted on `dev` and judged on `test`. `why` says what an unanswerable question misses; all
    but those on another topic are near-misses.
    """

    id: str
    kind: str
    question: str
    evidence: tuple[AnyEvidence, ...]
    split: str = "test"
    why: str | None = None
    place: str = field(default="", compare=False)  # file and line that it was read from

    def __str__(self) -> str:
        return f"{self.place}: question {self.id}" if self.place else f"question {self.id}"


def bundled_gold() -> Path:
    """The gold set that comes with citewell, over the bundled articles.

    Its questions are split by rule: those of a kind go two by two, in the order of the file; the first of two is dev
    if the SHA-256 of its text is even, else test, and the second is the other. So a question keeps its half when
    others are appended to its kind.
    """
    return Path(str(files("citewell.eval"))) / "sets" / "bundled.jsonl"


def bundled_articles() -> Path:
    return Path(str(files("citewell.corpus"))) / "articles"


def read_gold(file: Path) -> tuple[Question, ...]:
    """Raises BadInput, naming file and line, for a line that is no question or an id that occurs twice."""
    questions: dict[str, Question] = {}
    for place, line in lines(file):
        question = _question(line, place)
        if question.id in questions:
            raise BadInput(f"{place}: the id {question.id!r} occurs twice")
        questions[question.id] = question
    if not questions:
        raise BadInput(f"{file}: no question in it")
    return tuple(questions.values())


def _question(line: str, place: str) -> Question:
    row = parsed(line, place)
    try:
        question = Question(
            _words(row, "id"),
            _words(row, "kind"),
            _words(row, "question"),
            _evidences(row),
            row.get("split", "test"),
            row.get("why"),
            place,
        )
    except ValueError as error:
        raise BadInput(f"{place}: {error}. {_NEEDS}") from None
    if question.kind not in KINDS:
        raise BadInput(f"{place}: no kind {question.kind!r}; there are {', '.join(KINDS)}")
    if (question.kind == "unanswerable") is bool(question.evidence):
        raise BadInput(f"{place}: exactly the unanswerable questions have no evidence")
    if question.split not in SPLITS:
        raise BadInput(f"{place}: no split {question.split!r}; there are {', '.join(SPLITS)}")
    if "why" in row and question.why not in WHYS:
        raise BadInput(f"{place}: no reason {question.why!r}; there are {', '.join(WHYS)}")
    if question.why is not None and question.evidence:
        raise BadInput(f"{place}: only an unanswerable question says why")
    return question


def _evidences(row: Any) -> tuple[AnyEvidence, ...]:
    given = _field(row, "evidence")
    if not isinstance(given, list):
        raise ValueError("evidence is no list")
    made = []
    for number, each in enumerate(given, 1):
        try:
            made.append(_evidence(each))
        except ValueError as error:
            raise ValueError(f"evidence {number}: {error}") from None
    return tuple(made)


def _evidence(row: Any) -> AnyEvidence:
    article = _words(row, "article")
    if "sha256" not in row:
        return Evidence(article, _words(row, "quote"))
    if "quote" in row:
        raise ValueError("both quote and sha256")
    span = Span(_offset(row, "start"), _offset(row, "end"))
    if span.start >= span.end:
        raise ValueError("end is not above start")
    if not re.fullmatch("[0-9a-f]{64}", sha := _words(row, "sha256")):
        raise ValueError("sha256 is not 64 digits of 0-9 and a-f")
    return DigestedEvidence(article, span, sha)


def _field(row: Any, field: str) -> object:
    if not isinstance(row, dict):
        raise ValueError("no object")
    if field not in row:
        raise ValueError(f"no {field}")
    return row[field]


def _words(row: Any, field: str) -> str:
    value = _field(row, field)
    if not isinstance(value, str):
        raise ValueError(f"{field} is no text")
    if not value.strip():
        raise ValueError(f"{field} is empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{field} has half of a surrogate pair, which is no character")
    return value


def _offset(row: Any, field: str) -> int:
    value = _field(row, field)
    if type(value) is not int or value < 0:
        raise ValueError(f"{field} is no offset: a whole number from 0")
    return value


def _occurrences(text: str, quote: str) -> Iterator[Span]:
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield Span(start, start + len(quote))
        start = text.find(quote, start + 1)
