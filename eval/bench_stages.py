"""The stages of a question, timed one by one over a generated library."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article, Passage, Span
from citewell.corpus.store import Store
from citewell.eval.bench_library import Generated, exact_neighbours
from citewell.eval.bench_timing import Timing, milliseconds
from citewell.eval.generate import CHUNK, PASSAGES, Corpus
from citewell.index.answer import ask
from citewell.index.embedding import Embedder, Vectors
from citewell.index.evidence import evidence_in
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.query import Query
from citewell.index.scoring import Ranking
from citewell.index.search import Searcher

CITATIONS = 5
STAGES = ("analyse", "embed", "lexical", "dense", "score", "evidence", "store")


class KnownQuestions:
    """The embedder, with the vectors of some questions looked up instead of computed."""

    def __init__(self, embedder: Embedder, asked: Sequence[str]) -> None:
        self._embedder, self.fingerprint, self.dim = embedder, embedder.fingerprint, embedder.dim
        self.cut_recipe, self.most_tokens = embedder.cut_recipe, embedder.most_tokens
        self.vectors = embedder.embed_queries(asked)
        self._row = {question: i for i, question in enumerate(asked)}

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        known: Vectors = self.vectors[[self._row[text] for text in texts]]
        return known

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self._embedder.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self._embedder.knows_word(word)


class TimedSearcher(Searcher):
    """Notes how long the two retrievers took inside the last question."""

    lexical_ms = dense_ms = 0.0

    def matching(self, query: Query, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        began = perf_counter()
        found = super().matching(query, k)
        self.lexical_ms = 1000 * (perf_counter() - began)
        return found

    def nearest(self, query: Query, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        began = perf_counter()
        found = super().nearest(query, k)
        self.dense_ms = 1000 * (perf_counter() - began)
        return found


class TimedStore(Store):
    """Notes how long its readings took."""

    spent_ms = 0.0

    def article(self, article_id: str, revision: int | None = None) -> Article:
        began = perf_counter()
        found = super().article(article_id, revision)
        self.spent_ms += 1000 * (perf_counter() - began)
        return found

    def text(self, sha: str) -> str:
        began = perf_counter()
        found = super().text(sha)
        self.spent_ms += 1000 * (perf_counter() - began)
        return found

    def passage(self, sha: str, span: Span) -> Passage | None:
        began = perf_counter()
        found = super().passage(sha, span)
        self.spent_ms += 1000 * (perf_counter() - began)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """`retrieval` is from the question's words and vector to the ranking; `ask` is everything, embedding included.

    The stage `analyse` holds all that makes a query but the embedding; `store` is what an
    answer reads from the store.
    """

    stages: dict[str, Timing]
    retrieval: Timing
    retrieval_ms: tuple[float, ...]  # of each question, in order
    ask: Timing | None  # only where the texts are stored
    recall_at_10: float  # of the dense part against exact search over the vectors before they became codes


def time_questions(of: Corpus, generated: Generated, embedder: Embedder, asked: Sequence[str]) -> Asked:
    """Every question once, after a first pass to warm up."""
    library = Library(generated.folder, embedder)
    try:
        opened = library.searcher()
        known = KnownQuestions(embedder, asked)
        searcher = TimedSearcher(opened.snapshot_id, opened.parts, known, opened.config)
        for question in asked:
            searcher.hybrid(searcher.query(question), CITATIONS)
        times: dict[str, list[float]] = defaultdict(list)
        found: list[tuple[Query, Ranking]] = []
        for question in asked:
            found.append(_retrieve(searcher, question, times))
            times["embed"].append(milliseconds(embedder.embed_queries, [question]))
        for query, ranking in found:
            times["evidence"].append(
                _evidence(of, library if generated.stored else None, searcher, query, ranking)
            )
        if generated.stored:
            _ask_all(opened, TimedStore(generated.folder / STORE), asked, times)
        timings = {stage: Timing.of(spent) for stage, spent in times.items()}
        exact = exact_neighbours(of, generated.passages, known.vectors, 10)
        recall = float(np.mean([_recall(searcher, q, row) for q, row in zip(asked, exact, strict=True)]))
    finally:
        library.close()
    stages = {stage: timings[stage] for stage in STAGES if stage in timings}
    each = tuple(round(spent, 3) for spent in times["retrieval"])
    return Asked(stages, timings["retrieval"], each, timings.get("ask"), round(recall, 4))


def _ask_all(
    searcher: Searcher, store: TimedStore, asked: Sequence[str], times: dict[str, list[float]]
) -> None:
    """Notes the milliseconds of whole answers, and of what they read from the store."""
    for question in asked:
        store.spent_ms = 0.0
        times["ask"].append(milliseconds(ask, searcher, store, question, CITATIONS))
        times["store"].append(store.spent_ms)
    store.close()


def _retrieve(searcher: TimedSearcher, question: str, times: dict[str, list[float]]) -> tuple[Query, Ranking]:
    """Notes the milliseconds of the stages up to the ranking."""
    began = perf_counter()
    query = searcher.query(question)
    queried = perf_counter()
    ranking = searcher.hybrid(query, CITATIONS)
    ended = perf_counter()
    times["retrieval"].append(1000 * (ended - began))
    times["lexical"].append(searcher.lexical_ms)
    times["dense"].append(searcher.dense_ms)
    times["score"].append(1000 * (ended - queried) - searcher.lexical_ms - searcher.dense_ms)
    times["analyse"].append(1000 * (queried - began))
    return query, ranking


def _evidence(
    of: Corpus, library: Library | None, searcher: Searcher, query: Query, ranking: Ranking
) -> float:
    """Milliseconds to choose the sentences that are quoted, without reading the passages."""
    spent = 0.0
    for hit in ranking.hits:
        if library is None:
            passage, text = _generated(of, hit.number)
        else:
            passage, text = _stored(library, searcher, hit.number)
        spent += milliseconds(evidence_in, searcher, query, hit.number, passage, text)
    return spent


def _stored(library: Library, searcher: Searcher, number: int) -> tuple[Passage, str]:
    segment, local = searcher.locate(number)
    sha = segment.article(local).text_sha
    passage = library.store.passage(sha, segment.span(local))
    assert passage is not None
    return passage, library.store.text(sha)


def _generated(of: Corpus, number: int) -> tuple[Passage, str]:
    """A passage as the store would give it, and the text of its article."""
    chunk, local = of.chunk(number // CHUNK), number % CHUNK
    sentences = tuple(Span(*span) for span in chunk.sentence_spans[local].tolist())
    return Passage(Span(*chunk.spans[local].tolist()), None, None, sentences), chunk.texts[local // PASSAGES]


def _recall(searcher: Searcher, question: str, exact: NDArray[np.int64]) -> float:
    found = {hit.number for hit in searcher.dense(searcher.query(question), len(exact)).hits}
    return len(found & set(exact.tolist())) / len(exact)
