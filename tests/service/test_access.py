"""Who is let in: without a key, with a wrong, a revoked, a weak and a fitting one; from which host and origin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.service.access import Access, check_exposure, scope_of
from citewell.service.app import create_app
from citewell.service.keys import Keys
from citewell.service.settings import Settings
from tests.service.conftest import make_library
from tests.service.contracts import problem
from tests.service.test_openapi import METHODS

ASK = {"question": "Who makes honey?"}
WRITES: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/articles/moths", {"text": "Moths fly at night."}),
    ("DELETE", "/v1/articles/bees", None),
    ("POST", "/v1/articles", {"articles": [{"id": "moths", "text": "Moths fly at night."}]}),
    ("GET", "/v1/jobs", None),
    ("GET", "/v1/jobs/nothing", None),
    ("DELETE", "/v1/jobs/nothing", None),
    ("GET", "/v1/jobs/nothing/events", None),
]
READS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/ask", ASK),
    ("POST", "/v1/ask:batch", {"questions": [ASK]}),
    ("GET", "/v1/search?q=honey", None),
    ("GET", "/v1/articles", None),
    ("GET", "/v1/articles/bees", None),
    ("GET", "/v1/articles/nothing", None),
    ("GET", "/v1/passages/bees.0.0-1", None),
    ("POST", "/v1/citations/verify", []),
    ("GET", "/v1/nothing", None),
    ("GET", "/v1", None),
]
FOR_ALL: list[tuple[str, str, Any]] = [("GET", "/metrics", None), ("GET", "/v1/doctor", None)]
OPEN = ["/", "/page/page.js", "/docs", "/openapi.json", "/health/live", "/health/ready"]


class Kept:
    """A service with keys, and the keys by what they may do."""

    def __init__(self, folder: Path, settings: Settings = Settings()) -> None:
        self.library = make_library(folder)
        self.keys = Keys(folder)
        self.tokens = {scope: self.keys.create(scope, [scope])[1] for scope in ("read", "write", "admin")}
        self.client = TestClient(
            create_app(self.library, settings), base_url="http://localhost", raise_server_exceptions=False
        )

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Response:
        if key:
            headers["Authorization"] = f"Bearer {self.tokens.get(key, key)}"
        return self.client.request(method, path, json=body, headers=headers)

    def content(self) -> dict[str, bytes]:
        names = ("citewell.db", "index/current", "keys.json", "service.db")
        return {
            name: (self.library.folder / name).read_bytes()
            for name in names
            if (self.library.folder / name).exists()
        }


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    made = Kept(tmp_path_factory.mktemp("kept"))
    yield made
    made.library.close()


@pytest.mark.parametrize(("method", "path", "body"), [*READS, *WRITES, *FOR_ALL])
def test_without_a_valid_key_nothing_is_told_and_nothing_changed(
    kept: Kept, method: str, path: str, body: Any
) -> None:
    revoked, token = kept.keys.create("revoked", ["admin"])
    kept.keys.revoke(revoked.id)
    before = kept.content()
    missing = kept.send(method, path, body)
    assert problem(missing, 401, "NotAuthenticated").startswith("A key is needed.")
    assert missing.headers["www-authenticate"] == 'Bearer realm="citewell"'
    wrong = [
        kept.send(method, path, body, key=key) for key in (token, "cw_no_no", "x", f"{kept.tokens['admin']}x")
    ]
    assert {problem(response, 401, "NotAuthenticated") for response in wrong} == {
        "The key is not valid. Send one as: Authorization: Bearer KEY"
    }
    assert {response.headers["www-authenticate"] for response in wrong} == {
        'Bearer realm="citewell", error="invalid_token"'
    }
    assert all("bees" not in str({**response.json(), "instance": ""}) for response in (missing, *wrong))
    assert kept.content() == before


@pytest.mark.parametrize(
    "header", ["Basic {}", "bearer", "Bearer", "{}", "Token {}", "Bearer {} {}", "Bearer \t"], ids=str
)
def test_a_key_goes_as_bearer(kept: Kept, header: str) -> None:
    said = header.replace("{}", kept.tokens["admin"])
    assert kept.client.get("/v1/articles", headers={"Authorization": said}).status_code == 401


def test_how_bearer_is_written_does_not_matter(kept: Kept) -> None:
    said = f"bEARER  {kept.tokens['read']}"
    assert kept.client.get("/v1/articles", headers={"Authorization": said}).status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), [*WRITES, *FOR_ALL])
def test_a_key_to_read_may_not_write_or_see_jobs_or_figures(
    kept: Kept, method: str, path: str, body: Any
) -> None:
    before = kept.content()
    response = kept.send(method, path, body, key="read")
    assert problem(response, 403, "NotAllowed").startswith("The key lacks the scope")
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert kept.content() == before


@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_a_key_to_write_may_not_read(kept: Kept, method: str, path: str, body: Any) -> None:
    problem(kept.send(method, path, body, key="write"), 403, "NotAllowed")


@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_keys_to_read_and_for_all_may_read(kept: Kept, method: str, path: str, body: Any) -> None:
    assert {kept.send(method, path, body, key=key).status_code for key in ("read", "admin")} <= {200, 404}


@pytest.mark.parametrize("path", OPEN)
def test_the_page_the_documentation_and_health_need_no_key(kept: Kept, path: str) -> None:
    assert kept.send("GET", path).status_code == 200


def test_every_route_of_the_interface_needs_a_scope(kept: Kept) -> None:
    paths = kept.client.get("/openapi.json").json()["paths"]
    needed = {
        (method.upper(), path): scope_of(method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if method in METHODS
    }
    assert {path for (_, path), scope in needed.items() if scope is None} == {"/health/live", "/health/ready"}
    assert {path for (_, path), scope in needed.items() if scope == "admin"} == {"/metrics", "/v1/doctor"}
    assert all(
        scope == "write"
        for (method, path), scope in needed.items()
        if method in ("PUT", "DELETE") or "jobs" in path
    )


def test_requests_beyond_the_limit_are_told_when_to_come_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path, Settings(rate=6, burst=4))
    found = [kept.send("GET", "/v1/articles", key="read") for _ in range(5)]
    assert [response.status_code for response in found] == [200] * 4 + [429]
    assert [response.headers["ratelimit"].partition(";t")[0] for response in found[:4]] == [
        f'"key";r={left}' for left in (3, 2, 1, 0)
    ]
    assert found[-1].headers["ratelimit-policy"] == '"key";q=4;w=40'
    assert 1 <= int(found[-1].headers["retry-after"]) <= 10
    problem(found[-1], 429, "TooManyRequests")
    assert kept.send("GET", "/v1/articles", key="admin").status_code == 200  # another key, another bucket
    kept.library.close()


def test_a_batch_counts_as_many_requests_as_it_has_questions(tmp_path: Path) -> None:
    kept = Kept(tmp_path, Settings(rate=6, burst=4))
    three = {"questions": [ASK] * 3}
    first = kept.send("POST", "/v1/ask:batch", three, key="read")
    assert (first.status_code, first.headers["ratelimit"].partition(";t")[0]) == (200, '"key";r=1')
    problem(kept.send("POST", "/v1/ask:batch", three, key="read"), 429, "TooManyRequests")
    kept.library.close()


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:80",
        "127.0.0.1",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:80",
        "192.0.2.7",
        "books.example",
    ],
)
def test_a_host_that_is_an_address_or_known_may_be_asked(library: Library, host: str) -> None:
    client = TestClient(create_app(library, Settings(hosts=("books.example",))), base_url="http://localhost")
    assert client.get("/v1/articles", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "a@localhost.evil",
        "[",
        "[::1",
        "127.1",
        "::1",
    ],
)
def test_another_host_is_refused_for_it_may_be_a_name_that_was_made_to_point_here(
    client: TestClient, host: str
) -> None:
    problem(client.get("/v1/articles", headers={"Host": host}), 403, "WrongHost")


@pytest.mark.parametrize("path", ["/v1/articles", "/", "/health/live"])
@pytest.mark.parametrize(
    "origin", ["https://example.org", "null", "http://localhost.example.org", "http://localhost:81"]
)
def test_another_page_may_not_ask(client: TestClient, origin: str, path: str) -> None:
    response = client.get(path, headers={"Origin": origin})
    problem(response, 403, "WrongOrigin")
    assert "access-control-allow-origin" not in response.headers


def test_the_own_page_may_ask(client: TestClient) -> None:
    response = client.post("/v1/ask", json=ASK, headers={"Origin": "http://localhost"})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_a_page_that_was_named_may_ask_and_read_what_it_is_told(library: Library) -> None:
    app = create_app(library, Settings(origins=("https://example.org",)))
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    headers = {"Origin": "https://example.org"}
    asked = client.post("/v1/ask", json=ASK, headers=headers)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "https://example.org")
    assert "access-control-allow-credentials" not in asked.headers
    wanted = {
        **headers,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "Authorization",
    }
    assert client.options("/v1/articles/bees", headers=wanted).status_code == 200
    assert client.get("/v1/articles", headers={"Origin": "https://example.com"}).status_code == 403


def test_only_a_key_lets_the_service_listen_to_the_network(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        check_exposure(host, keys)
    for host in ("0.0.0.0", "::", "192.0.2.7", "example.org"):
        with pytest.raises(Exception, match="there is no key"):
            check_exposure(host, keys)
    made, _ = keys.create("", ["read"])
    check_exposure("0.0.0.0", keys)
    keys.revoke(made.id)
    with pytest.raises(Exception, match="there is no key"):
        check_exposure("0.0.0.0", keys)


def test_without_keys_everybody_on_the_machine_may(tmp_path: Path) -> None:
    access = Access(Keys(tmp_path), Settings())
    assert access.check("DELETE", "/v1/articles/bees", {b"host": b"localhost"}).key is None
