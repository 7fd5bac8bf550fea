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
from tests.service.command import citewell
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


# -- writing through services ------------------------------------------------------------------------------------------


def test_what_one_service_takes_the_other_answers_at_once_and_no_folder_holds_anything(
    machine: Callable[[str], Path],
) -> None:
    one, two = machine("one"), machine("two")
    assert citewell("add", bees(one.parent), folder=machine("first")).code == 0
    with serving(LIBRARY, folder=one) as (_, first), serving(LIBRARY, folder=two) as (_, second):
        moths = json.dumps({"text": "Moths fly at night to the lamp."})
        assert request(first, "PUT", "/v1/articles/moths", moths)[0] == 201
        assert cited(second, "When do moths fly?")[0] == "moths"
        assert request(second, "DELETE", "/v1/articles/moths")[0] == 204
        assert "moths" not in cited(first, "When do moths fly?")
        job = json.dumps({"articles": [{"id": "wasps", "text": "Wasps build nests of paper."}]})
        status, body = request(first, "POST", "/v1/articles", job)
        assert status == 202
        address = f"/v1/jobs/{json.loads(body)['id']}"
        assert eventually(lambda: json.loads(request(second, "GET", address)[1])["state"] == "done")
        assert cited(second, "What are nests of wasps?")[0] == "wasps"
    for folder in (one, two):
        assert [path.name for path in folder.iterdir()] == ["citewell.toml"]


def test_a_key_is_one_for_all_and_revoked_for_all(machine: Callable[[str], Path]) -> None:
    one, two, elsewhere = machine("one"), machine("two"), machine("elsewhere")
    assert citewell("add", bees(one.parent), folder=elsewhere).code == 0
    with serving(LIBRARY, folder=one) as (_, first), serving(LIBRARY, folder=two) as (_, second):
        assert [request(port, "GET", "/v1/articles")[0] for port in (first, second)] == [200, 200]
        made = json.loads(citewell("keys", "create", "--scope", "read", "--json", folder=elsewhere).out)
        said = {"Authorization": f"Bearer {made['key']}"}
        for headers, status in (({}, 401), (said, 200)):
            for port in (first, second):
                assert request(port, "GET", "/v1/articles", headers=headers)[0] == status
        assert citewell("keys", "revoke", made["id"], folder=elsewhere).code == 0
        assert [request(port, "GET", "/v1/articles", headers=said)[0] for port in (first, second)] == [
            401,
            401,
        ]


# -- servers that are away ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", ["cluster", "truth"])
def test_a_server_that_is_away_is_named_until_it_is_back(
    machine: Callable[[str], Path], cluster: Server, postgres: Postgres, away: str
) -> None:
    folder = machine("one")
    assert citewell("add", bees(folder.parent), folder=machine("first")).code == 0
    stop, start = (cluster.kill, cluster.start) if away == "cluster" else (postgres.stop, postgres.start)
    kind, named = {
        "cluster": ("ClusterAway", "The cluster at 127.0.0.1"),
        "truth": ("TruthAway", "The database postgresql://"),
    }[away]
    with serving(LIBRARY, folder=folder) as (_, port):
        assert cited(port, "Who makes honey?") == ["bees"]
        stop()
        try:
            assert eventually(lambda: request(port, "GET", "/health/ready")[0] == 503)
            for method, path, body in (
                ("GET", "/health/ready", None),
                ("POST", "/v1/ask", json.dumps({"question": "Do bees make honey?"})),
                ("PUT", "/v1/articles/ants", json.dumps({"text": "Ants dig tunnels."})),
            ):
                with ThreadPoolExecutor(1) as thread:
                    asking = thread.submit(request, port, method, path, body)
                    assert request(port, "GET", "/health/live")[0] == 200  # while the other waits
                    status, said = asking.result()
                problem = json.loads(said)
                assert (status, problem["type"]) == (503, f"urn:citewell:problem:{kind}")
                assert problem["detail"].startswith(named)
        finally:
            start()
        assert eventually(lambda: request(port, "GET", "/health/ready")[0] == 200)
        assert cited(port, "Who makes honey, again?") == ["bees"]
        ants = json.dumps({"text": "Ants dig tunnels."})
        assert request(port, "PUT", "/v1/articles/ants", ants)[0] in (200, 201)
        assert cited(port, "Who digs tunnels?")[0] == "ants"


def bees(folder: Path) -> Path:
    (folder / "bees.md").write_text("---\nid: bees\n---\nBees make honey from nectar.\n")
    return folder / "bees.md"


def cited(port: int, question: str) -> list[str]:
    """Ids of the articles in the order of their ranks."""
    _, _, status, answer = ask(port, question)
    assert status == 200, answer
    return [each["article"]["id"] for each in (*answer["citations"], *answer["near_misses"])]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.2)
    return holds()
