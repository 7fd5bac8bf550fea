"""Clients that are slow, silent, half gone or too many: the service stays up and answers others, and ends in good order."""

import asyncio
import gc
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from citewell.index.library import Library
from citewell.service.connections import Connection
from citewell.service.keys import Keys
from citewell.service.limits import Limits
from citewell.service.serving import work
from citewell.service.settings import Settings
from tests.service.test_serve import Served, ask, request, serving

QUESTION = "How much is Amazon investing in OpenAI?"


@pytest.fixture(scope="module")
def served(bundled_library: Library) -> Iterator[Served]:
    with serving(bundled_library.folder, "--timeout", "2", "--connections", "1200") as found:
        yield found


@pytest.fixture
def port(served: Served) -> int:
    return served[1]


def connected(port: int, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=120)
    made.sendall(sent)
    return made


def received(connection: socket.socket) -> bytes:
    """All until the service closes."""
    found = b""
    try:
        while part := connection.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


def problem_in(answer: bytes, status: int) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    said = json.loads(body)
    assert said["status"] == status
    return str(said["detail"])


HEAD = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_a_head_that_does_not_come_ends_the_connection(port: int) -> None:
    with closing(connected(port, b"POST /v1/ask HTTP/1.1\r\nHost: loc")) as slow:
        began = time.monotonic()
        assert received(slow) == b""
        assert 1.5 < time.monotonic() - began < 60  # how long exactly stands below


class Standing:
    """A loop whose time goes on never: what is to be done later, and after how many seconds."""

    def __init__(self) -> None:
        self.later: dict[float, Callable[[], None]] = {}

    def call_later(self, seconds: float, do: Callable[[], None]) -> SimpleNamespace:
        self.later[seconds] = do
        return SimpleNamespace(cancel=lambda: self.later.pop(seconds))


class Wire(asyncio.Transport):
    """A connection that nothing comes over."""

    aborted = False

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def test_a_head_has_the_time_that_was_set_and_silence_before_it_75_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connection, "patience", 2.0)
    loop, wire = Standing(), Wire()
    config = Config("citewell.service.app:create_app", log_config=None)
    made = Connection(config, ServerState(), {}, loop)  # type: ignore[arg-type]
    made.connection_made(wire)
    assert list(loop.later) == [75]
    made.data_received(b"POST /v1/ask HTTP/1.1\r\nHost: loc")
    assert list(loop.later) == [2]
    made.data_received(b"alhost\r\nContent-Ty")  # a byte now and then gives no more of it
    assert list(loop.later) == [2]
    assert not wire.aborted
    loop.later[2]()
    assert wire.aborted


def test_the_service_gives_a_head_what_its_settings_say(
    bundled_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, float]] = []
    monkeypatch.setattr(Connection, "most", Connection.most)  # both as they were, afterwards
    monkeypatch.setattr(Connection, "patience", Connection.patience)
    monkeypatch.setattr(
        "uvicorn.Server.run",
        lambda server, sockets: seen.append((Connection.most, server.config.http.patience)),
    )
    ended = signal.getsignal(signal.SIGTERM)
    try:
        settings = Settings(library=bundled_library.folder, timeout=2.5, connections=77)
        with socket.socket() as listener:
            work(settings, Limits(0, 1, 1), listener, lambda: None)
    finally:
        signal.signal(signal.SIGTERM, ended)
        gc.unfreeze()
    assert seen == [(77, 2.5)]


def test_a_second_head_that_does_not_come_ends_the_connection(port: int) -> None:
    with closing(connected(port, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he")) as slow:
        assert received(slow).endswith(b'{"status":"live"}')


def test_a_body_that_does_not_come_is_a_408(port: int) -> None:
    with closing(connected(port, HEAD + b'Content-Length: 30\r\n\r\n{"ques')) as slow:
        assert problem_in(received(slow), 408).startswith("The body was not there within 2 s.")


def test_a_client_that_goes_in_the_middle_costs_nothing(port: int) -> None:
    for sent in (
        b"",
        HEAD,
        HEAD + b"Content-Length: 30\r\n\r\n{",
        HEAD + b"Content-Length: 22\r\n\r\n" + b'{"question": "Amazon"}',
    ):
        connected(port, sent).close()
    assert json.loads(ask(port, QUESTION))["verdict"] == "answered"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40, 400),  # TLS
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000, 431),
        (b"GET /" + b"x" * 70_000, 431),
    ],
    ids=["TLS", "nonsense", "version", "two lengths", "a long header", "a long address"],
)  # fmt: skip
def test_what_is_no_request_is_told_so_and_the_connection_ends(port: int, sent: bytes, status: int) -> None:
    with closing(connected(port, sent)) as wrong:
        assert problem_in(received(wrong), status)


def test_an_oversized_body_is_refused_before_it_was_sent(port: int) -> None:
    with closing(connected(port, HEAD + b"Content-Length: 1000001\r\n\r\n")) as large:
        head = large.recv(65_536)
        assert head.startswith(b"HTTP/1.1 413 ")


def test_slow_readers_and_a_thousand_idle_connections_leave_room_for_others(served: Served) -> None:
    service, port = served
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 4_096:
        pytest.skip("the system allows too few open files")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4_096), hard))
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(closing(connected(port)))
        for _ in range(50):
            stack.enter_context(
                closing(connected(port, b"GET /v1/articles HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            )
        for _ in range(50):
            stack.enter_context(closing(connected(port, b"GET /v1/art")))
        for _ in range(20):
            assert json.loads(ask(port, QUESTION))["verdict"] == "answered"
        refused = [stack.enter_context(closing(connected(port))) for _ in range(120)]
        assert problem_in(received(refused[-1]), 503) == "Too many connections. Try again in a second."
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if request(port, "GET", "/health/ready")[0] == 200:
            break
    assert json.loads(ask(port, QUESTION))["verdict"] == "answered"
    assert service.poll() is None


# -- ending ---------------------------------------------------------------------------------------------------


def test_what_was_begun_is_finished_when_the_service_ends(bundled_library: Library) -> None:
    with serving(bundled_library.folder) as (service, port):
        body = json.dumps({"questions": [{"question": f"{QUESTION} {n}", "k": 20} for n in range(60)]})
        found: list[tuple[int, str]] = []
        asking = threading.Thread(target=lambda: found.append(request(port, "POST", "/v1/ask:batch", body)))
        asking.start()
        time.sleep(0.15)
        service.send_signal(signal.SIGTERM)
        asking.join(120)
        assert service.wait(timeout=120) == 0
    ((status, answers),) = found
    assert status == 200
    assert len(json.loads(answers)["answers"]) == 60


# -- several workers ------------------------------------------------------------------------------------------


def workers_of(service: "subprocess.Popen[str]") -> list[int]:
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text("utf-8")
    return [int(child) for child in children.split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_workers_share_the_index_limits_and_figures_and_are_started_again(bundled_library: Library) -> None:
    with serving(bundled_library.folder, "--workers", "2") as (service, port):
        before = workers_of(service)
        assert len(before) == 2
        answers = [ask(port, f"{QUESTION} {n}") for n in range(24)]  # a connection each
        assert {json.loads(answer)["verdict"] for answer in answers} == {"answered"}
        figures = request(port, "GET", "/metrics")[1]
        assert 'citewell_requests_total{method="POST",route="/v1/ask",status="200"} 24.0' in figures
        index = str(bundled_library.folder / "index")
        assert all(index in Path(f"/proc/{worker}/maps").read_text("utf-8") for worker in before)
        os.kill(before[0], signal.SIGKILL)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and (
            len(workers_of(service)) < 2 or before[0] in workers_of(service)
        ):
            time.sleep(0.05)
        assert len(set(workers_of(service)) - set(before)) == 1
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=120) == 0
        assert service.stdout is not None
        assert len(service.stdout.read().splitlines()) == 1


def test_the_limit_of_a_key_holds_over_all_workers(library: Path) -> None:
    _, token = Keys(library).create("", ["read"])
    with serving(library, "--workers", "2", "--rate", "6", "--burst", "10") as (_, port):
        statuses = []
        for _ in range(30):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            connection.request("GET", "/v1/articles", headers={"Authorization": f"Bearer {token}"})
            statuses.append(connection.getresponse().status)
            connection.close()
    assert sorted(statuses) == [200] * 10 + [429] * 20


@pytest.fixture
def library(bundled_library: Library, tmp_path: Path) -> Path:
    """A copy that may have keys."""
    import shutil

    return Path(shutil.copytree(bundled_library.folder, tmp_path / "library"))


def test_workers_that_cannot_start_say_why_and_end(tmp_path: Path, library: Path) -> None:
    (library / "index" / "current").write_text("nonsense", "utf-8")
    command = [
        sys.executable,
        "-m",
        "citewell.service.cli",
        "serve",
        "--workers",
        "2",
        "--port",
        "0",
        "--library",
        library,
    ]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "A worker ended before it was ready" in done.stderr
    assert "Traceback" not in done.stderr


def test_after_head_a_connection_is_used_again(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for method in ("HEAD", "GET", "HEAD"):
        connection.request(method, "/v1/articles")
        response = connection.getresponse()
        content, length = response.read(), response.headers["Content-Length"]
        assert (response.status, len(content)) == (200, 0 if method == "HEAD" else int(length))
    connection.close()
