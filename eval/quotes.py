"""Whether quotes answer: for public sets whose questions carry their answers word for word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from citewell.corpus.article import Cut, Passage, Span
from citewell.eval.beir import BeirSet
from citewell.index.embedding import Progress
from citewell.index.evidence import evidence_in
from citewell.index.search import Searcher

_QUOTES = 3


@dataclass(frozen=True, slots=True)
class QuoteReport:
    """Shares of the questions that have an answer; a quote holds it if its words are in it as they are."""

    questions: int
    first: float  # the first quote holds an answer
    first_three: float
    words: float  # of the first quote, mean


def evaluate_quotes(beir: BeirSet, searcher: Searcher, progress: Progress = lambda *_: None) -> QuoteReport:
    texts = {article.article_id: text for article, text, _ in beir.documents}
    passages = {article.article_id: _by_span(cut) for article, _, cut in beir.documents}
    first, first_three, words = [], [], []
    asked = {question: answers for question, answers in beir.answers.items() if question in beir.questions}
    for done, (question, answers) in enumerate(asked.items(), start=1):
        query = searcher.query(beir.questions[question])
        quotes = []
        for hit in searcher.hybrid(query, _QUOTES).hits:
            segment, local = searcher.locate(hit.number)
            article_id, span = segment.article(local).article_id, segment.span(local)
            found = evidence_in(searcher, query, hit.number, passages[article_id][span], texts[article_id])
            quotes.append(found.span.of(texts[article_id]))
        first.append(_holds(quotes[:1], answers))
        first_three.append(_holds(quotes, answers))
        words += [len(quote.split()) for quote in quotes[:1]]
        progress(done, len(asked))
    return QuoteReport(
        len(asked),
        round(float(np.mean(first)), 4),
        round(float(np.mean(first_three)), 4),
        round(float(np.mean(words)), 1),
    )


def _holds(quotes: Sequence[str], answers: Sequence[str]) -> bool:
    return any(answer in quote for quote in quotes for answer in answers)


def _by_span(cut: Cut) -> Mapping[Span, Passage]:
    return {passage.span: passage for passage in cut.passages}
