"""Passages as rows of a cluster, and rows as a small segment: what scoring needs, with nothing that a server could read.

Terms and filterable facts are tokens, digests in letters and digits alone: no analyser takes them apart, no expression
can be broken out of, and no word of an article leaves the machine.
"""

import hashlib
from base64 import b32encode, b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Span, passage_id
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.codes import Codes
from citewell.index.postings import Postings
from citewell.index.segment import Segment
from citewell.index.signatures import Keys, Signatures
from citewell.index.strings import Strings

_TOKEN_BITS = 50  # ten letters: among ten million terms two alike are not to be expected
_GAP = "  "  # two blanks, so that a token with one on either side can be counted
_MOST_IN_TEXT = 60_000  # characters of a field; what is longer goes on in another
MOST_FACTS = 4_000
ANY_FACT = "x"  # of an article with more facts than a row takes: it passes until it is looked at
NO_DAY, LAST_DAY = -1, 99_999_999  # days are numbers, as 20260320


@dataclass(frozen=True, slots=True)
class PassageRow:
    """`id` is the revision's key with the span; `first` and `last` are the days that it can have been published on."""

    id: str
    revision: str
    facts: tuple[str, ...]
    first: int
    last: int
    terms: str
    more: tuple[str, ...]  # terms that have no room in one field
    sentences: tuple[str, ...]  # codes
    vector: NDArray[np.float16]  # (dim,)

    def counts(self, tokens: Iterable[str]) -> tuple[int, list[int]]:
        """How many terms the passage has, and how often each of some."""
        texts = [f" {text} " for text in (self.terms, *self.more) if text]
        length = sum(text.count(_GAP) + 1 for text in texts)
        return length, [sum(text.count(f" {token} ") for text in texts) for token in tokens]


def span_of(row: str) -> Span:
    """Of a row by its id."""
    start, end = row.rpartition(".")[2].split("-")
    return Span(int(start), int(end))


def token_number(term: str) -> int:
    return int.from_bytes(_digest(term, 8)) >> 64 - _TOKEN_BITS


@lru_cache(1 << 16)
def token(term: str) -> str:
    """Ten letters and digits that stand for a term."""
    number = token_number(term)
    return b32encode((number << 56 - _TOKEN_BITS).to_bytes(7)).decode()[:10].lower()


def fact(kind: str, *values: str) -> str:
    """One thing that can be asked for, of a kind: a letter."""
    return kind + _digest("\0".join(values), 12).hex()


NO_LANGUAGE = "l"


def revision_key(article: IndexedArticle) -> str:
    return f"{_digest(article.article_id, 12).hex()}.{article.revision}"


def asked_for(article: IndexedArticle) -> tuple[str, ...]:
    """All that a filter may ask for, with each place that the source lies under."""
    source, places = article.source, [article.source]
    places += [source[:i] for i, mark in enumerate(source) if mark in "/#"]
    found = dict.fromkeys(
        [
            fact("a", article.article_id),
            fact("l", article.language) if article.language is not None else NO_LANGUAGE,
            *(fact("s", place) for place in places),
            *(fact("m", key, value) for key, value in article.metadata),
        ]
    )
    return (ANY_FACT,) if len(found) > MOST_FACTS else tuple(found)


def days_of(published: str | None) -> tuple[int, int]:
    """The first and the last day that a date of some precision can mean; of none days that no range holds."""
    if published is None:
        return LAST_DAY + 1, NO_DAY
    digits = published.replace("-", "")
    return int(digits.ljust(8, "0")), int(digits.ljust(8, "9"))


def rows_of(segment: Segment) -> Iterator[PassageRow]:
    terms = _terms_of(segment)
    known: dict[int, tuple[str, tuple[str, ...], tuple[int, int]]] = {}
    for number in range(len(segment)):
        place = int(segment.article_of[number])
        if place not in known:
            article = segment.articles[place]
            known[place] = revision_key(article), asked_for(article), days_of(article.published)
        key, facts, (first, last) = known[place]
        span = segment.span(number)
        texts = [*_pieces(terms[number])]
        codes = segment.sentence_codes[segment.sentences(number)]
        yield PassageRow(
            f"{key}.{span.start}-{span.end}", key, facts, first, last, texts[0] if texts else "", tuple(texts[1:]),
            tuple(b64encode(code.tobytes()).decode() for code in codes), segment.passage_vectors[number],
        )  # fmt: skip


def _terms_of(segment: Segment) -> list[list[str]]:
    """Each passage's tokens, repeated as their terms occur."""
    postings, counts = segment.postings, segment.postings.counts()
    terms: list[list[str]] = [[] for _ in range(len(segment))]
    for row, term in enumerate(postings.terms):
        entries, name = slice(int(postings.offsets[row]), int(postings.offsets[row + 1])), token(term)
        for passage, count in zip(postings.passages[entries].tolist(), counts[entries].tolist(), strict=True):
            terms[passage] += [name] * count
    return terms


def _pieces(tokens: Sequence[str]) -> Iterator[str]:
    most = _MOST_IN_TEXT // (10 + len(_GAP))
    for first in range(0, len(tokens), most):
        yield _GAP.join(tokens[first : first + most])


@dataclass(frozen=True, eq=False, slots=True)
class Published:
    """A revision that questions are asked of."""

    article: IndexedArticle
    signature: Keys


def segment_of(
    rows: Iterable[PassageRow],
    published: Mapping[str, Published],
    terms: Iterable[str],
    dim: int,
    model: str,
    recipe: str,
) -> Segment:
    """A segment of rows of these revisions, by their keys; of the terms only those are in it that are given."""
    articles = {key: each.article for key, each in published.items()}
    there = Articles.of({article.key: article for article in articles.values()}.values())
    place = {article.key: number for number, article in enumerate(there)}
    found = {row.id: row for row in rows}.values()
    ordered = sorted(found, key=lambda row: _passage_name(articles[row.revision], span_of(row.id)))
    asked = sorted(set(terms))
    tokens = [token(term) for term in asked]
    counted = [row.counts(tokens) for row in ordered]
    counts = np.array([each for _, each in counted], dtype=np.int32).reshape(len(ordered), len(asked))
    of_term, passages = np.nonzero(counts.T)
    codes = [code for row in ordered for code in row.sentences]
    return Segment(
        articles=there,
        signatures=Signatures.of(published[revision_key(article)].signature for article in there),
        article_of=np.array([place[articles[row.revision].key] for row in ordered], dtype=np.int32),
        spans=np.array([astuple(span_of(row.id)) for row in ordered], dtype=np.int32).reshape(-1, 2),
        postings=Postings.joined(
            Strings.of(asked),
            np.searchsorted(of_term, np.arange(len(asked) + 1)),
            passages.astype(np.int32),
            counts.T[of_term, passages],
            np.array([length for length, _ in counted], dtype=np.int32),
        ),
        passage_vectors=np.array([row.vector for row in ordered], dtype=np.float16).reshape(-1, dim),
        sentence_offsets=np.cumsum([0, *(len(row.sentences) for row in ordered)], dtype=np.int64),
        sentence_codes=_decoded(codes, dim),
        model=model,
        recipe=recipe,
    )


def _passage_name(article: IndexedArticle, span: Span) -> tuple[str, int]:
    return passage_id(article.article_id, article.text_sha, span), article.revision


def _decoded(codes: Sequence[str], dim: int) -> Codes:
    joined = b"".join(b64decode(code) for code in codes)
    return np.frombuffer(joined, dtype=np.int8).reshape(-1, dim)


def _digest(said: str, size: int) -> bytes:
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=size).digest()
