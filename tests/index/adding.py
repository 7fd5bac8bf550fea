"""python -m tests.index.adding LIBRARY FOLDER: add the folder in small batches, then say on stdout what became of all."""

import json
import sys
from contextlib import closing
from pathlib import Path

from citewell.corpus.finding import find_files
from citewell.index import writing
from citewell.index.library import Library
from tests.fakes import WordEmbedder


def embedder() -> WordEmbedder:
    return WordEmbedder("sun", "moon")


if __name__ == "__main__":
    writing._BATCH = 10
    with closing(Library(Path(sys.argv[1]), embedder(), create=True)) as library:
        print("open", flush=True)
        files = find_files([Path(sys.argv[2])])
        outcomes = writing.add(library, files)
    print(json.dumps([[outcome.file, outcome.result] for outcome in outcomes]), flush=True)
