"""What runs in each worker that embeds for another process: one model, one core."""

import os
import pickle
import socket
from collections.abc import Callable, Sequence

from citewell.index.embedding import Embedder, Vectors
from citewell.index.model import Precision, default_model

Opening = Callable[[], Embedder]  # of modules that every node has


def default_embedder(precision: Precision) -> Embedder:
    """The default model on one core; compiled now if this node never did."""
    from citewell.index.onnx_embedder import OnnxEmbedder

    return OnnxEmbedder(default_model(precision), threads=1)


class EmbeddingWorker:
    """Opens its model when it is asked whether it is ready, so that what is wrong with it can be said."""

    def __init__(self, opening: bytes) -> None:
        self._opening = opening

    def ready(self, probes: Sequence[str]) -> tuple[str, str, Vectors]:
        """Where it runs, the fingerprint of its model and the vectors of the probes."""
        opening: Opening = pickle.loads(self._opening)  # noqa: S301  # what the command that asks made
        self._embedder = opening()
        place = f"{socket.gethostname()} (process {os.getpid()})"
        return place, self._embedder.fingerprint, self._embedder.embed_passages(probes)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts)
