"""Confidence against questions that were asked of the wrong library: `python -m citewell.eval.wrong_library A B [--half 1|2] [--every N]`.

A and B are folders in BEIR layout; A:NAME takes the questions of the set NAME beside A, --half one half of those of B and --every every N-th of
that half. For
each library: the chance that a question of its own has more confidence than one of the other's, by the calibration that
comes with citewell, and by each plain score.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from citewell.eval.abstaining import confidence_of
from citewell.eval.abstention import auroc
from citewell.eval.answering import Example, ask, texts_of
from citewell.eval.beir import BeirSet, read_beir, read_judgements
from citewell.eval.calibrate import PLAIN
from citewell.eval.unstored import kept_vectors, searcher_of
from citewell.index.answerability import NAMES
from citewell.index.calibration import shipped
from citewell.index.embedding import Embedder
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.search import Searcher


@dataclass(frozen=True, slots=True)
class Apart:
    """AUROC of questions of the library's own against the other's; and what was answered of either."""

    library: str
    own: int
    others: int
    confidence: float | None
    plain: dict[str, float | None]
    own_answered: float
    others_answered: float


def apart(beir: BeirSet, searcher: Searcher, own: Sequence[str], others: Sequence[str]) -> Apart:
    fitted, texts = shipped(), texts_of(beir.documents)
    rows = []
    for text in (*own, *others):
        found = ask(searcher, texts, searcher.query(text))
        rows.append(found[0] if found else np.full(len(NAMES), -1.0))
    values = np.array(rows)
    confidences = np.array([confidence_of(fitted, Example(0, row, False, False)) for row in values])
    is_own = np.arange(len(values)) < len(own)
    answered = confidences >= fitted.threshold
    return Apart(
        beir.name, len(own), len(others), auroc(confidences, is_own),
        {name: auroc(values[:, NAMES.index(name)], is_own) for name in PLAIN},
        round(float(answered[is_own].mean()), 4), round(float(answered[~is_own].mean()), 4),
    )  # fmt: skip


def _searcher(beir: BeirSet, embedder: Embedder) -> Searcher:
    with kept_vectors() as cache:
        return searcher_of(beir.documents, embedder, cache)


def _questions(folder: Path, name: str, half: str | None, every: int) -> list[str]:
    """All judged questions, or one half of them in the order of the file, and of those some."""
    texts = list(read_judgements(folder.with_name(name) if name else folder).questions.values())
    middle = (len(texts) + 1) // 2
    chosen = texts[:middle] if half == "1" else texts[middle:] if half == "2" else texts
    return chosen[::every]


def main(arguments: Sequence[str]) -> None:
    half = arguments[arguments.index("--half") + 1] if "--half" in arguments else None
    every = int(arguments[arguments.index("--every") + 1]) if "--every" in arguments else 1
    (a, of_a), (b, of_b) = (argument.partition(":")[::2] for argument in arguments[:2])
    embedder = OnnxEmbedder(default_model())
    sets = [read_beir(Path(folder), embedder.count_tokens) for folder in (a, b)]
    asked = [_questions(Path(a), of_a, None, 1), _questions(Path(b), of_b, half, every)]
    for beir, own, others in zip(sets, asked, reversed(asked), strict=True):
        print(json.dumps(asdict(apart(beir, _searcher(beir, embedder), own, others))))


if __name__ == "__main__":
    main(sys.argv[1:])
