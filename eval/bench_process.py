"""Whole processes: commands from start to end, the service over HTTP, modules that measure in a process of their own."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from citewell.corpus.errors import CitewellError
from citewell.eval.bench_service import CITEWELL, served
from citewell.eval.bench_timing import Timing, ratio
from citewell.eval.gold import bundled_articles

_COLD_QUESTION = "How large are the purchase orders that NVIDIA expects?"
_COLD_RUNS, _PEER_RUNS = 5, 3


@dataclass(frozen=True, slots=True)
class Cold:
    """Seconds of a whole process that answers one question on the bundled articles; the peer's as tutorials have it."""

    citewell_s: float
    citewell_runs: int
    sentence_transformers_s: float
    sentence_transformers_runs: int
    ratio: float | None


def run_module(module: str, *arguments: str, given: str = "", threads: bool = False) -> Any:
    """What a module prints as JSON; with `threads` the libraries may take as many as they like."""
    dropped = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"} if threads else set()
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "HF_HUB_OFFLINE": "1"},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CitewellError(f"python -m {module} failed: {last}")
    return json.loads(done.stdout)


@contextmanager
def bundled_library() -> Iterator[Path]:
    """The folder of a library of the bundled articles."""
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        subprocess.run(
            [*CITEWELL, "add", str(bundled_articles()), "--library", made], check=True, capture_output=True
        )
        yield Path(made)


def cold_start(library: Path) -> Cold:
    """Whole processes one after another, each side once before to warm the machine's file cache."""
    ours = [*CITEWELL, "ask", _COLD_QUESTION, "--library", str(library)]
    peer = [sys.executable, "-W", "ignore", "-m", "citewell.eval.naive", "cold", str(library), _COLD_QUESTION]
    fast = [_seconds(ours) for _ in range(_COLD_RUNS + 1)][1:]
    slow = [_seconds(peer) for _ in range(_PEER_RUNS + 1)][1:]
    return Cold(
        round(median(fast), 3),
        _COLD_RUNS,
        round(median(slow), 3),
        _PEER_RUNS,
        ratio(median(slow), median(fast)),
    )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return time.perf_counter() - began


def http_latency(library: Path, questions: list[str]) -> Timing:
    """From sending a question to having read the answer, one at a time, after a first pass to warm up."""
    times: list[float] = []
    with served(library, "--cache-mb", "0") as (_, port):  # every answer is worked out
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for question in [*questions, *questions]:
            began = time.perf_counter()
            _ask(client, question)
            times.append(1000 * (time.perf_counter() - began))
        client.close()
    return Timing.of(times[len(questions) :])


def _ask(client: http.client.HTTPConnection, question: str) -> None:
    client.request(
        "POST", "/v1/ask", json.dumps({"question": question}), {"Content-Type": "application/json"}
    )
    response = client.getresponse()
    answer = response.read()
    if response.status != 200:
        raise CitewellError(f"the service answered {response.status}: {answer.decode()}")
