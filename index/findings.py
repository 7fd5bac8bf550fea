"""What a look at a library finds: a name, how bad it is, in how many, a few of them, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 5  # examples of each finding


class Level(StrEnum):
    """A fault is damage, a warning can be mended, a note is for those who want to know."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, in how many of what there is, a few of them, and what can be done."""

    name: str
    level: Level
    count: int
    of: int
    what: str  # is counted
    examples: tuple[str, ...]
    advice: str


def finding(name: str, level: Level, found: Sequence[str], of: int, what: str, advice: str) -> Finding:
    return Finding(name, level, len(found), of, what, tuple(found[:SHOWN]), advice)
