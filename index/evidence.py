"""Which words of a passage answer: a sentence, or neighbours that belong to it, at most 60 words together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from citewell.corpus.article import Passage, Span
from citewell.corpus.text import count_words
from citewell.index.analysis import analyse
from citewell.index.build import header_of, sentence_with_header
from citewell.index.codes import cosines
from citewell.index.config import Config
from citewell.index.query import Query
from citewell.index.scoring import State
from citewell.index.search import Searcher

MOST_WORDS = 60
_PIECE = regex.compile(
    r"(?P<cjk>[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}])|[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage against a question."""

    span: Span
    words: float
    cosine: float
    terms: frozenset[str]  # of the question, that are in it
    is_row: bool = False  # of a table: it says nothing about its neighbours


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is quoted, the sentence in it that says most, and the header of the table that it is a row of."""

    span: Span
    sentence: Span
    table_header: Span | None
    value: float  # of that sentence: its cosine and the share of the question's idf that it covers


def evidence_in(searcher: Searcher, query: Query, number: int, passage: Passage, text: str) -> Evidence:
    """The best evidence in a passage; `number` is the passage's, `passage` what the store says of it."""
    segment, local = searcher.locate(number)
    language = segment.article(local).language
    weights: dict[str, float] = {}
    if query.lexical is State.OK:
        weights = {term: searcher.idf(term) for term in query.terms[language]}
    asked, near = frozenset(weights), [0.0] * len(passage.sentences)
    if query.vector is not None:
        near = cosines(segment.sentence_codes[segment.sentences(local)], query.vector).tolist()
    sentences = [
        Sentence(
            span,
            _words(span.of(text)),
            cosine,
            asked.intersection(analyse(sentence_with_header(span, passage, text), language)),
            span.of(text).startswith("|"),
        )
        for span, cosine in zip(passage.sentences, near, strict=True)
    ]
    first, last, best = choose(sentences, weights, searcher.config)
    whole = Span(sentences[first].span.start, sentences[last].span.end)
    span = narrowed(whole, text, weights, language)
    return Evidence(
        span,
        sentences[best].span if span == whole else span,
        header_of(sentences[best].span, passage, text) if sentences[best].is_row else None,
        _value(sentences[best], weights, searcher.config),
    )


def choose(
    sentences: Sequence[Sentence], weights: Mapping[str, float], config: Config
) -> tuple[int, int, int]:
    """Indices of the first and the last sentence of the quote, and of the best one in it; of equals the first.

    A run of sentences is worth what its best one is worth, and the share of the question's idf that all cover together;
    and a neighbour adds by how much its cosine exceeds its share of the words that a quote may have.
    """
    values = [round(_value(sentence, weights, config), 6) for sentence in sentences]
    whole = sum(weights.values())
    best_run, best_worth = (0, 0), float("-inf")
    for first, sentence in enumerate(sentences):
        covered: set[str] = set()
        words = added = share = 0.0
        most = float("-inf")
        for last in range(first, len(sentences)):
            more = sentences[last]
            words += more.words
            if last > first and (words > MOST_WORDS or more.is_row or sentence.is_row):
                break
            share += sum(weights[term] for term in more.terms - covered) / whole if whole else 0.0
            covered |= more.terms
            added += more.cosine - more.words / MOST_WORDS
            most = max(most, values[last])
            worth = round(most + config.evidence_coverage * share + config.evidence_context * added, 6)
            if worth > best_worth:
                best_run, best_worth = (first, last), worth
    first, last = best_run
    return first, last, max(range(first, last + 1), key=lambda i: (values[i], -i))


def narrowed(span: Span, text: str, weights: Mapping[str, float], language: str | None) -> Span:
    """A longer sentence cut to the 60 words that cover most of the question's idf; of equals the first."""
    said = span.of(text)
    if said.isascii() and len(said.split()) <= MOST_WORDS:
        return span
    pieces = list(_PIECE.finditer(text, span.start, span.end))
    sizes = [0.5 if piece["cjk"] else 1.0 for piece in pieces]
    if sum(sizes) <= MOST_WORDS:
        return span
    terms = [weights.keys() & analyse(piece[0], language) for piece in pieces]
    best, most, end, words = span, -1.0, 0, 0.0
    for first in range(len(pieces)):
        while end < len(pieces) and words + sizes[end] <= MOST_WORDS:
            words += sizes[end]
            end += 1
        covered = sum(weights[term] for term in set().union(*terms[first:end]))
        if covered > most:
            best, most = Span(pieces[first].start(), pieces[end - 1].end()), covered
        if end == len(pieces):
            break
        words -= sizes[first]
    return best


def _words(text: str) -> float:
    """Counted as in passages where there may be words without blanks between them; else it is enough to split."""
    return float(len(text.split())) if text.isascii() else count_words(text)


def _value(sentence: Sentence, weights: Mapping[str, float], config: Config) -> float:
    whole = sum(weights.values())
    share = sum(weights[term] for term in sentence.terms) / whole if whole else 0.0
    return sentence.cosine + config.evidence_overlap * share
