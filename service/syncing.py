"""`citewell sync`: a folder, feed or sitemap mirrored once, or a folder followed until it is interrupted."""

import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from citewell.corpus.errors import BadInput, CitewellError
from citewell.corpus.text import as_source
from citewell.service import terminal
from citewell.service.models import Models, check_precision
from citewell.service.options import (
    LIBRARY,
    WAIT,
    AllowHosts,
    AsJson,
    FieldNames,
    Folder,
    InPrecision,
    ModelName,
    Wait,
    mapping,
    opened,
    show,
    truth_of,
)
from citewell.service.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from citewell.corpus.address import Allowed
    from citewell.corpus.looking import Look
    from citewell.index.model import Precision
    from citewell.index.sync import Synced

syncing = typer.Typer()

_PAUSE = 2.0  # seconds between two looks
_NOTED = 3600.0  # seconds between two notes that a folder was looked at, if nothing changes
_SHARE = 20  # a look that takes long is followed by a pause so many times as long


@syncing.command()
def sync(
    source: Annotated[str, typer.Argument(metavar="FOLDER_OR_ADDRESS")],
    field: FieldNames = None,
    library: Folder = LIBRARY,
    model: ModelName = None,
    precision: InPrecision = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done to each file, and do nothing.")
    ] = False,
    keep_vanished: Annotated[
        bool, typer.Option("--keep-vanished", help="Keep the articles that the source gives no longer.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Also mirror a source that is empty or not there.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on whenever something in the folder changes, until Ctrl+C.")
    ] = False,
    allow_host: AllowHosts = None,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Mirror a folder, feed or sitemap: add what is new, update what changed, remove what vanished, leave the rest alone."""
    from citewell.corpus.address import Allowed, looks_like_address
    from citewell.corpus.looking import look
    from citewell.index import sync as mirroring

    if watch and dry_run:
        raise BadInput("--watch and --dry-run exclude each other.")
    mapped = mapping(field)
    allowed = Allowed.of(allow_host or ())
    if looks_like_address(source):
        if watch or mapped:
            raise BadInput(f"{'--watch' if watch else '--map'} is for a folder, not for an address.")
        _sync_listing(
            source, allowed, library, model, precision, dry_run, keep_vanished, allow_empty, wait, as_json
        )
        return
    folder = Path(source)

    def looked() -> "Look":
        return look(folder, library, allow_empty)

    def missed(error: CitewellError) -> None:
        mirroring.missed(library, as_source(str(folder.resolve())), str(error), truth_of(library))

    try:
        first = looked()  # what cannot be mirrored is said before the model is loaded
    except BadInput as error:
        if not dry_run:
            missed(error)
        raise
    if dry_run:
        _tell(mirroring.dry_run(library, first, mapped, keep_vanished, truth_of(library)), as_json)
        return
    check_precision(library, precision)
    with (
        opened(
            library, create=True, bulk=True, precision=precision, wait=wait, models=Models.chosen(model)
        ) as held,
        bar("embedding") as progress,
    ):

        def synced(now: "Look") -> "Synced":
            return mirroring.sync(held, now, mapped, keep_vanished, progress)

        if watch:
            print(f"citewell follows {source} (stop with Ctrl+C)", file=sys.stderr, flush=True)
            for each in (signal.SIGTERM, signal.SIGINT):  # the latter a script may have had ignored
                signal.signal(each, signal.default_int_handler)
            with suppress(KeyboardInterrupt):
                _follow(looked, synced, lambda now: mirroring.note_source(held, now), missed, as_json)
            return
        done = synced(first)
    _tell(done, as_json)


def _sync_listing(
    source: str,
    allowed: "Allowed",
    library: Path,
    model: str | None,
    precision: "Precision | None",
    dry_run: bool,
    keep_vanished: bool,
    allow_empty: bool,
    wait: float,
    as_json: bool,
) -> None:
    from citewell.corpus.address import address_of
    from citewell.corpus.fetching import Fetcher
    from citewell.corpus.listing import listing_of
    from citewell.index import sync_listing as mirroring
    from citewell.index.sync import missed

    with Fetcher(allowed) as fetcher:
        try:
            listing = listing_of(source, fetcher, allow_empty, mirroring.known_documents(library, source))
        except BadInput as error:
            with suppress(ValueError):  # what is no address is no source
                if not dry_run:
                    missed(library, address_of(source), str(error), truth_of(library))
            raise
        if dry_run:
            done = mirroring.dry_run(library, listing, keep_vanished, truth_of(library))
        else:
            check_precision(library, precision)
            with (
                opened(
                    library,
                    create=True,
                    bulk=True,
                    precision=precision,
                    wait=wait,
                    models=Models.chosen(model),
                ) as held,
                bar("embedding") as progress,
                bar("reading pages") as fetched,
            ):
                done = mirroring.sync(held, listing, fetcher, keep_vanished, allow_empty, progress, fetched)
    _tell(done, as_json)


def _tell(done: "Synced", as_json: bool) -> None:
    show(as_json, asdict(done), terminal.synced(done))
    if any(file.result in ("refused", "refuse") for file in done.files):
        raise typer.Exit(1)


def _follow(
    looked: "Callable[[], Look]",
    synced: "Callable[[Look], Synced]",
    noted: "Callable[[Look], None]",
    missed: "Callable[[CitewellError], None]",
    as_json: bool,
) -> None:
    """Mirror what a look shows whenever it is not what the last one showed, a file that was refused when it changes.

    What goes wrong later than the first time is said once, and tried again at the next look; it is noted of the source if
    that could not be looked at. That nothing changed is noted every hour.
    """
    last, said, pause, at = None, "", 0.0, 0.0
    while True:
        time.sleep(pause)
        pause, began = _PAUSE, time.monotonic()
        now: Look | None = None
        try:
            now = looked()
            pause = max(_PAUSE, _SHARE * (time.monotonic() - began))
            if now != last:
                done = synced(now)
                if done.files or last is None:
                    show(as_json, asdict(done), terminal.synced(done))
                    sys.stdout.flush()
                last, at = now, began
            elif said or began - at > _NOTED:
                noted(now)
                at = began
            said = ""
        except CitewellError as error:
            if last is None:
                raise
            if said != (said := str(error)):
                print(f"citewell: {said}", file=sys.stderr, flush=True)
                if now is None:
                    missed(error)
