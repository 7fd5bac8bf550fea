"""Systems against judgements: every retriever on the same questions, per kind of question."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from time import perf_counter

from citewell.corpus.article import Span, passage_id
from citewell.eval.beir import BeirSet
from citewell.eval.gold import Question, locate
from citewell.eval.measures import measure
from citewell.index.answer import ask
from citewell.index.embedding import Progress
from citewell.index.library import Library
from citewell.index.search import Query, Retriever, Searcher

GOLD_MEASURES = ("nDCG@10", "RR@10", "R@1", "R@5", "R@10")
BEIR_MEASURES = ("nDCG@10", "RR@10", "R@10", "R@100")
SYSTEMS = ("lexical", "dense", "hybrid")


@dataclass(frozen=True, slots=True)
class Row:
    """Mean measures of one system on the questions of one kind."""

    system: str
    kind: str
    questions: int
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GoldReport:
    """Rankings by kind, and how the unanswerable questions were answered."""

    rows: tuple[Row, ...]
    unanswerable: int
    answered_all_the_same: int
    seconds: float


def evaluate_gold(
    library: Library, questions: tuple[Question, ...], progress: Progress = lambda *_: None
) -> GoldReport:
    """Ask a library every question through each system. Relevant is a passage that holds evidence."""
    began = perf_counter()
    relevant = relevant_passages(library, questions)
    searcher = library.searcher()
    scored: list[tuple[str, str, dict[str, float]]] = []
    silent = 0
    for done, question in enumerate(questions, 1):
        if question.evidence:
            query = searcher.query(question.question)
            judged = dict.fromkeys(relevant[question.id], 1)
            for system in SYSTEMS:
                ranking = [hit.passage_id for hit in retriever(searcher, system)(query, 10).hits]
                values = {name: measure(name)(ranking, judged) for name in GOLD_MEASURES}
                if system == "hybrid":
                    values["first quote"] = float(first_quote_answers(library, searcher, question))
                scored.append((system, question.kind, values))
        else:
            silent += ask(searcher, library.store, question.question).verdict == "insufficient"
        progress(done, len(questions))
    asked_in_vain = sum(not question.evidence for question in questions)
    return GoldReport(
        tuple(_rows(scored)), asked_in_vain, asked_in_vain - silent, round(perf_counter() - began, 2)
    )


def retriever(searcher: Searcher, system: str) -> Retriever:
    return {"lexical": searcher.lexical, "dense": searcher.dense, "hybrid": searcher.hybrid}[system]


def relevant_passages(library: Library, questions: tuple[Question, ...]) -> dict[str, set[str]]:
    """Of each question the ids of the passages that overlap its evidence."""
    located = locate(questions, library.store)
    passages = {
        article.article_id: [p.span for p in library.store.cut(article.text_sha).passages]
        for article in library.store.articles()
    }
    return {
        question.id: {
            passage_id(evidence.article, located[evidence][0], passage)
            for evidence in question.evidence
            for span in located[evidence][1]
            for passage in passages[evidence.article]
            if overlaps(passage, span)
        }
        for question in questions
    }


def overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def first_quote_answers(library: Library, searcher: Searcher, question: Question) -> bool:
    """Whether the first quote holds all of some piece of the evidence."""
    citations = ask(searcher, library.store, question.question, k=1).citations
    return any(
        citation.article.id == evidence.article and evidence.quote in citation.quote.text
        for citation in citations
        for evidence in question.evidence
    )


def _rows(scored: Sequence[tuple[str, str, dict[str, float]]]) -> Iterator[Row]:
    kinds = list(dict.fromkeys(kind for _, kind, _ in scored))
    for system in SYSTEMS:
        for kind in [*kinds, "all"]:
            values = [v for name, of, v in scored if name == system and kind in (of, "all")]
            means = {name: round(fmean(v[name] for v in values), 4) for name in (values[0] if values else ())}
            yield Row(system, kind, len(values), means)


def evaluate_beir(
    beir: BeirSet, searcher: Searcher, systems: Sequence[str] = SYSTEMS, progress: Progress = lambda *_: None
) -> tuple[Row, ...]:
    """Measures of each system on a public set, a question at a time."""
    runs: dict[str, dict[str, list[str]]] = {system: {} for system in systems}
    for done, (question, text) in enumerate(beir.questions.items(), 1):
        query: Query = searcher.query(text)
        for system in systems:
            runs[system][question] = beir.rank(retriever(searcher, system), query)
        progress(done, len(beir.questions))
    return tuple(
        Row(
            system,
            "all",
            len(beir.questions),
            {
                name: round(fmean(measure(name)(run[q], judged) for q, judged in beir.qrels.items()), 4)
                for name in BEIR_MEASURES
            },
        )
        for system, run in runs.items()
    )
