"""One that writes beside services, and the timeline by which their answers are judged.

Run in the folder of a citewell.toml it puts articles, then for each line that it reads puts or removes a revision. Of each it
prints from when to when it was written; clocks of processes on one machine are the same.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("Arle", "Brem", "Colm", "Dorn", "Eske", "Fenn", "Gath", "Holt")
_SAID = (
    "The pier of {name} is {number} m long since the last repair.",
    "Ships bring timber, wool and salt to {name} in spring.",
    "The harbour master of {name} counts {number} boats at noon.",
)


def text_of(name: str, number: int) -> str:
    """The text of an article after so many changes; it names both."""
    return "\n\n".join(line.format(name=name, number=1_000 + number) for line in _SAID) + "\n"


@dataclass(frozen=True, slots=True)
class Change:
    """Of an article, to a revision or, by its removal, to none; it took effect at some time between both."""

    name: str
    revision: int | None
    number: int
    began: float
    ended: float


@dataclass(slots=True)
class Timeline:
    """When each revision can have been the current one."""

    changes: dict[str, list[Change]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[str]) -> "Timeline":
        made = cls()
        for line in lines:
            change = Change(*json.loads(line))
            made.changes.setdefault(change.name, []).append(change)
        return made

    def current(self, name: str, revision: int) -> tuple[float, float, int]:
        """From when at the earliest to when at the latest, and the number in its text."""
        changes = self.changes[name]
        place = next(i for i, each in enumerate(changes) if each.revision == revision)
        until = changes[place + 1].ended if place + 1 < len(changes) else float("inf")
        return changes[place].began, until, changes[place].number

    def fault(self, began: float, ended: float, answer: dict[str, Any]) -> str | None:
        """Why the answer to a question, asked and answered then, is of no one moment since it was asked."""
        earliest, latest = began, ended
        revisions: dict[str, int] = {}
        for citation in (*answer["citations"], *answer["near_misses"]):
            name, revision = citation["article"]["id"], citation["article"]["revision"]
            if revisions.setdefault(name, revision) != revision:
                return f"two revisions of {name}"
            since, until, number = self.current(name, revision)
            if citation["quote"]["text"] not in text_of(name, number):
                return f"not the words of {name}, revision {revision}"
            earliest, latest = max(earliest, since), min(latest, until)
        if earliest > latest:
            return f"{revisions} were not current together after the question began"
        return None


def write(updates: int) -> None:
    from citewell.index.library import Library
    from citewell.index.writing import put, remove
    from citewell.service.options import opened

    def changed(library: Library, name: str, number: int, removed: bool = False) -> None:
        began = time.monotonic()
        if removed:
            remove(library, [name])
        else:
            put(library, [_given(name, number)])
        ended = time.monotonic()
        revision = None if removed else library.store.article(name).revision
        print(json.dumps([name, revision, number, began, ended]), flush=True)

    with opened(Path("library"), create=True) as library:
        for name in NAMES:
            changed(library, name, 0)
        for number, (name, removed) in zip(range(1, updates + 1), _turns(), strict=False):
            sys.stdin.readline()
            changed(library, name, number, removed)


def _turns() -> Iterator[tuple[str, bool]]:
    """Each article in its turn; every fifth time one is removed, and put again the next time."""
    count = 0
    while True:
        for name in NAMES:
            count += 1
            yield name, count % 5 == 0
            if count % 5 == 0:
                yield name, False


def _given(name: str, number: int) -> Any:
    from citewell.corpus.article import Draft
    from citewell.corpus.originals import sha_of
    from citewell.index.writing import Given

    text = text_of(name, number)
    return Given(name, f"/{name}.txt", Draft(text, name, "test", sha_of(text.encode())), text.encode())


if __name__ == "__main__":
    write(int(sys.argv[1]))
