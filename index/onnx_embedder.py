"""The embedder in the hot path: a compiled model under ONNX Runtime, one text a call, several calls at a time."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import regex
from tokenizers import Tokenizer

from citewell.corpus.text import normalise
from citewell.index.embedding import Vectors
from citewell.index.model import CompiledModel

_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")


def open_session(folder: Path) -> onnxruntime.InferenceSession:
    """One thread a call: results do not depend on the machine's cores, and calls run side by side."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])


def tokenizer_of(folder: Path, most_tokens: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(most_tokens)
    return tokenizer


class OnnxEmbedder:
    """Embeds each text in a call of its own, so that a vector never depends on its neighbours."""

    def __init__(self, model: CompiledModel) -> None:
        self.fingerprint = model.fingerprint
        self.dim = model.dim
        self._session = open_session(model.folder)
        self._tokenizer = tokenizer_of(model.folder, model.most_tokens)
        self._counter = Tokenizer.from_file(str(model.folder / "tokenizer.json"))
        self._counter.no_padding()
        self._counter.no_truncation()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False))

    def knows_script(self, text: str) -> bool:
        """The default model was trained on English: half of the letters or more must be Latin."""
        letters = len(_LETTER.findall(text))
        return letters == 0 or 2 * len(_LATIN.findall(text)) >= letters

    def _embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1:
            return self._embed_one(texts[0])
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            rows = list(threads.map(self._embed_one, texts))
        return np.concatenate(rows) if rows else np.empty((0, self.dim), dtype=np.float32)

    def _embed_one(self, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(normalise(text)).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vector: Vectors = self._session.run(None, feed)[0]
        return vector  # (1, dim)
