"""Services on several machines over one cluster and one PostgreSQL, beside one that writes: each in a folder of its own."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.postgres import Postgres
from tests.servers import Server, lite
from tests.service.test_serve import request, serving
from tests.service.timeline import NAMES, Timeline
from tests.truths import said

LIBRARY = Path("library")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = lite(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def machine(postgres: Postgres, cluster: Server, tmp_path: Path) -> Callable[[str], Path]:
    """A folder with nothing but a citewell.toml, which names both servers."""
    address, _ = said(postgres.server(tmp_path))
    settings = {"truth": address, "passages": f"{cluster.uri}/several_{uuid4().hex[:8]}"}

    def made(name: str) -> Path:
        (tmp_path / name).mkdir()
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (tmp_path / name / "citewell.toml").write_text("".join(lines))
        return tmp_path / name

    return made


@contextmanager
def writer(folder: Path, updates: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.service.timeline", str(updates)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
        env={**__import__("os").environ, **environment},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def ask(port: int, question: str) -> tuple[float, float, int, dict[str, Any]]:
    began = time.monotonic()
    status, body = request(port, "POST", "/v1/ask", json.dumps({"question": question, "k": 8}))
    return began, time.monotonic(), status, json.loads(body)


@pytest.mark.parametrize(
    ("questions", "updates"), [(60, 10), pytest.param(1_000, 100, marks=pytest.mark.slow)]
)
def test_two_services_and_a_writer_side_by_side(
    machine: Callable[[str], Path], questions: int, updates: int
) -> None:
    """No request fails, and each answer is of one moment since it was asked."""
    one, two = machine("one"), machine("two")
    asked: list[tuple[float, float, int, dict[str, Any]]] = []
    with writer(machine("writer"), updates) as writing:
        assert writing.stdin
        assert writing.stdout
        lines = [writing.stdout.readline() for _ in NAMES]
        with serving(LIBRARY, folder=one) as (_, first), serving(LIBRARY, folder=two) as (_, second):
            ended = threading.Event()

            def go_on(port: int, number: int) -> None:
                count = 0
                while count < questions / 4 or not ended.is_set():
                    name, repeated = NAMES[count % len(NAMES)], count % 2 == 0
                    more = "" if repeated else f" Question {number} {count}."
                    asked.append(ask(port, f"How long is the pier of {name}, and how many boats?{more}"))
                    count += 1

            with ThreadPoolExecutor(4) as threads:
                asking = [threads.submit(go_on, port, n) for n, port in enumerate((first, second) * 2)]
                writing.stdin.write("go\n")
                writing.stdin.flush()
                lines += writing.stdout.readlines()
                ended.set()
                for each in asking:
                    each.result()
        assert writing.wait(30) == 0
    assert len(lines) == len(NAMES) + updates
    assert len(asked) >= questions
    assert {status for _, _, status, _ in asked} == {200}
    timeline = Timeline.of(lines)
    assert [
        fault for began, ended_, _, answer in asked if (fault := timeline.fault(began, ended_, answer))
    ] == []
    assert all(answer["citations"] or answer["near_misses"] for _, _, _, answer in asked)
    beside = [
        began
        for began, _, _, _ in asked
        if json.loads(lines[len(NAMES)])[3] < began < json.loads(lines[-1])[4]
    ]
    assert len(beside) > questions / 4
    for folder in (one, two):
        assert [path.name for path in folder.iterdir()] == ["citewell.toml"]
