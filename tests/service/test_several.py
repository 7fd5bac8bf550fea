"""Services on several machines over one cluster and one PostgreSQL, beside one that writes: each in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import psycopg
import pytest

from citewell.corpus.article import Cut, Draft
from citewell.corpus.server import Server as Truth
from citewell.corpus.store import Store
from tests.postgres import Postgres
from tests.servers import Server
from tests.service.command import citewell
from tests.service.test_serve import request, serving
from tests.service.timeline import NAMES, Timeline
from tests.truths import said

LIBRARY = Path("library")


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
def writer(folder: Path, updates: int) -> Iterator[tuple[IO[str], IO[str]]]:
    """A process that writes once for each line: where to send them, and what it says."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.service.timeline", str(updates)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, bufsize=1, cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdin, process.stdout
            assert process.wait(120) == 0
        finally:
            process.kill()


def ask(port: int, question: str) -> tuple[float, float, int, dict[str, Any]]:
    """From when to when it was asked, and what was answered."""
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
    with writer(machine("writer"), updates) as (go, said_by_writer):
        lines = [said_by_writer.readline() for _ in NAMES]
        with serving(LIBRARY, folder=one) as (_, first), serving(LIBRARY, folder=two) as (_, second):

            def go_on(number: int) -> None:
                """Half of the questions were asked before, so that kept answers are among those given."""
                name, more = NAMES[number % 8], "" if number % 3 else f" Question {number}."
                asked.append(
                    ask(
                        (first, second)[number % 2],
                        f"How long is the pier of {name}, and how many boats?{more}",
                    )
                )
                if number % (questions // updates) == 0:
                    go.write("go\n")

            with ThreadPoolExecutor(4) as threads:
                list(threads.map(go_on, range(questions)))
            lines += said_by_writer.readlines()
    assert (len(lines), len(asked)) == (len(NAMES) + updates, questions)
    assert {status for _, _, status, _ in asked} == {200}
    timeline = Timeline.of(lines)
    faults = [timeline.fault(began, ended, answer) for began, ended, _, answer in asked]
    assert [fault for fault in faults if fault] == []
    assert len({answer["fingerprint"]["snapshot"] for *_, answer in asked}) > updates / 2
    assert all(answer["citations"] or answer["near_misses"] for *_, answer in asked)
    for folder in (one, two):
        assert [path.name for path in folder.iterdir()] == ["citewell.toml"]


@pytest.mark.parametrize(
    ("revisions", "fault"),
    [
        ({"Arle": 1, "Brem": 1}, None),
        ({"Arle": 2, "Brem": 1}, None),
        ({"Arle": 1, "Brem": 2}, "were not current together"),
        ({"Brem": 3}, "were not current together"),
        ({"Colm": 1}, "were not current together"),
    ],
)
def test_the_timeline_tells_answers_that_are_of_no_one_moment(
    revisions: dict[str, int], fault: str | None
) -> None:
    changes = [
        ("Arle", 1, 0, 0.0, 1.0), ("Brem", 1, 0, 0.0, 1.0), ("Colm", 1, 0, 0.0, 1.0), ("Colm", None, 1, 2.0, 3.0),
        ("Arle", 2, 1, 11.0, 12.0), ("Brem", 2, 1, 13.0, 14.0), ("Brem", 3, 2, 21.0, 22.0),
    ]  # fmt: skip
    timeline = Timeline.of(map(json.dumps, changes))
    cited: list[dict[str, Any]] = [
        {
            "article": {"id": name, "revision": number},
            "quote": {"text": f"{name} counts {999 + number} boats"},
        }
        for name, number in revisions.items()
    ]
    found = timeline.fault(10.0, 20.0, {"citations": cited, "near_misses": []})
    assert (found is None) if fault is None else fault in str(found)
    cited[0]["quote"]["text"] = "counts 7 boats"
    assert "not the words" in str(timeline.fault(10.0, 20.0, {"citations": cited, "near_misses": []}))
    twice = [*cited, {**cited[0], "article": {**cited[0]["article"], "revision": 9}}]
    assert timeline.fault(10.0, 20.0, {"citations": twice, "near_misses": []})


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


@contextmanager
def away(server: Server | Postgres, how: str) -> Iterator[None]:
    """Gone, as after a crash; or there and silent, with all connections that it has."""
    if how == "gone":
        stop = server.kill if isinstance(server, Server) else server.stop
        stop()
        try:
            yield
        finally:
            server.start()
    elif isinstance(server, Server):
        assert server.process
        os.killpg(server.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(server.process.pid, signal.SIGCONT)
    else:
        with psycopg.connect(server.address) as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'citewell'"
            backends = [pid for (pid,) in connection.execute(query)]
        with server.hanging(*backends):
            yield


@pytest.mark.parametrize("how", ["gone", pytest.param("silent", marks=pytest.mark.slow)])
@pytest.mark.parametrize("which", ["cluster", "truth"])
def test_a_server_that_is_away_is_named_until_it_is_back(
    machine: Callable[[str], Path], cluster: Server, postgres: Postgres, which: str, how: str
) -> None:
    folder = machine("one")
    assert citewell("add", bees(folder.parent), folder=machine("first")).code == 0
    server: Server | Postgres = cluster if which == "cluster" else postgres
    named, kind = {
        "cluster": ("The cluster at 127.0.0.1", "ClusterAway"),
        "truth": ("The database postgresql://", "TruthAway"),
    }[which]
    with serving(LIBRARY, folder=folder) as (_, port):
        assert cited(port, "Who makes honey?") == ["bees"]
        with away(server, how):
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
                told, start = (
                    ("NotReady", f"The {which} does not answer.") if method == "GET" else (kind, named)
                )
                assert (status, problem["type"]) == (503, f"urn:citewell:problem:{told}")
                assert problem["detail"].startswith(start)
        assert eventually(lambda: request(port, "GET", "/health/ready")[0] == 200)
        assert cited(port, "Who makes honey, again?") == ["bees"]
        ants = json.dumps({"text": "Ants dig tunnels."})
        assert request(port, "PUT", "/v1/articles/ants", ants)[0] in (200, 201)
        assert cited(port, "Who digs tunnels?")[0] == "ants"


def test_what_a_killed_writer_stored_a_service_publishes(
    machine: Callable[[str], Path], postgres: Postgres, tmp_path: Path
) -> None:
    folder = machine("one")
    assert citewell("add", bees(folder.parent), folder=machine("first")).code == 0
    address = tomllib.loads((folder / "citewell.toml").read_text())["truth"]
    with serving(LIBRARY, folder=folder) as (_, port):
        assert cited(port, "Who digs tunnels?") == ["bees"]
        with closing(Store(Truth.of(address, tmp_path))) as store:
            draft = Draft("Ants dig tunnels.", "Ants", "test", "")
            store.put("ants", "/ants", draft, "en", Cut((), ()), "killed before it was cut")
        assert eventually(lambda: cited(port, "Who digs tunnels?")[0] == "ants")


def bees(folder: Path) -> Path:
    (folder / "bees.md").write_text("---\nid: bees\n---\nBees make honey from nectar.\n")
    return folder / "bees.md"


def cited(port: int, question: str) -> list[str]:
    """Ids of the articles in the order of their ranks."""
    _, _, status, answer = ask(port, question)
    assert status == 200, answer
    return [each["article"]["id"] for each in (*answer["citations"], *answer["near_misses"])]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 120
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.2)
    return holds()
