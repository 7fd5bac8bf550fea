"""Gold: questions judged by exact quotes from articles, so that the same file judges any way of cutting passages."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.corpus.store import Store

KINDS = (
    "fact", "table", "paraphrase", "several", "disagree", "misspelt", "other_language", "unanswerable",
)  # fmt: skip
SPLITS = ("dev", "test")
WHYS = (
    "other period", "other company", "other product", "other figure", "false premise", "detail not given", "other topic",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of an article that answer the question."""

    article: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """A judged question; without evidence it cannot be answered from the articles.

    What is fitted is fitted on `dev` and judged on `test`. `why` says what an unanswerable question misses; all
    but those on another topic are near-misses.
    """

    id: str
    kind: str
    question: str
    evidence: tuple[Evidence, ...]
    split: str = "test"
    why: str | None = None


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
    for place, line in _lines(file):
        question = _question(line, place)
        if question.id in questions:
            raise BadInput(f"{place}: the id {question.id!r} occurs twice")
        questions[question.id] = question
    if not questions:
        raise BadInput(f"{file}: no question in it")
    return tuple(questions.values())


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8") as opened:
            yield from ((f"{file}:{number}", line) for number, line in enumerate(opened, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read ({error})") from None


def _question(line: str, place: str) -> Question:
    try:
        row = json.loads(line)
        evidence = tuple(Evidence(_words(e, "article"), _words(e, "quote")) for e in row["evidence"])
        question = Question(
            _words(row, "id"),
            _words(row, "kind"),
            _words(row, "question"),
            evidence,
            row.get("split", "test"),
            row.get("why"),
        )
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{place}: needs id, kind, question and evidence [{{article, quote}}]") from None
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


def _words(row: Mapping[str, object], field: str) -> str:
    value = row[field]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(field)
    return value


def locate(questions: tuple[Question, ...], store: Store) -> Mapping[Evidence, tuple[str, tuple[Span, ...]]]:
    """Where each piece of evidence stands: the text's SHA and every span. Raises BadInput if it stands nowhere."""
    texts = {a.article_id: (a.text_sha, store.text(a.text_sha)) for a in store.articles()}
    located: dict[Evidence, tuple[str, tuple[Span, ...]]] = {}
    for question in questions:
        for evidence in question.evidence:
            if evidence.article not in texts:
                raise BadInput(f"question {question.id}: no article {evidence.article!r} in the library")
            sha, text = texts[evidence.article]
            spans = tuple(_occurrences(text, evidence.quote))
            if not spans:
                raise BadInput(f"question {question.id}: {evidence.article} does not say {evidence.quote!r}")
            located[evidence] = (sha, spans)
    return located


def _occurrences(text: str, quote: str) -> Iterator[Span]:
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield Span(start, start + len(quote))
        start = text.find(quote, start + 1)
