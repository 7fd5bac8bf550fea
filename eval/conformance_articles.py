"""Articles of made-up words and a model that needs no files: what a store of passages is tried with."""

import random
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Draft
from citewell.corpus.originals import sha_of
from citewell.corpus.passages import CUT_RECIPE
from citewell.corpus.text import text_sha
from citewell.index.embedding import Vectors
from citewell.index.writing import Given

ARTICLES = 600
DIM = 64
SEED = 8
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")
_WORDS = tuple(sorted({a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in ("", "r", "n", "st")}))
_LANGUAGES = ("en", "nl", None)
_PUBLISHED = ("2025", "2025-06", "2026-03-20", None)
_ASKED = 5  # words


class Direction:
    """A direction for each word, and for a text the mean of its words': what shares words is near."""

    dim, fingerprint = DIM, "conformance-1"
    cut_recipe, most_tokens = CUT_RECIPE, 254

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def knows_script(self, text: str) -> bool:
        return True

    def knows_word(self, word: str) -> bool:
        return word in _WORDS

    def _embed(self, texts: Sequence[str]) -> Vectors:
        sums = np.array([np.sum([_direction(word) for word in _words(text)], axis=0) for text in texts])
        unit: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
        return unit


def articles(count: int = ARTICLES, seed: int = SEED) -> list[Given]:
    """In three languages, of different days and folders, with metadata; the same for the same seed."""
    return [article(f"a{number}", seed * 100_000 + number) for number in range(count)]


def article(name: str, seed: int, marked: str = "") -> Given:
    """One of 60 to 400 words; `marked` is its first word."""
    drawn = random.Random(seed)  # noqa: S311 - for tests
    text = " ".join([marked, *(_sentence(drawn) for _ in range(drawn.randint(6, 40)))]).strip() + "\n"
    number = drawn.randrange(1000)
    draft = Draft(
        text=text, title=f"On {name}", reader="conformance", original_sha=sha_of(text.encode()),
        published=_PUBLISHED[number % 4], language=_LANGUAGES[number % 3],
        metadata={"shelf": str(number % 5), 'quoted "key"': "a\\b'c\"%_"},
    )  # fmt: skip
    return Given(name, f"https://example.org/{number % 7}/{name}", draft, text.encode())


def questions(count: int, seed: int = SEED) -> list[str]:
    drawn = random.Random(f"questions {seed}")  # noqa: S311
    return [" ".join(_word(drawn) for _ in range(_ASKED)) for _ in range(count)]


def misspelt(count: int, seed: int = SEED) -> list[str]:
    """The same questions, each with two letters of its longest word swapped: a word that few articles have, or none."""
    changed = []
    for question in questions(count, seed):
        word = max(question.split(), key=len)
        changed.append(question.replace(word, word[0] + word[2] + word[1] + word[3:], 1))
    return changed


def _sentence(drawn: random.Random) -> str:
    return " ".join(_word(drawn) for _ in range(drawn.randint(6, 14))).capitalize() + "."


def _word(drawn: random.Random) -> str:
    """Common words are as common as in a language (Zipf)."""
    return _WORDS[min(int(len(_WORDS) ** drawn.random()) - 1, len(_WORDS) - 1)]


def _words(text: str) -> list[str]:
    return [word.strip(".,?!").lower() for word in text.split()] or [""]


@lru_cache(1 << 16)
def _direction(word: str) -> NDArray[np.float64]:
    return np.random.default_rng(int(text_sha(word)[:12], 16)).normal(size=DIM)
