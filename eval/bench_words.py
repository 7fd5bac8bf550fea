"""Real sentences with exchanged words, in arrays.

Half of the content words are exchanged for words drawn by Zipf and Mandelbrot's law from a vocabulary without end: the
real words by frequency, then invented names. So the vocabulary grows with the texts, to the power of 2/3.

A sentence is a row of pieces, by turns what stands between content words and a content word. A piece is a number:
below len(pool) a real string, above it an invented name. So is a term.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray

from citewell.index.analysis import analyse

LANGUAGE = "en"

_EXCHANGED = 0.5  # share of the content words
_EXPONENT, _SHIFT = 0.5, 30  # P(rank >= r) = (1 + r / shift) ** -exponent
_LEAST_DRAW = 1e-9  # ranks end somewhere: below 3e19
_RANKS = 1 << 40
_WORD = regex.compile(r"(?:(?<=\s)|^)([A-Za-z]{3,})(?=[,;:.]?(?:\s|$))")
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprtvz" for vowel in "aeiou"]
_PARAGRAPH = "\n\n"


def name_of(number: int) -> str:
    """An invented word that no stemmer changes; another for every number."""
    syllables = ""
    for _ in range(2):
        number, digit = divmod(number, len(_SYLLABLES))
        syllables += _SYLLABLES[digit]
    while number:
        number, digit = divmod(number - 1, len(_SYLLABLES))
        syllables += _SYLLABLES[digit]
    return f"{syllables}x"


@dataclass(frozen=True, slots=True)
class Entries:
    """Postings by passage, in order of passage."""

    passages: NDArray[np.int32]  # (entries,)
    terms: NDArray[np.int64]  # (entries,)
    counts: NDArray[np.int32]  # (entries,)
    lengths: NDArray[np.int32]  # (passages,): terms in each


@dataclass(frozen=True)
class Words:
    """Samples from these sentences."""

    sentences: tuple[str, ...]

    def string(self, piece: int) -> str:
        return self._pool[piece] if piece < len(self._pool) else name_of(piece - len(self._pool))

    def term(self, number: int) -> str:
        names = number - len(self._real_terms)
        return self._real_terms[number] if names < 0 else name_of(names)

    def pieces(
        self, sentences: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pieces of sentences, shape (passages, n), words exchanged; and how many pieces each sentence has.

        The last piece of a sentence is the white space behind it: a blank line at the end of a passage.
        """
        ids, slots, offsets = self._templates
        flat = sentences.reshape(-1)
        sizes = np.diff(offsets)[flat]
        rows = spread(offsets[flat], sizes)
        pieces = ids[rows]
        exchanged = np.flatnonzero(slots[rows] & (rng.random(len(rows)) < _EXCHANGED))
        draws = np.maximum(rng.random(len(exchanged)), _LEAST_DRAW)
        ranks = (_SHIFT * (draws ** (-1 / _EXPONENT) - 1) % _RANKS).astype(np.int64)
        real = ranks < len(self._ranked)
        pieces[exchanged[real]] = self._ranked[ranks[real]]
        pieces[exchanged[~real]] = len(self._pool) + ranks[~real] - len(self._ranked)
        ends = np.cumsum(sizes) - 1
        pieces[ends[sentences.shape[1] - 1 :: sentences.shape[1]]] = self._pool.index(_PARAGRAPH)
        return pieces, sizes

    def entries(
        self, used: NDArray[np.int64], place: NDArray[np.intp], owners: NDArray[np.intp], passages: int
    ) -> Entries:
        """Postings of the pieces used[place], which belong to the passages `owners`."""
        in_pool = int(np.searchsorted(used, len(self._pool)))
        of_used = [self._pool_terms[piece] for piece in used[:in_pool].tolist()]
        names = used[in_pool:] - len(self._pool) + len(self._real_terms)
        sizes = np.array([*map(len, of_used), *[1] * len(names)], dtype=np.int64)
        terms = np.array([term for terms in of_used for term in terms] + names.tolist(), dtype=np.int64)
        here = sizes[place]
        owner = np.repeat(owners, here)
        local, inverse = np.unique(
            terms[spread((np.cumsum(sizes) - sizes)[place], here)], return_inverse=True
        )
        keys, counts = np.unique(owner * len(local) + inverse, return_counts=True)
        lengths = np.bincount(owner, minlength=passages).astype(np.int32)
        of_key, local_term = np.divmod(keys, len(local))
        return Entries(of_key.astype(np.int32), local[local_term], counts.astype(np.int32), lengths)

    @cached_property
    def _split(self) -> list[list[str]]:
        """Each sentence in pieces, with a blank behind; every other one is a content word."""
        return [_split(sentence) for sentence in self.sentences]

    @cached_property
    def _pool(self) -> list[str]:
        pieces = {piece for parts in self._split for piece in parts} | {_PARAGRAPH}
        return sorted(pieces | {word.lower() for parts in self._split for word in parts[1:-1:2]})

    @cached_property
    def _ranked(self) -> NDArray[np.int64]:
        """The content words in lower case, the most frequent first, as pieces."""
        counts = Counter(word.lower() for parts in self._split for word in parts[1:-1:2])
        place = {piece: i for i, piece in enumerate(self._pool)}
        return np.array([place[word] for word in sorted(counts, key=lambda word: (-counts[word], word))])

    @cached_property
    def _templates(self) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
        """Pieces of all sentences, which of them are content words, and where each sentence begins."""
        place = {piece: i for i, piece in enumerate(self._pool)}
        ids = np.array([place[piece] for parts in self._split for piece in parts])
        slots = np.array(
            [i % 2 == 1 and i + 1 < len(parts) for parts in self._split for i in range(len(parts))]
        )
        return ids, slots, np.cumsum([0, *map(len, self._split)])

    @cached_property
    def _real_terms(self) -> list[str]:
        return sorted({term for piece in self._pool for term in analyse(piece, LANGUAGE)})

    @cached_property
    def _pool_terms(self) -> list[list[int]]:
        row = {term: i for i, term in enumerate(self._real_terms)}
        return [[row[term] for term in analyse(piece, LANGUAGE)] for piece in self._pool]


def _split(sentence: str) -> list[str]:
    parts = [""]
    for i, part in enumerate(_WORD.split(sentence)):
        if i % 2 and len(analyse(part, LANGUAGE)) == 1:
            parts += [part, ""]
        else:
            parts[-1] += part
    return [*parts, " "]


def spread(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers start, start + 1, ... of each run, one run after another."""
    rows: NDArray[np.int64] = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    return rows
