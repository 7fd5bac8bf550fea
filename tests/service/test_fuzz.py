"""A corpus of requests that nobody should send: no error of the service, every refusal a problem, and the library as before."""

import json
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from citewell.index.library import Library
from tests.service.conftest import client_of
from tests.service.contracts import problem

WORDS = [
    "", " ", "\0", "\x7f", "\t", "\n", "%", "%%", "%00", "%ff", "%2e%2e%2f", "..", "../..", "/", "//", "\\", "?", "#", "&", ";", "'", '"', "`",
    "' OR '1'='1", "1; DROP TABLE texts", "${7*7}", "{{7*7}}", "<script>alert(1)</script>", "$(id)", "| id", "-1", "0", "1e309", "NaN",
    "Infinity", "null", "true", "[]", "{}", "9" * 400, "a" * 8_000, "é", "ß", "İ", "🐝", "👩‍👩‍👧", "\u202e", "\ufeff", "\u0301" * 200, "蜂蜜",
    "عسل", "\U0010ffff", "٣", "bees.0.0-1", "bees." + "0" * 12 + ".0-29", "con", "nul", "__proto__", "constructor",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**63, -(2**63), 2**200, 1e308, [], {}, [[]], [{}], {"": ""}, [None], "x" * 5_000, *WORDS[:24],
]  # fmt: skip
HEADERS = [
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Type", "Cookie", "Expect", "If-Match", "If-Modified-Since",
    "If-None-Match", "Last-Event-ID", "Origin", "Range", "Referer", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Forwarded-For",
    "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Request-ID", "traceparent",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
ROUTES = [
    "/v1/ask", "/v1/ask:batch", "/v1/search", "/v1/articles", "/v1/articles/{}", "/v1/passages/{}", "/v1/jobs", "/v1/jobs/{}",
    "/v1/jobs/{}/events", "/v1/citations/verify", "/health/ready", "/metrics", "/{}", "/v1/{}", "/page/{}", "/docs",
]  # fmt: skip
PARAMETERS = [
    "q", "k", "article", "source", "language", "published_from", "published_to", "where", "limit", "cursor", "unknown",
]  # fmt: skip
Request = tuple[str, str, dict[bytes, bytes], bytes]
JSON = {b"Content-Type": b"application/json"}


def escaped(word: str) -> str:
    return "".join(f"%{byte:02X}" for byte in word.encode("utf-8", "surrogatepass"))


def corpus() -> Iterator[Request]:
    """Paths, parameters, headers and bodies, each in turn."""
    for route, word in product([route for route in ROUTES if "{}" in route], WORDS):
        yield "GET", route.format(escaped(word)), {}, b""
    for method, route in product(METHODS, ROUTES):
        yield method, route.format("nothing"), {}, b""
    for parameter, word in product(PARAMETERS, WORDS[::2]):
        yield "GET", f"/v1/search?q=honey&{parameter}={escaped(word)}", {}, b""
        yield "GET", f"/v1/articles?{parameter}={escaped(word)}", {}, b""
    for header, word in product(HEADERS, WORDS[::4]):
        value = word.encode().replace(b"\0", b"").replace(b"\n", b"").strip()
        yield "POST", "/v1/ask", {**JSON, header.encode(): value}, b'{"question": "honey"}'
    for value in VALUES:
        for body in ({"question": value}, {"question": "honey", "k": value}, {"question": "honey", "filter": value},
                     {"question": "honey", "filter": {"metadata": value}}, {"question": "honey", "why_not": value},
                     {"question": "honey", "why_not": [value]}, value):  # fmt: skip
            yield "POST", "/v1/ask", JSON, json.dumps(body).encode()
        yield "POST", "/v1/ask:batch", JSON, json.dumps({"questions": value}).encode()
        yield "POST", "/v1/ask:batch", JSON, json.dumps({"questions": [value]}).encode()
        yield (
            "POST",
            "/v1/citations/verify",
            JSON,
            json.dumps([value, {"article": value, "quote": value}]).encode(),
        )
        yield "POST", "/v1/articles", JSON, json.dumps({"articles": [value]}).encode()
        yield "PUT", "/v1/articles/bees", JSON, json.dumps({"text": value, "title": 1}).encode()
    yield from mangled(200)


def mangled(count: int) -> Iterator[Request]:
    """Bodies with bytes changed, lost and doubled; the same ones each time."""
    rng = random.Random(1)
    good = (
        b'{"question": "Who makes honey?", "k": 3, "filter": {"articles": ["bees"], "metadata": {"a": "b"}}}'
    )
    for _ in range(count):
        body = bytearray(good)
        for _ in range(rng.randint(1, 6)):
            place = rng.randrange(len(body))
            match rng.randrange(3):
                case 0:
                    body[place] = rng.randrange(256)
                case 1:
                    del body[place:]
                    body += b"}"
                case _:
                    body[place:place] = body[:place]
        yield "POST", rng.choice(["/v1/ask", "/v1/citations/verify", "/v1/articles"]), JSON, bytes(body)


def send(client: TestClient, request: Request) -> Response:
    method, path, headers, body = request
    return client.request(method, path, headers=headers, content=body, follow_redirects=False)


def test_the_corpus_has_a_thousand_cases_and_more() -> None:
    assert len({(m, p, tuple(h.items()), b) for m, p, h, b in corpus()}) >= 1_500


def test_nobody_gets_an_error_of_the_service(library: Library) -> None:
    client = client_of(library)
    before = library.store.change()
    for request in corpus():
        response = send(client, request)
        assert response.status_code < 500, request
        assert response.headers["x-request-id"]
        if response.status_code >= 400 and request[0] != "HEAD":
            kind = response.json()["type"].removeprefix("urn:citewell:problem:")
            problem(response, response.status_code, kind)
    assert library.store.change() == before
    assert client.post("/v1/ask", json={"question": "Who makes honey?"}).json()["verdict"] == "answered"
