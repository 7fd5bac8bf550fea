"""HEAD is answered as GET is, without the body."""

import pytest
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.service.keys import Keys
from tests.service.conftest import client_of

READ = [
    "/", "/health/live", "/health/ready", "/v1/articles", "/v1/articles?limit=1", "/v1/articles/bees", "/v1/articles/nothing",
    "/v1/jobs", "/docs", "/openapi.json", "/page/page.js", "/nothing", "/v1/articles?unknown=1", "/v1/ask",
]  # fmt: skip
ITS_OWN = {"x-request-id", "date", "allow"}


@pytest.mark.parametrize("path", READ)
def test_head_has_the_status_and_the_headers_of_get_and_no_body(client: TestClient, path: str) -> None:
    got, asked = client.get(path), client.head(path)
    assert asked.content == b""
    assert asked.status_code == got.status_code
    assert int(asked.headers["content-length"]) == len(got.content) > 0
    assert {name: value for name, value in asked.headers.items() if name not in ITS_OWN} == {
        name: value for name, value in got.headers.items() if name not in ITS_OWN
    }


def test_head_says_whether_a_document_has_changed(client: TestClient) -> None:
    tag = client.head("/v1/articles/bees").headers["etag"]
    assert client.head("/v1/articles/bees", headers={"If-None-Match": tag}).status_code == 304


def test_a_stream_of_events_has_no_end_that_head_could_wait_for(client: TestClient) -> None:
    response = client.head("/v1/jobs/nothing/events")
    assert (response.status_code, response.content) == (405, b"")


def test_head_needs_the_key_that_get_needs_and_counts_as_itself(library: Library) -> None:
    client, keys = client_of(library), Keys(library.folder)
    _, reading = keys.create("reads", ["read"])
    _, looking = keys.create("looks", ["admin"])
    said = {"Authorization": f"Bearer {reading}"}
    assert client.head("/v1/articles").status_code == 401
    assert client.head("/v1/articles", headers=said).status_code == 200
    assert client.head("/v1/jobs", headers=said).status_code == 403
    figures = client.get("/metrics", headers={"Authorization": f"Bearer {looking}"}).text
    assert any('method="HEAD"' in line and 'route="/v1/articles"' in line for line in figures.splitlines())
