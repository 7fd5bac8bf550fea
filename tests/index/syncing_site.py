"""python -m tests.index.syncing_site LIBRARY ADDRESS HOST: mirror a list of pages in small batches, saying what was done."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from citewell.corpus.address import Allowed
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import listing_of
from citewell.index import writing
from citewell.index.library import Library
from citewell.index.sync_listing import known_documents, sync
from tests.fakes import WordEmbedder

if __name__ == "__main__":
    writing._BATCH = 10
    folder, address, host = sys.argv[1:]
    with (
        closing(Library(Path(folder), WordEmbedder("sun", "moon"), create=True)) as library,
        Fetcher(Allowed.of([host]), pause=0) as fetcher,
    ):
        print("open", flush=True)
        listing = listing_of(address, fetcher, known=known_documents(library.folder, address))
        done = sync(library, listing, fetcher)
    print(json.dumps(asdict(done)), flush=True)
