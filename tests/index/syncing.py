"""python -m tests.index.syncing LIBRARY FOLDER: mirror the folder in small batches, saying on stdout what was done.

The texts that are embedded are appended to FOLDER.embedded, so that it is seen if one is embedded twice.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from citewell.corpus.looking import look
from citewell.index import writing
from citewell.index.embedding import Vectors
from citewell.index.library import Library
from citewell.index.sync import sync
from tests.fakes import WordEmbedder


class Telling(WordEmbedder):
    """Writes down what it embeds, a line for each text."""

    def __init__(self, file: Path) -> None:
        super().__init__("sun", "moon")
        self._file = file

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        made = super().embed_passages(texts)
        with self._file.open("a") as told:
            told.writelines(json.dumps(text) + "\n" for text in texts)
        return made


if __name__ == "__main__":
    writing._BATCH = 10
    library_folder, folder = map(Path, sys.argv[1:])
    embedder = Telling(folder.with_name(folder.name + ".embedded"))
    with closing(Library(library_folder, embedder, create=True)) as library:
        print("open", flush=True)
        done = sync(library, look(folder, library_folder))
    print(json.dumps(asdict(done)), flush=True)
