"""python -m citewell.eval.bench_health [--articles N]: how long the report on a library takes.

Generated articles of 300 words, one in twenty a near-duplicate of the one before it, under a line that all repeat;
embedding excluded. The report is made by a process that has just opened the library.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

from citewell.eval.bench_change import NoModel
from citewell.eval.bench_process import run_module
from citewell.eval.bench_reading import article
from citewell.eval.bench_weight import weight
from citewell.eval.generate import real_sentences
from citewell.index.health import examine
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add

ARTICLES = 10_000
_COPIES = 20  # one in so many
_MENU = "Our whole menu"


@dataclass(frozen=True, slots=True)
class Examined:
    """Of the report alone: seconds, CPU seconds of the process, and its peak memory."""

    articles: int
    passages: int
    seconds: float
    cpu_s: float
    peak_mb: float
    found: dict[str, int]


def _opened(folder: Path, create: bool = False) -> Library:
    return Library(folder, NoModel(OnnxEmbedder(default_model())), create=create)


def _write(folder: Path, count: int) -> Iterator[Path]:
    sentences = [sentence for each in real_sentences() for sentence in each]
    text = ""
    for number in range(count):
        copied = number % _COPIES == _COPIES - 1
        text = f"{text}One more line.\n" if copied else f"{_MENU}\n\n{article(number, sentences)}"
        file = folder / f"{number:06}.txt"
        file.write_text(text, encoding="utf-8")
        yield file


def _examine(folder: Path) -> Examined:
    library = _opened(folder)
    began, used = perf_counter(), process_time()
    health = examine(library)
    spent, used = perf_counter() - began, process_time() - used
    library.close()
    _, _, peak = weight()
    found = {finding.name: finding.count for finding in health.findings}
    return Examined(health.articles, health.passages, round(spent, 2), round(used, 2), peak, found)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_health")
    options.add_argument("--articles", type=int, default=ARTICLES)
    options.add_argument("--examine", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.examine:
        print(json.dumps(asdict(_examine(given.examine))))
        return
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        articles, folder = Path(made) / "articles", Path(made) / "library"
        articles.mkdir()
        folder.mkdir()
        print(f"adding {given.articles:,} articles ...", file=sys.stderr)
        library = _opened(folder, create=True)
        add(library, list(_write(articles, given.articles)))
        library.close()
        print(json.dumps(run_module(__spec__.name, "--examine", str(folder))))


if __name__ == "__main__":
    main()
