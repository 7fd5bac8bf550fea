"""python -m citewell.eval.bench_memory FOLDER < QUESTIONS: open a library in a process of its own, ask, and weigh it."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from citewell.eval.bench_library import Generated
from citewell.eval.bench_process import run_module
from citewell.eval.bench_weight import weight
from citewell.index.answer import ask
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder


@dataclass(frozen=True, slots=True)
class Opened:
    """What it takes to open a library, and what the process weighs once it has answered; MB are 1e6 bytes.

    Private memory is what no other process can use; mapped are pages of files, of the index and of libraries, that all
    processes share and that the machine takes back when it needs room.
    """

    open_s: float  # from the files to a searcher
    first_question_ms: float
    questions: int
    private_mb: float
    mapped_mb: float
    peak_mb: float


def weigh(generated: Generated, asked: list[str]) -> Opened:
    """Measured in a child process, over answers where the texts are stored, over rankings where not."""
    said = json.dumps({"questions": asked, "stored": generated.stored})
    return Opened(**run_module("citewell.eval.bench_memory", str(generated.folder), given=said))


def _measure(folder: Path, asked: list[str], stored: bool) -> Opened:
    library = Library(folder, OnnxEmbedder(default_model()))
    times = [perf_counter()]
    searcher = library.searcher()
    times.append(perf_counter())
    for question in asked:
        if stored:
            ask(searcher, library.store, question)
        else:
            searcher.hybrid(searcher.query(question), 5)
        times.append(perf_counter())
    memory = weight()
    open_s, first_ms = times[1] - times[0], 1000 * (times[2] - times[1])
    return Opened(round(open_s, 4), round(first_ms, 2), len(asked), *memory)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(asdict(_measure(Path(sys.argv[1]), given["questions"], given["stored"]))))
