"""What tells near-duplicate articles: MinHash signatures of their words, in bands that can be looked up.

Two articles whose signatures agree in a whole band are worth a comparison (LSH; Leskovec, Rajaraman and Ullman, Mining
of Massive Datasets, ch. 3); `NEAR` is how much they must share then. Menus and prompts around an article do not count.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from citewell.corpus.article import Cut
from citewell.index.duplicates import shingles

SIGNATURE_RECIPE = "minhash-1"
NEAR = 0.7  # of the shingles of both
BANDS, ROWS = (
    20,
    6,
)  # with a Jaccard index j two agree in a band with a probability of 1 - (1 - j ** ROWS) ** BANDS
_SEED = 1
_ODD = np.frombuffer(hashlib.sha512(b"any odd numbers").digest()[: 8 * ROWS], dtype="<u8").astype(
    np.uint64
) | np.uint64(1)
_TAG = np.uint64(BANDS.bit_length())
_BAND = np.arange(BANDS, dtype=np.uint64) << np.uint64(64 - BANDS.bit_length())

Keys = NDArray[np.uint64]  # (BANDS,): one article's; the highest bits of each are the number of its band


@dataclass(frozen=True, eq=False)
class Signatures:
    """Of n articles: their keys, and where these stand, band by band, in order."""

    keys: NDArray[np.uint64]  # (BANDS, n)
    order: NDArray[np.int64]  # (BANDS * n,)

    @classmethod
    def of(cls, keys: Iterable[Keys]) -> Self:
        """From those of each article."""
        rows = np.ascontiguousarray(np.array(list(keys), dtype=np.uint64).reshape(-1, BANDS).T)
        return cls(rows, np.argsort(rows, axis=None, kind="stable").astype(np.int64))

    def of_article(self, number: int) -> Keys:
        return self.keys[:, number]

    @cached_property
    def alone(self) -> NDArray[np.bool_]:
        """Which of the articles agree with no other here, shape (n,)."""
        flat, count = self.keys.ravel()[self.order], self.keys.shape[1]
        same = flat[1:] == flat[:-1]
        alone = np.ones(count, dtype=np.bool_)
        alone[self.order[1:][same] % count] = False
        alone[self.order[:-1][same] % count] = False
        return alone

    def agreeing(self, keys: NDArray[np.uint64]) -> list[set[int]]:
        """For each of m articles, whose keys are given in shape (BANDS, m), those that have one of its keys."""
        found: list[set[int]] = [set() for _ in keys.T]
        flat, wanted, count = self.keys.ravel(), keys.ravel(), self.keys.shape[1]
        at = np.searchsorted(flat, wanted, sorter=self.order)
        asking = np.arange(len(wanted))
        while len(
            asking := asking[at[asking] < len(flat)]
        ):  # those that agree with so many, one after the other
            places = self.order[at[asking]]
            agree = flat[places] == wanted[asking]
            asking = asking[agree]
            for mine, number in zip(
                (asking % keys.shape[1]).tolist(), (places[agree] % count).tolist(), strict=True
            ):
                found[mine].add(number)
            at[asking] += 1
        return found

    def neighbours(self) -> Iterator[tuple[int, int]]:
        """Articles that agree in a band, each with the next one in order."""
        flat, count = self.keys.ravel()[self.order], self.keys.shape[1]
        for at in np.flatnonzero(flat[1:] == flat[:-1]).tolist():
            yield int(self.order[at]) % count, int(self.order[at + 1]) % count


def said(text: str, cut: Cut) -> frozenset[tuple[str, ...]]:
    """The shingles of an article, without what is left out of it."""
    return shingles("\n".join(passage.span.of(text) for passage in cut.passages))


def keys_of(words: frozenset[tuple[str, ...]]) -> Keys:
    """Of an article's shingles; equal sets, equal keys."""
    minhash = RMinHash(num_perm=BANDS * ROWS, seed=_SEED)
    minhash.update([" ".join(shingle) for shingle in words])
    bands = np.array(minhash.digest(), dtype=np.uint64).reshape(BANDS, ROWS)
    keys: Keys = (bands * _ODD).sum(axis=1, dtype=np.uint64) >> _TAG | _BAND
    return keys


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Share of the shingles of both that both have."""
    return len(one & other) / max(1, len(one | other))
