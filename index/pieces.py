"""What came of files on its way into a library: cut, and in groups that are stored together."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from citewell.corpus.article import Cut
from citewell.corpus.finding import Refused
from citewell.corpus.reading import Item, Reading, Unmodified, language_of
from citewell.corpus.repeated import recipe_with, site_of
from citewell.corpus.store import Store
from citewell.index.cutting import cut_for
from citewell.index.embedding import Embedder
from citewell.index.indexing import Lines

_AT_ONCE = 16  # articles that are flushed to disk together
_CHARACTERS_AT_ONCE = 1_000_000
LOOKED_AT = 1_000  # code points of an article that tell its script
UNKNOWN_SCRIPT = "in a script that the model does not know: found by its words only"


@dataclass(frozen=True, slots=True)
class Piece:
    """An article ready to be stored."""

    read: Reading
    language: str | None
    cut: Cut
    recipe: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Ready:
    """What came of a file, and the number of the last change when its reading began."""

    file: Item
    since: int
    found: Piece | Refused | Unmodified


class Began:
    """The files, as they are taken to be read; what comes of them comes in their order."""

    def __init__(self, store: Store, files: Iterable[Item]) -> None:
        self._store, self._files = store, files
        self._taken: deque[tuple[Item, int]] = deque()

    def __iter__(self) -> Iterator[Item]:
        for file in self._files:
            self._taken.append((file, self._store.change()))
            yield file

    def of(self, file: Item) -> int:
        while self._taken[0][0] is not file:
            self._taken.popleft()
        return self._taken[0][1]


def cut_of(embedder: Embedder, found: Reading, lines: Lines) -> Piece | Refused:
    language = language_of(found.draft)
    of_site = lines.get(site_of(found.source), frozenset()) if lines else frozenset()
    pieces = cut_for(embedder, found.draft.text, language, of_site)
    if not pieces.passages:
        return Refused(found.place, "nothing but page leftovers in it")
    known = embedder.knows_script(found.draft.text[:LOOKED_AT])
    recipe = recipe_with(embedder.cut_recipe, of_site)
    return Piece(found, language, pieces, recipe, None if known else UNKNOWN_SCRIPT)


def cut_again(embedder: Embedder, each: Ready, lines: Lines) -> Ready:
    return (
        replace(each, found=cut_of(embedder, each.found.read, lines))
        if isinstance(each.found, Piece)
        else each
    )


def in_groups(found: Iterable[Ready]) -> Iterator[list[Ready]]:
    group: list[Ready] = []
    size = 0
    for each in found:
        group.append(each)
        size += len(each.found.read.draft.text) if isinstance(each.found, Piece) else 0
        if len(group) == _AT_ONCE or size > _CHARACTERS_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group
