"""The alias of a library in a cluster: which collection questions go to, checked against the ledger and the model."""

import threading
import time
from pathlib import Path

from citewell.corpus.errors import ClusterMismatch
from citewell.index.ledger import Ledger
from citewell.index.ledger_read import Collection
from citewell.index.passage_store import PassageStore

_TRUSTED = 1.0  # seconds that an alias is taken to point where it did


class Alias:
    """Of a name at a place, for vectors of so many dimensions; the folder of the library is for messages."""

    def __init__(
        self, name: str, place: str, store: PassageStore, ledger: Ledger, dim: int, folder: Path
    ) -> None:
        self.name, self._place, self._store, self._ledger = name, place, store, ledger
        self._dim, self._folder = dim, folder
        self._turn = threading.Lock()
        self._seen: tuple[float, str | None] = (float("-inf"), None)
        self._checked: set[str] = set()

    def collection(self, fresh: bool = True) -> Collection | None:
        """Where the alias points; None before anything was published."""
        known = self._ledger.collections()
        last = next((each.name for each in reversed(known.values()) if each.held), None)
        with self._turn:
            at, name = self._seen
        if fresh or name is None or name != last or time.monotonic() - at > _TRUSTED:
            name = self._store.target(self.name)
            known = self._ledger.collections()
            with self._turn:
                self._seen = time.monotonic(), name
        if name is None:
            if any(each.held for each in known.values()):
                raise ClusterMismatch(
                    f"The cluster at {self._place} has no {self.name!r}, which the library in {self._folder} filled: it "
                    f"is another cluster, or was emptied. Mend passages in citewell.toml, or fill it: citewell rebuild "
                    f"--library {self._folder}"
                )
            return None
        if name in known and known[name].held is None:  # it is about to be published for the first time
            return None
        if name not in known:
            raise ClusterMismatch(
                f"{self.name!r} at {self._place} belongs to another library, or what {self._ledger.place} says of it was lost. "
                f"Choose another name (passages in citewell.toml), or take it over: citewell rebuild --library {self._folder}"
            )
        self.check_dim(name)
        return known[name]

    def check_dim(self, name: str) -> None:
        """Raises ClusterMismatch unless the vectors of a collection have those dimensions."""
        if name in self._checked:
            return
        if (dim := self._store.dim(name)) != self._dim:
            raise ClusterMismatch(
                f"The vectors of {name!r} at {self._place} have {dim} dimensions; the model's have {self._dim}. "
                f"Fill another: citewell rebuild --library {self._folder}"
            )
        self._checked.add(name)

    def point(self, name: str) -> None:
        self._store.point(self.name, name)
        with self._turn:
            self._seen = time.monotonic(), name
