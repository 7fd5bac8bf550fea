"""A folder in BEIR layout: corpus.jsonl, queries.jsonl and qrels.tsv, judged by document."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citewell.corpus.article import Article, Cut, Span
from citewell.corpus.errors import BadInput
from citewell.corpus.language import guess_language
from citewell.corpus.passages import Bounds, cut, whole
from citewell.corpus.text import normalise, text_sha
from citewell.eval.lines import lines, parsed
from citewell.eval.locate import Located
from citewell.eval.measures import Qrels
from citewell.eval.trec import Scored, grade
from citewell.index.build import with_context
from citewell.index.reranking import Words
from citewell.index.segment import Segment

MOST_WORDS_UNCUT = 400  # a document of so many words is one passage
_DOCUMENTS = 100  # length of a ranking
_PASSAGES_OF_CUT_DOCUMENTS = 1000
_PARTS = "A set has corpus.jsonl, queries.jsonl and qrels.tsv."


@dataclass(frozen=True, slots=True)
class BeirSet:
    """Documents as articles with their cut, questions, and judgements by document id."""

    name: str
    documents: tuple[tuple[Article, str, Cut], ...]
    questions: Mapping[str, str]
    qrels: Qrels
    answers: Mapping[str, tuple[str, ...]]  # word for word, for questions that have them

    @property
    def depth(self) -> int:
        """How many passages are ranked, so that 100 documents come together."""
        uncut = all(len(pieces.passages) == 1 for _, _, pieces in self.documents)
        return _DOCUMENTS if uncut else _PASSAGES_OF_CUT_DOCUMENTS


def words_of(beir: BeirSet) -> Words:
    """What a reranker reads of a passage."""
    of = {
        (article.article_id, passage.span): (article, text, passage)
        for article, text, pieces in beir.documents
        for passage in pieces.passages
    }

    def words(segment: Segment, local: int) -> str:
        article, text, passage = of[segment.article(local).article_id, segment.span(local)]
        return with_context(article.title, passage, text)

    return words


def by_document(passages: Scored) -> Scored:
    """A ranking of 100 documents from one of passages: each stands where its best passage stands."""
    best: dict[str, float] = {}
    for name, score in passages:
        best.setdefault(name.rsplit(".", 2)[0], score)
    return tuple(best.items())[:_DOCUMENTS]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Questions of a set that have a relevant document, and all that is said of them."""

    name: str
    questions: Mapping[str, str]
    qrels: Qrels
    answers: Mapping[str, tuple[str, ...]]


def read_judgements(folder: Path, limit: int | None = None) -> Judgements:
    """The questions of a set, or its first `limit` judged ones. Raises BadInput, naming file and line."""
    asked = {str(row["_id"]): row for row in _rows(folder / "queries.jsonl")}
    questions = {question: normalise(row["text"]) for question, row in asked.items()}
    qrels = _read_qrels(_qrels_file(folder), questions)
    judged = [question for question in questions if question in qrels][:limit]
    if not judged:
        raise BadInput(f"{folder}: no judged question; check queries.jsonl and qrels.tsv")
    return Judgements(
        folder.resolve().name,
        {question: questions[question] for question in judged},
        {question: qrels[question] for question in judged},
        {question: found for question in judged if (found := _answers(asked[question]))},
    )


def read_unanswerable(folder: Path) -> dict[str, str]:
    """The questions of which a set says that its documents do not answer them (`is_impossible`)."""
    return {
        str(row["_id"]): normalise(row["text"])
        for row in _rows(folder / "queries.jsonl")
        if (row.get("metadata") or {}).get("is_impossible") is True
    }


def read_beir(
    folder: Path, count_tokens: Callable[[str], int], limit: int | None = None, bounds: Bounds = Bounds()
) -> BeirSet:
    """Read a set with its documents. Raises BadInput, naming file and line."""
    judged = read_judgements(folder, limit)
    documents = tuple(_document(row, count_tokens, bounds) for row in _rows(folder / "corpus.jsonl"))
    return BeirSet(judged.name, documents, judged.questions, judged.qrels, judged.answers)


def read_evidence(folder: Path, beir: BeirSet) -> dict[str, tuple[Located, ...]]:
    """Where the evidence of questions stands in the one document that is relevant, for those that say so (`evidence`).

    Raises BadInput for a question whose evidence is not the document's words there.
    """
    texts = {article.article_id: (article.text_sha, text) for article, text, _ in beir.documents}
    located: dict[str, tuple[Located, ...]] = {}
    for row in _rows(folder / "queries.jsonl"):
        question, said = str(row["_id"]), (row.get("metadata") or {}).get("evidence")
        if not said or question not in beir.questions:
            continue
        try:
            (document,) = beir.qrels[question]
            sha, text = texts[document]
            spans = [Span(piece["start"], piece["end"]) for piece in said]
            if [span.of(text) for span in spans] != [piece["text"] for piece in said]:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise BadInput(
                f"{folder / 'queries.jsonl'}: question {question}: evidence needs text, start and end as in its one "
                "relevant document"
            ) from None
        located[question] = tuple(Located(document, sha, (span,)) for span in spans)
    if not located:
        raise BadInput(f"{folder / 'queries.jsonl'}: no question says where its evidence stands")
    return located


def _qrels_file(folder: Path) -> Path:
    """qrels.tsv, or where the sets of BEIR themselves keep it."""
    published = folder / "qrels" / "test.tsv"
    return published if published.is_file() else folder / "qrels.tsv"


def _answers(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a question whose metadata give them as SQuAD does; else none."""
    said = (row.get("metadata") or {}).get("answers")
    answers = said if isinstance(said, list) else []
    texts = (answer.get("text") for answer in answers if isinstance(answer, dict))
    return tuple(normalise(text) for text in texts if isinstance(text, str) and text)


def _document(
    row: Mapping[str, Any], count_tokens: Callable[[str], int], bounds: Bounds
) -> tuple[Article, str, Cut]:
    text = normalise(row["text"])
    language = (row.get("metadata") or {}).get("lang") or guess_language(text)
    pieces = whole(text, language)
    if len(text.split()) > MOST_WORDS_UNCUT:
        pieces = cut(text, language, count_tokens, bounds, clean=False)
    article = Article(
        article_id=str(row["_id"]), source=str(row["_id"]), revision=1, text_sha=text_sha(text),
        title=normalise(row.get("title") or ""), author=None, published=None, language=language, metadata={},
        recorded_at="", original_sha="", reader="beir",
    )  # fmt: skip
    return article, text, pieces


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Raises BadInput, naming file and line, for a line that is no row or an id that occurs twice, and for no row."""
    seen: set[str] = set()
    for place, line in lines(file, _PARTS):
        row = parsed(line, place)
        if not isinstance(row, dict) or not _is_document(row):
            raise BadInput(f"{place}: needs _id and text, and takes title and metadata")
        if (name := str(row["_id"])) in seen:
            raise BadInput(f"{place}: the id {name!r} occurs twice")
        seen.add(name)
        yield row
    if not seen:
        raise BadInput(f"{file}: no line in it. {_PARTS}")


def _is_document(row: Mapping[str, Any]) -> bool:
    metadata = row.get("metadata") or {}
    return (
        isinstance(row.get("_id"), str | int)
        and isinstance(row.get("text"), str)
        and isinstance(row.get("title") or "", str)
        and isinstance(metadata, dict)
        and isinstance(metadata.get("lang") or "", str)
    )


def _read_qrels(file: Path, questions: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The judgements above 0."""
    qrels: dict[str, dict[str, int]] = {}
    for place, line in lines(file, _PARTS):
        if place == f"{file}:1" and line.startswith("query-id"):
            continue
        try:
            question, document, said = line.split("\t")
            relevance = grade(said, place)
        except ValueError:
            raise BadInput(f"{place}: needs question, document and relevance, tab-separated") from None
        if question not in questions:
            raise BadInput(f"{place}: judgements for {question!r}, which is not in queries.jsonl")
        if document in qrels.setdefault(question, {}):
            raise BadInput(f"{place}: {document!r} is judged twice for question {question!r}")
        qrels[question][document] = relevance
    relevant = {q: {name: of for name, of in judged.items() if of > 0} for q, judged in qrels.items()}
    return {question: judged for question, judged in relevant.items() if judged}
