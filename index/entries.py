"""What a revision adds to the statistics of a collection, as the ledger keeps it."""

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from citewell.index.articles import IndexedArticle
from citewell.index.passage_rows import revision_key, token_number
from citewell.index.segment import Segment
from citewell.index.signatures import Keys


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision, and what it adds to the statistics."""

    article: IndexedArticle
    passages: int
    length: int
    terms: Mapping[int, int]  # number of a token: how many of the passages hold the term
    signature: Keys

    @property
    def key(self) -> str:
        return revision_key(self.article)


def entries_of(segment: Segment) -> list[Entry]:
    """Of the revisions of a segment."""
    postings = segment.postings
    holders: dict[int, Counter[int]] = {}
    for row, term in enumerate(postings.terms):
        passages = postings.passages[int(postings.offsets[row]) : int(postings.offsets[row + 1])]
        for article, count in Counter(segment.article_of[passages].tolist()).items():
            holders.setdefault(article, Counter())[token_number(term)] += count
    sizes = np.bincount(segment.article_of, minlength=len(segment.articles))
    lengths = np.bincount(segment.article_of, postings.lengths, minlength=len(segment.articles))
    return [
        Entry(article, int(sizes[i]), int(lengths[i]), holders.get(i, {}), segment.signatures.of_article(i))
        for i, article in enumerate(segment.articles)
    ]


def packed(terms: Mapping[int, int]) -> bytes:
    return zlib.compress(np.array(sorted(terms.items()), dtype=np.int64).tobytes(), 1)


def unpacked(terms: bytes) -> Iterator[tuple[int, int]]:
    pairs = np.frombuffer(zlib.decompress(terms), dtype=np.int64).reshape(-1, 2).tolist()
    yield from ((number, count) for number, count in pairs)
