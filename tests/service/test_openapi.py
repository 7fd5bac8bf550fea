"""The HTTP interface describes itself truly, and its documentation needs no other server."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from http import HTTPMethod
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

METHODS = {method.lower() for method in HTTPMethod}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def everything(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from everything(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from everything(inner)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_the_document_is_openapi_3_1_and_of_this_version(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] == "citewell"
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])


def test_every_route_of_the_interface_is_documented(document: dict[str, Any]) -> None:
    assert list(operations(document)) == [
        "POST /v1/ask",
        "POST /v1/ask:batch",
        "GET /v1/search",
        "POST /v1/citations/verify",
        "GET /v1/articles",
        "POST /v1/articles",
        "GET /v1/articles/{article_id}",
        "PUT /v1/articles/{article_id}",
        "DELETE /v1/articles/{article_id}",
        "GET /v1/passages/{passage_id}",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/events",
        "GET /v1/doctor",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
    ]


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    references = {inner["$ref"] for inner in everything(document) if isinstance(inner.get("$ref"), str)}
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references - schemas == set()
    assert "#/components/schemas/Answer" in references


def test_every_schema_is_referred_to(document: dict[str, Any]) -> None:
    """So that none of the framework's own is left behind."""
    references = {inner["$ref"].rpartition("/")[2] for inner in everything(document) if "$ref" in inner}
    assert set(document["components"]["schemas"]) == references


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("POST /v1/ask", {"400", "422"}),
        ("GET /v1/search", {"422"}),
        ("GET /v1/articles", {"422"}),
        ("GET /v1/articles/{article_id}", {"304", "404"}),
        ("GET /v1/passages/{passage_id}", {"304", "404"}),
        ("PUT /v1/articles/{article_id}", {"200", "201", "413", "422"}),
        ("DELETE /v1/articles/{article_id}", {"204", "422"}),
        ("POST /v1/articles", {"202", "413", "422"}),
        ("GET /v1/jobs/{job_id}", {"404"}),
        ("GET /metrics", {"401", "403"}),
        ("POST /v1/citations/verify", {"400", "413", "422"}),
        ("GET /health/ready", {"500", "503"}),
    ],
)
def test_the_errors_of_a_route_are_documented(
    document: dict[str, Any], operation: str, statuses: set[str]
) -> None:
    assert statuses <= set(operations(document)[operation]["responses"])


def test_every_documented_error_is_a_problem_and_nothing_else(document: dict[str, Any]) -> None:
    errors = [
        response["content"]
        for operation in operations(document).values()
        for status, response in operation["responses"].items()
        if status >= "400"
    ]
    assert errors == [PROBLEM] * len(errors) != []
    schema = document["components"]["schemas"]["Problem"]
    assert (
        list(schema["properties"]) == schema["required"] == ["type", "title", "status", "detail", "instance"]
    )


def test_the_document_describes_an_answer_as_it_is_given(
    client: TestClient, document: dict[str, Any]
) -> None:
    """The same names in the same order, at every level."""
    schemas = document["components"]["schemas"]
    asked = {"question": "Who digs tunnels?", "explain": True, "why_not": ["bees"]}
    answer = client.post("/v1/ask", json=asked).json()
    citation = answer["citations"][0]
    given = {
        "Answer": answer,
        "Citation": citation,
        "CitedArticle": citation["article"],
        "CitedPassage": citation["passage"],
        "Quote": citation["quote"],
        "Links": citation["links"],
        "RetrieverState": answer["retrievers"]["dense"],
        "Calibration": answer["calibration"],
        "Fingerprint": answer["fingerprint"],
        "Filtered": answer["filtered"],
        "WhyNot": answer["why_not"][0],
        "Explanation": citation["explain"],
        "Values": citation["explain"]["parts"],
        "Ranks": citation["explain"]["ranks"],
        "Term": citation["explain"]["terms"][0],
    }
    assert {name: list(schemas[name]["properties"]) for name in given} == {
        name: list(of) for name, of in given.items()
    }


def test_the_example_in_the_document_can_be_sent(client: TestClient, document: dict[str, Any]) -> None:
    (example,) = document["components"]["schemas"]["AskRequest"]["examples"]
    assert client.post("/v1/ask", json=example).status_code == 200


def test_every_example_is_as_its_schema_has_it(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    exemplified = {
        name: example for name, schema in schemas.items() for example in schema.get("examples", ())
    }
    assert {"AskRequest", "ArticleRequest", "Answer", "Job", "Report", "Problem"} <= set(exemplified)
    for name, example in exemplified.items():
        validator = jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        )
        assert [str(error) for error in validator.iter_errors(example)] == []


def test_every_operation_says_what_it_does_and_which_scope_it_needs(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        assert operation["description"], name
        assert operation["tags"], name
        assert ("Scope of the key:" in operation["description"]) == ("/health/" not in name)


# -- the documentation page -----------------------------------------------------------------------------------


class References(HTMLParser):
    """What a page loads or links to, what it runs in place, and the ids that it names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [
            value for name in ("src", "href", "action", "data", "poster") if (value := given.get(name))
        ]
        self.inline += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if name := given.get("id"):
            self.ids.add(name)


def test_references_finds_what_a_page_loads_and_runs() -> None:
    page = '<a href="//x.org"><img src=http://x.org onerror="f()"><script>1</script><p style="" id="here">'
    found = References(page)
    assert found.addresses == ["//x.org", "http://x.org"]
    assert found.inline == ["img onerror", "script", "p style"]
    assert found.ids == {"here"}


def is_local(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//")


def test_the_documentation_comes_from_this_server_alone(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"https?://|[\"']//", page.text) == []
    addresses = References(page.text).addresses
    assert {address.rpartition(".")[2] for address in addresses} == {"css", "png", "js"}
    for address in [*addresses, "/openapi.json"]:
        assert is_local(address)
        assert client.get(address).status_code == 200
        assert len(client.get(address).content) > 500


def test_the_styles_of_the_documentation_load_nothing(client: TestClient) -> None:
    (sheet,) = [a for a in References(client.get("/docs").text).addresses if a.endswith(".css")]
    loaded = re.findall(r"@import|url\(\s*[\"']?([^)\"']{0,20})", client.get(sheet).text)
    assert [address for address in loaded if not address.startswith("data:")] == []


def test_the_documentation_asks_no_validator_on_the_internet(client: TestClient) -> None:
    """Swagger UI shows a badge from validator.swagger.io unless it is told not to, or the host is named localhost."""
    page = client.get("/docs").text
    (script,) = [address for address in References(page).addresses if address.endswith(".js")]
    assert "validator.swagger.io" in client.get(script).text
    assert re.search(r'"validatorUrl":\s*(null|"none")', page)
