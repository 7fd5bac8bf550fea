"""Any CrossEncoder of sentence-transformers with one label as the reranker."""

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import ModelMismatch
from citewell.index.torch_models import fingerprint_of, folder_of, load

_RECIPE = "cross-encoder-1"


class CrossEncoderReranker:
    """Raises ModelMismatch if the model is not there; when it is first used, if it cannot be loaded."""

    def __init__(self, name: str) -> None:
        self._name, self._folder = name, folder_of(name)
        self._turn = threading.RLock()  # its tokenizer cannot be shared

    @cached_property
    def fingerprint(self) -> str:
        """Read when a question is asked: commands that ask none need not read large files."""
        return fingerprint_of(self._name, self._folder, _RECIPE)

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """The sigmoid of its one logit, whatever its configuration makes of that; pair by pair, so that none is padded."""
        with self._turn:
            model, sigmoid = self._model
            said = model.predict(
                [(question, passage) for passage in passages],
                batch_size=1, activation_fn=sigmoid, show_progress_bar=False,
            )  # fmt: skip
        return np.asarray(said, dtype=np.float64)

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        def make(folder: str, kept: Any) -> tuple[Any, Any]:
            import torch
            from sentence_transformers import CrossEncoder

            return CrossEncoder(folder, **kept), torch.nn.Sigmoid()

        model, sigmoid = load(self._folder, make)
        if model.num_labels != 1:
            raise ModelMismatch(
                f"The reranker in {self._folder} has {model.num_labels} labels; choose one that gives a single score."
            )
        return model, sigmoid
