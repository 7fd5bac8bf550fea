"""Filters as options, as parameters and as JSON: the same articles, the same answers, the same refusals."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.corpus.errors import BadInput
from citewell.index.filter import Filter
from citewell.service.filters import filter_of, source_of
from citewell.service.requests import FilterRequest
from tests.service.contracts import problem, untimed

URL = "https://example.org/ants"

# of a filter: JSON of ask, parameters of search, and the insects that pass
FILTERS: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({}, {}, {"ants", "bees", "wasps"}),
    ({"articles": []}, {}, {"ants", "bees", "wasps"}),
    ({"articles": ["ants"]}, {"article": "ants"}, {"ants"}),
    ({"articles": ["wasps", "nobody", "bees"]}, {"article": ["wasps", "nobody", "bees"]}, {"bees", "wasps"}),
    ({"articles": [""]}, {"article": ""}, set()),
    ({"sources": ["FOLDER"]}, {"source": "FOLDER"}, {"ants", "bees", "wasps"}),
    ({"sources": ["FOLDER/ants.md", "FOLDER/bees.md/"]}, {"source": ["FOLDER/ants.md", "FOLDER/bees.md/"]}, {"ants", "bees"}),
    ({"sources": ["ants.md"]}, {"source": "ants.md"}, set()),
    ({"languages": ["en", "nl"]}, {"language": ["en", "nl"]}, {"ants", "bees", "wasps"}),
    ({"languages": ["nl"]}, {"language": "nl"}, set()),
    ({"published_from": "2026-03"}, {"published_from": "2026-03"}, {"ants"}),
    ({"published_from": None, "published_to": "2026-03-19"}, {"published_to": "2026-03-19"}, set()),
    ({"published_from": "2026-03-20", "published_to": "2026-03-20"}, {"published_from": "2026-03-20", "published_to": "2026-03-20"}, {"ants"}),
    ({"metadata": {"url": URL}}, {"where": f"url={URL}"}, {"ants"}),
    ({"metadata": {"url": URL, "topic": "ants"}}, {"where": [f"url={URL}", "topic=ants"]}, set()),
    ({"articles": ["ants", "bees"], "languages": ["en"], "metadata": {"url": URL}}, {"article": ["ants", "bees"], "language": "en", "where": f"url={URL}"}, {"ants"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(client: TestClient) -> str:
    """Where the insects were added from."""
    return str(Path(client.get("/v1/articles/ants").json()["article"]["source"]).parent)


def placed(said: dict[str, Any], folder: str) -> dict[str, Any]:
    """With the folder in the place of its name."""
    return {
        name: [value.replace("FOLDER", folder) for value in values]
        if isinstance(values, list)
        else values.replace("FOLDER", folder)
        if isinstance(values, str)
        else values
        for name, values in said.items()
    }


@pytest.mark.parametrize(("asked", "searched", "expected"), FILTERS)
def test_only_articles_that_pass_are_cited_and_found(
    client: TestClient, folder: str, asked: dict[str, Any], searched: dict[str, Any], expected: set[str]
) -> None:
    body = {"question": "Who digs tunnels?", "filter": placed(asked, folder)}
    answer = client.post("/v1/ask", json=body).json()
    found = client.get("/v1/search", params={"q": "Who digs tunnels?", **placed(searched, folder)}).json()
    cited = [citation["passage"]["id"] for citation in answer["citations"]]
    assert {citation["article"]["id"] for citation in answer["citations"]} == expected
    assert [hit["passage"]["id"] for hit in found["hits"]] == cited
    assert found["retrievers"] == answer["retrievers"]
    assert (answer["verdict"], answer["reason"]) == (
        ("answered", None) if expected else ("insufficient", "No article passes the filter.")
    )


@pytest.mark.parametrize("given", [{}, {"languages": ["en"]}, {"published_from": None, "metadata": {}}])
def test_an_answer_is_the_same_bytes_where_all_articles_pass(
    client: TestClient, given: dict[str, Any]
) -> None:
    plain = client.post("/v1/ask", json={"question": "Who digs tunnels?"})
    filtered = client.post("/v1/ask", json={"question": "Who digs tunnels?", "filter": given})
    assert untimed(filtered.text) == untimed(plain.text)


def test_a_citation_is_the_same_with_fewer_articles_beside_it(client: TestClient) -> None:
    """Its score too."""
    whole = client.post("/v1/ask", json={"question": "Who digs tunnels?"}).json()["citations"]
    body = {"question": "Who digs tunnels?", "filter": {"articles": ["ants"]}}
    assert client.post("/v1/ask", json=body).json()["citations"] == whole[:1]


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"article": ["ants"]}, "BadRequest", "body.filter.article: "),
        ({"articles": "ants"}, "BadRequest", "body.filter.articles: "),
        ({"articles": [7]}, "BadRequest", "body.filter.articles.0: "),
        ({"articles": None}, "BadRequest", "body.filter.articles: "),
        ({"articles": ["a"] * 1001}, "BadRequest", "body.filter.articles: "),
        ({"sources": ["a"] * 1001}, "BadRequest", "body.filter.sources: "),
        ({"languages": ["en"] * 1001}, "BadRequest", "body.filter.languages: "),
        ({"metadata": {str(i): "" for i in range(1001)}}, "BadRequest", "body.filter.metadata: "),
        ({"metadata": {"topic": 7}}, "BadRequest", "body.filter.metadata.topic: "),
        ({"metadata": ["topic"]}, "BadRequest", "body.filter.metadata: "),
        ({"published_from": 2026}, "BadRequest", "body.filter.published_from: "),
        ({"published_from": "yesterday"}, "BadInput", "'yesterday' is no date to filter by; write 2026,"),
        ({"published_to": "2026-02-30"}, "BadInput", "'2026-02-30' is no date to filter by; write 2026,"),
        (
            {"languages": ["EN"]},
            "BadInput",
            "'EN' is no language to filter by; write a code of ISO 639-1, as en",
        ),
        ({"published_to": ""}, "BadInput", "'' is no date to filter by; write 2026,"),
        ({"published_from": "2026-04", "published_to": "2026-03"}, "BadInput", "2026-04 is after 2026-03; "),
        (None, "BadRequest", "body.filter: "),
        ([], "BadRequest", "body.filter: "),
    ],
)
def test_a_bad_filter_of_a_question_is_a_422_that_names_it(
    client: TestClient, given: Any, kind: str, said: str
) -> None:
    response = client.post("/v1/ask", json={"question": "honey", "filter": given})
    assert problem(response, 422, kind).startswith(said)


def test_a_filter_may_name_a_thousand_articles(client: TestClient) -> None:
    named = {"articles": ["bees", *(f"a{i}" for i in range(999))]}
    answer = client.post("/v1/ask", json={"question": "honey", "filter": named}).json()
    assert [citation["article"]["id"] for citation in answer["citations"]] == ["bees"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            "published_from=yesterday",
            "'yesterday' is no date to filter by; write 2026, 2026-03 or 2026-03-20.",
        ),
        ("published_to=", "'' is no date to filter by; write 2026, 2026-03 or 2026-03-20."),
        ("published_from=2026&published_to=2025", "2026 is after 2025; "),
        ("where=topic", "'topic' is no metadata to filter by; write KEY=VALUE, "),
        ("where==sea", "'=sea' is no metadata to filter by; write KEY=VALUE, "),
        ("where=topic%3Dsea&where=", "'' is no metadata to filter by; write KEY=VALUE, "),
    ],
)
def test_a_bad_filter_of_a_search_is_a_422_that_says_what_to_write(
    client: TestClient, parameters: str, said: str
) -> None:
    assert problem(client.get(f"/v1/search?q=honey&{parameters}"), 422, "BadInput").startswith(said)


@pytest.mark.parametrize("value", ["\\ud800", "\\u0000", "\\udc80.md"])
@pytest.mark.parametrize("name", ["articles", "sources"])
def test_what_no_article_can_be_called_passes_none(client: TestClient, name: str, value: str) -> None:
    body = f'{{"question": "honey", "filter": {{"{name}": ["{value}"]}}}}'.encode()
    answer = client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"}).json()
    assert (answer["verdict"], answer["reason"]) == ("insufficient", "No article passes the filter.")


def test_the_document_describes_the_filter(client: TestClient) -> None:
    """Every kind can be sent as JSON and as a parameter."""
    document = client.get("/openapi.json").json()
    schema = document["components"]["schemas"]["FilterRequest"]
    assert list(schema["properties"]) == list(FilterRequest.model_fields) == [f.name for f in fields(Filter)]
    assert schema["additionalProperties"] is False
    assert "required" not in schema
    parameters = document["paths"]["/v1/search"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters if not parameter["required"]] == [
        *("k", "article", "source", "language", "published_from", "published_to", "where", "as_of")
    ]


# -- options --------------------------------------------------------------------------------------------------


def test_options_that_are_not_given_ask_for_everything() -> None:
    assert filter_of(None, None, None, None, None, None) == filter_of([], [], [], None, None, []) == Filter()


def test_each_option_is_one_kind() -> None:
    assert filter_of(["a", "b"], ["/c"], ["en"], "2025", "2026-03", ["k=v", "k=", "url=https://e.org/?a=b"]) == Filter(
        ("a", "b"), ("/c",), ("en",), "2025", "2026-03", (("k", "v"), ("k", ""), ("url", "https://e.org/?a=b"))
    )  # fmt: skip


@pytest.mark.parametrize("said", ["", "=", "=value", "topic", "topic:tides"])
def test_metadata_without_a_key_and_a_value_is_refused(said: str) -> None:
    with pytest.raises(BadInput, match="is no metadata to filter by; write KEY=VALUE, as topic=tides"):
        filter_of(None, None, None, None, None, ["topic=sea", said])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("notes", "{here}/notes"),
        ("notes/", "{here}/notes"),
        ("notes/../notes/tides.txt", "{here}/notes/tides.txt"),
        ("linked/tides.txt", "{here}/notes/tides.txt"),
        (".", "{here}"),
        ("gone/moon.txt", "{here}/gone/moon.txt"),
        ("round", "{here}/round"),
        ("x" * 5000, "{here}/" + "x" * 5000),
        ("line\nend.txt", "{here}/line\\nend.txt"),
        ("turned\u202e.txt", "{here}/turned\u202e.txt"),
        ("/notes/tides.txt", "/notes/tides.txt"),
        ("/", "/"),
        ("", ""),
        ("https://e.org/notes", "https://e.org/notes"),
        ("https://e.org/notes/", "https://e.org/notes/"),
        (os.fsdecode(b"caf\xe9.txt"), "{here}/caf\\udce9.txt"),
    ],
)
def test_a_path_is_made_what_articles_name_as_their_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    """Also of a file that is not there any more."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "linked").symlink_to("notes")
    (tmp_path / "round").symlink_to("round")
    monkeypatch.chdir(tmp_path)
    assert source_of(given) == expected.replace("{here}", str(tmp_path.resolve()))
