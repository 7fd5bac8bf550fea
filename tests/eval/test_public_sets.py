"""The default configuration on sets that are not part of the project, when they are there: the figures of eval/RESULTS.md."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from citewell.eval.evaluate import judge_gold
from citewell.eval.gold import bundled_gold, read_gold
from citewell.eval.report import report
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add

SETS = Path(__file__).parents[3] / "shared" / "evalsets"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("scifact", 0.735), ("squad11_dev", 0.905)])
def test_ranking_is_at_least_this_good(name: str, least: float) -> None:
    if not (SETS / name).is_dir():
        pytest.skip(f"no {SETS / name}")
    command = [
        sys.executable,
        "-m",
        "citewell.service.cli",
        "eval",
        "--beir",
        str(SETS / name),
        "--system",
        "hybrid",
        "--json",
    ]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert report["set"] == name
    assert report["measures"]["nDCG@10"] >= least


@pytest.mark.slow
def test_ranking_of_gold_over_other_articles_is_at_least_this_good(
    embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    articles = SETS.with_name("articles")
    if not articles.is_dir():
        pytest.skip(f"no {articles}")
    library = Library(tmp_path, embedder, create=True)
    add(library, sorted(articles.glob("*.txt")))
    questions = read_gold(bundled_gold().with_name("articles.jsonl"))
    judged = judge_gold(library, questions, "articles", ("rrf", "hybrid"))
    library.close()
    made = report(judged)
    assert made.measures["nDCG@10"] >= 0.71
    assert made.measures["R@5"] >= 0.83
    assert made.measures["first quote"] >= 0.46
    (against_rrf, *_) = made.comparisons
    assert (against_rrf.measure, against_rrf.other) == ("nDCG@10", "rrf")
    assert against_rrf.p < 0.05
    assert against_rrf.difference.low > 0
