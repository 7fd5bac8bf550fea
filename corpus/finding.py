"""Which files are meant by names of files and folders."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import Path

import regex

from citewell.corpus.errors import BadInput
from citewell.corpus.sniff import HEAD, SUFFIXES, shown_format
from citewell.corpus.text import escaped

_HOST_FIRST = regex.compile(r"(?i)(?:www\.|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/)")


@dataclass(frozen=True, slots=True)
class Refused:
    """What is no article: the place, as a report names it, and the reason."""

    place: str
    reason: str


def find_files(paths: Sequence[Path]) -> list[Path | Refused]:
    """Every file named, and of each folder every file that a reader takes, in order of name, each once.

    Links lead to files within the folder only. Raises BadInput for a path that does not exist and for a folder
    without any article.
    """
    found: dict[Path, Path | Refused] = {}
    for path in paths:
        for each in _files_of(path):
            found.setdefault(each.resolve() if isinstance(each, Path) else Path(each.place), each)
    return list(found.values())


def _files_of(path: Path) -> list[Path | Refused]:
    try:
        if not path.is_dir():
            path.stat()
            return [path]
    except FileNotFoundError:
        raise BadInput(f"No such file or folder: {escaped(str(path))}{if_meant_for_the_web(path)}") from None
    except OSError as error:
        raise BadInput(f"{escaped(str(path))} cannot be read: {error.strerror}") from None
    if not (readable := within(path)):
        raise BadInput(no_article_in(path))
    return [each for _, each in readable]


def if_meant_for_the_web(path: Path) -> str:
    """What to add to the name of a file that is not there, if that could be an address without its scheme."""
    return f". On the web it is https://{escaped(str(path))}" if _HOST_FIRST.match(str(path)) else ""


def no_article_in(folder: Path) -> str:
    return f"No article in {escaped(str(folder))}: files that are read end in {', '.join(sorted(SUFFIXES))}."


def within(folder: Path) -> list[tuple[Path, Path | Refused]]:
    """Every place in a folder with its file, or with why it is refused, in order of name.

    A link to a folder is not followed: what it leads to within is found in its own place.
    """
    root = folder.resolve()
    found: list[tuple[Path, Path | Refused]] = []

    def unread(error: OSError) -> None:
        path = Path(error.filename)
        found.append((path, Refused(escaped(str(path)), error.strerror or "cannot be read")))

    for place, folders, files in os.walk(folder, onerror=unread):
        for name in [*folders, *files]:
            path = Path(place, name)
            try:
                fault = _fault_of_link(path, root) if path.is_symlink() else None
                if fault is None and name in files and path.suffix.lower() in SUFFIXES and not path.is_file():
                    fault = "not a regular file"
            except OSError as error:  # as for a path that is too long
                fault = error.strerror or "cannot be read"
            if fault is None:
                found += [(path, path)] if name in files and _is_wanted(path) else []
            elif name in folders or path.suffix.lower() in SUFFIXES:
                found.append((path, Refused(escaped(str(path)), fault)))
    return sorted(found, key=lambda pair: pair[0])


def _fault_of_link(path: Path, root: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # the latter for a loop
        known = isinstance(error, FileNotFoundError)
        return "a link that leads nowhere" if known else "a link in a loop of links"
    if not target.is_relative_to(root):
        return "a link that leads out of the folder; add what it leads to by its own name"
    return None


def _is_wanted(path: Path) -> bool:
    """By its name, else by what its first bytes show; what is no regular file is none."""
    try:
        if not path.is_file():
            return False
        if path.suffix.lower() in SUFFIXES:
            return True
        with opened(path) as file:
            return shown_format(file.peek(HEAD), "") is not None
    except (OSError, ValueError):
        return False


def opened(path: Path) -> "BufferedReader[FileIO]":
    """A regular file, whatever it was a moment ago: what would keep its reader waiting is not opened. Raises ValueError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    stream = BufferedReader(FileIO(handle), HEAD)
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise ValueError("not a regular file")
    return stream
