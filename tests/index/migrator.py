"""python -m tests.index.migrator SRC DST TRUTH PASSAGES: moves a library until it is killed, saying what it does.

TRUTH and PASSAGES are addresses or empty. Nothing is embedded: what the source knows is all there is.
"""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.eval.conformance_articles import Direction
from citewell.index.address import Address
from citewell.index.embedding import Progress, Vectors
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.migrate import Migrated, migrate


class Knows(Direction):
    """Embeds questions only."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(f"{len(texts)} passages embedded again")


def opened(folder: Path, truth: str, passages: str) -> Library:
    return Library(
        folder,
        Knows(),
        create=True,
        cluster=Address.of(passages) if passages else None,
        truth=Server.of(truth, folder) if truth else None,
        whole=False,
        wait=0,
    )


def say(what: str) -> Progress:
    return lambda done, total: print(what, done, total, flush=True)


def move(source: Path, target: Path, truth: str, passages: str) -> Migrated:
    with closing(Store(source / STORE)) as store, closing(opened(target, truth, passages)) as held:
        return migrate(store, source, held, say)


if __name__ == "__main__":
    move(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    print("done", flush=True)
