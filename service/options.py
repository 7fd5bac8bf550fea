"""What the commands share: their options, opening the library, printing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from citewell.index.embedding import Embedder
    from citewell.index.library import Library

Folder = Annotated[Path, typer.Option("--library", envvar="CITEWELL_LIBRARY", help="Folder of the library.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LIBRARY = Path("library")


def embedder(bulk: bool = False) -> "Embedder":
    """The default model; for what embeds many passages on a CUDA device, if one seems to be there."""
    from citewell.index.model import default_model
    from citewell.index.onnx_embedder import OnnxEmbedder

    onnx = OnnxEmbedder(default_model())
    if bulk:  # never when a question is asked: it may import torch
        from citewell.index import cuda_embedder

        if cuda_embedder.cuda_seems_present():
            return cuda_embedder.CudaEmbedder(onnx)
    return onnx


@contextmanager
def opened(
    folder: Path, create: bool = False, catch_up: bool = True, bulk: bool = False
) -> Iterator["Library"]:
    """The library, with an index of everything that was stored before unless another process is writing.

    `bulk` is for commands that may embed many passages.
    """
    from citewell.index.library import Library, make_folder, require

    if create:
        make_folder(folder)
    else:
        require(folder)
    library = Library(folder, embedder(bulk), create=create)
    try:
        if catch_up and not create:
            library.catch_up_if_free()
        yield library
    finally:
        library.close()


def show(as_json: bool, content: dict[str, Any], words: str) -> None:
    print(json.dumps(content, ensure_ascii=False) if as_json else words)
