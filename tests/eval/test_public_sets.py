"""The default configuration on public sets, when they are there: the figures of eval/RESULTS.md."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
