"""What the commands share: their options, opening the library, printing."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from citewell.corpus.errors import BadInput, LibraryBusy
from citewell.index.model import Precision, precision_of
from citewell.service import settings
from citewell.service.models import Models, check_model, made_with
from citewell.service.settings import Settings

if TYPE_CHECKING:
    from citewell.corpus.server import Server
    from citewell.index.embedding import Embedder
    from citewell.index.library import Library

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
