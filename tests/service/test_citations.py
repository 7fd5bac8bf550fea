"""Citations verified over HTTP, at any time after they were given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import add, remove
from tests.service.conftest import ARTICLES, client_of, write
from tests.service.contracts import VERIFIED, keys, keys_of, problem

ADDRESS = "/v1/citations/verify"


def asked(client: TestClient, question: str = "Who makes honey?", k: int = 5) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/v1/ask", json={"question": question, "k": k}).json()
    assert answer["citations"] != []
    return answer


def verified(client: TestClient, body: object) -> dict[str, Any]:
    response = client.post(ADDRESS, json=body)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    assert found["valid"] is all(each["valid"] for each in found["citations"])
    return found


def sent(client: TestClient, body: bytes) -> Response:
    return client.post(ADDRESS, content=body)


def test_an_answer_is_verified_as_it_was_given(client: TestClient) -> None:
    answer = asked(client)
    found = verified(client, answer)
    assert keys(found) == keys_of(VERIFIED)
    assert found["valid"] is True
    for number, (citation, each) in enumerate(zip(answer["citations"], found["citations"], strict=True), 1):
        quote, version = citation["quote"], citation["article"]["version"]
        assert (each["number"], each["article"], each["reason"]) == (number, citation["article"]["id"], None)
        assert each["now"] == {
            "state": "exact", "version": version, "start": quote["start"], "end": quote["end"], "text": quote["text"],
            "similarity": 1.0,
        }  # fmt: skip


def test_citations_answers_and_lists_of_both_are_taken(client: TestClient) -> None:
    answer = asked(client)
    citation, count = answer["citations"][0], len(answer["citations"])
    for body, expected in (
        (citation, 1),
        ([citation, citation], 2),
        (answer, count),
        ([answer, citation, answer], 2 * count + 1),
        ([], 0),
        ({**answer, "citations": []}, 0),
    ):
        found = verified(client, body)
        assert (found["valid"], len(found["citations"])) == (True, expected)
    lines = f"{json.dumps(answer)}\n{json.dumps(citation)}\n".encode()
    assert len(sent(client, lines).json()["citations"]) == count + 1


def test_only_what_is_needed_is_required(client: TestClient) -> None:
    citation = asked(client)["citations"][0]
    article = {name: citation["article"][name] for name in ("id", "version")}
    quote = {name: citation["quote"][name] for name in ("start", "end", "text")}
    assert verified(client, {"article": article, "quote": quote}) == verified(client, citation)


def edited(words: str) -> Callable[[Library, Path], None]:
    def edit(library: Library, folder: Path) -> None:
        add(library, [write(folder, "bees", ARTICLES["bees"].replace("Bees make honey.", words))])

    return edit


@pytest.mark.parametrize(
    ("edit", "valid", "state", "text"),
    [
        (edited("Bees make honey. So they do."), True, "exact", "Bees make honey."),
        (edited("All day long. Bees make honey."), True, "moved", "Bees make honey."),
        (edited("Bees made honey."), True, "changed", "Bees made honey."),
        (edited("They sting."), True, "gone", None),
        (lambda library, _: remove(library, ["bees"]), True, "gone", None),
        (lambda library, _: purge(library, ["bees"]), False, "gone", None),
    ],
    ids=["exact", "moved", "changed", "gone", "removed", "purged"],
)
def test_a_citation_outlives_what_happens_to_its_article(
    library: Library,
    tmp_path: Path,
    edit: Callable[[Library, Path], None],
    valid: bool,
    state: str,
    text: str | None,
) -> None:
    client = client_of(library)
    first = ARTICLES["bees"].rpartition("---\n")[2].partition(" Bees dance")[0]
    sha = client.get("/v1/articles/bees").json()["article"]["version"]
    citation = {"article": {"id": "bees", "version": sha}, "quote": {"start": 0, "end": 16, "text": first}}
    edit(library, tmp_path)
    (each,) = verified(client, citation)["citations"]
    assert (each["valid"], each["now"]["state"], each["now"]["text"]) == (valid, state, text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("quote", "text"), "Bees make money."),
        (("quote", "text"), "\ud800"),
        (("quote", "text"), "x" * 1_000_000),
        (("quote", "text"), ""),
        (("quote", "text"), None),
        (("quote", "start"), -1),
        (("quote", "start"), True),
        (("quote", "start"), 10**400),
        (("quote", "end"), 10**400),
        (("quote", "end"), 1.5),
        (("quote", "end"), "16"),
        (("quote",), []),
        (("article", "id"), "\ud800"),
        (("article", "id"), "\0"),
        (("article", "id"), "x" * 1_000_000),
        (("article", "id"), {"id": "bees"}),
        (("article", "version"), "' OR 1=1 --"),
        (("article", "version"), 5),
        (("article",), "bees"),
    ],
)
def test_a_citation_that_cannot_be_true_is_told_why_and_the_others_are_verified(
    client: TestClient, path: tuple[str, ...], value: object
) -> None:
    good = asked(client)["citations"][0]
    bad = json.loads(json.dumps(good))
    (bad[path[0]] if len(path) == 2 else bad)[path[-1]] = value
    found = sent(client, json.dumps([good, bad, good]).encode()).json()
    assert [each["valid"] for each in found["citations"]] == [True, False, True]
    assert found["citations"][1]["reason"]


@pytest.mark.parametrize(
    "body", [b"null", b"5", b'"bees"', b"[1, [], {}]", b"[[[]]]", b"{}", b"[NaN, Infinity]"]
)
def test_what_is_no_citation_is_told_so_one_by_one(client: TestClient, body: bytes) -> None:
    citations = sent(client, body).json()["citations"]
    assert len(citations) == (len(json.loads(body)) if body.startswith(b"[") else 1)
    assert {(each["valid"], each["reason"], each["now"]) for each in citations} == {
        (False, "article.id is missing, empty or no text", None)
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty; give citations, as an answer has them."),
        (b"caf\xe9", "The body is not UTF-8 at byte 3; save it as UTF-8."),
        (b'{"article": ', "The body is not JSON at line 1, column 13: Expecting value."),
        (b"[" * 100_000, "The body is not a citation: nested too deeply."),
        (b"9" * 5_000, "The body is not a citation: a number in it has thousands of digits."),
    ],
)
def test_what_is_not_json_is_a_400(client: TestClient, body: bytes, said: str) -> None:
    assert problem(sent(client, body), 400, "NotJson") == said


def test_a_thousand_citations_are_taken_and_no_more(client: TestClient) -> None:
    citation = asked(client)["citations"][0]
    assert len(verified(client, [citation] * 1_000)["citations"]) == 1_000
    said = problem(client.post(ADDRESS, json=[citation] * 1_001), 422, "BadInput")
    assert said.startswith("1,001 citations; at most 1,000 are taken at once.")


def test_a_body_of_16_mb_is_taken_and_no_larger_one(client: TestClient) -> None:
    body = b"[" + b" " * (16_000_000 - 2) + b"]"
    assert sent(client, body).json() == {"valid": True, "citations": []}
    said = problem(sent(client, body + b" "), 413, "TooLarge")
    assert said == "The body has more than 16,000,000 bytes. Send less at once."


@given(st.binary(max_size=200) | st.text(max_size=100).map(json.dumps).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_body_is_an_error_of_the_service(client: TestClient, body: bytes) -> None:
    assert sent(client, body).status_code in (200, 400)
