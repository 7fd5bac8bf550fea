"""The report on a library over HTTP."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from citewell.index import health
from citewell.index.health import examine
from citewell.index.library import Library
from citewell.index.source_health import STALE
from citewell.index.writing import add, remove
from citewell.service import report_routes as routes
from citewell.service.metrics import Metrics
from citewell.service.pool import Pool
from tests.service.conftest import write
from tests.service.contracts import problem


def test_it_is_what_the_command_says(client: TestClient, library: Library) -> None:
    said = client.get("/v1/doctor").json()
    found = examine(library)
    assert list(said) == ["articles", "passages", "languages", "left_out", "sources", "findings", "is_well"]
    assert (said["articles"], said["is_well"], said["sources"]) == (3, found.is_well, [])
    assert [(each["name"], each["count"]) for each in said["findings"]] == [
        (each.name, each.count) for each in found.findings
    ]
    assert said["findings"][0] == {**asdict(found.findings[0]), "examples": ["ants", "bees", "wasps"]}
    problem(client.get("/v1/doctor", params={"what": "ever"}), 422, "BadInput")


class Counting:
    """Reports that were made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        monkeypatch.setattr(routes, "examine", self)

    def __call__(self, *args: object) -> health.Health:
        self.made += 1
        return examine(*args)  # type: ignore[arg-type]


def test_it_is_made_again_when_something_changed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, days = Counting(monkeypatch), [datetime.now(UTC)]
    app = FastAPI()
    app.include_router(routes.report_routes(library, Pool("report", 1, 9, 30.0, Metrics()), lambda: days[0]))
    client = TestClient(app)
    first = client.get("/v1/doctor").json()
    assert (client.get("/v1/doctor").json(), made.made) == (first, 1)
    add(library, [write(tmp_path, "moths", "---\nid: moths\n---\nMoths fly at night.")])
    assert (client.get("/v1/doctor").json()["articles"], made.made) == (4, 2)
    remove(library, ["moths"])
    assert (client.get("/v1/doctor").json()["articles"], made.made) == (3, 3)
    notes = str(tmp_path)
    add(library, [write(tmp_path, "moths", "---\nid: moths\n---\nMoths fly at night.")])
    library.store.note_look(notes)
    assert [each["place"] for each in client.get("/v1/doctor").json()["sources"]] == [notes]
    library.store.note_miss(notes, "it is not there")
    names = {each["name"] for each in client.get("/v1/doctor").json()["findings"]}
    assert ("unreachable sources" in names, made.made) == (True, 5)
    days[0] += timedelta(days=STALE + 1)
    names = {each["name"] for each in client.get("/v1/doctor").json()["findings"]}
    assert ("stale sources" in names, made.made) == (True, 6)
