"""Commands that keep a library in order: `citewell remove | rebuild | reread | verify | backup | restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from citewell.corpus.errors import BadInput
from citewell.service import terminal
from citewell.service.models import Models
from citewell.service.options import (
    LIBRARY,
    WAIT,
    AsJson,
    Folder,
    InPrecision,
    ModelName,
    Wait,
    opened,
    show,
    truth_of,
)
from citewell.service.progress import bar

upkeep = typer.Typer()


@upkeep.command()
def remove(
    article_ids: Annotated[list[str], typer.Argument(metavar="ID...")],
    library: Folder = LIBRARY,
    purge: Annotated[
        bool, typer.Option("--purge", help="Erase texts, revisions, vectors and index files.")
    ] = False,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Hide articles from every answer; what was cited from them still resolves, unless they are purged."""
    from citewell.index.purge import purge as purge_articles
    from citewell.index.writing import remove as remove_articles

    with opened(library, wait=wait) as held:
        (purge_articles if purge else remove_articles)(held, article_ids)
    done = "purged" if purge else "removed"
    show(as_json, {done: article_ids}, "\n".join(f"{done}  {article_id}" for article_id in article_ids))


@upkeep.command()
def rebuild(
    library: Folder = LIBRARY,
    model: ModelName = None,
    precision: InPrecision = None,
    back: Annotated[
        bool, typer.Option("--back", help="Go back to what the last rebuild replaced in a cluster.")
    ] = False,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Build the index again from the stored texts, with --model or --precision by another model than before."""
    with (
        opened(
            library, catch_up=False, bulk=True, precision=precision, wait=wait, models=Models.chosen(model)
        ) as held,
        held.writing(),
        bar("embedding") as progress,
    ):
        passages = (held.go_back if back else held.rebuild)(progress)
    done = "went back to" if back else "indexed"
    show(as_json, {"passages": passages}, f"{done} {passages} passages")


@upkeep.command()
def reread(
    article_ids: Annotated[list[str] | None, typer.Argument(metavar="ID...")] = None,
    library: Folder = LIBRARY,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also what today's readers read."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which articles would be read, and do nothing.")
    ] = False,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Read articles that earlier readers made, or earlier versions of their libraries, or those named, again from their originals."""
    from citewell.index import rereading

    named = article_ids or []
    if everything and named:
        raise BadInput("--all and names of articles exclude each other.")
    with (
        opened(library, bulk=True, wait=wait) as held,
        bar("embedding") as progress,
        bar("reading articles") as read,
    ):
        if dry_run:
            done = rereading.dry_run(held, named, everything)
        else:
            done = rereading.reread(held, named, everything, progress, read)
    show(as_json, asdict(done), terminal.reread(done))
    if any(each.result == "refused" for each in done.articles):
        raise typer.Exit(1)


@upkeep.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="Citations to check: JSON or JSON lines; - for standard input.")
    ] = None,
    library: Folder = LIBRARY,
    as_json: AsJson = False,
) -> None:
    """Check the library: texts, spans, index files, the index against the store. With a FILE, the citations in it."""
    if file is not None:
        from citewell.service import verification

        with bar("verifying") as progress:
            found = verification.of_file(library, file, progress, truth_of(library))
        show(as_json, asdict(found), terminal.verification(found))
        if not found.valid:
            raise typer.Exit(1)
        return
    from citewell.index.verify import verify as look_at

    with opened(library, catch_up=False) as held:
        checks = look_at(held)
        sound = not any(check.faults for check in checks)
        keep = held.store.kept_revisions() if sound else None
    said = {"checks": [asdict(check) for check in checks], "keep_revisions": keep}
    show(as_json, said, terminal.checks(checks, keep))
    if not sound:
        raise typer.Exit(1)


@upkeep.command()
def backup(
    file: Path,
    library: Folder = LIBRARY,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="Include the vectors, which can be computed again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a backup to a file, also while the library is served and written to."""
    from citewell.index.backup import backup as write_backup

    with opened(library, catch_up=False) as held:
        write_backup(held, file, vectors)
    size = file.stat().st_size
    show(as_json, {"file": str(file), "bytes": size}, f"wrote {file}, {size:,} bytes")


@upkeep.command()
def restore(
    file: Path,
    library: Folder = LIBRARY,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also if the library holds articles: they go.")
    ] = False,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Make a library what a backup holds, also while it is served."""
    from citewell.index.backup import check_backup
    from citewell.index.backup import restore as read_backup

    check_backup(file)
    with (
        opened(library, create=True, bulk=True, wait=wait) as held,
        bar("embedding") as progress,
    ):
        passages = read_backup(held, file, progress, replace)
    show(as_json, {"passages": passages}, f"restored {passages} passages")
