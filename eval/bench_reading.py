"""python -m citewell.eval.bench_reading [--articles N] [FOLDER]: how fast articles are added, how well pages are read.

Speed: generated articles of 300 words, as plain text, as web pages and as PDF, each kind added to a new library by a
process of its own, embedding excluded. Quality: the bundled articles, or the text files of FOLDER, as web pages.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter, process_time

import regex

from citewell.corpus.cleaning import excluded_spans
from citewell.corpus.finding import find_files
from citewell.corpus.passages import cut
from citewell.corpus.reading import language_of, read_all, read_file
from citewell.eval.bench_change import NoModel
from citewell.eval.bench_process import run_module
from citewell.eval.bench_weight import weight
from citewell.eval.bench_words import name_of
from citewell.eval.generate import real_sentences
from citewell.eval.gold import bundled_articles
from citewell.eval.small_pdf import LINES, pdf_of
from citewell.eval.web_pages import LAYOUTS, page_of
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add

ARTICLES, WORDS, SEED = 10_000, 300, 1
_SLOWER = 10  # so many times fewer web pages and PDFs
_INVENTED = 0.2  # share of the words
_WORD = regex.compile(r"[\p{L}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Added:
    """Articles a second and the peak of the process's memory; with child processes, theirs is not in it."""

    kind: str
    articles: int
    seconds: float
    articles_per_s: float
    cpu_s: float  # of the process, all its threads
    children_cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """Shares of words, as bags: of those extracted, of those of the article; pages with the article's own passages."""

    layout: str
    pages: int
    precision: float
    recall: float
    same_passages: int


def article(number: int, sentences: list[str], seed: int = SEED) -> str:
    """A title and paragraphs of real sentences, in which invented words make each article another."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311
    words, lines, paragraph = 0, [f"Report {number} on {name_of(number)}"], list[str]()
    while words < WORDS:
        given = chance.choice(sentences).split()
        said = [
            name_of(chance.randrange(50_000)) if chance.random() < _INVENTED else word for word in given[:-1]
        ]
        words += len(given)
        paragraph.append(" ".join([*said, given[-1]]))
        if len(paragraph) == 4 or words >= WORDS:
            lines.append(" ".join(paragraph))
            paragraph = []
    return "\n\n".join(lines) + "\n"


def as_pdf(text: str) -> bytes:
    """Lines of 90 characters, as many pages as they take."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        line = ""
        for word in paragraph.split():
            if len(line) + len(word) > 90:
                lines.append(line.strip())
                line = ""
            line += f"{word} "
        lines.append(line.strip())
    return pdf_of([lines[first : first + LINES] for first in range(0, len(lines), LINES)])


KINDS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "plain text": (".txt", str.encode),
    "HTML": (".html", lambda text: page_of(text.split("\n", 1)[0], text, "news").encode()),
    "PDF": (".pdf", as_pdf),
}


def _add(kind: str, count: int) -> Added:
    suffix, made_of = KINDS[kind]
    sentences = [sentence for each in real_sentences() for sentence in each]
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        folder = Path(made) / "articles"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:06}{suffix}").write_bytes(made_of(article(number, sentences)))
        (Path(made) / "library").mkdir()
        library = Library(Path(made) / "library", NoModel(OnnxEmbedder(default_model())), create=True)
        began, used = perf_counter(), process_time()
        outcomes = add(library, find_files([folder]))
        spent, used = perf_counter() - began, process_time() - used
        theirs = getrusage(RUSAGE_CHILDREN)  # which have ended
        library.close()
    if wrong := [outcome for outcome in outcomes if outcome.result != "added"]:
        raise SystemExit(f"not added: {wrong[0]}")
    _, _, peak = weight()
    children = round(theirs.ru_utime + theirs.ru_stime, 2)
    return Added(kind, count, round(spent, 2), round(count / spent, 1), round(used, 2), children, peak)


def extractions(files: list[Path], count_tokens: Callable[[str], int]) -> Iterator[Extraction]:
    """Every text in every layout, against the text without what cleaning finds in it."""
    clean = [(draft.title, clean_text(draft.text), language_of(draft)) for draft in map(read_file, files)]
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        for layout in LAYOUTS:
            pages = [Path(made) / f"{layout}-{number}.html" for number in range(len(clean))]
            for page, (title, text, _) in zip(pages, clean, strict=True):
                page.write_text(page_of(title, text, layout), encoding="utf-8")
            shares, same = [], 0
            for (_, text, language), found in zip(clean, read_all(pages), strict=True):
                extracted = getattr(
                    getattr(found, "draft", None), "text", ""
                )  # nothing of a page that is refused
                shares.append(precision_recall(extracted, text))
                same += passages(extracted, language, count_tokens) == passages(text, language, count_tokens)
            precision, recall = (sum(share) / len(shares) for share in zip(*shares, strict=True))
            yield Extraction(layout, len(clean), round(precision, 4), round(recall, 4), same)


def clean_text(text: str) -> str:
    for excluded in reversed(excluded_spans(text)):
        text = text[: excluded.span.start] + text[excluded.span.end :]
    return text


def precision_recall(extracted: str, text: str) -> tuple[float, float]:
    found, wanted = Counter(_WORD.findall(extracted)), Counter(_WORD.findall(text))
    common = (found & wanted).total()
    return common / max(found.total(), 1), common / wanted.total()


def passages(text: str, language: str | None, count_tokens: Callable[[str], int]) -> list[list[str]]:
    """The words of each passage."""
    pieces = cut(text, language, count_tokens)
    return [_WORD.findall(passage.span.of(text)) for passage in pieces.passages]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_reading")
    options.add_argument("folder", nargs="?", type=Path, default=bundled_articles())
    options.add_argument("--articles", type=int, default=ARTICLES)
    options.add_argument("--only", choices=KINDS, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only:
        print(json.dumps(asdict(_add(given.only, given.articles))))
        return
    files = sorted(file for file in given.folder.iterdir() if file.suffix in (".md", ".txt"))
    rows: list[Added | Extraction] = list(extractions(files, OnnxEmbedder(default_model()).count_tokens))
    for kind in KINDS:
        count = given.articles if kind == "plain text" else max(given.articles // _SLOWER, 1)
        print(f"adding {count} articles as {kind} ...", file=sys.stderr)
        rows.append(Added(**run_module(__spec__.name, "--only", kind, "--articles", str(count))))
    for row in rows:
        print(json.dumps(asdict(row)))


if __name__ == "__main__":
    main()
