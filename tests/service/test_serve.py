"""End to end: the bundled articles, the real model, and `citewell serve` in a process of its own."""

import http.client
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from citewell.eval.gold import bundled_gold, read_gold
from citewell.index.library import Library
from tests.service.command import COMMAND
from tests.service.contracts import ANSWER, keys, keys_of, untimed

READY_WITHIN = 120.0
Served = tuple[subprocess.Popen[str], int]


@contextmanager
def serving(library: Path, *options: str, folder: Path | None = None) -> Iterator[Served]:
    """A service that is ready, run in a folder, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COMMAND, "serve", "--library", str(library), "--port", str(port), *options]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder) as service,
    ):
        try:
            wait_until_ready(service, port)
            yield service, port
        finally:
            service.kill()
            log.seek(0)
            print(log.read()[-2000:])


def wait_until_ready(service: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while service.poll() is None and time.monotonic() < deadline:
        try:
            if request(port, "GET", "/health/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"not ready within {READY_WITHIN} s, exit code {service.poll()}")


def request(
    port: int,
    method: str,
    path: str,
    body: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def ask(port: int, question: str) -> str:
    status, answer = request(port, "POST", "/v1/ask", json.dumps({"question": question}))
    assert status == 200
    return answer


@pytest.fixture(scope="module")
def port(bundled_library: Library) -> Iterator[int]:
    with serving(bundled_library.folder) as (_, found):
        yield found


def test_the_service_answers_with_the_sentence_that_says_it(port: int) -> None:
    answer = json.loads(ask(port, "How much is Amazon investing in OpenAI?"))
    first = answer["citations"][0]
    assert keys(answer) == keys_of(ANSWER)
    assert (answer["verdict"], first["article"]["id"]) == ("answered", "gtc-2026-chips")
    assert "$35 billion" in first["quote"]["text"]
    assert "$50 billion" in first["quote"]["text"]


def test_every_quote_stands_in_its_article_where_it_says(port: int) -> None:
    texts: dict[str, str] = {}
    for question in read_gold(bundled_gold())[::10]:
        for citation in json.loads(ask(port, question.question))["citations"]:
            address, quote = citation["links"]["article"], citation["quote"]
            if address not in texts:
                texts[address] = json.loads(request(port, "GET", address)[1])["text"]
            assert texts[address][quote["start"] : quote["end"]] == quote["text"]
    assert len(texts) == 5


def test_the_same_question_gives_the_same_bytes_but_for_the_time_taken(port: int) -> None:
    once, again = (ask(port, "How much is Amazon investing in OpenAI?") for _ in range(2))
    assert untimed(once) == untimed(again)


def test_another_process_gives_the_same_bytes_but_for_the_time_taken(
    port: int, bundled_library: Library
) -> None:
    with serving(bundled_library.folder) as (_, other):
        assert untimed(ask(other, "Who leads NVIDIA?")) == untimed(ask(port, "Who leads NVIDIA?"))


def test_questions_asked_at_once_get_the_answers_they_get_alone(port: int) -> None:
    questions = [question.question for question in read_gold(bundled_gold())][:64]
    alone = [untimed(ask(port, question)) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        together = [
            untimed(answer) for answer in threads.map(lambda question: ask(port, question), questions)
        ]
    assert together == alone
    assert len(set(alone)) == len(questions)


@pytest.mark.parametrize("asked_to_end", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl+C"])
def test_a_signal_ends_the_service_in_good_order(
    bundled_library: Library, asked_to_end: signal.Signals
) -> None:
    """Also while a client keeps its connection open."""
    with serving(bundled_library.folder) as (service, port):
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            idle.request("GET", "/health/live")
            assert idle.getresponse().read() == b'{"status":"live"}'
            service.send_signal(asked_to_end)
            assert service.wait(timeout=120) == 0
        finally:
            idle.close()
        assert service.stdout is not None
        (line,) = service.stdout.read().splitlines()
    assert line == f"citewell serves {bundled_library.folder} at http://127.0.0.1:{port} (stop with Ctrl+C)"
