"""A look at a folder that is mirrored: which files are there now, each told from its former state without being read."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from citewell.corpus.errors import BadInput
from citewell.corpus.finding import Refused, if_meant_for_the_web, no_article_in, within
from citewell.corpus.text import as_source, escaped

_TICK_NS = 2_000_000_000  # the slowest clock, that of FAT
_KEEP = "Nothing was changed. To take its articles out of the library: --allow-empty"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file is written to or replaced."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Look:
    """By the name that a library gives them as source: the files with their stamps, and what is refused."""

    folder: Path
    root: str  # the folder's own name
    files: Mapping[str, Path]
    stamps: Mapping[str, Stamp]
    refused: Mapping[str, Refused]
    at_ns: int = field(compare=False)  # when it was begun

    def is_settled(self, stamp: Stamp) -> bool:
        """Whether what is written to the file after the look gets another stamp: clocks of file systems tick slowly."""
        return abs(self.at_ns - stamp.mtime_ns) > _TICK_NS

    def place(self, name: str) -> str:
        """As a report names it."""
        return escaped(f"{self.folder}{name.removeprefix(self.root)}" if self.holds(name) else name)

    def holds(self, name: str) -> bool:
        return name.startswith(under(self.root))


def under(root: str) -> str:
    """What the name of everything in a folder starts with."""
    return root.rstrip("/") + "/"


def look(folder: Path, without: Path, allow_empty: bool = False) -> Look:
    """Of what is not in the folder `without`.

    Raises BadInput for what is no folder, cannot be read or, unless that is allowed, is empty or not there.
    """
    at_ns = time.time_ns()
    there = _is_there(folder, allow_empty)
    root, left_out = folder.resolve(), without.resolve()
    files: dict[str, Path] = {}
    stamps: dict[str, Stamp] = {}
    refused: dict[str, Refused] = {}
    for path, found in within(folder) if there else ():
        own = (
            path.resolve()
            if isinstance(found, Path) and path.is_symlink()
            else root / path.relative_to(folder)
        )
        name = as_source(str(own))
        if own.is_relative_to(left_out) or name in files:
            continue
        if isinstance(found, Refused):
            refused[name] = found
            continue
        try:
            stamps[name] = stamp_of(path)
            files[name] = path
        except FileNotFoundError:  # it has just gone
            continue
        except OSError as error:
            refused[name] = Refused(escaped(str(path)), error.strerror or "cannot be read")
    if not files and not refused and not allow_empty:
        raise BadInput(f"{no_article_in(folder)} {_KEEP}")
    return Look(folder, as_source(str(root)), files, stamps, refused, at_ns)


def stamp_of(file: Path) -> Stamp:
    found = file.stat()
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _is_there(folder: Path, allow_empty: bool) -> bool:
    shown = escaped(str(folder))
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        if allow_empty:
            return False
        raise BadInput(f"No such folder: {shown}{if_meant_for_the_web(folder)}. {_KEEP}") from None
    except NotADirectoryError:
        raise BadInput(f"{shown} is no folder. Add a file by: citewell add {shown}") from None
    except OSError as error:
        raise BadInput(f"{shown} cannot be read: {error.strerror}. Nothing was changed.") from None
    return True
