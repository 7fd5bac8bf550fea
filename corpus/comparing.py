"""Two stores held against each other, row by row: how many of each kind, their checksums, and where they differ."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from citewell.corpus.database import Transaction
from citewell.corpus.originals import sha_of
from citewell.corpus.stored import Stored
from citewell.corpus.text import text_sha

_KEYS = {  # what names a row, in order
    "changes": "number",
    "articles": "id",
    "revisions": "article_id, number",
    "texts": "sha",
    "passages": "text_sha, start",
    "excluded": "text_sha, start",
    "pages": "text_sha, original_sha",
    "repeated": "site, line",
    "keeping": "1",
    "sources": "place",
}
TABLES_COMPARED = len(_KEYS)
_NAMED = 3  # differences that are told
_Row = tuple[Any, ...]
_Key = tuple[Any, ...]
_Rows = Iterator[tuple[_Key, _Row]]


@dataclass(frozen=True, slots=True)
class Side:
    """How many things, and the SHA-256 of all of them in order."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of thing on both sides; `faults` say where they differ."""

    name: str
    source: Side
    target: Side
    faults: tuple[str, ...]


def compared(name: str, source: _Rows, target: _Rows) -> Compared:
    """Of rows with their keys, in order of these."""
    sides = _Sum(), _Sum()
    faults: list[str] = []
    differing = 0
    for key, there, here in _side_by_side(source, target):
        for side, row in zip(sides, (there, here), strict=True):
            if row is not None:
                side.add(row)
        if there != here:
            differing += 1
            if differing <= _NAMED:
                how = (
                    "is missing" if here is None else "is in the target only" if there is None else "differs"
                )
                faults.append(f"{name} {' '.join(map(str, key))} {how}")
    if differing > _NAMED:
        faults.append(f"{differing - _NAMED:,} more of the {name} differ")
    return Compared(name, sides[0].side, sides[1].side, tuple(faults))


def stores(source: Transaction, target: Stored, recut: Callable[[str], bool]) -> Iterator[Compared]:
    """Each table, as a snapshot of the one has it and the other has it now; texts of the other have the SHA-256 that names them.

    `recut` says of a text's recipe in the other whether its spans need not be those of the one; then they are left out.
    """
    with target.database.snapshot() as here:
        apart = _recut(source, here, recut)
        for table in _KEYS:
            there_rows, here_rows = (_rows(db, table, apart) for db in (source, here))
            if table == "texts":
                there_rows = (((sha,), (sha, recipe)) for (sha,), (_, _, recipe) in there_rows)
                here_rows = (((sha,), (text_sha(text), recipe)) for (sha,), (_, text, recipe) in here_rows)
            yield compared(table, there_rows, here_rows)


def originals(source: Stored, target: Stored) -> Compared:
    """The bytes that texts were read from, as far as the one has them unharmed."""

    def unharmed(store: Stored, shas: Iterable[str]) -> list[str]:
        return [
            sha
            for sha in shas
            if (content := store.originals.read(sha)) is not None and sha_of(content) == sha
        ]

    there = unharmed(source, target.original_shas())
    here = unharmed(target, there)
    there_rows, here_rows = ((((sha,), (sha,)) for sha in shas) for shas in (there, here))
    return compared("originals", there_rows, here_rows)


def _recut(source: Transaction, target: Transaction, recut: Callable[[str], bool]) -> set[str]:
    recipes = (
        (((sha,), (recipe,)) for sha, recipe in db.execute("SELECT sha, cut_recipe FROM texts ORDER BY sha"))
        for db in (source, target)
    )
    return {
        key[0]
        for key, there, here in _side_by_side(*recipes)
        if there and here and there != here and recut(here[0])
    }


def _rows(db: Transaction, table: str, apart: Collection[str]) -> _Rows:
    """With their keys. Of texts that are cut otherwise on the other side neither recipe nor spans."""
    names = _KEYS[table]
    width = names.count(",") + 1
    for found in db.execute(f"SELECT {names}, {table}.* FROM {table} ORDER BY {names}"):
        key, row = tuple(found[:width]), tuple(found[width:])
        if key[0] not in apart or table == "pages":
            yield key, row
        elif table == "texts":
            yield key, (*row[:-1], None)


class _Sum:
    def __init__(self) -> None:
        self._count, self._sha = 0, hashlib.sha256()

    def add(self, row: _Row) -> None:
        self._count += 1
        self._sha.update(ascii(row).encode())

    @property
    def side(self) -> Side:
        return Side(self._count, self._sha.hexdigest())


def _side_by_side(source: _Rows, target: _Rows) -> Iterator[tuple[_Key, _Row | None, _Row | None]]:
    """What stands under each key, None for nothing."""
    there, here = next(source, None), next(target, None)
    while there or here:
        if here is None or (there is not None and there[0] < here[0]):
            assert there is not None
            yield there[0], there[1], None
            there = next(source, None)
        elif there is None or here[0] < there[0]:
            yield here[0], None, here[1]
            here = next(target, None)
        else:
            yield there[0], there[1], here[1]
            there, here = next(source, None), next(target, None)
