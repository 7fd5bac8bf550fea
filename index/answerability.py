"""Signals of whether the first three passages of a ranking answer the question: numbers that need no model of their own."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import regex

from citewell.corpus.language import FUNCTION_WORDS
from citewell.index.analysis import analyse
from citewell.index.bm25 import idf
from citewell.index.codes import cosines
from citewell.index.config import Config
from citewell.index.query import Query
from citewell.index.reranking import SHARE
from citewell.index.scoring import Hit, spoken
from citewell.index.search import Searcher

ANSWERING = 3  # hits whose passages are to answer
COMPARED = 10  # hits that are looked at
SIGNALS_RECIPE = "signals-1"

# An acronym is no name here: a text may spell it out.
_NAME_OR_NUMBER = regex.compile(r"(?<!^)(?<![.?!:\"“]\s)\b\p{Lu}\p{Ll}[\p{L}.&-]*|\b\p{N}[\p{N}.,]*\p{N}")
_FUNCTION_WORDS = frozenset().union(*FUNCTION_WORDS.values())


@dataclass(frozen=True, slots=True)
class Read:
    """What is read of one of the first hits."""

    title: str  # of its article
    quote: str
    value: float  # of the quote's best sentence, see evidence.py


@dataclass(frozen=True, slots=True)
class Signals:
    """The higher, the more each speaks for an answer. Maxima are over the first three hits, shares are of the idf asked for."""

    score: float  # of the first hit
    lexical: float  # BM25 over its upper bound, the highest
    sentence: float  # cosine of the best sentence, the highest
    first_sentence: float  # the same of the first hit
    evidence: float  # value of a quote, the highest
    passage: float  # cosine of the first hit
    lead: float  # highest cosine of a passage over the second highest
    beyond_title: float  # share that the first quote covers with terms that the title does not have
    second_sentence: float  # cosine of the first hit's second best sentence
    missing: float  # less the idf that the first three lack, in terms that no passage holds
    names: float  # less the share of names and numbers that the one of the first three that holds most of them lacks

    def row(self) -> tuple[float, ...]:
        """In the order of NAMES."""
        return astuple(self)


NAMES = tuple(field.name for field in fields(Signals))


def signals(searcher: Searcher, query: Query, hits: Sequence[Hit], read: Sequence[Read]) -> Signals | None:
    """From the first ten hits of a hybrid ranking, and what is read of the first three of them; None without a hit."""
    if not hits:
        return None
    raw = [_raw(hit, searcher.config) for hit in hits[:COMPARED]]
    near = sorted((passage for _, passage, _ in raw), reverse=True)
    first = hits[:ANSWERING]
    segment, local = searcher.locate(first[0].number)
    language = segment.article(local).language
    weights = {term: searcher.idf(term) for term in query.asked[language]}
    whole = sum(weights.values()) or 1.0
    searched = {term: searcher.idf(term) for term in query.terms[language]}
    held = [_held(searcher, query, hit) for hit in first]
    lacked = _weight(weights, weights.keys() - frozenset().union(*held))
    asked = names_in(query.text, language) & weights.keys()
    beyond = searched.keys() & set(analyse(read[0].quote, language)) - set(analyse(read[0].title, language))
    return Signals(
        score=first[0].score,
        lexical=max(lexical for lexical, _, _ in raw[:ANSWERING]),
        sentence=max(sentence for _, _, sentence in raw[:ANSWERING]),
        first_sentence=raw[0][2],
        evidence=max(each.value for each in read[:ANSWERING]),
        passage=raw[0][1],
        lead=near[0] - (near[1] if len(near) > 1 else 0.0),
        beyond_title=_weight(searched, beyond) / (sum(searched.values()) or 1.0),
        second_sentence=_second_sentence(searcher, query, first[0]),
        missing=-lacked / idf(searcher.passages, 0),
        names=-min(_weight(weights, asked - terms) for terms in held) / whole,
    )


def names_in(question: str, language: str | None) -> set[str]:
    """Terms of the names and numbers in a question: capitals within a sentence, figures of two digits and more."""
    return {term for match in _NAME_OR_NUMBER.finditer(question) for term in analyse(match[0], language)}


def lacked_words(searcher: Searcher, query: Query, hits: Sequence[Hit]) -> tuple[list[str], bool]:
    """Words of the question that none of the first three passages holds, the rarest first; and whether they are names.

    Names and numbers if any of them is lacked, else all words.
    """
    segment, local = searcher.locate(hits[0].number)
    language = segment.article(local).language
    found = frozenset().union(*(_held(searcher, query, hit) for hit in hits[:ANSWERING]))
    lacked: dict[str, float] = {}
    for word in regex.findall(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}.,'’&-]*(?<![.,'’&-])", query.text):
        terms = [] if word.casefold() in _FUNCTION_WORDS else analyse(word, language)
        if terms and not found & set(terms):
            lacked.setdefault(word, -max(map(searcher.idf, terms)))
    named = names_in(query.text, language)
    names = [word for word in lacked if named & set(analyse(word, language))]
    return sorted(names or lacked, key=lambda word: (lacked[word], word)), bool(names)


def _raw(hit: Hit, config: Config) -> tuple[float, float, float]:
    """The parts of a score without their shares; 0 for a silent one."""
    assert hit.parts is not None
    parts = (hit.parts.lexical, hit.parts.passage, hit.parts.sentence)
    weight = spoken(config, parts) / (1.0 if hit.parts.reranker is None else 1 - SHARE)
    lexical, passage, sentence = (
        part * weight / share if part and share else 0.0
        for share, part in zip(config.shares, parts, strict=True)
    )
    return lexical, passage, sentence


def _held(searcher: Searcher, query: Query, hit: Hit) -> frozenset[str]:
    """The question's terms, in the passage's language, that the passage holds.

    As they were asked: that a word was read as another one must not make an answer surer.
    """
    segment, local = searcher.locate(hit.number)
    terms = query.asked[segment.article(local).language]
    return frozenset(term for term in terms if segment.postings.holds(term, local))


def _second_sentence(searcher: Searcher, query: Query, hit: Hit) -> float:
    if query.vector is None:
        return 0.0
    segment, local = searcher.locate(hit.number)
    near = sorted(cosines(segment.sentence_codes[segment.sentences(local)], query.vector).tolist())
    return near[-2] if len(near) > 1 else 0.0


def _weight(weights: Mapping[str, float], terms: Collection[str]) -> float:
    return math.fsum(weights[term] for term in terms)
