"""Benchmarks that anyone can run again: the time of a question over HTTP on the bundled articles."""

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

import numpy as np

from citewell.corpus.errors import CitewellError
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.index.embedding import Progress

_READY_WITHIN = 120.0  # seconds; compiling the model for the first time is included


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from sending a question to having read the whole answer, one question at a time."""

    questions: int
    p50_ms: float
    p95_ms: float
    slowest_ms: float
    cpus: int


def http_latency(progress: Progress = lambda *_: None) -> Latency:
    """Every bundled gold question once, after a first pass to warm up."""
    questions = [question.question for question in read_gold(bundled_gold())]
    times: list[float] = []
    with _served() as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for done, question in enumerate([*questions, *questions], 1):
            began = time.perf_counter()
            _ask(client, question)
            times.append(1000 * (time.perf_counter() - began))
            progress(done, 2 * len(questions))
        client.close()
    timed = times[len(questions) :]
    p50, p95, slowest = (round(float(np.percentile(timed, share)), 2) for share in (50, 95, 100))
    return Latency(len(timed), p50, p95, slowest, os.cpu_count() or 1)


def _ask(client: http.client.HTTPConnection, question: str) -> None:
    client.request(
        "POST", "/v1/ask", json.dumps({"question": question}), {"Content-Type": "application/json"}
    )
    response = client.getresponse()
    answer = response.read()
    if response.status != 200:
        raise CitewellError(f"the service answered {response.status}: {answer.decode()}")


@contextmanager
def _served() -> Iterator[int]:
    """A citewell service over the bundled articles in a process of its own; gives its port."""
    command = [sys.executable, "-m", "citewell.service.cli"]
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as folder:
        subprocess.run(
            [*command, "add", str(bundled_articles()), "--library", folder], check=True, capture_output=True
        )
        port = _free_port()
        server = subprocess.Popen([*command, "serve", "--library", folder, "--port", str(port)])
        try:
            _wait_until_ready(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


def _wait_until_ready(port: int) -> None:
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
