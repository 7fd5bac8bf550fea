"""Which segment readers see: a pointer file, replaced in one atomic step after everything it names is on disk."""

import shutil
from contextlib import suppress
from pathlib import Path

from citewell.corpus.errors import CorruptLibrary
from citewell.index.segment import Segment, sync

_POINTER = "current"


def publish(folder: Path, segment: Segment) -> None:
    """Save the segment and make it the current one. The one before stays, for readers that are about to open it."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = segment.save(folder)
    keep = {saved.name}
    with suppress(CorruptLibrary):
        keep.add((current(folder) or ("", 0))[0])
    written = folder / f"{_POINTER}.tmp"
    written.write_text(f"{saved.name} {segment.change}\n", encoding="utf-8")
    sync(written)
    written.replace(folder / _POINTER)
    sync(folder)
    for old in folder.iterdir():
        if old.is_dir() and old.name not in keep:
            shutil.rmtree(old, ignore_errors=True)


def current(folder: Path) -> tuple[str, int] | None:
    """Name of the current segment and the highest change it holds; None before the first was published."""
    try:
        name, change = (folder / _POINTER).read_text(encoding="utf-8").split()
        return name, int(change)
    except FileNotFoundError:
        return None
    except ValueError:
        raise CorruptLibrary(
            f"{folder / _POINTER} is damaged. Build the index again from the texts: citewell rebuild "
            f"--library {folder.parent}"
        ) from None
