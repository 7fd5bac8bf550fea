"""Bulk embedding on a CUDA device through sentence-transformers, held against the ONNX model, which goes on if it fails."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from citewell.corpus.text import escaped, normalise
from citewell.index.embedding import Embedder, Vectors
from citewell.index.model import default_model_folder

WORTH_LOADING = 1000  # texts; a CPU embeds them in about the time that importing torch takes (8 to 15 s)
TOLERANCE = 1e-5  # largest difference in any number of a unit vector; the ten bits of TF32 would miss it
_COMPARED = 32  # texts
_AT_ONCE = 128  # texts on the device: less than a gigabyte
_DRIVER = Path("/dev/nvidiactl")
_BUILD = version("torch")  # read from its metadata, without importing it

Encode = Callable[[Sequence[str]], Vectors]


def cuda_seems_present(driver: Path = _DRIVER, build: str = _BUILD) -> bool:
    """Whether there is a device to try, found without importing torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    return driver.exists() and visible not in ("", "-1") and not build.endswith("+cpu")


def load_encoder(device: str) -> Encode:
    """The default model in full fp32; texts are prepared and truncated as the compiled model does it."""
    # read when they are imported: nothing is ever fetched, nothing is shown
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_float32_matmul_precision("highest")  # no TF32
    model = SentenceTransformer(str(default_model_folder()), device=device, local_files_only=True)

    def encode(texts: Sequence[str]) -> Vectors:
        prepared = [normalise(text) for text in texts]
        vectors: Vectors = model.encode(
            prepared, batch_size=_AT_ONCE, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors

    return encode


class CudaEmbedder:
    """Questions and the first texts go to the ONNX model; from WORTH_LOADING texts on passages go to the device.

    It bears the fingerprint of the ONNX model, which is right only because vectors agree to within TOLERANCE: less than
    half precision, in which they are kept, rounds off a number of usual size (1.5e-5 at 0.05). What is kept may still
    differ in its last bit. The first texts are embedded both ways and compared; if their vectors differ, or the device
    fails, the ONNX model embeds everything.
    """

    def __init__(
        self, onnx: Embedder, device: str = "cuda", load: Callable[[str], Encode] = load_encoder
    ) -> None:
        self.fingerprint = onnx.fingerprint
        self.dim = onnx.dim
        self.cut_recipe, self.most_tokens = onnx.cut_recipe, onnx.most_tokens
        self._onnx, self._device, self._load = onnx, device, load
        self._encode: Encode | None = None
        self._given = 0  # passages so far
        self._failed = False

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._onnx.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self._given += len(texts)
        if self._failed or self._given < WORTH_LOADING or not texts:
            return self._onnx.embed_passages(texts)
        try:
            return self._embed_on_device(texts)
        except (
            Exception
        ) as error:  # whatever torch and the driver raise: no memory, no device, a broken install
            self._failed, self._encode = True, None
            reason = escaped((str(error).strip().splitlines() or [type(error).__name__])[0])
            print(
                f"citewell: not embedding on {self._device}, going on without it: {reason}",
                file=sys.stderr,
                flush=True,
            )
        return self._onnx.embed_passages(texts)

    def count_tokens(self, text: str) -> int:
        return self._onnx.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self._onnx.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self._onnx.knows_word(word)

    def _embed_on_device(self, texts: Sequence[str]) -> Vectors:
        """Raises ValueError, the first time, if the vectors are not those of the ONNX model."""
        if self._encode is not None:
            return self._encode(texts)
        encode = self._load(self._device)
        vectors = encode(texts)
        expected = self._onnx.embed_passages(texts[:_COMPARED])
        difference = float(np.abs(vectors[:_COMPARED] - expected).max())
        if not difference <= TOLERANCE:  # NaN neither
            raise ValueError(f"its vectors differ by {difference:.1e} (at most {TOLERANCE:.0e})")
        self._encode = encode
        return vectors
