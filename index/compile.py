"""python -m citewell.index.compile MODEL TARGET: a sentence-transformers model as ONNX, checked against the original."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from citewell.index.model import COMPILE_RECIPE, file_sha
from citewell.index.onnx_embedder import open_session, tokenizer_of

TOLERANCE = 1e-5  # largest difference in any number of a unit vector
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


def compile_to(source: Path, target: Path) -> None:
    """Write model.onnx, tokenizer.json and manifest.json. Raises ValueError if the vectors differ."""
    model = SentenceTransformer(str(source), device="cpu", local_files_only=True).eval()
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
    program.save(str(target / "model.onnx"))
    Tokenizer.from_file(str(source / "tokenizer.json")).save(str(target / "tokenizer.json"))
    most_tokens = int(model.max_seq_length)
    dim = check(model, target, most_tokens)
    files = {name: file_sha(target / name) for name in ("model.onnx", "tokenizer.json")}
    said = [file_sha(source / "model.safetensors"), files["tokenizer.json"], most_tokens, COMPILE_RECIPE]
    manifest = {
        "fingerprint": hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16],
        "dim": dim,
        "most_tokens": most_tokens,
        "files": files,
        "made_with": {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__},
    }
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def check(model: SentenceTransformer, target: Path, most_tokens: int) -> int:
    """Compare with the original on texts of all lengths; returns the dimension."""
    session, tokenizer = open_session(target), tokenizer_of(target, most_tokens)
    worst = 0.0
    for text in _SAMPLES:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        (compiled,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        original = model.encode([text], normalize_embeddings=True)
        worst = max(worst, float(np.abs(compiled - original).max()))
    if worst > TOLERANCE:
        raise ValueError(
            f"compiled vectors differ by {worst:.1e} from the original (at most {TOLERANCE:.0e})"
        )
    return int(original.shape[1])


if __name__ == "__main__":
    compile_to(Path(sys.argv[1]), Path(sys.argv[2]))
