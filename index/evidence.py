"""Which sentence of a passage answers: the one nearest to the question in meaning and in words."""

from collections.abc import Mapping, Sequence

import numpy as np

from citewell.corpus.article import Span
from citewell.index.analysis import analyse
from citewell.index.scoring import State, cosines
from citewell.index.search import Query, Searcher


def best_sentence(searcher: Searcher, query: Query, number: int, text: str) -> Span:
    """Span of the best sentence of a passage; of equals the first."""
    segment = searcher.segment
    rows = segment.sentences(number)
    spans = [Span(int(start), int(end)) for start, end in segment.sentence_spans[rows]]
    scores = np.zeros(len(spans))
    if query.vector is not None:
        scores += cosines(segment.sentence_vectors[rows], query.vector)
    if query.lexical is State.OK:
        language = segment.article(number).language
        terms = query.terms[segment.languages.index(language)]
        weights = {term: searcher.idf(term) for term in terms}
        shares = [overlap(weights, analyse(span.of(text), language)) for span in spans]
        scores += searcher.config.evidence_overlap * np.array(shares)
    return spans[int(np.argmax(np.round(scores, 6)))]


def overlap(weights: Mapping[str, float], terms: Sequence[str]) -> float:
    """Share of the question's idf that the terms cover, 0 to 1."""
    whole = sum(weights.values())
    present = set(terms)
    return sum(weight for term, weight in weights.items() if term in present) / whole if whole else 0.0
