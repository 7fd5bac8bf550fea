"""Evidence found at five passages, against fixed windows fused by rank: `python -m citewell.eval.bench_chunking FOLDER [WORDS]`.

FOLDER is a set in BEIR layout whose questions say where their evidence stands (`metadata.evidence`: text, start, end); a
window has 200 words unless WORDS says otherwise.
Both sides have the same model, BM25 parameters and titles. Since larger pieces hold more, recall is also given within
the characters that the windows of a question had, each side taking what fits, best first.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import regex

from citewell.corpus.article import Cut, Passage, Span
from citewell.eval.beir import BeirSet, read_beir, read_evidence
from citewell.eval.evaluate import CHARACTERS, CITED, of_spans
from citewell.eval.locate import Located
from citewell.eval.significance import holm, mean_intervals, randomisation_p
from citewell.eval.spans import recall_within
from citewell.eval.systems import DEFAULT, rankings
from citewell.eval.unstored import kept_vectors, searcher_of
from citewell.index.embedding import Embedder
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.vector_cache import VectorCache

WINDOW = 200  # words
BASELINE = "rrf, windows"
SAME_ROOM = "span R in the characters of the windows"
MEASURES = (f"span R@{CITED}", f"span P@{CITED}", f"IoU@{CITED}", CHARACTERS, SAME_ROOM)


@dataclass(frozen=True, slots=True)
class Compared:
    """A mean, and how it differs from the baseline's, p by Holm over all that is compared."""

    mean: float
    difference: float
    interval: tuple[float, float]
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class ChunkingReport:
    set: str
    questions: int
    window: int  # words
    pieces: Mapping[str, int]
    baseline: Mapping[str, float]
    systems: Mapping[str, Mapping[str, Compared]]


def windows(text: str, words: int) -> Cut:
    """The text in pieces of so many words between blanks; they tile it, and have no sentences."""
    starts = [match.start() for match in regex.finditer(r"\S+", text)][::words]
    ends = [0, *starts[1:], len(text)]
    return Cut(tuple(Passage(Span(start, end), None, None, ()) for start, end in pairwise(ends)), ())


def compare(
    beir: BeirSet,
    evidence: Mapping[str, Sequence[Located]],
    embedder: Embedder,
    cache: VectorCache,
    words: int = WINDOW,
) -> ChunkingReport:
    cut = [(article, text, windows(text, words)) for article, text, _ in beir.documents]
    by_window, by_passage = (searcher_of(each, embedder, cache) for each in (cut, beir.documents))
    values: dict[str, list[list[float]]] = {
        name: [] for name in (BASELINE, "rrf, passages", f"{DEFAULT}, passages")
    }
    for question, wanted in evidence.items():
        query = by_window.query(beir.questions[question])
        ranked = {BASELINE: rankings(by_window, query, beir.depth, ("rrf",))["rrf"]}
        query = by_passage.query(beir.questions[question])
        for name, ranking in rankings(by_passage, query, beir.depth, ("rrf", DEFAULT)).items():
            ranked[f"{name}, passages"] = ranking
        room = of_spans(ranked[BASELINE], wanted)[CHARACTERS]
        for name, ranking in ranked.items():
            found = {**of_spans(ranking, wanted), SAME_ROOM: recall_within(ranking, wanted, room)}
            values[name].append([found[measure] for measure in MEASURES])
    pieces = {BASELINE: by_window.passages, "passages": by_passage.passages}
    return _report(beir.name, words, pieces, values)


def _report(
    name: str, words: int, pieces: Mapping[str, int], values: Mapping[str, Sequence[Sequence[float]]]
) -> ChunkingReport:
    worth = {system: np.array(rows) for system, rows in values.items()}
    differences = {system: rows - worth[BASELINE] for system, rows in worth.items() if system != BASELINE}
    tests = [(system, i) for system in differences for i in range(len(MEASURES))]
    ps = [randomisation_p(np.round(differences[system][:, i], 9)) for system, i in tests]
    systems: dict[str, dict[str, Compared]] = {system: {} for system in differences}
    ends = {system: mean_intervals(difference) for system, difference in differences.items()}
    for (system, i), p, p_holm in zip(tests, ps, holm(ps), strict=True):
        low, high = ends[system]
        systems[system][MEASURES[i]] = Compared(
            round(float(worth[system][:, i].mean()), 4),
            round(float(differences[system][:, i].mean()), 4),
            (round(float(low[i]), 4), round(float(high[i]), 4)),
            round(p, 6),
            round(p_holm, 6),
        )
    means = worth[BASELINE].mean(axis=0).tolist()
    baseline = {measure: round(mean, 4) for measure, mean in zip(MEASURES, means, strict=True)}
    return ChunkingReport(name, len(worth[BASELINE]), words, pieces, baseline, systems)


def main(arguments: Sequence[str]) -> None:
    folder, embedder = Path(arguments[0]), OnnxEmbedder(default_model())
    words = int(arguments[1]) if len(arguments) > 1 else WINDOW
    beir = read_beir(folder, embedder.count_tokens)
    with kept_vectors() as cache:
        report = compare(beir, read_evidence(folder, beir), embedder, cache, words)
    print(json.dumps(asdict(report), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
