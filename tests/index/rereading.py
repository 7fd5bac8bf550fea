"""python -m tests.index.rereading LIBRARY: read all articles again in small batches, saying on stdout what became of them.

The texts that are embedded are appended to LIBRARY.embedded.
"""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from citewell.index import writing
from citewell.index.library import Library
from citewell.index.rereading import reread
from tests.index.syncing import Telling

if __name__ == "__main__":
    writing._BATCH = 10
    folder = Path(sys.argv[1])
    embedder = Telling(folder.with_name(folder.name + ".embedded"))
    with closing(Library(folder, embedder)) as library:
        print("open", flush=True)
        done = reread(library)
    print(json.dumps(asdict(done)), flush=True)
