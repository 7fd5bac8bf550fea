"""What can be watched: figures for Prometheus, logs as JSON lines, health, the id of each request."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.service import logs
from citewell.service.app import create_app
from citewell.service.gate import request_id
from citewell.service.settings import Settings
from tests.service.conftest import client_of
from tests.service.contracts import problem

ASK = {"question": "Who makes honey?"}


def figures(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def test_figures_count_requests_verdicts_states_stages_and_repeated_questions(library: Library) -> None:
    client = client_of(library)
    for question in ("Who makes honey?", "Who makes honey?", "蜂蜜?"):
        client.post("/v1/ask", json={"question": question})
    client.get("/v1/articles/nothing")
    client.get("/nothing/at/all")
    found = figures(client)
    assert found['citewell_requests_total{method="POST",route="/v1/ask",status="200"}'] == 3
    assert found['citewell_requests_total{method="GET",route="/v1/articles/{article_id}",status="404"}'] == 1
    assert found['citewell_requests_total{method="GET",route="other",status="404"}'] == 1
    assert found['citewell_verdicts_total{verdict="answered"}'] == 2
    assert found['citewell_verdicts_total{verdict="insufficient"}'] == 1
    assert found['citewell_retriever_states_total{retriever="dense",state="unknown_script"}'] == 1
    assert (found['citewell_cache_total{result="hit"}'], found['citewell_cache_total{result="miss"}']) == (
        1,
        2,
    )
    for stage in ("waiting to ask", "answering", "writing"):
        assert found[f'citewell_stage_seconds_count{{stage="{stage}"}}'] == 2
    assert found['citewell_request_seconds_count{route="/v1/ask"}'] == 3
    assert (found['citewell_requests_waiting{pool="ask"}'], found['citewell_jobs{state="queued"}']) == (0, 0)
    assert 0 <= found["citewell_snapshot_age_seconds"] < 600


def test_jobs_that_wait_are_counted(library: Library) -> None:
    client = client_of(library)
    client.post("/v1/articles", json={"articles": [{"id": "x", "text": "y z"}]})
    assert figures(client)['citewell_jobs{state="queued"}'] == 1


def test_nothing_that_is_asked_becomes_a_label(library: Library) -> None:
    client = client_of(library)
    client.get("/v1/search", params={"q": "secretword"})
    client.get("/v1/articles/secretword")
    client.request("SECRETWORD", "/v1/secretword?secretword=1")
    assert "secretword" not in client.get("/metrics").text.lower()


# -- logs -----------------------------------------------------------------------------------------------------


@pytest.fixture
def logged() -> Iterator[Any]:
    """Starts logging at a level and gives the lines once it has ended."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    stops = []

    def start(level: str = "info") -> None:
        stops.append(logs.start(level, request_id.get, stream))

    def lines() -> list[dict[str, Any]]:
        stops.pop()()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    start.lines = lines  # type: ignore[attr-defined]
    yield start
    for stop in stops:
        stop()
    root.handlers, root.level = handlers, level
    logging.getLogger("citewell").setLevel(logging.NOTSET)


def requests_in(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["message"] == "request"]


def test_each_request_is_a_line_without_its_question(library: Library, logged: Any) -> None:
    logged()
    client = client_of(library)
    named = client.get("/v1/search?q=whisper", headers={"X-Request-ID": "mine-1"})
    other = client.post("/v1/ask", json={"question": "Who whispers?"})
    lines = logged.lines()
    assert "whisper" not in json.dumps(lines)
    first, second = requests_in(lines)
    assert named.headers["x-request-id"] == first["request_id"] == "mine-1"
    assert other.headers["x-request-id"] == second["request_id"]
    assert {name: first[name] for name in ("level", "method", "path", "status")} == {
        "level": "info", "method": "GET", "path": "/v1/search", "status": 200,
    }  # fmt: skip
    assert first["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])


def test_questions_are_logged_if_they_are_asked_for(library: Library, logged: Any) -> None:
    logged()
    app = create_app(library, Settings(log_questions=True))
    TestClient(app, base_url="http://localhost").post("/v1/ask", json=ASK)
    (line,) = [line for line in logged.lines() if line["message"] == "question"]
    assert (line["question"], line["k"]) == ("Who makes honey?", 5)
    assert line["request_id"]


def test_an_error_is_logged_with_the_id_of_its_request(
    library: Library, logged: Any, monkeypatch: Any
) -> None:
    logged("error")

    def fail(*_: object) -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr(type(library), "askable", fail)
    response = client_of(library).post("/v1/ask", json=ASK)
    assert "the reason" not in response.text
    problem(response, 500)
    (line,) = logged.lines()
    assert (line["level"], line["request_id"]) == ("error", response.headers["x-request-id"])
    assert "the reason" in line["error"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", 'a"b', "a\tb"])
def test_an_id_that_is_not_plain_is_not_taken_over(client: TestClient, given: str) -> None:
    headers = {b"X-Request-ID": given.encode("latin-1")}
    said = client.get("/health/live", headers=headers).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", said)


def test_refused_requests_have_an_id_and_a_line(library: Library, logged: Any) -> None:
    logged()
    response = client_of(library).get("/v1/articles", headers={"Host": "example.org"})
    (line,) = requests_in(logged.lines())
    assert (line["status"], line["request_id"]) == (403, response.headers["x-request-id"])


def test_a_full_log_drops_lines_and_holds_nobody_up(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_MOST_WAITING", 3)

    class Stuck(io.StringIO):
        def write(self, _: str) -> int:
            import threading

            return int(threading.Event().wait(0.5))

    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.start("info", request_id.get, Stuck())
    client = client_of(library)
    assert [client.get("/health/live").status_code for _ in range(30)] == [200] * 30
    root.handlers, root.level = handlers, level
    logging.getLogger("citewell").setLevel(logging.NOTSET)


# -- health ---------------------------------------------------------------------------------------------------


def test_a_service_that_is_to_end_is_live_and_not_ready(library: Library) -> None:
    client = TestClient(create_app(library, stopping=lambda: True), base_url="http://localhost")
    assert client.get("/health/live").status_code == 200
    problem(client.get("/health/ready"), 503, "Ending")
