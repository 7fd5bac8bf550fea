"""A sentence-transformers model as ONNX, checked against the original.

python -m citewell.index.compile MODEL TARGET [FULL]: in fp32, or in int8 made of the folder FULL that holds it in fp32.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from citewell.index.model import Precision, file_sha, fingerprint_of
from citewell.index.onnx_embedder import open_session, tokenizer_of

TOLERANCE = 1e-5  # fp32: largest difference in any number of a unit vector (seen: 2e-7)
LEAST_COSINE = 0.97  # int8: with the original vector (seen: 0.982 here, 0.974 on questions in four languages)
_SAMPLES = (
    "",
    "One.",
    "How long does the battery of the second model last?",
    "Größe, naïveté, 3,1 kg, 日本語, \U0001f600 and a hy-phen",
    "A sentence that is repeated until nothing more fits. " * 60,
)


class _Sentences(torch.nn.Module):  # type: ignore[misc]
    """The whole pipeline of the model, pooling and normalising included, as one function of the token ids."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a compiled model's unit vectors compare with the original's, on texts of all lengths."""

    dim: int
    largest_difference: float  # in any number
    lowest_cosine: float


def compile_to(source: Path, target: Path) -> None:
    """Write model.onnx, its weights, tokenizer.json and manifest.json. Raises ValueError if the vectors differ."""
    model = _original(source)
    tokens, mask = torch.ones((2, 7), dtype=torch.long), torch.ones((2, 7), dtype=torch.long)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    with torch.no_grad():
        program = torch.onnx.export(
            _Sentences(model),
            (tokens, mask),
            dynamo=True,
            verbose=False,
            input_names=["input_ids", "attention_mask"],
            dynamic_shapes={"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}},
        )
    program.save(str(target / "model.onnx"), external_data=True)  # beside it, where it can be mapped
    Tokenizer.from_file(str(source / "tokenizer.json")).save(str(target / "tokenizer.json"))
    found = compare(model, target)
    if not found.largest_difference <= TOLERANCE:
        raise ValueError(
            f"compiled vectors differ by {found.largest_difference:.1e} from the original (at most {TOLERANCE:.0e})"
        )
    _write_manifest(source, target, found.dim, int(model.max_seq_length), Precision.FP32)


def quantise_to(source: Path, target: Path, full: Path) -> None:
    """The same with weights in signed bytes. Raises ValueError if the vectors point elsewhere."""
    quantize_dynamic(
        full / "model.onnx",
        target / "model.onnx",
        per_channel=True,
        reduce_range=True,  # 7 bits: sums of products fit 16 bits, so a CPU without VNNI gives the same
        weight_type=QuantType.QInt8,
    )
    shutil.copyfile(full / "tokenizer.json", target / "tokenizer.json")
    model = _original(source)
    found = compare(model, target)
    if not found.lowest_cosine >= LEAST_COSINE:
        raise ValueError(
            f"a compiled vector has a cosine of {found.lowest_cosine:.3f} with the original (at least {LEAST_COSINE})"
        )
    _write_manifest(source, target, found.dim, int(model.max_seq_length), Precision.INT8)


def compare(model: SentenceTransformer, target: Path) -> Agreement:
    session, tokenizer = open_session(target), tokenizer_of(target, int(model.max_seq_length))
    differences, cosines = [], []
    for text in _SAMPLES:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        (compiled,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        original = model.encode([text], normalize_embeddings=True)
        differences.append(float(np.abs(compiled - original).max()))
        cosines.append(float((compiled * original).sum()))
    return Agreement(int(original.shape[1]), float(np.max(differences)), float(np.min(cosines)))


def _original(source: Path) -> SentenceTransformer:
    return SentenceTransformer(str(source), device="cpu", local_files_only=True).eval()


def _write_manifest(source: Path, target: Path, dim: int, most_tokens: int, precision: Precision) -> None:
    files = {file.name: file_sha(file) for file in sorted(target.iterdir())}
    facts = [file_sha(source / "model.safetensors"), files["tokenizer.json"], most_tokens]
    manifest = {
        "fingerprint": fingerprint_of(facts, precision),
        "dim": dim,
        "most_tokens": most_tokens,
        "files": files,
        "made_with": {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__},
    }
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    match [Path(argument) for argument in sys.argv[1:]]:
        case [model_folder, made]:
            compile_to(model_folder, made)
        case [model_folder, made, in_fp32]:
            quantise_to(model_folder, made, in_fp32)
