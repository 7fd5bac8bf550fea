"""What mirroring a source will do, told from what is known of it and what is found there now: pure, reads no file.

A source is whatever gives names with stamps: a folder (`corpus/looking.py`), a feed or a sitemap (`corpus/listing.py`). A name
is that of a file or the address of a page; below, a file is either.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from citewell.corpus.looking import Stamp


class Action(StrEnum):
    """What will happen to a file. Nothing happens to one that is as it was."""

    ADD = "add"
    UPDATE = "update"
    ASK = "ask"  # whether it is as it was, which only its page can say
    REMOVE = "remove"
    KEEP = "keep"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was when it was read, how it was read, and the articles that it gave, with their revisions."""

    stamp: Stamp | str  # an empty one says nothing
    sha: str  # of its bytes; empty if it has to be read again anyway
    read_as: str
    articles: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is now; the SHA-256 of its bytes where its stamp is not the known one and they are at hand."""

    stamp: Stamp | str
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A live article of the source: its revision, and the file that gave it."""

    revision: int
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen, by name of the file and in that order, and the files to which nothing will."""

    steps: Mapping[str, Action]
    unchanged: tuple[str, ...]


def plan(
    known: Mapping[str, Known],
    found: Mapping[str, Found],
    refused: Collection[str],
    held: Mapping[str, Held],
    read_as: str,
    vanished: Action | None = Action.REMOVE,
) -> Plan:
    """`refused` are files that are not read, and folders; `held` are articles by id.

    `vanished` is what happens to files that are held and not found; None for nothing.
    """
    holding = {article.name for article in held.values()}
    steps: dict[str, Action] = {}
    unchanged = []
    for name in sorted({*found, *refused, *holding}):
        if name in refused:
            steps[name] = Action.REFUSE
        elif name not in found:
            if vanished is not None and not is_spared(name, refused):
                steps[name] = vanished
        elif name in known and _is_as_known(known[name], found[name], held, read_as):
            unchanged.append(name)
        elif (
            name in known
            and "" in (known[name].stamp, found[name].stamp)
            and may_be_unchanged(known[name], held, read_as)
        ):
            steps[name] = Action.ASK
        else:
            steps[name] = Action.UPDATE if name in holding else Action.ADD
    return Plan(steps, tuple(unchanged))


def may_be_unchanged(known: Known, held: Mapping[str, Held], read_as: str) -> bool:
    """Whether a file with the same bytes would give what the library holds."""
    kept = all(name in held and held[name].revision == number for name, number in known.articles.items())
    return kept and known.read_as == read_as and known.sha != ""


def _is_as_known(known: Known, found: Found, held: Mapping[str, Held], read_as: str) -> bool:
    same = found.stamp == known.stamp != "" or found.sha == known.sha
    return same and may_be_unchanged(known, held, read_as)


def gone(held: Mapping[str, Held], given: Collection[str], refused: Collection[str]) -> list[str]:
    """Ids of the articles that the source does not give any longer.

    What a refused file gave before stays: nobody knows what it would give.
    """
    return sorted(
        name for name, article in held.items() if name not in given and not is_spared(article.name, refused)
    )


def is_spared(name: str, refused: Collection[str]) -> bool:
    """Whether a file, or a folder that it is in, was refused."""
    return name in refused or any(str(path) in refused for path in PurePath(name).parents)
