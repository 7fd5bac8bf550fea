"""Traces go where the environment says, without questions; a collector that is not there holds nobody up."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from citewell.index.library import Library
from tests.service.test_serve import ask, request, serving

QUESTION = "How much is Amazon investing in OpenAI?"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Its address and what it was sent."""
    sent: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    server.server_close()


def test_traces_are_sent_if_the_environment_says_where(
    bundled_library: Library, collector: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, sent = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with serving(bundled_library.folder) as (service, port):
        assert json.loads(ask(port, QUESTION))["verdict"] == "answered"
        assert request(port, "GET", "/v1/search?q=Amazon")[0] == 200
        service.terminate()
        assert service.wait(timeout=120) == 0
    together = b"".join(sent)
    assert b"/v1/ask" in together
    assert b"Amazon" not in together


def test_a_collector_that_is_not_there_holds_nobody_up(
    bundled_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with serving(bundled_library.folder) as (_, port):
        assert json.loads(ask(port, QUESTION))["verdict"] == "answered"
