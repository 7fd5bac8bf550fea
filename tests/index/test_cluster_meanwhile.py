"""What somebody else does to a library in a cluster before each statement by which a question reads what is published."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from citewell.eval.conformance_articles import Direction, article
from citewell.index.answer import ask
from citewell.index.filter import Filter
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import put, remove
from tests.cluster import MemoryStore, clustered


def _rebuilt(library: Library) -> int:
    with library.writing():
        return library.rebuild()


WRITES: dict[str, Callable[[Library], object]] = {
    "another language": lambda library: put(library, [article("d", 3, marked="Word")]),
    "update": lambda library: put(library, [article("a", 700, marked="Word")]),
    "remove": lambda library: remove(library, ["b"]),
    "purge": lambda library: purge(library, ["a"]),
    "rebuild": _rebuilt,
    "updates": lambda library: [put(library, [article("a", n, marked="Word")]) for n in (700, 701)],
    "rebuilds": lambda library: [_rebuilt(library), _rebuilt(library)],
}


def asked(library: Library) -> dict[str, Any]:
    only = Filter(articles=("a", "b", "d"))
    answer = library.asking(
        lambda index: ask(index, library.store, "word ba wrod", 5, only, explain=True, absent=["a", "c"])
    )
    changing = ("took_ms", "fingerprint", "filtered")  # how many pass is counted in the cluster as it is then
    return {name: value for name, value in asdict(answer).items() if name not in changing}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_answer_is_of_before_or_of_after(
    write: Callable[[Library], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in count(1):
        store, folder = MemoryStore(), tmp_path / str(number)
        with (
            closing(clustered(folder, Direction(), store)) as mine,
            closing(clustered(folder, Direction(), store)) as theirs,
            monkeypatch.context() as patched,
        ):
            put(theirs, [article("a", 0, marked="Word"), article("b", 1, marked="Word"), article("c", 2)])
            before, kept, done = asked(mine), mine.engine._ledger._kept, count(1)  # type: ignore[attr-defined]
            rows = kept.rows

            def late(*statement: Any, of: Any = (number, theirs, rows, done)) -> Any:
                number, theirs, rows, done = of
                if next(done) == number:
                    write(theirs)
                return rows(*statement)

            patched.setattr(kept, "rows", late)
            found = asked(mine)
            if next(done) <= number:
                return
            after = asked(mine)
            assert found in (before, after)
