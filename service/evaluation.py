"""`citewell eval`: runs an evaluation and prints it."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from citewell.eval.beir import read_beir
from citewell.eval.evaluate import SYSTEMS, evaluate_beir, evaluate_gold
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.eval.quotes import evaluate_quotes
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.model import cache_folder
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.vector_cache import VectorCache
from citewell.index.writing import add
from citewell.service import terminal


def of_bundled(embedder: Embedder, as_json: bool) -> None:
    """The bundled gold over the bundled articles, in a library made for it."""
    with tempfile.TemporaryDirectory(prefix="citewell-eval-") as folder:
        library = Library(Path(folder), embedder, create=True)
        try:
            add(library, sorted(bundled_articles().glob("*.md")))
            of_gold(library, bundled_gold(), as_json)
        finally:
            library.close()


def of_gold(library: Library, gold: Path, as_json: bool) -> None:
    with terminal.progress("asking") as progress:
        report = evaluate_gold(library, read_gold(gold), progress)
    print(json.dumps(asdict(report)) if as_json else terminal.gold_report(report))


def of_beir(folder: Path, embedder: Embedder, limit: int | None, as_json: bool) -> None:
    """The last line is JSON for the hybrid system; --json prints nothing else and runs nothing else."""
    began = perf_counter()
    beir = read_beir(folder, embedder.count_tokens, limit)
    cache = VectorCache(cache_folder() / "vectors.db")
    try:
        with terminal.progress("embedding") as progress:
            segment = build(beir.documents, embedder, cache, progress=progress)
    finally:
        cache.close()
    searcher = Searcher(segment.id, [Part(segment)], embedder, Config())
    with terminal.progress("asking") as progress:
        rows = evaluate_beir(beir, searcher, ("hybrid",) if as_json else SYSTEMS, progress)
    quotes = None
    if beir.answers:
        with terminal.progress("quoting") as progress:
            quotes = evaluate_quotes(beir, searcher, progress)
    if not as_json:
        print(terminal.rows(rows))
        if quotes:
            print(terminal.quotes(quotes))
    (hybrid,) = (row for row in rows if row.system == "hybrid")
    seconds = round(perf_counter() - began, 1)
    said = {"set": beir.name, "measures": dict(hybrid.measures), "quotes": quotes and asdict(quotes)}
    print(json.dumps({**said, "seconds": seconds}))
