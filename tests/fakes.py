"""Small stand-ins that obey the protocols: no model, no network, and cause and effect in sight."""

from collections.abc import Sequence

import numpy as np

from citewell.index.embedding import Vectors


class WordEmbedder:
    """One axis for each known word: texts that share words point the same way. A text without any points at axis 0."""

    def __init__(self, *words: str) -> None:
        self.words = ("", *words)
        self.dim = len(self.words)
        self.fingerprint = f"words {' '.join(words)}"
        self.embedded: list[str] = []  # every text that was ever computed

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def knows_script(self, text: str) -> bool:
        return text.isascii() or not text.strip()

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = {word.strip(".,?!|").lower() for word in text.split()}
            row[1:] = [word in words for word in self.words[1:]]
            row[0] = not row.any()
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit
