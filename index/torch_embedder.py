"""Any sentence-transformers model as the embedder, with the prompts of its own configuration.

PyTorch is imported when the first text is embedded or counted. One text a call: a vector never depends on its neighbours.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import regex

from citewell.corpus.passages import CUT_RECIPE, Bounds
from citewell.corpus.text import normalise
from citewell.index.embedding import Vectors
from citewell.index.torch_models import fingerprint_of, folder_of, load

_RECIPE = "sentence-transformers-1"  # changes whenever the same files would give other vectors
# names that models are published with; `encode_document` alone would take an empty "document" before a "passage"
_QUERY_PROMPTS, _PASSAGE_PROMPTS = ("query",), ("document", "passage", "corpus")
_LETTER = regex.compile(r"\p{L}")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


class TorchEmbedder:
    """Raises ModelMismatch if the model is not there; when it is first used, if it cannot be loaded."""

    def __init__(self, name: str) -> None:
        self._folder = folder_of(name)
        self.fingerprint = fingerprint_of(name, self._folder, _RECIPE)
        self._turn = threading.RLock()  # its tokenizer cannot be shared

    @cached_property
    def dim(self) -> int:
        return int(self.embed_passages([""]).shape[1])

    @cached_property
    def most_tokens(self) -> int:
        """Less the marks and the prompt that stand before a passage."""
        reads = self._model.max_seq_length
        if reads is None:
            return Bounds().most_tokens
        prompt = self._prompt_for(_PASSAGE_PROMPTS)
        marks: int = self._model.tokenizer.num_special_tokens_to_add()
        return max(1, int(reads) - marks - (self.count_tokens(self._model.prompts[prompt]) if prompt else 0))

    @cached_property
    def cut_recipe(self) -> str:
        """Its passages are measured by its own tokenizer."""
        return f"{CUT_RECIPE} {self.fingerprint}"

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "encode_query", _QUERY_PROMPTS)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "encode_document", _PASSAGE_PROMPTS)

    def count_tokens(self, text: str) -> int:
        with self._turn:
            pieces = self._model.tokenizer(text, add_special_tokens=False, verbose=False)
        ids: list[int] = pieces["input_ids"]
        return len(ids)

    def knows_script(self, text: str) -> bool:
        """Whether its tokenizer has pieces for half of the letters or more.

        A piece is one that holds two letters, or a whole one in a script that is written without blanks: vocabularies have
        the single letters of many scripts in which the model was never trained.
        """
        text = normalise(text)
        letters = len(_LETTER.findall(text))
        with self._turn:
            tokenizer = self._model.tokenizer
            pieces = tokenizer(text, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
        spans = [tuple(span) for span in pieces["offset_mapping"]]
        known = 0
        for token, (start, end) in zip(pieces["input_ids"], spans, strict=True):
            held = _LETTER.findall(text[start:end])
            is_word = len(held) == 1 and not _is_letter(text, start - 1) and not _is_letter(text, end)
            whole = spans.count((start, end)) == 1  # else it is a byte of a letter
            if token != tokenizer.unk_token_id and whole:
                known += len(held) if len(held) > 1 or is_word or _UNSPACED.match("".join(held)) else 0
        return 2 * known >= letters

    def knows_word(self, word: str) -> bool:
        """As it stands at the beginning of a text or after a blank, which some vocabularies tell apart."""
        return self._is_whole(word) or self._is_whole(f" {word}")

    def _is_whole(self, word: str) -> bool:
        with self._turn:
            tokenizer = self._model.tokenizer
            pieces = tokenizer(word, add_special_tokens=False, verbose=False)
        ids: list[int] = pieces["input_ids"]
        return len(set(pieces.word_ids())) == len(ids) and tokenizer.unk_token_id not in ids

    @cached_property
    def _model(self) -> Any:
        def make(folder: str, kept: Any) -> Any:
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(folder, **kept).eval()

        with self._turn:
            return load(self._folder, make)

    def _prompt_for(self, names: Sequence[str]) -> str | None:
        """The first of the names under which the model's own configuration has a prompt."""
        return next((name for name in names if self._model.prompts.get(name)), None)

    def _vectors(self, texts: Sequence[str], method: str, prompts: Sequence[str]) -> Vectors:
        prepared = [normalise(text) for text in texts]
        with self._turn:
            if not prepared:
                return np.empty((0, self.dim), dtype=np.float32)
            encode = getattr(self._model, method)
            vectors: Vectors = encode(
                prepared,
                prompt_name=self._prompt_for(prompts),
                batch_size=1,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return vectors.astype(np.float32, copy=False)


def _is_letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and _LETTER.match(text[at]) is not None
