"""Which sentence of a passage answers: the one nearest to the question in meaning and in words."""

from collections.abc import Mapping, Sequence

import numpy as np

from citewell.corpus.article import Passage, Span
from citewell.index.analysis import analyse
from citewell.index.build import sentence_with_header
from citewell.index.codes import cosines
from citewell.index.scoring import State
from citewell.index.search import Query, Searcher


def best_sentence(searcher: Searcher, query: Query, number: int, passage: Passage, text: str) -> Span:
    """Span of the best sentence of a passage; of equals the first. A table row is read with its header.

    `number` is the passage's, `passage` what the store says of it.
    """
    segment, local = searcher.locate(number)
    scores = np.zeros(len(passage.sentences))
    if query.vector is not None:
        scores += cosines(segment.sentence_codes[segment.sentences(local)], query.vector)
    if query.lexical is State.OK:
        language = segment.article(local).language
        weights = {term: searcher.idf(term) for term in query.terms[language]}
        words = [sentence_with_header(sentence, passage, text) for sentence in passage.sentences]
        shares = [overlap(weights, analyse(sentence, language)) for sentence in words]
        scores += searcher.config.evidence_overlap * np.array(shares)
    return passage.sentences[int(np.argmax(np.round(scores, 6)))]


def overlap(weights: Mapping[str, float], terms: Sequence[str]) -> float:
    """Share of the question's idf that the terms cover, 0 to 1."""
    whole = sum(weights.values())
    present = set(terms)
    return sum(weight for term, weight in weights.items() if term in present) / whole if whole else 0.0
