"""Every error of the service is a problem as RFC 9457 has it, and says no more than it should."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.corpus.errors import LibraryBusy
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.search import Searcher
from citewell.index.snapshot import read
from tests.service.conftest import client_of, make_library
from tests.service.contracts import problem

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        pytest.param({"question": ""}, "BadQuestion", "The question is empty.", id="empty question"),
        pytest.param({"question": "\ufeff \t\r\n\u2003"}, "BadQuestion", "The question is empty.", id="white space"),
        pytest.param({"question": "x" * 2001}, "BadQuestion", "The question has 2,001 characters;", id="2,001 characters"),
        pytest.param({"question": "é" * 100_000}, "BadQuestion", "The question has 100,000 characters;", id="100,000"),
        pytest.param({"question": "honey", "k": 0}, "BadRequest", "body.k: ", id="k 0"),
        pytest.param({"question": "honey", "k": -1}, "BadRequest", "body.k: ", id="k -1"),
        pytest.param({"question": "honey", "k": 101}, "BadRequest", "body.k: ", id="k 101"),
        pytest.param({"question": "honey", "k": 10_000}, "BadRequest", "body.k: ", id="k 10,000"),
        pytest.param({"question": "honey", "k": 2**70}, "BadRequest", "body.k: ", id="k of 71 bits"),
        pytest.param({"question": "honey", "k": 1.5}, "BadRequest", "body.k: ", id="k 1.5"),
        pytest.param({"question": "honey", "k": "x"}, "BadRequest", "body.k: ", id="k x"),
        pytest.param({"question": "honey", "k": None}, "BadRequest", "body.k: ", id="k null"),
        pytest.param({"question": "honey", "k": [3]}, "BadRequest", "body.k: ", id="k a list"),
        pytest.param({"question": "honey", "limit": 3}, "BadRequest", "body.limit: ", id="unknown field"),
        pytest.param({"question": None}, "BadRequest", "body.question: ", id="question null"),
        pytest.param({"question": 7}, "BadRequest", "body.question: ", id="question a number"),
        pytest.param({"question": ["honey"]}, "BadRequest", "body.question: ", id="question a list"),
        pytest.param({}, "BadRequest", "body.question: Field required", id="no question"),
        pytest.param([{"question": "honey"}], "BadRequest", "body: ", id="a list"),
        pytest.param("honey", "BadRequest", "body: ", id="a text"),
        pytest.param(None, "BadRequest", "body: ", id="null"),
    ],
)  # fmt: skip
def test_a_bad_request_to_ask_is_a_422_that_names_the_field(
    client: TestClient, body: Any, kind: str, said: str
) -> None:
    response = client.post("/v1/ask", content=json.dumps(body).encode(), headers=JSON)
    assert problem(response, 422, kind).startswith(said)


def test_a_missing_body_is_a_422(client: TestClient) -> None:
    assert problem(client.post("/v1/ask"), 422, "BadRequest").startswith("body: Field required")


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/ask:batch"])
@pytest.mark.parametrize(
    "said", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "é", None]
)
def test_a_body_that_is_not_declared_as_json_is_a_415_that_says_what_to_send(
    client: TestClient, path: str, said: str | None
) -> None:
    headers = {} if said is None else {b"Content-Type": said.encode()}
    response = client.post(path, content=b'{"question": "honey"}', headers=headers)
    assert "Send Content-Type: application/json" in problem(response, 415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "said", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]
)
def test_json_may_be_declared_in_any_way(client: TestClient, said: str) -> None:
    response = client.post("/v1/ask", content=b'{"question": "honey"}', headers={"Content-Type": said})
    assert response.status_code == 200


def test_routes_that_read_the_body_themselves_take_any_type(client: TestClient, library: Library) -> None:
    plain = {"Content-Type": "text/plain"}
    assert client.post("/v1/citations/verify", content=b"[]", headers=plain).status_code == 200
    own = client_of(library)
    assert own.put("/v1/articles/moths", content=b'{"text": "Moths."}', headers=plain).status_code == 201


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"{", "BadRequest", id="half an object"),
        pytest.param(b"question=honey", "BadRequest", id="a form"),
        pytest.param(b"\xff\xfe", "BadRequest", id="not UTF-8"),
        pytest.param(b'{"question": "honey\0"}', "BadRequest", id="a bare NUL"),
        pytest.param(b"[" * 100_000, "about:blank", id="100,000 open brackets"),
        pytest.param(b'{"question": "honey", "k": ' + b"9" * 5000 + b"}", "about:blank", id="5,000 digits"),
    ],
)
def test_a_body_that_is_not_json_is_a_400(client: TestClient, body: bytes, kind: str) -> None:
    problem(client.post("/v1/ask", content=body, headers=JSON), 400, kind)


@pytest.mark.parametrize(
    "body",
    [
        b'{"question": "honey", "\\ud800": 1}',
        b'{"question": "honey", "k": "\\ud800"}',
        b'{"question": ["\\ud800"]}',
    ],
    ids=["a field's name", "k", "the question"],
)
def test_a_lone_surrogate_where_no_text_belongs_is_a_422(client: TestClient, body: bytes) -> None:
    problem(client.post("/v1/ask", content=body, headers=JSON), 422, "BadRequest")


@pytest.mark.parametrize(
    ("address", "kind", "said"),
    [
        ("/v1/search", "BadRequest", "query.q: Field required"),
        ("/v1/search?q=", "BadQuestion", "The question is empty."),
        ("/v1/search?q=%20%0A", "BadQuestion", "The question is empty."),
        (f"/v1/search?q={'x' * 2001}", "BadQuestion", "The question has 2,001 characters;"),
        ("/v1/search?q=honey&k=0", "BadRequest", "query.k: "),
        ("/v1/search?q=honey&k=-1", "BadRequest", "query.k: "),
        ("/v1/search?q=honey&k=101", "BadRequest", "query.k: "),
        ("/v1/search?q=honey&k=10000", "BadRequest", "query.k: "),
        ("/v1/search?q=honey&k=x", "BadRequest", "query.k: "),
        ("/v1/search?q=honey&k=", "BadRequest", "query.k: "),
        ("/v1/articles?limit=0", "BadRequest", "query.limit: "),
        ("/v1/articles?limit=-1", "BadRequest", "query.limit: "),
        ("/v1/articles?limit=1001", "BadRequest", "query.limit: "),
        ("/v1/articles?limit=x", "BadRequest", "query.limit: "),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_a_422_that_names_it(
    client: TestClient, address: str, kind: str, said: str
) -> None:
    assert problem(client.get(address), 422, kind).startswith(said)


@pytest.mark.parametrize("q", ["%00", "%ff", "%ed%a0%80", "%E2%80%8B", "...", "?!"])
def test_a_question_without_a_word_is_a_422(client: TestClient, q: str) -> None:
    assert problem(client.get(f"/v1/search?q={q}"), 422, "BadQuestion").startswith("The question is empty.")


@pytest.mark.parametrize("q", ["honey%00", "honey%ff", "%ed%a0%80honey"])
def test_bytes_that_are_no_text_in_a_search_are_no_error(client: TestClient, q: str) -> None:
    response = client.get(f"/v1/search?q={q}")
    assert response.status_code == 200
    assert "\ufffd" in response.json()["query"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/ask", "POST"),
        ("PUT", "/v1/ask", "POST"),
        ("POST", "/v1/search", "GET"),
        ("DELETE", "/v1/articles", "GET"),
        ("POST", "/v1/articles/bees", "GET"),
        ("DELETE", "/v1/passages/bees", "GET"),
        ("POST", "/health/live", "GET"),
        ("POST", "/health/ready", "GET"),
        ("POST", "/", "GET"),
        ("POST", "/docs", "GET"),
        ("POST", "/page/page.js", "GET, HEAD"),
        ("BREW", "/v1/ask", "POST"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    client: TestClient, method: str, path: str, allow: str
) -> None:
    response = client.request(method, path)
    instead = response.headers["allow"]
    assert (
        problem(response, 405)
        == f"{method} {path}: Method Not Allowed. Send {instead}. See /docs for what is there."
    )
    assert "HEAD" in allow or response.headers["allow"].removesuffix(", HEAD") == allow


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/", "/v2/ask", "/v1/articles/a/b", "/v1/passages/", "/page/nothing.js", "/redoc"],
)
def test_an_unknown_path_is_a_404(client: TestClient, path: str) -> None:
    assert problem(client.get(path), 404) == f"GET {path}: Not Found. See /docs for what is there."


@pytest.mark.parametrize(
    "path", ["/page/%2e%2e/app.py", "/page/..%2fapp.py", "/page/%2fetc/passwd", "/page/"]
)
def test_nothing_beside_the_page_is_served(client: TestClient, path: str) -> None:
    problem(client.get(path), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/articles/nothing",
        "/v1/articles/n%C3%A4chte",
        "/v1/articles/two%20words",
        "/v1/articles/line%0Aend",
        "/v1/articles/number%23one",
        "/v1/articles/why%3Fnot",
    ],
)
def test_the_instance_is_the_path_as_it_was_asked_for(client: TestClient, path: str) -> None:
    """RFC 9457 wants a URI reference there."""
    response = client.get(path)
    problem(response, 404, "UnknownArticle")
    assert response.json()["instance"] == path


# -- a library that is not in order ---------------------------------------------------------------------------


def garble(file: Path) -> None:
    """Other bytes of the same number, in the place where the old ones are mapped into memory."""
    with file.open("r+b") as opened:
        content = opened.read()
        opened.seek(len(content) // 2)
        opened.write(bytes(byte ^ 0x55 for byte in content[len(content) // 2 :]))


def segment(library: Library) -> Path:
    snapshot = read(library.index)
    assert snapshot is not None
    return library.folder / "index" / snapshot.segments[0].id


@pytest.mark.parametrize(
    "name",
    [
        "segment.json",
        "terms.bin",
        "spans.bin",
        "passage_vectors.bin",
        "sentence_codes.bin",
        "posting_passages.bin",
    ],
)
@pytest.mark.parametrize("harm", [garble, Path.unlink], ids=["garbled", "gone"])
def test_an_index_damaged_before_it_is_opened_is_a_500_that_says_the_way_back(
    library: Library, name: str, harm: Any
) -> None:
    file = segment(library) / name
    harm(file)
    library = Library(library.folder, library.embedder)  # the one that wrote it holds it open
    client = client_of(library)
    said = problem(client.post("/v1/ask", json={"question": "honey"}), 500, "CorruptLibrary")
    assert said.endswith(
        f"is missing or damaged. Build it again from the texts: citewell rebuild --library {library.folder}"
    )
    assert problem(client.get("/health/ready"), 500, "CorruptLibrary") == said
    assert client.get("/health/live").status_code == 200
    with library.writing():
        library.rebuild()
    assert client.post("/v1/ask", json={"question": "honey"}).status_code == 200


@pytest.mark.parametrize("pointer", ["", "nonsense", "0123456789abcdef 1\n"])
def test_a_damaged_pointer_to_the_index_is_a_500(library: Library, pointer: str) -> None:
    client = client_of(library)
    assert client.post("/v1/ask", json={"question": "honey"}).status_code == 200
    (library.folder / "index" / "current").write_text(pointer)
    said = problem(client.post("/v1/ask", json={"question": "honey"}), 500, "CorruptLibrary")
    assert f"citewell rebuild --library {library.folder}" in said


def test_an_index_damaged_under_the_service_never_gives_a_false_quote(library: Library) -> None:
    """Its spans are mapped, so the service sees other numbers; the store does not know them."""
    client = client_of(library)
    assert client.post("/v1/ask", json={"question": "honey"}).status_code == 200
    garble(segment(library) / "spans.bin")
    said = problem(client.post("/v1/ask", json={"question": "Who makes honey?"}), 500, "CorruptLibrary")
    assert said.startswith(f"The index does not fit what {library.folder / STORE} says of passage ")
    assert said.endswith(f"Build it again: citewell rebuild --library {library.folder}")


def test_a_text_altered_under_the_service_is_a_500(library: Library) -> None:
    client = client_of(library)
    client.get("/health/ready")
    with sqlite3.connect(library.folder / STORE) as altering:
        altering.execute("UPDATE texts SET text = replace(text, 'honey', 'money')")
    altering.close()
    said = problem(client.post("/v1/ask", json={"question": "honey"}), 500, "CorruptLibrary")
    assert "is missing or altered" in said
    assert "money" not in said
    problem(client.get("/v1/articles/bees"), 500, "CorruptLibrary")


class Failing(Library):
    """A library whose index raises what it is told to."""

    error: Exception = RuntimeError("the secret of /etc/shadow")

    def askable(self, as_of: str | None = None) -> Searcher:
        raise self.error


@pytest.fixture
def failing(tmp_path: Path) -> Failing:
    made = make_library(tmp_path)
    made.close()
    return Failing(tmp_path, made.embedder)


def test_an_error_that_nobody_thought_of_is_a_500_that_says_nothing_of_it(failing: Failing) -> None:
    response = client_of(failing).post("/v1/ask", json={"question": "honey"})
    assert problem(response, 500) == "An unexpected error; the service's log has it."
    assert "secret" not in response.text
    failing.close()


def test_an_error_that_nobody_thought_of_is_in_the_log(
    failing: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    client_of(failing).get("/health/ready")
    (logged,) = [record for record in caplog.records if record.name == "citewell"]
    assert logged.levelname == "ERROR"
    assert "the secret of /etc/shadow" in caplog.text
    failing.close()


def test_a_busy_library_is_a_503(failing: Failing) -> None:
    failing.error = LibraryBusy(failing.folder)
    said = problem(client_of(failing).get("/health/ready"), 503, "LibraryBusy")
    assert said == f"Another process is writing to {failing.folder}. Try again when it has finished."
    failing.close()
