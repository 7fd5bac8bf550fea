"""`citewell migrate`: a library moved to another place, as the citewell.toml there says."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from citewell.corpus.errors import BadInput
from citewell.service import settings, terminal
from citewell.service.models import Models, made_in
from citewell.service.options import WAIT, AsJson, InPrecision, Wait, opened, show
from citewell.service.progress import bars
from citewell.service.settings import FILE, Settings

migrating = typer.Typer()


@migrating.command()
def migrate(
    source: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the library; it is only read.")],
    target: Annotated[
        Path, typer.Argument(metavar="NEW", help="Folder whose citewell.toml says where it is to be.")
    ],
    precision: InPrecision = None,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Move a library to another place, or to another model, checked by count and checksum; go on where it was cut short."""
    from contextlib import closing

    from citewell.corpus.store import Store
    from citewell.index.folder import STORE, require
    from citewell.index.migrate import migrate as move
    from citewell.service.keys import Keys

    there = _of_folder(source) or settings.read({})
    server = there.server(source)
    require(source, server)
    here = there if source.resolve() == target.resolve() else _of_target(source, target)
    _check_apart(source, there, target, here)
    models = Models(_model(target, here.model), "")
    made = precision or made_in(target, here) or made_in(source, there)
    with (
        closing(Store(server or source / STORE)) as store,
        opened(
            target,
            create=True,
            catch_up=False,
            bulk=True,
            precision=None if models.model else made,
            wait=wait,
            models=models,
            given=here,
            whole=False,
        ) as held,
        bars() as stage,
    ):
        theirs = Keys(store.database if server else source)
        ours = Keys(held.store.database if held.truth else target)
        done = move(store, source, held, stage, lambda: ours.take_over(theirs))
    show(
        as_json,
        {"source": str(source), "target": str(target), **asdict(done)},
        terminal.migrated(done, source, target),
    )


def _of_folder(folder: Path) -> Settings | None:
    """What the file in a folder says, with the key to the cluster from the environment; None without one."""
    if not (folder / FILE).is_file():
        return None
    secret = settings.variable("passages_token")
    return settings.read({}, {secret: os.environ.get(secret, "")}, folder / FILE)


def _of_target(source: Path, target: Path) -> Settings:
    found = _of_folder(target)
    if found is None:
        raise BadInput(
            f"{target / FILE} is missing, which says where the library is to be. Write it: truth = "
            '"postgresql://USER@HOST/NAME" for articles on a server, passages = "milvus://HOST:19530/NAME" for passages '
            'in a cluster, model = "..." for another model, or nothing but library = "." for all in that folder. Then: '
            f"citewell migrate {source} {target}"
        )
    return found


def _model(folder: Path, model: str) -> str:
    """A folder is named as from the folder of the file."""
    return str(folder / model) if model and (folder / model).is_dir() else model


def _check_apart(source: Path, there: Settings, target: Path, here: Settings) -> None:
    """Raises BadInput for a library that is to be moved to itself."""
    servers = there.server(source), here.server(target)
    same_truth = source.resolve() == target.resolve() or (
        all(servers) and len({(each.address, each.schema) for each in servers if each}) == 1
    )
    if same_truth:
        raise BadInput(
            f"{target} has the truth of {source}: there is nothing to be moved. Name another in {target / FILE} (truth). "
            "To change the model, or where the passages are, change citewell.toml and run: citewell rebuild"
        )
    clusters = there.cluster, here.cluster
    if all(clusters) and len({(each.uri, each.name) for each in clusters if each}) == 1:
        raise BadInput(
            f"The passages of {target} have the name of those of {source}, which is asked by that. Give them another in "
            f"{target / FILE} (passages)."
        )
