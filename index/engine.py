"""What a library answers from: an index derived from its store, on this machine or in a cluster, behind one interface.

Both give a question to a `Searcher`: over everything that was published, or over what a cluster proposed for it.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article
from citewell.corpus.store import Store
from citewell.index.as_of import AsOf
from citewell.index.build import BUILD_RECIPE
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.indexing import Source
from citewell.index.layout import Has
from citewell.index.query import Query
from citewell.index.search import Searcher

Row = tuple[str, int]  # id of a passage, and number of the revision that it is indexed for
MadeWith = tuple[str, str]  # fingerprint of a model, and recipe of a build


@dataclass(frozen=True, slots=True)
class Held:
    """What was published last: everything up to a change of an epoch of the store."""

    epoch: str
    change: int


class Askable(Protocol):
    """What a question is asked of, and what its answer says of that."""

    embedder: Embedder
    config: Config
    as_of: AsOf | None

    def about(
        self, question: str, given: Filter = EVERYTHING, names: Sequence[str] = ()
    ) -> tuple[Searcher, Query]:
        """A searcher that holds at least what is proposed for a question, and the passages of articles by these names."""
        ...


class Looked(Protocol):
    """What can be said of all that stands in an index, to hold it against the store."""

    def live_rows(self) -> Iterator[Row]:
        """What questions are asked of, as it is stored now."""
        ...

    def past_rows(self, has: Has) -> Iterator[Row]:
        """What only questions about an earlier moment are asked of."""
        ...

    def vectors(self, articles: Sequence[Article]) -> dict[str, NDArray[np.float16]]:
        """Of the passages of these live articles by their ids, each of shape (dim,)."""
        ...


class Prepared(Looked, Protocol):
    """An index of everything, complete beside the published one."""

    @property
    def passages(self) -> int: ...


class Engine(Looked, Protocol):
    """Readers see what was published, or the next. Everything that writes needs the writer's lock of the library."""

    keeps_history: bool  # whether it answers as of an earlier moment
    is_near: bool  # whether `version` waits for no other machine

    def held(self) -> Held | None:
        """None before anything was published."""
        ...

    def version(self) -> Hashable:
        """Equal as long as nothing else was published. Asked for every request."""
        ...

    def askable(self, store: Store, as_of: str | None = None) -> Askable:
        """Of what is published, or of what the library knew at a day or time."""
        ...

    def made_with(self) -> frozenset[MadeWith]:
        """How what is published was embedded, cut and analysed; empty before anything was."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Around what a writer does."""
        ...

    def follow(self, source: Source) -> None:
        """Publish what was stored since."""
        ...

    def prepare(self, source: Source) -> Prepared:
        """Everything anew, unpublished. What a process that was killed left of it may be gone on with."""
        ...

    def replace(self, prepared: Prepared, held: Held) -> None:
        """Publish it in place of all before, in one step."""
        ...

    def go_back(self, source: Source) -> int:
        """Publish what was replaced last, brought up to date; returns the number of passages. Raises BadInput if it is gone."""
        ...

    def compact(self, has: Has, at_rest: bool) -> None:
        """Keep questions fast, if something is to be done for it; at rest if no other write is about to follow."""
        ...

    def forget(self, has: Has) -> None:
        """Let nothing stand in the index that the store does not have."""
        ...

    def faults(self) -> tuple[str, int, tuple[str, ...]]:
        """What was looked at, how many of it, and what is wrong with it."""
        ...

    def close(self) -> None: ...


def made_otherwise(made: frozenset[MadeWith], embedder: Embedder) -> frozenset[MadeWith]:
    """How it was made, as far as that is not as this model and version do."""
    return made - {(embedder.fingerprint, BUILD_RECIPE)}
