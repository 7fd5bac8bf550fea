"""Fits a calibration to judged questions. `python -m citewell.eval.calibrate` makes the one that comes with citewell.

Weights are fitted to the questions as they were asked, to the answerable ones asked of the library without the articles
that answer them, and to all asked of another library: the frozen sentences of the dev half of `disagreements.jsonl`.
Log odds are then stretched and moved to fit the questions as they were asked.
"""

import json
import math
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Article, Cut
from citewell.corpus.errors import BadInput
from citewell.corpus.text import text_sha
from citewell.eval import abstention
from citewell.eval.abstention import Abstention, Outcome
from citewell.eval.answering import Example, ask_elsewhere, ask_gold, texts_of
from citewell.eval.disagreements import bundled_pairs, read_pairs
from citewell.eval.gold import Question, bundled_articles, bundled_gold, read_gold
from citewell.eval.logistic import Logistic, fit, rescaled
from citewell.eval.unstored import searcher_of
from citewell.index.answerability import NAMES
from citewell.index.calibration import COMES_WITH, Fitted, write
from citewell.index.cutting import cut_for
from citewell.index.embedding import Embedder, Progress
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.search import Searcher
from citewell.index.vector_cache import VectorCache
from citewell.index.writing import add

RIDGE = 20.0
LEAST_KEPT = 0.8  # of the questions that are answered right, this share is to be answered
FOLDS = 10
FEWEST = 10  # questions that are answered right, and that are not
PLAIN = ("score", "lexical", "sentence", "passage")  # signals that are plain scores


@dataclass(frozen=True, slots=True)
class Examples:
    """Questions as they were asked, and asked where no answer is."""

    asked: list[Example]
    elsewhere: list[Example]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What confidences are worth for questions that they were not fitted to, and the threshold chosen on them."""

    threshold: float
    abstention: Abstention


def examples_of(
    library: Library, questions: Sequence[Question], progress: Progress = lambda *_: None
) -> Examples:
    asked, left_out = ask_gold(library, questions, progress)
    with tempfile.TemporaryDirectory(prefix="citewell-eval-") as folder:
        searcher, documents = _another_library(library, Path(folder))
        away = ask_elsewhere(searcher, texts_of(documents), [question.question for question in questions])
    return Examples(asked, [*left_out, *away])


def fit_examples(examples: Examples) -> Logistic:
    """Raises BadInput for too few questions."""
    rows, right = _arrays(examples.asked)
    if min(right.sum(), (~right).sum()) < FEWEST:
        raise BadInput(
            f"Of the questions {right.sum()} are answered right and {(~right).sum()} are not; to fit a calibration takes "
            f"{FEWEST} of each. Add questions, unanswerable ones too."
        )
    return _fitted(rows, right, examples.elsewhere)


def _fitted(rows: NDArray[np.float64], right: NDArray[np.bool_], elsewhere: Sequence[Example]) -> Logistic:
    if not elsewhere:
        return fit(rows, right, RIDGE)
    more, wrong = _arrays(elsewhere)
    model = fit(np.vstack([rows, more]), np.concatenate([right, wrong]), RIDGE)
    return rescaled(model, rows, right)


def out_of_fold(examples: Examples, seed: int = 0) -> NDArray[np.float64]:
    """The confidence of each question as it was asked, from a fit to the other folds; shape (len(asked),)."""
    rows, right = _arrays(examples.asked)
    folds = _folds(right, seed)
    fold_of = {example.of: fold for example, fold in zip(examples.asked, folds.tolist(), strict=True)}
    confidences = np.empty(len(rows))
    for fold in range(FOLDS):
        out = folds == fold
        others = [example for example in examples.elsewhere if fold_of.get(example.of) != fold]
        confidences[out] = _fitted(rows[~out], right[~out], others).probabilities(rows[out])
    return confidences


def _folds(right: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """A fold for each question, so that all have as many right ones; shape (n,)."""
    random, folds = np.random.default_rng(seed), np.empty(len(right), dtype=np.int64)
    for label in (True, False):
        numbers = random.permutation(np.flatnonzero(right == label))
        folds[numbers] = np.arange(len(numbers)) % FOLDS
    return folds


def threshold_of(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The highest threshold at which LEAST_KEPT of the questions that are answered right are answered."""
    ordered = np.sort(confidences[right])
    kept = math.ceil(round(LEAST_KEPT * len(ordered), 9))
    return math.floor(1e4 * float(ordered[len(ordered) - kept])) / 1e4


def judged_out_of_fold(examples: Examples, seed: int = 0) -> OutOfFold:
    confidences, (rows, right) = out_of_fold(examples, seed), _arrays(examples.asked)
    threshold = threshold_of(confidences, right)
    outcomes = [
        Outcome(confidence, confidence >= threshold, example.right, example.answerable)
        for confidence, example in zip(confidences.tolist(), examples.asked, strict=True)
    ]
    plain = {name: abstention.auroc(rows[:, NAMES.index(name)], right) or 0.0 for name in PLAIN}
    best = max(plain, key=plain.__getitem__)
    return OutOfFold(threshold, replace(abstention.measure(outcomes), best_plain=(best, plain[best])))


def calibrate(
    library: Library, questions: Sequence[Question], fitted_on: str, progress: Progress = lambda *_: None
) -> tuple[Fitted, OutOfFold]:
    """Fitted to these questions, its threshold chosen on what it says of questions that it was not fitted to."""
    if library.searcher().reranking is not None:
        raise BadInput(
            "A confidence is not fitted while hits are reranked: answers have none then. Leave the reranker out."
        )
    examples = examples_of(library, questions, progress)
    model = fit_examples(examples)
    found = judged_out_of_fold(examples)
    weights = {name: round(float(weight), 6) for name, weight in zip(NAMES, model.weights, strict=True)}
    fitted = Fitted(
        weights,
        round(model.intercept, 6),
        found.threshold,
        library.config.fingerprint,
        library.embedder.fingerprint,
        fitted_on,
    )
    return fitted, found


def fitting_half(questions: Sequence[Question]) -> tuple[Question, ...]:
    """The dev half, or all if there is none."""
    return tuple(question for question in questions if question.split == "dev") or tuple(questions)


def _arrays(examples: Sequence[Example]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rows = np.array([example.row for example in examples]).reshape(-1, len(NAMES))
    return rows, np.array([example.right for example in examples], dtype=np.bool_)


def _another_library(library: Library, folder: Path) -> tuple[Searcher, list[tuple[Article, str, Cut]]]:
    """The frozen sentences that have nothing to do with the bundled articles, those of one title an article."""
    said: dict[tuple[str, str | None], dict[str, None]] = {}
    for pair in read_pairs(bundled_pairs()):
        if pair.split == "dev" and not pair.kind.startswith("bundled"):
            for statement in (pair.a, pair.b):
                said.setdefault((statement.title, statement.language), {})[statement.text] = None
    documents = []
    for number, ((title, language), sentences) in enumerate(said.items()):
        text = "\n\n".join(sentences) + "\n"
        article = Article(
            article_id=f"other-{number:03}", source="", revision=1, text_sha=text_sha(text), title=title, author=None,
            published=None, language=language, metadata={}, recorded_at="", original_sha="", reader="",
        )  # fmt: skip
        documents.append((article, text, cut_for(library.embedder, text, language)))
    with closing(VectorCache(folder / "vectors.db")) as cache:
        return searcher_of(documents, library.embedder, cache, library.config), documents


def of_bundled(embedder: Embedder) -> tuple[Fitted, OutOfFold, OutOfFold]:
    """What ships, fitted to the dev half of the bundled gold; how good it is there, and on all of it, out of fold."""
    with tempfile.TemporaryDirectory(prefix="citewell-eval-") as folder:
        library = Library(Path(folder), embedder, create=True)
        try:
            add(library, sorted(bundled_articles().glob("*.md")))
            gold = read_gold(bundled_gold())
            fitted, dev = calibrate(library, fitting_half(gold), "dev half of the bundled gold")
            return fitted, dev, judged_out_of_fold(examples_of(library, gold))
        finally:
            library.close()


def main(arguments: Sequence[str]) -> None:
    fitted, dev, everything = of_bundled(OnnxEmbedder(default_model()))
    if "--dry-run" not in arguments:
        write(COMES_WITH, fitted)
    print(json.dumps({"fitted": asdict(fitted), "dev": asdict(dev), "all": asdict(everything)}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
