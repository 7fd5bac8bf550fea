"""Passages without end, from a seed: real sentences with exchanged words, real vectors with noise.

Chunks of 1,000 passages are independent of each other: the first 1,000 are the same in every size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.passages import cut
from citewell.corpus.reading import language_of, read_file
from citewell.corpus.text import text_sha
from citewell.eval.bench_words import LANGUAGE, Entries, Words
from citewell.eval.gold import bundled_articles
from citewell.index.embedding import Embedder, Vectors, embed_cached
from citewell.index.vector_cache import Role, VectorCache

SENTENCES = 5  # a passage
PASSAGES = 10  # an article
ARTICLES = 100  # a chunk
CHUNK = PASSAGES * ARTICLES  # passages
GENERATOR_RECIPE = "generator-1"

_NOISE = 0.6  # length of the noise beside a unit vector: the cosine with the real vector is about 0.86


def real_sentences() -> list[list[str]]:
    """The sentences of each bundled article in English, without rows of tables."""
    articles = []
    for file in sorted(bundled_articles().glob("*.md")):
        draft = read_file(file)
        if language_of(draft) == LANGUAGE:
            pieces = cut(draft.text, LANGUAGE, lambda text: len(text.split()))
            spans = [sentence for passage in pieces.passages for sentence in passage.sentences]
            found = [" ".join(span.of(draft.text).split()) for span in spans]
            articles.append([sentence for sentence in found if not sentence.startswith("|")])
    return articles


@dataclass(frozen=True, slots=True)
class Chunk:
    """100 articles; passages and sentences in the order of their passage ids."""

    article_ids: tuple[str, ...]
    texts: tuple[str, ...]
    shas: tuple[str, ...]  # of the texts
    spans: NDArray[np.int32]  # (1000, 2), in the article's text
    sentence_spans: NDArray[np.int32]  # (1000, 5, 2)
    entries: Entries  # of the passages, numbered in the chunk
    passage_vectors: Vectors  # (1000, dim), unit
    sentence_vectors: Vectors  # (5000, dim), unit

    def passage_text(self, number: int) -> str:
        start, end = self.spans[number]
        return self.texts[number // PASSAGES][start:end].strip()

    def sentence_texts(self, number: int) -> list[str]:
        return [self.texts[number // PASSAGES][start:end] for start, end in self.sentence_spans[number]]


@dataclass(frozen=True)
class Corpus:
    """What is sampled from: s real sentences, w runs of five that follow each other in an article."""

    words: Words
    firsts: NDArray[np.int64]  # (w,): the first sentence of each run
    sentence_vectors: Vectors  # (s, dim)
    run_vectors: Vectors  # (w, dim)
    seed: int

    @classmethod
    def of(cls, articles: Sequence[Sequence[str]], embedder: Embedder, cache: VectorCache, seed: int) -> Self:
        sentences = [sentence for article in articles for sentence in article]
        bases = np.cumsum([0, *map(len, articles)])
        firsts = [
            int(base) + i
            for base, article in zip(bases, articles, strict=False)
            for i in range(len(article) - SENTENCES + 1)
        ]
        runs = [" ".join(sentences[first : first + SENTENCES]) for first in firsts]
        of_sentences, of_runs = (
            embed_cached(embedder, cache, Role.PASSAGE, texts).astype(np.float32)
            for texts in (sentences, runs)
        )
        return cls(Words(tuple(sentences)), np.array(firsts), of_sentences, of_runs, seed)

    def chunk(self, number: int) -> Chunk:
        """The number-th 1,000 passages."""
        rng = np.random.default_rng([self.seed, number])
        runs = rng.integers(len(self.firsts), size=CHUNK)
        sentences = self.firsts[runs][:, np.newaxis] + np.arange(SENTENCES)  # (1000, 5)
        pieces, sizes = self.words.pieces(sentences, rng)
        used, place = np.unique(pieces, return_inverse=True)
        strings = np.array([self.words.string(piece) for piece in used.tolist()], dtype=object)
        after = np.cumsum(sizes).reshape(ARTICLES, -1)  # pieces up to the end of each sentence
        texts = ["".join(strings[place[a:b]]) for a, b in pairwise([0, *after[:, -1].tolist()])]
        spans, sentence_spans = _spans(np.fromiter(map(len, strings), dtype=np.int64)[place], after)
        order = _by_id(spans)
        owners = np.repeat(np.argsort(order), sizes.reshape(CHUNK, SENTENCES).sum(axis=1))
        return Chunk(
            tuple(f"generated-{number * ARTICLES + i:07}" for i in range(ARTICLES)),
            tuple(texts),
            tuple(map(text_sha, texts)),
            spans.reshape(CHUNK, 2)[order].astype(np.int32),
            sentence_spans.reshape(CHUNK, SENTENCES, 2)[order].astype(np.int32),
            self.words.entries(used, place, owners, CHUNK),
            _noisy(self.run_vectors[runs[order]], rng),
            _noisy(self.sentence_vectors[sentences[order].reshape(-1)], rng),
        )


def _spans(
    characters: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spans of passages, (articles, passages, 2), and of sentences, (articles, sentences, 2), in the article's text.

    From the length of each piece and the number of pieces up to the end of each sentence, (articles, sentences).
    A passage ends with the white space behind its last sentence.
    """
    ends = np.cumsum(characters)
    stops = ends[after - 1]
    bases = np.concatenate([[0], stops[:-1, -1]])[:, np.newaxis]
    starts = np.concatenate([bases, stops[:, :-1]], axis=1) - bases
    passages = np.stack([starts[:, ::SENTENCES], (stops - bases)[:, SENTENCES - 1 :: SENTENCES]], axis=2)
    return passages, np.stack([starts, ends[after - 2] - bases], axis=2)


def _by_id(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Passages of all articles, spans of shape (articles, passages, 2), in the order of their ids."""
    order = []
    for article, of_article in enumerate(spans.tolist()):
        names = [f"{start}-{end}" for start, end in of_article]
        order += [article * PASSAGES + i for i in sorted(range(PASSAGES), key=names.__getitem__)]
    return np.array(order)


def _noisy(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    noise = rng.standard_normal(vectors.shape, dtype=np.float32) * (_NOISE / vectors.shape[1] ** 0.5)
    moved: Vectors = vectors + noise
    moved /= np.sqrt(np.einsum("ij,ij->i", moved, moved))[:, np.newaxis]
    return moved
