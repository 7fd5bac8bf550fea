"""What the commands share: their options, opening the library, printing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from citewell.corpus.errors import BadInput
from citewell.index.model import Precision, default_model, precision_of

if TYPE_CHECKING:
    from citewell.index.embedding import Embedder
    from citewell.index.library import Library

Folder = Annotated[Path, typer.Option("--library", envvar="CITEWELL_LIBRARY", help="Folder of the library.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
InPrecision = Annotated[
    Precision | None,
    typer.Option("--precision", help="Of the model: int8 is faster and a little less exact."),
]
Wait = Annotated[
    float,
    typer.Option("--wait", min=0, help="Seconds to wait while another process writes; 0: give up at once."),
]
FieldNames = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS",
        help="In JSON lines and CSV: text, id, title, author, published, language or url is their field; repeatable.",
    ),
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME[:PORT]",
        help="A host that may be read from although its address is not public; repeatable.",
    ),
]
LIBRARY = Path("library")
WAIT = 60.0


def embedder(precision: Precision = Precision.FP32, bulk: bool = False) -> "Embedder":
    """The default model; for what embeds many passages in fp32 on a CUDA device, if one seems to be there."""
    from citewell.index.onnx_embedder import OnnxEmbedder

    onnx = OnnxEmbedder(default_model(precision))
    if bulk and precision is Precision.FP32:  # never when a question is asked: it may import torch
        from citewell.index import cuda_embedder

        if cuda_embedder.cuda_seems_present():
            return cuda_embedder.CudaEmbedder(onnx)
    return onnx


def prepared(precision: Precision | None) -> None:
    """Have the model compiled, if it never was, without loading it."""
    default_model(precision or Precision.FP32)


def made_in(folder: Path) -> Precision | None:
    """The precision of the model that a library's index was made with; None before there is one."""
    from citewell.index.folder import model_of

    fingerprint = model_of(folder)
    return precision_of(fingerprint) if fingerprint else None


def check_precision(folder: Path, asked: Precision | None) -> None:
    """Raises BadInput if the library's index was made in another precision than is asked for."""
    made = made_in(folder)
    if asked and made and asked != made:
        raise BadInput(
            f"The library in {folder} is in {made}. To change it: citewell rebuild --precision {asked} --library {folder}"
        )


def mapping(given: list[str] | None) -> dict[str, str]:
    """Our names of fields with theirs. Raises BadInput for what is no such pair."""
    from citewell.corpus.records import MAPPABLE

    pairs = dict(pair.partition("=")[::2] for pair in given or ())
    for ours, theirs in pairs.items():
        if ours not in MAPPABLE or not theirs:
            raise BadInput(
                f"--map {ours}={theirs} names no field: write OURS=THEIRS, where ours is one of {', '.join(MAPPABLE)}."
            )
    return pairs


@contextmanager
def opened(
    folder: Path,
    create: bool = False,
    catch_up: bool = True,
    bulk: bool = False,
    precision: Precision | None = None,
    wait: float = WAIT,
    watched: "Callable[[Embedder], Embedder]" = lambda model: model,
) -> Iterator["Library"]:
    """The library, with an index of everything that was stored before unless another process is writing.

    `bulk` is for commands that may embed many passages. Without a precision it is opened in its own.
    `watched` may put something around the model.
    """
    from citewell.index.folder import make_folder, require
    from citewell.index.library import Library

    if create:
        make_folder(folder)
    else:
        require(folder)
    model = embedder(precision or made_in(folder) or Precision.FP32, bulk)
    library = Library(folder, watched(model), create=create, wait=wait)
    try:
        if catch_up and not create:
            library.catch_up_if_free()
        yield library
    finally:
        library.close()


def show(as_json: bool, content: dict[str, Any], words: str) -> None:
    print(json.dumps(content, ensure_ascii=False) if as_json else words)
