"""What the commands share: their options, opening the library, printing."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from citewell.corpus.errors import BadInput, LibraryBusy, ModelMismatch
from citewell.index.model import Precision, default_model, precision_of
from citewell.service import settings
from citewell.service.settings import Settings

if TYPE_CHECKING:
    from citewell.corpus.server import Server
    from citewell.index.embedding import Embedder
    from citewell.index.library import Library
    from citewell.index.reranking import Reranker
    from citewell.index.spreading import SpreadEmbedder

Folder = Annotated[Path, typer.Option("--library", envvar="CITEWELL_LIBRARY", help="Folder of the library.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
InPrecision = Annotated[
    Precision | None,
    typer.Option("--precision", help="Of the model: int8 is faster and a little less exact."),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", help=f"{settings.HELP['model']} [${settings.variable('model')}]"),
]
RerankerName = Annotated[
    str | None,
    typer.Option("--reranker", help=f"{settings.HELP['reranker']} [${settings.variable('reranker')}]"),
]
Rerank = Annotated[
    int | None,
    typer.Option("--rerank", help=f"{settings.HELP['rerank']} [${settings.variable('rerank')}; 20]"),
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
WHERE = ("truth", "passages", "passages_token", "embedding_cluster", "max_article_bytes")
WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Models:
    """The models in force: flags that are given, else the environment, the file, the default."""

    model: str = ""  # the default model
    reranker: str = ""  # none
    rerank: int = 20

    @classmethod
    def chosen(
        cls, model: str | None = None, reranker: str | None = None, rerank: int | None = None
    ) -> "Models":
        flags = {"model": model, "reranker": reranker, "rerank": rerank}
        found = settings.read(flags, names=settings.MODELS)
        return cls(found.model, found.reranker, found.rerank)

    def embedder(self, precision: Precision | None, bulk: bool = False) -> "Embedder":
        """Raises BadInput for a precision of a model that was chosen."""
        if not self.model:
            return embedder(precision or Precision.FP32, bulk)
        if precision is not None:
            raise BadInput("--precision is of the default model. Leave it out, or the model that you chose.")
        from citewell.index.torch_embedder import TorchEmbedder

        return TorchEmbedder(self.model)

    def spread(self, precision: Precision | None, address: str) -> "SpreadEmbedder":
        """The same, with workers for many passages in a Ray cluster. Raises SpreadingFailed when it is not there."""
        from citewell.index.embedding_worker import default_embedder
        from citewell.index.ray_workers import RayWorkers, check_reachable
        from citewell.index.spreading import SpreadEmbedder
        from citewell.index.torch_embedder import TorchEmbedder

        check_reachable(address)
        local = self.embedder(precision)
        opening: Callable[[], Embedder] = (
            partial(TorchEmbedder, _anywhere(self.model))
            if self.model
            else partial(default_embedder, precision or Precision.FP32)
        )
        return SpreadEmbedder(local, lambda: RayWorkers(address, opening))

    def made_reranker(self) -> "Reranker | None":
        if not self.reranker:
            return None
        from citewell.index.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(self.reranker)


def _anywhere(model: str) -> str:
    """A name for processes that run in other folders."""
    folder = Path(model).expanduser()
    return str(folder.absolute()) if folder.is_dir() else model


def embedder(precision: Precision = Precision.FP32, bulk: bool = False) -> "Embedder":
    """The default model; for what embeds many passages in fp32 on a CUDA device, if one seems to be there."""
    from citewell.index.onnx_embedder import OnnxEmbedder

    onnx = OnnxEmbedder(default_model(precision))
    if bulk and precision is Precision.FP32:  # never when a question is asked: it may import torch
        from citewell.index import cuda_embedder

        if cuda_embedder.cuda_seems_present():
            return cuda_embedder.CudaEmbedder(onnx)
    return onnx


def prepared(models: Models, precision: Precision | None) -> None:
    """Have the default model compiled, if it is in force and never was, without loading it."""
    if not models.model:
        default_model(precision or Precision.FP32)


def made_with(folder: Path, given: Settings | None = None) -> str | None:
    """Fingerprint of the model that a library's index was made with; None before there is one."""
    from citewell.index.folder import model_of

    found = given or settings.read({}, names=("truth", "passages"))
    return model_of(folder, found.server(folder) if found.passages else None)


def made_in(folder: Path, given: Settings | None = None) -> Precision | None:
    """The precision of that model."""
    fingerprint = made_with(folder, given)
    return precision_of(fingerprint) if fingerprint else None


def check_precision(folder: Path, asked: Precision | None) -> None:
    """Raises BadInput if the library's index was made in another precision than is asked for."""
    made = made_in(folder)
    if asked and made and asked != made:
        raise BadInput(
            f"The library in {folder} is in {made}. To change it: citewell rebuild --precision {asked} --library {folder}"
        )


def check_model(folder: Path, fingerprint: str, given: Settings | None = None) -> None:
    """Raises ModelMismatch if a library's index was made with another model and one of the two was chosen by a user.

    Else a library would be embedded anew, unasked, by whoever forgot to name its model.
    """
    from citewell.index.torch_models import is_chosen

    made = made_with(folder, given)
    if made and made != fingerprint and (is_chosen(made) or is_chosen(fingerprint)):
        raise ModelMismatch(
            f"The library in {folder} was made with model {made}, and {fingerprint} is in use. Choose that model (--model, "
            f"{settings.variable('model')}, model in {settings.FILE}; the default if none is named), or build the "
            f"library again with this one: citewell rebuild --library {folder}"
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
    models: Models | None = None,
    given: Settings | None = None,
    keep_vectors: bool = True,
    whole: bool = True,
) -> Iterator["Library"]:
    """The library, with an index of everything that was stored before unless another process is writing.

    `bulk` is for commands that may embed many passages. Without a precision it is opened in its own. Without models
    those are taken that the environment or the file says; without settings they say where truth and passages are, too.
    `watched` may put something around the model; `keep_vectors` is false for what may write nothing to this machine.
    """
    from citewell.corpus.children import LIMITS
    from citewell.index.folder import make_folder, require
    from citewell.index.library import Library

    found = given or settings.read({}, names=WHERE)
    cluster, truth = found.cluster, found.server(folder)
    if create or (truth and not cluster):
        make_folder(folder)
    elif not truth:
        require(folder)
    models, made = models or Models.chosen(), made_with(folder, found)
    if not models.model and made:
        precision = precision or precision_of(made)
    model: Embedder
    ending = ExitStack()
    if bulk and found.embedding_cluster:
        model = ending.enter_context(closing(models.spread(precision, found.embedding_cluster)))
    else:
        model = models.embedder(precision, bulk)
    if catch_up:
        check_model(folder, model.fingerprint, found)
    library = Library(
        folder,
        watched(model),
        create=create,
        wait=wait,
        reranker=models.made_reranker(),
        rerank=models.rerank,
        cluster=cluster,
        truth=truth,
        keep_vectors=keep_vectors,
        whole=whole,
        limits=replace(LIMITS, article=found.max_article_bytes),
    )
    try:
        if catch_up and not cluster and made_with(folder, found) not in (made, model.fingerprint):
            raise LibraryBusy(folder)  # somebody builds it with another model
        if catch_up and not create:
            library.catch_up_if_free()
        yield library
    finally:
        library.close()
        ending.close()


def truth_of(folder: Path) -> "Server | None":
    """The server that holds the articles of the library, by the settings in force; None if its folder does."""
    return settings.read({}, names=("truth",)).server(folder)


def show(as_json: bool, content: dict[str, Any], words: str) -> None:
    print(json.dumps(content, ensure_ascii=False) if as_json else words)
