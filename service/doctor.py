"""`citewell doctor`: what is worth knowing of a library; `citewell clean`: leaving out what its pages repeat."""

from dataclasses import asdict
from typing import Annotated

import typer

from citewell.corpus.errors import BadInput
from citewell.service import terminal
from citewell.service.options import LIBRARY, WAIT, AsJson, Folder, Wait, opened, show
from citewell.service.progress import bar

care = typer.Typer()


@care.command()
def doctor(library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Report duplicates, repeated lines, broken, tiny and unknown articles, missing dates, damage; change nothing.

    The exit code is 0 if there is nothing but notes, else 1.
    """
    from citewell.index.health import examine

    with opened(library, catch_up=False) as held, bar("reading") as progress:
        found = examine(held, progress=progress)
    show(as_json, {**asdict(found), "is_well": found.is_well}, terminal.health(found))
    if not found.is_well:
        raise typer.Exit(1)


@care.command()
def clean(
    library: Folder = LIBRARY,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which lines would be left out.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Leave out no repeated line any longer.")] = False,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Leave out lines that repeat across the articles of a folder or host: menus, prompts. Texts stay as they are."""
    from citewell.index.clean import found, leave_out

    if dry_run and undo:
        raise BadInput("--dry-run and --undo exclude each other.")
    with opened(library, bulk=True, wait=wait) as held, bar("embedding") as progress:
        lines = [] if undo else found(held.store)
        changed = False if dry_run else leave_out(held, lines, progress)
    said = {"lines": [asdict(line) for line in lines], "dry_run": dry_run, "changed": changed}
    show(as_json, said, terminal.cleaned(lines, dry_run, changed))
