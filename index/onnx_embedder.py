"""The embedder in the hot path: a compiled model under ONNX Runtime, one text a call, several calls at a time.

A question that comes alone is shared by two threads, which wait for each other without resting; several, side by side, and
all bulk take one thread each, since with two they would spend twice as much of the cores. What a thread computes
is never summed up with what another does, so the vectors are the same to the bit.
"""

import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
import regex
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from citewell.corpus.passages import CUT_RECIPE
from citewell.corpus.text import normalise
from citewell.index.embedding import Vectors, side_by_side
from citewell.index.model import CompiledModel

_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")
_MARKS = 2  # tokens that stand around a text
_BLANKS = re.compile(r"[\n\t]")
_WORDS_KEPT = 1 << 16
_FOR_A_LONE_TEXT = 2  # threads; more wait for each other


def open_session(folder: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """So many threads a call; calls run side by side. Weights are mapped, and shared by sessions and processes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.force_spinning_stop", "1")  # threads rest between calls
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])


def tokenizer_of(folder: Path, most_tokens: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(most_tokens)
    return tokenizer


class OnnxEmbedder:
    """Embeds each text in a call of its own, so that a vector never depends on its neighbours.

    Several texts by so many threads; by one for each core if that is not said.
    """

    def __init__(self, model: CompiledModel, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self.fingerprint = model.fingerprint
        self.dim = model.dim
        self.cut_recipe = CUT_RECIPE
        self.most_tokens = model.most_tokens - _MARKS
        self._folder = model.folder
        self._alone = threading.Lock()
        self._tokenizer = tokenizer_of(model.folder, model.most_tokens)
        self._counter = Tokenizer.from_file(str(model.folder / "tokenizer.json"))
        self._counter.no_padding()
        self._counter.no_truncation()
        # what BERT makes of a word does not depend on the words beside it, and most words come again
        self._by_word = isinstance(self._counter.pre_tokenizer, BertPreTokenizer)
        self._tokens_of_word = lru_cache(_WORDS_KEPT)(self._tokens_of)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        if not self._by_word:
            return self._tokens_of(text)
        return sum(map(self._tokens_of_word, _BLANKS.sub(" ", text).split(" ")))

    def _tokens_of(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False))

    def knows_script(self, text: str) -> bool:
        """The default model was trained on English: half of the letters or more must be Latin."""
        if text.isascii():
            return True
        letters = len(_LETTER.findall(text))
        return letters == 0 or 2 * len(_LATIN.findall(text)) >= letters

    def knows_word(self, word: str) -> bool:
        """With an apostrophe it is several: each must be there."""
        pieces = self._counter.encode(word, add_special_tokens=False)
        whole = len(set(pieces.word_ids)) == len(pieces.tokens)
        return whole and self._counter.model.unk_token not in pieces.tokens

    @cached_property
    def _for_many(self) -> onnxruntime.InferenceSession:
        return open_session(self._folder)

    @cached_property
    def _for_one(self) -> onnxruntime.InferenceSession:
        if self._threads < _FOR_A_LONE_TEXT:
            return self._for_many
        return open_session(self._folder, _FOR_A_LONE_TEXT)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1:
            return self._embed_alone(texts[0])
        with ThreadPoolExecutor(self._threads) as threads:
            rows = list(threads.map(lambda text: self._run(self._for_many, text), texts))
        return np.concatenate(rows) if rows else np.empty((0, self.dim), dtype=np.float32)

    def _embed_alone(self, text: str) -> Vectors:
        """By two threads, unless these are at another text or something else is to be done."""
        if side_by_side.get() or not self._alone.acquire(blocking=False):
            return self._run(self._for_many, text)
        try:
            return self._run(self._for_one, text)
        finally:
            self._alone.release()

    def _run(self, session: onnxruntime.InferenceSession, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(normalise(text)).ids], dtype=np.int64)
        vector: Vectors = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        return vector  # (1, dim)
