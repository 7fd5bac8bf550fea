"""Whole processes: commands from start to end, the service over HTTP, modules that measure in a process of their own."""

import http.client
import json
import os
import socket
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
from citewell.eval.bench_timing import Timing, ratio
from citewell.eval.gold import bundled_articles

_CITEWELL = (sys.executable, "-m", "citewell.service.cli")
_READY_WITHIN = 120.0  # seconds; compiling the model for the first time is included
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
            [*_CITEWELL, "add", str(bundled_articles()), "--library", made], check=True, capture_output=True
        )
        yield Path(made)


def cold_start(library: Path) -> Cold:
    """Whole processes one after another, each side once before to warm the machine's file cache."""
    ours = [*_CITEWELL, "ask", _COLD_QUESTION, "--library", str(library)]
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
    with _served(library) as port:
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


@contextmanager
def _served(library: Path) -> Iterator[int]:
    """A citewell service in a process of its own that works every answer out; gives its port."""
    port = free_port()
    command = [*_CITEWELL, "serve", "--library", str(library), "--port", str(port), "--cache-mb", "0"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/health/ready")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            client.close()
    raise CitewellError(f"the service did not become ready within {_READY_WITHIN:.0f} s")
