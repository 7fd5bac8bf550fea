"""Models of sentence-transformers that a user chose: found on this machine, named by their files, loaded into PyTorch."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import regex

from citewell.corpus.errors import ModelMismatch
from citewell.corpus.text import escaped
from citewell.index.model import file_sha

_LOADED = TypeVar("_LOADED")
_UNSAID = {".md", ".onnx", ".xml", ".h5", ".msgpack", ".png"}  # files that vectors do not depend on
_FOLDERS_UNSAID = {"onnx", "openvino", ".git", ".cache"}


def is_chosen(fingerprint: str) -> bool:
    """Whether it is that of a model which a user chose: those begin with its name."""
    return regex.fullmatch(r"[0-9a-f]{16}(-\w+)?", fingerprint) is None


def folder_of(name: str) -> Path:
    """A folder, or that of a model of the Hugging Face hub which was downloaded before; nothing is fetched.

    Raises ModelMismatch if there is neither.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    _stay_offline()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception:  # of many kinds: no such name, not a name, not in the cache
        said = escaped(name)
        raise ModelMismatch(
            f"There is no folder {said}, and no model of this name was downloaded. Download it (hf download {said}), "
            "or give the folder that holds it."
        ) from None


def fingerprint_of(name: str, folder: Path, recipe: str) -> str:
    """The model's name, and a digest of its files and of how it is used. Raises ModelMismatch for a folder without any."""
    try:
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.is_file()
            and file.suffix.lower() not in _UNSAID
            and not _FOLDERS_UNSAID & set(file.relative_to(folder).parts[:-1])
        )
        said = [recipe, *(f"{file.relative_to(folder).as_posix()} {file_sha(file)}" for file in files)]
    except OSError as error:
        raise ModelMismatch(f"The model in {folder} cannot be read: {error.strerror}.") from None
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ModelMismatch(
            f"{folder} holds no model: neither modules.json nor config.json is there. Save one with sentence-transformers."
        )
    called = regex.sub(r"[^\w.]+", "-", Path(name).name).strip("-")[:60] or "model"
    digest = hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
    return f"{called}-{digest}"


def load(folder: Path, make: Callable[[str, Any], _LOADED]) -> _LOADED:
    """Make a model of a folder and the arguments that keep it here, on the CPU and in single precision.

    Raises ModelMismatch, whatever is wrong with it.
    """
    _stay_offline()
    import torch
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    kept = {"device": "cpu", "local_files_only": True, "model_kwargs": {"dtype": torch.float32}}
    try:
        return make(str(folder), kept)
    except Exception as error:  # whatever reading a model raises
        reason = escaped((str(error).strip().splitlines() or [type(error).__name__])[0])
        raise ModelMismatch(f"The model in {folder} cannot be loaded: {reason}") from None


def _stay_offline() -> None:
    """Read when the libraries are imported: nothing is ever fetched, nothing is shown."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
