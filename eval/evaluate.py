"""Systems against judgements: every system on the same questions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import perf_counter

from citewell.corpus.article import Span, parse_passage_id, passage_id
from citewell.corpus.errors import BadInput
from citewell.eval.beir import BeirSet, by_document
from citewell.eval.check import check_askable, words_of
from citewell.eval.gold import AnyEvidence, Question
from citewell.eval.judged import RANK_MEASURES, Answered, Asked, Judged, Result
from citewell.eval.locate import Located, Locator, locate
from citewell.eval.measures import Judgements, Qrels, measure
from citewell.eval.spans import overlap, overlaps
from citewell.eval.systems import DEFAULT, SYSTEMS, System, rankings, systems
from citewell.eval.trec import Run, Scored
from citewell.index.answer import ask
from citewell.index.embedding import Progress
from citewell.index.library import Library
from citewell.index.query import Query
from citewell.index.response import Answer
from citewell.index.search import Searcher

CITED = 5  # passages whose characters are counted: as many as an answer has citations
FIRST_QUOTE = "first quote"
CHARACTERS = f"characters@{CITED}"
_DEPTH = 100
_TIMED = 200  # questions
_TIMED_DEPTH = 10


def judge_gold(
    library: Library,
    questions: tuple[Question, ...],
    name: str,
    names: Sequence[str] = SYSTEMS,
    progress: Progress = lambda *_: None,
) -> Judged:
    """Ask a library every question through each system. Relevant is a passage that overlaps evidence.

    Raises BadInput, naming file and line, before anything is asked.
    """
    for question in questions:
        check_askable(question)
    locator = Locator(library.store)
    located = locate(questions, locator)
    relevant = relevant_passages(library, questions, located)
    searcher = library.searcher()
    asking = systems(searcher, names)
    results: dict[str, dict[str, Result]] = {system.name: {} for system in asking}
    answers: list[Answered] = []
    timing = _Timing()
    for done, question in enumerate(questions, 1):
        query = timing.query(searcher, question.question)
        evidence = [located[each] for each in question.evidence]
        ranked = rankings(searcher, query, _DEPTH, names) if evidence else {}
        for system in asking if evidence else ():
            ms, ranking = timing.ranking(system, query), ranked[system.name]
            values = {**_of_ranking(ranking, relevant[question.id]), **of_spans(ranking, evidence)}
            if system.searcher is not None:
                given = ask(system.searcher, library.store, question.question, k=1)
                values[FIRST_QUOTE] = float(first_quote_holds(given, evidence))
                if system.name == DEFAULT:
                    answers.append(_answered(question, given, evidence))
            results[system.name][question.id] = Result.of(ranking, values, ms)
        if not evidence and DEFAULT in names:
            answers.append(_answered(question, ask(searcher, library.store, question.question, k=1), ()))
        progress(done, len(questions))
    return Judged(
        name, tuple(Asked(q.id, q.question, q.kind, q.split) for q in questions), relevant, results,
        tuple(answers), tuple(timing.embedding_ms), _leaks(questions, located, locator),
    )  # fmt: skip


def judge_beir(
    beir: BeirSet,
    searcher: Searcher,
    names: Sequence[str] = SYSTEMS,
    progress: Progress = lambda *_: None,
) -> Judged:
    """Measures of each system on a public set, judged by document."""
    asking = systems(searcher, names)
    results: dict[str, dict[str, Result]] = {system.name: {} for system in asking}
    timing = _Timing()
    for done, (question, text) in enumerate(beir.questions.items(), 1):
        query = timing.query(searcher, text)
        ranked = rankings(searcher, query, beir.depth, names)
        for system in asking:
            ranking = by_document(ranked[system.name])
            values = _of_ranking(ranking, beir.qrels[question])
            results[system.name][question] = Result.of(ranking, values, timing.ranking(system, query))
        progress(done, len(beir.questions))
    texts = {article.article_id: f"{article.title} {text}" for article, text, _ in beir.documents}
    leaks = (
        question
        for question, text in beir.questions.items()
        if any(says(texts[name], text) for name in beir.qrels[question] if name in texts)
    )
    return Judged(
        beir.name, _asked(beir.questions), beir.qrels, results, (), tuple(timing.embedding_ms), tuple(leaks),
        tuple(_unfindable(beir, texts)),
    )  # fmt: skip


def _unfindable(beir: BeirSet, texts: Mapping[str, str]) -> Iterator[str]:
    relevant = [name for judged in beir.qrels.values() for name in judged]
    if missing := sum(name not in texts for name in relevant):
        yield f"{missing} of {len(relevant)} judgements are of documents that are not in corpus.jsonl."


def judge_runs(name: str, questions: Mapping[str, str], qrels: Qrels, runs: Sequence[Run]) -> Judged:
    """Runs of any systems. A judged question that a run lacks counts 0. Raises BadInput if a run has none of them."""
    judged = {question: of for question, of in qrels.items() if any(grade > 0 for grade in of.values())}
    results: dict[str, dict[str, Result]] = {}
    remarks = []
    for run in runs:
        if run.name in results:
            raise BadInput(f"Two runs are called {run.name!r}. Rename one: the last word of each line.")
        if not judged.keys() & run.rankings.keys():
            raise BadInput(f"The run {run.name!r} has none of the judged questions of {name}.")
        if missing := len(judged.keys() - run.rankings.keys()):
            remarks.append(f"{run.name} lacks {missing} of {len(judged)} judged questions; they count 0.")
        if unjudged := len(run.rankings.keys() - judged.keys()):
            remarks.append(f"{run.name} has {unjudged} questions that are not judged; they are left out.")
        results[run.name] = {
            question: Result.of(ranking, _of_ranking(ranking, of))
            for question, of in judged.items()
            for ranking in [run.rankings.get(question, ())]
        }
    asked = _asked({question: questions.get(question, question) for question in judged})
    return Judged(name, asked, judged, results, remarks=tuple(remarks))


def relevant_passages(
    library: Library, questions: tuple[Question, ...], located: Mapping[AnyEvidence, Located]
) -> dict[str, dict[str, int]]:
    """Of each question judgements of the passages that overlap its evidence."""
    wanted = {article.article_id for article in located.values()}
    passages = {
        article.article_id: [p.span for p in library.store.cut(article.text_sha).passages]
        for article in library.store.articles()
        if article.article_id in wanted
    }
    return {
        question.id: {
            passage_id(of.article_id, of.text_sha, passage): 1
            for of in (located[evidence] for evidence in question.evidence)
            for span in of.spans
            for passage in passages[of.article_id]
            if overlaps(passage, span)
        }
        for question in questions
    }


def first_quote_holds(given: Answer, evidence: Sequence[Located]) -> bool:
    """Whether the first quote, given or held back, holds all of some piece of the evidence."""
    return any(
        holds(citation.article.id, Span(citation.quote.start, citation.quote.end), of)
        for citation in (given.citations or given.near_misses)[:1]
        for of in evidence
    )


def holds(article_id: str, quote: Span, of: Located) -> bool:
    return article_id == of.article_id and any(
        quote.start <= span.start and span.end <= quote.end for span in of.spans
    )


def says(text: str, question: str) -> bool:
    """Whether a text has all words of the question in a row."""
    return f" {' '.join(words_of(question))} " in f" {' '.join(words_of(text))} "


def _leaks(
    questions: Iterable[Question], located: Mapping[AnyEvidence, Located], locator: Locator
) -> tuple[str, ...]:
    return tuple(
        question.id
        for question in questions
        if any(
            says(locator.text(located[evidence].text_sha), question.question)
            for evidence in question.evidence
        )
    )


def _answered(question: Question, given: Answer, evidence: Sequence[Located]) -> Answered:
    right = first_quote_holds(given, evidence)
    return Answered(question.id, bool(evidence), given.verdict, given.confidence, right)


def _of_ranking(ranking: Scored, judged: Judgements) -> dict[str, float]:
    ids = [name for name, _ in ranking]
    return {name: measure(name)(ids, judged) for name in RANK_MEASURES}


def of_spans(ranking: Scored, evidence: Sequence[Located]) -> dict[str, float]:
    """What the first five of a ranking hold of the evidence, and how many characters they have."""
    parsed = (parse_passage_id(name) for name, _ in ranking[:CITED])
    found = overlap([(article, span) for article, _, span in parsed], evidence)
    return {
        f"span P@{CITED}": found.precision,
        f"span R@{CITED}": found.recall,
        f"IoU@{CITED}": found.iou,
        CHARACTERS: float(found.returned),
    }


def _asked(questions: Mapping[str, str]) -> tuple[Asked, ...]:
    return tuple(Asked(question, text) for question, text in questions.items())


class _Timing:
    """Milliseconds: of every question's analysis and embedding, of rankings of ten for the first questions only."""

    def __init__(self) -> None:
        self.embedding_ms: list[float] = []

    def query(self, searcher: Searcher, text: str) -> Query:
        began = perf_counter()
        query = searcher.query(text)
        self.embedding_ms.append(_since(began))
        return query

    def ranking(self, system: System, query: Query) -> float | None:
        if len(self.embedding_ms) > _TIMED:
            return None
        began = perf_counter()
        system.rank(query, _TIMED_DEPTH)
        return _since(began)


def _since(began: float) -> float:
    return 1000 * (perf_counter() - began)
