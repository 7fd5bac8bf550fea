"""Which models are in force, and whether a library's index was made with them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from citewell.corpus.errors import BadInput, ModelMismatch
from citewell.index.model import Precision, default_model, precision_of
from citewell.service import settings
from citewell.service.settings import Settings

if TYPE_CHECKING:
    from citewell.index.embedding import Embedder
    from citewell.index.reranking import Reranker
    from citewell.index.spreading import SpreadEmbedder


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
