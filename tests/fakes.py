"""Small stand-ins that obey the protocols: no model, no network, and cause and effect in sight."""

from collections.abc import Sequence

import numpy as np

from citewell.corpus.passages import CUT_RECIPE
from citewell.corpus.text import text_sha
from citewell.index.embedding import Vectors


class WordEmbedder:
    """One axis for each known word: texts that share words point the same way. A text without any points at axis 0."""

    def __init__(self, *words: str) -> None:
        self.words = ("", *words)
        self.dim = len(self.words)
        self.fingerprint = f"words {' '.join(words)}"
        self.cut_recipe, self.most_tokens = CUT_RECIPE, 254
        self.embedded: list[str] = []  # every text that was ever computed

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def knows_script(self, text: str) -> bool:
        return text.isascii() or not text.strip()

    def knows_word(self, word: str) -> bool:
        return word in self.words

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = {word.strip(".,?!|").lower() for word in text.split()}
            row[1:] = [word in words for word in self.words[1:]]
            row[0] = not row.any()
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


class AnyEmbedder(WordEmbedder):
    """Any direction for each text, another for another; no component is a round number, and some are tiny."""

    def __init__(self, dim: int = 384) -> None:
        super().__init__()
        self.dim, self.fingerprint = dim, f"any {dim}"

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        seeds = [int(text_sha(text)[:12], 16) for text in texts]
        rows = np.array([np.random.default_rng(seed).normal(size=self.dim) ** 5 for seed in seeds])
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit
