"""Questions asked for the signals that their answers give, and whether the first three passages are right."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article, Cut, Passage, Span, parse_passage_id
from citewell.corpus.store import Store
from citewell.eval.beir import BeirSet
from citewell.eval.evaluate import relevant_passages
from citewell.eval.gold import Question
from citewell.eval.locate import Locator, locate
from citewell.index.answerability import ANSWERING, COMPARED, Read, signals
from citewell.index.embedding import Progress
from citewell.index.evidence import evidence_in
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.query import Query
from citewell.index.scoring import Hit
from citewell.index.search import Searcher

_ARTICLES_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Text:
    """What evidence is looked for in."""

    title: str
    text: str
    passages: dict[Span, Passage]

    @classmethod
    def of(cls, article: Article, text: str, cut: Cut) -> "Text":
        return cls(article.title, text, {passage.span: passage for passage in cut.passages})


Texts = Callable[[str], Text]  # by article id


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """A question that was asked. `of` numbers the question, which may be asked more than once."""

    of: int
    row: NDArray[np.float64]  # the signals
    right: bool
    answerable: bool


def texts_of_store(store: Store) -> Texts:
    @lru_cache(_ARTICLES_KEPT)
    def text(article_id: str) -> Text:
        article = store.article(article_id)
        return Text.of(article, store.text(article.text_sha), store.cut(article.text_sha))

    return text


def texts_of(documents: Iterable[tuple[Article, str, Cut]]) -> Texts:
    return {article.article_id: Text.of(article, text, cut) for article, text, cut in documents}.__getitem__


def ask(searcher: Searcher, texts: Texts, query: Query) -> tuple[NDArray[np.float64], list[str]] | None:
    """The signals, shape (d,), and the ids of the first three passages; None when nothing is found."""
    hits = searcher.hybrid(query, COMPARED).hits

    def read(hit: Hit) -> Read:
        article_id, _, span = parse_passage_id(hit.passage_id)
        of = texts(article_id)
        evidence = evidence_in(searcher, query, hit.number, of.passages[span], of.text)
        return Read(of.title, evidence.span.of(of.text), evidence.value)

    found = signals(searcher, query, hits, [read(hit) for hit in hits[:ANSWERING]])
    return (np.array(found.row()), [hit.passage_id for hit in hits[:ANSWERING]]) if found else None


def ask_gold(
    library: Library, questions: Sequence[Question], progress: Progress = lambda *_: None
) -> tuple[list[Example], list[Example]]:
    """Gold questions asked of their library; and the answerable ones asked of it without the articles that answer them.

    So the second ones have no answer, though much there is like them. Raises BadInput for gold of another library.
    """
    located = locate(tuple(questions), Locator(library.store))
    relevant = relevant_passages(library, tuple(questions), located)
    searcher, texts = library.searcher(), texts_of_store(library.store)
    asked, left_out = [], []
    for number, question in enumerate(questions):
        if found := ask(searcher, texts, searcher.query(question.question)):
            row, first = found
            right = not relevant[question.id].keys().isdisjoint(first)
            asked.append(Example(number, row, right, bool(question.evidence)))
        if question.evidence:
            without = _without(searcher, {located[each].article_id for each in question.evidence})
            if found := ask(without, texts, without.query(question.question)):
                left_out.append(Example(number, found[0], False, False))
        progress(number + 1, len(questions))
    return asked, left_out


def ask_elsewhere(searcher: Searcher, texts: Texts, questions: Iterable[str]) -> list[Example]:
    """Questions asked of a library on something else."""
    asked = (ask(searcher, texts, searcher.query(question)) for question in questions)
    return [Example(number, found[0], False, False) for number, found in enumerate(asked) if found]


def ask_beir(
    beir: BeirSet, unanswerable: Iterable[str], searcher: Searcher, progress: Progress = lambda *_: None
) -> list[Example]:
    """The judged questions of a public set, right if a relevant document is among the first three; and unanswerable ones."""
    texts = texts_of(beir.documents)
    questions = [(text, set(beir.qrels[name])) for name, text in beir.questions.items()]
    questions += [(text, set()) for text in unanswerable]
    examples = []
    for number, (text, relevant) in enumerate(questions):
        if found := ask(searcher, texts, searcher.query(text)):
            row, first = found
            right = any(parse_passage_id(name)[0] in relevant for name in first)
            examples.append(Example(number, row, right, bool(relevant)))
        progress(number + 1, len(questions))
    return examples


def _without(searcher: Searcher, article_ids: set[str]) -> Searcher:
    parts = [
        Part(part.segment, part.dead | set(part.segment.articles.numbers_of(article_ids)))
        for part in searcher.parts
    ]
    return Searcher(searcher.snapshot_id, parts, searcher.embedder, searcher.config, searcher.reranking)
