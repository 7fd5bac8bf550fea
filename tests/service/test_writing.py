"""Articles put, removed and tagged over HTTP, and jobs that add many."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.corpus.errors import LibraryBusy
from citewell.corpus.server import Server
from citewell.corpus.stored import opened
from citewell.index.library import Library
from citewell.index.snapshot import read
from citewell.index.writing import Given, Outcome, put, remove
from citewell.service.drain import Drainer
from citewell.service.job_file import FILE
from citewell.service.jobs import Jobs
from citewell.service.writer import Writer
from tests.service.conftest import client_of, make_library
from tests.service.contracts import problem

MOTHS = {"text": "Moths fly at night. Moths love lamps."}


@pytest.fixture
def client(library: Library) -> TestClient:
    """Over a library that the test may change."""
    return client_of(library)


def first_cited(client: TestClient, question: str) -> str:
    answer = client.post("/v1/ask", json={"question": question, "k": 1}).json()
    return str(answer["citations"][0]["article"]["id"])


# -- one article ----------------------------------------------------------------------------------------------


def test_an_article_that_is_put_is_found_when_the_request_returns(client: TestClient) -> None:
    assert first_cited(client, "Who flies at night?") != "moths"
    response = client.put("/v1/articles/moths", json=MOTHS)
    assert (response.status_code, response.json()["result"], response.json()["passages"]) == (201, "added", 1)
    assert first_cited(client, "Who flies at night?") == "moths"
    assert client.get("/v1/articles/moths").json()["article"] == response.json()["article"]


def test_an_article_that_is_removed_as_soon_as_it_is_put_was_put(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_and_remove(library: Library, articles: Sequence[Given]) -> list[Outcome]:
        done = put(library, articles)
        remove(library, ["moths"])
        return done

    monkeypatch.setattr("citewell.service.writer.put", put_and_remove)
    response = client.put("/v1/articles/moths", json=MOTHS)
    assert (response.status_code, response.json()["article"]["revision"]) == (201, 1)
    problem(client.get("/v1/articles/moths"), 404, "UnknownArticle")


def test_putting_it_again_changes_nothing(client: TestClient, library: Library) -> None:
    once = client.put("/v1/articles/moths", json=MOTHS).json()
    before = read(library.index)
    again = client.put("/v1/articles/moths", json=MOTHS)
    assert (again.status_code, again.json()) == (200, {**once, "result": "unchanged"})
    assert read(library.index) == before
    changed = client.put("/v1/articles/moths", json={"text": "Moths sleep."})
    assert (changed.status_code, changed.json()["result"]) == (200, "updated")
    assert changed.json()["article"]["revision"] == 2


def test_what_the_request_says_comes_before_what_the_text_says(client: TestClient) -> None:
    text = "---\ntitle: Inside\nauthor: A. Nt\nlanguage: nl\ntopic: night\n---\nMoths fly at night.\n"
    said = {
        "text": text, "title": "Out\nside", "published": "2026-03", "source": "https://example.org/moths",
        "metadata": {"shelf": "3"},
    }  # fmt: skip
    article = client.put("/v1/articles/moths", json=said).json()["article"]
    assert [article[name] for name in ("title", "author", "language", "published", "source", "metadata")] == [
        "Out side", "A. Nt", "nl", "2026-03", "https://example.org/moths", {"shelf": "3", "topic": "night"},
    ]  # fmt: skip
    plain = client.put("/v1/articles/plain", json={"text": text, "format": "plain"}).json()["article"]
    assert (plain["author"], plain["source"]) == (None, "citewell:plain")
    assert client.get("/v1/articles/plain").json()["text"] == text


@pytest.mark.parametrize(
    ("body", "status", "kind", "said"),
    [
        (b"{", 400, "BadRequest", "body"),
        (b"", 400, "BadRequest", "body"),
        (b"\xff", 400, "BadRequest", "body"),
        (b"{}", 422, "BadRequest", "body.text: Field required"),
        (b'{"text": ""}', 422, "BadRequest", "body.text"),
        (b'{"text": " \\n"}', 422, "BadInput", "moths: no text in it"),
        (b'{"text": "x", "id": "moths"}', 422, "BadRequest", "body.id"),
        (b'{"text": "x", "published": "2026-13"}', 422, "BadRequest", "body.published"),
        (b'{"text": "x", "language": "English"}', 422, "BadRequest", "body.language"),
        (
            b'{"text": "---\\npublished: soon\\n---\\nx"}',
            422,
            "BadInput",
            "moths: front matter: published 'soon'",
        ),
        (b'{"text": "Subscribe to our newsletter"}', 422, "BadInput", "moths: nothing but page leftovers"),
    ],
)
def test_what_is_no_article_is_refused_and_nothing_is_changed(
    client: TestClient, library: Library, body: bytes, status: int, kind: str, said: str
) -> None:
    before = library.store.change()
    assert problem(client.put("/v1/articles/moths", content=body), status, kind).startswith(said)
    assert library.store.change() == before


@pytest.mark.parametrize("name", [".", "-moths", "mo ths", "%00", "mö", "x" * 101, "a%2Fb"])
def test_an_id_that_cannot_be_one_is_refused(client: TestClient, name: str) -> None:
    assert client.put(f"/v1/articles/{name}", json=MOTHS).status_code in (404, 405, 422)
    assert client.delete(f"/v1/articles/{name}").status_code in (404, 405, 422)


def test_removing_is_done_once_and_may_be_asked_again(client: TestClient) -> None:
    passage = client.get("/v1/articles/bees").json()["passages"][0]["id"]
    assert [client.delete("/v1/articles/bees").status_code for _ in range(2)] == [204, 204]
    assert client.delete("/v1/articles/never").status_code == 204
    assert client.get("/v1/articles/bees").status_code == 404
    assert first_cited(client, "Who makes honey?") != "bees"
    assert client.get(f"/v1/passages/{passage}").json()["current"] is False


def test_a_library_that_another_process_writes_to_is_a_503(library: Library) -> None:
    writer = Writer(library, wait=0)
    with library.writing(), pytest.raises(LibraryBusy):
        writer.remove("bees")
    writer.remove("bees")
    writer.close()


def moving(library: Library, mark: str = "moving 0 /the/old") -> None:
    """Let something be moved to it from here on, or be there whole."""
    with library.store.database.transaction() as db:
        db.execute("UPDATE library SET former = ?", (mark,))


def test_a_library_that_something_is_moved_to_is_a_503_with_the_command_that_goes_on(
    client: TestClient, library: Library
) -> None:
    moving(library)
    said = problem(client.put("/v1/articles/moths", json=MOTHS), 503, "NotWhole")
    assert said.endswith(f"to go on: citewell migrate /the/old {library.folder}")
    problem(client.delete("/v1/articles/bees"), 503, "NotWhole")
    moving(library, "")
    assert client.put("/v1/articles/moths", json=MOTHS).status_code == 201


# -- tags -----------------------------------------------------------------------------------------------------


def test_a_document_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for path in (
        "/v1/articles/bees",
        f"/v1/passages/{client.get('/v1/articles/bees').json()['passages'][0]['id']}",
    ):
        first = client.get(path)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        client.put("/v1/articles/bees", json={"text": f"Bees of {path} rest."})
        changed = client.get(path, headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


# -- jobs -----------------------------------------------------------------------------------------------------


def articles(count: int) -> dict[str, Any]:
    return {
        "articles": [{"id": f"moth-{n}", "text": f"Moth number {n} flies at night."} for n in range(count)]
    }


def finished(client: TestClient, address: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(address).json()
        if job["state"] in ("done", "cancelled", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


@pytest.fixture
def working(client: TestClient) -> Iterator[TestClient]:
    """A service that works on jobs."""
    with client:
        yield client


def test_a_job_adds_articles_and_says_which_it_refused(working: TestClient) -> None:
    body = articles(40)
    body["articles"] += [{"id": "blank", "text": " "}, {"id": "bees", "text": "Bees rest."}]
    accepted = working.post("/v1/articles", json=body)
    job = accepted.json()
    assert (accepted.status_code, accepted.headers["location"]) == (202, f"/v1/jobs/{job['id']}")
    assert (job["articles"], job["done"]) == (42, 0)
    done = finished(working, accepted.headers["location"])
    assert {name: done[name] for name in ("state", "articles", "done", "added", "updated", "unchanged", "refused")} == {
        "state": "done", "articles": 42, "done": 42, "added": 40, "updated": 1, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    assert done["refusals"] == [{"article": "blank", "reason": "blank: no text in it"}]
    assert first_cited(working, "Which moth is number 17?") == "moth-17"
    assert working.get("/v1/jobs").json() == {"jobs": [done], "next": None}


def test_the_progress_of_a_job_comes_as_events(working: TestClient) -> None:
    address = working.post("/v1/articles", json=articles(5)).headers["location"]
    response = working.get(f"{address}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [block.splitlines() for block in response.text.strip().split("\n\n") if "data:" in block]
    assert {lines[0] for lines in events} == {"event: progress"}
    jobs = [json.loads(lines[1].removeprefix("data: ")) for lines in events]
    assert jobs[-1] == working.get(address).json()
    assert [job["done"] for job in jobs] == sorted(job["done"] for job in jobs)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_job_is_a_404(client: TestClient, method: str) -> None:
    problem(client.request(method, "/v1/jobs/nothing"), 404, "UnknownJob")
    problem(client.get("/v1/jobs/nothing/events"), 404, "UnknownJob")


def test_a_cancelled_job_adds_nothing_more_and_keeps_nothing(library: Library) -> None:
    jobs = Jobs(library.folder)
    drainer = Drainer(jobs, Writer(library, wait=1))
    job = jobs.add([(f"moth-{n}", json.dumps({"text": f"Moth {n} flies."})) for n in range(50)])
    assert drainer.batch()
    client = client_of(library)
    for _ in range(2):
        cancelled = client.delete(f"/v1/jobs/{job.id}").json()
        assert (cancelled["state"], cancelled["done"], cancelled["added"]) == ("cancelled", 32, 32)
    assert not drainer.batch()
    assert jobs.get(job.id).done == 32
    assert b"Moth 40 flies" not in (library.folder / FILE).read_bytes()
    jobs.close()


@pytest.mark.parametrize("opened_before", [True, False])
def test_a_job_waits_while_something_is_moved_to_the_library_and_goes_on_when_that_is_whole(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, opened_before: bool
) -> None:
    monkeypatch.setattr("citewell.service.drain._RETRY", 0.05)
    with client_of(library) as client:
        if opened_before:
            client.delete("/v1/articles/wasps")
        moving(library)
        address = client.post("/v1/articles", json=articles(3)).headers["location"]
        deadline = time.monotonic() + 20
        while sum("jobs or other" in record.message for record in caplog.records) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        waiting = client.get(address).json()
        assert (waiting["state"], waiting["done"]) == ("running", 0)
        assert f"citewell migrate /the/old {library.folder}" in caplog.text
        moving(library, "")
        done = finished(client, address)
    assert (done["state"], done["added"], done["refused"]) == ("done", 3, 0)


def test_when_no_job_waits_a_small_library_is_one_segment(library: Library) -> None:
    jobs, writer = Jobs(library.folder), Writer(library, wait=1)
    drainer = Drainer(jobs, writer)
    for name in ("moths", "wasps"):
        jobs.add([(name, json.dumps({"text": f"Some {name} whisper."}))])
        drainer.batch()
    assert len(library.searcher().parts) > 1
    jobs.add([("flies", json.dumps({"text": "Flies whisper."}))])
    drainer.all()
    assert len(library.searcher().parts) == 1
    writer.close()
    jobs.close()


def test_a_finished_job_holds_no_text(library: Library) -> None:
    jobs = Jobs(library.folder)
    drainer = Drainer(jobs, Writer(library, wait=1))
    jobs.add([("secret", json.dumps({"text": "Wasps whisper."}))])
    assert any(b"Wasps whisper" in file.read_bytes() for file in library.folder.glob(f"{FILE}*"))
    while drainer.batch():
        pass
    assert not any(b"Wasps whisper" in file.read_bytes() for file in library.folder.glob(f"{FILE}*"))
    jobs.close()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"articles": []}, "body.articles"),
        ({"articles": [{"id": "x"}]}, "body.articles.0.text"),
        ({"articles": [{"id": "x", "text": "y"}, {"id": "x", "text": "z"}]}, "The id 'x' is there twice."),
        ({"articles": [{"id": "/", "text": "y"}]}, "body.articles.0.id"),
        ({}, "body.articles"),
    ],
)
def test_a_job_that_cannot_be_is_refused_whole(client: TestClient, body: Any, said: str) -> None:
    response = client.post("/v1/articles", json=body)
    assert response.status_code == 422
    assert response.json()["detail"].startswith(said)
    assert client.get("/v1/jobs").json()["jobs"] == []


@pytest.fixture
def jobs(truth: Path | Server) -> Iterator[Jobs]:
    """In a folder, or beside a truth on a server."""
    if isinstance(truth, Path):
        made = Jobs(truth.parent)
        yield made
        made.close()
    else:
        database, _ = opened(truth, create=True)
        yield Jobs(database)
        database.close()


def test_jobs_are_listed_newest_first_by_pages(jobs: Jobs) -> None:
    names = [jobs.add([("x", "{}")]).id for _ in range(5)]
    assert [job.id for job in jobs.page()] == names[::-1]
    assert [job.id for job in jobs.page(after=names[3], limit=2)] == [names[2], names[1]]
    assert jobs.page(after="nothing") == []


def test_finished_jobs_are_forgotten_beyond_a_number_and_open_ones_never(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.service.jobs.KEPT", 2)
    names = [jobs.add([("x", "{}")]).id for _ in range(6)]
    for name in names[1:]:
        jobs.cancel(name)
    newest = jobs.add([("x", "{}")]).id
    assert [job.id for job in jobs.page()] == [newest, names[5], names[4], names[0]]


def test_what_a_job_waits_for_what_became_of_it_and_who_drains_it(jobs: Jobs) -> None:
    job = jobs.add([("a", "{}"), ("b", '{"text": "\\u0000"}'), ("c", "{}")])
    assert (job.state, job.articles, jobs.counts()) == ("queued", 3, {"queued": 1, "running": 0})
    items = jobs.take(2, 1_000)
    assert [(item.article_id, item.article) for item in items] == [("a", "{}"), ("b", '{"text": "\\u0000"}')]
    jobs.record([(items[0], "added", None), (items[1], "refused", "empty")])
    job = jobs.get(job.id)
    assert (job.state, job.done, job.added, job.refused) == ("running", 2, 1, 1)
    assert [(each.article, each.reason) for each in job.refusals] == [("b", "empty")]
    with jobs.alone() as alone:
        assert alone
    failed = jobs.add([("d", "{}")])
    jobs.record([(item, "added", None) for item in jobs.take(9, 1_000)])
    jobs.fail(jobs.take(9, 1_000)[0].job, "a reason")
    assert (jobs.get(job.id).state, jobs.get(failed.id).reason) == ("done", "a reason")
    assert jobs.take(9, 1_000) == []


def test_a_job_that_is_cancelled_while_a_batch_is_added_changes_until_that_is_recorded(jobs: Jobs) -> None:
    job = jobs.add([("a", "{}"), ("b", "{}")])
    (item,) = jobs.take(1, 1_000)
    assert jobs.get(job.id).state == "running"
    cancelled = jobs.cancel(job.id)
    assert (cancelled.state, cancelled.done) == ("cancelled", 0)
    assert jobs.cancel(job.id) == cancelled
    assert jobs.look(job.id) == (cancelled, False)
    time.sleep(0.002)  # `changed` has milliseconds
    jobs.record([(item, "added", None)])
    recorded, stays = jobs.look(job.id)
    assert (recorded.state, recorded.done, recorded.added, stays) == ("cancelled", 1, 1, True)
    assert recorded.changed > cancelled.changed
    assert jobs.take(9, 1_000) == []


def test_a_job_that_is_cancelled_before_it_is_taken_stays_so_at_once(jobs: Jobs) -> None:
    job = jobs.add([("a", "{}")])
    assert not jobs.look(job.id)[1]
    cancelled = jobs.cancel(job.id)
    assert jobs.look(job.id) == (cancelled, True)
    assert jobs.take(9, 1_000) == []
    assert not jobs.any()


def test_a_batch_whose_worker_was_killed_is_over_for_whoever_drains_next(jobs: Jobs) -> None:
    cancelled, waiting = jobs.add([("a", "{}")]), jobs.add([("b", "{}")])
    jobs.take(9, 1_000)  # and then it is killed
    jobs.cancel(cancelled.id)
    assert jobs.any()
    assert [item.article_id for item in jobs.take(9, 1_000)] == ["b"]
    assert jobs.look(cancelled.id) == (jobs.get(cancelled.id), True)
    jobs.cancel(waiting.id)  # nothing else is open, and this one is not over
    assert jobs.any()
    assert jobs.take(9, 1_000) == []
    assert jobs.look(waiting.id)[1]
    assert not jobs.any()


class Held(Writer):
    """Adds when it is let."""

    def __init__(self, library: Library) -> None:
        super().__init__(library, wait=5)
        self.begun, self.let = threading.Event(), threading.Event()

    def put(self, articles: Sequence[Given]) -> list[Outcome]:
        self.begun.set()
        assert self.let.wait(60)
        return super().put(articles)


def test_the_last_event_of_a_cancelled_job_has_what_was_being_added(library: Library) -> None:
    jobs, writer = Jobs(library.folder), Held(library)
    drainer, client = Drainer(jobs, writer), client_of(library)  # another worker's, which drains nothing
    job = jobs.add([(f"moth-{n}", json.dumps({"text": f"Moth {n} flies."})) for n in range(50)])
    drainer.start()
    assert writer.begun.wait(60)
    assert client.get(f"/v1/jobs/{job.id}").json()["state"] == "running"
    cancelled = client.delete(f"/v1/jobs/{job.id}").json()
    assert (cancelled["state"], cancelled["added"]) == ("cancelled", 0)
    threading.Timer(0.6, writer.let.set).start()
    seen = client.get(f"/v1/jobs/{job.id}/events").text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in seen if line.startswith("data: ")]
    drainer.stop()
    assert (events[-1]["state"], events[-1]["added"]) == ("cancelled", 32)
    assert events[-1] == client.get(f"/v1/jobs/{job.id}").json()
    assert events[-1]["changed"] > cancelled["changed"]
    writer.close()
    jobs.close()


def test_a_library_that_never_had_a_job_gets_no_file_by_looking(client: TestClient, library: Library) -> None:
    assert client.get("/v1/jobs").json() == {"jobs": [], "next": None}
    assert client.get("/metrics").status_code == 200
    assert not (library.folder / FILE).exists()


KILLED = """
import json, sys
from pathlib import Path
from citewell.index.library import Library
from citewell.service.drain import Drainer
from citewell.service.jobs import Jobs
from citewell.service.writer import Writer
from tests.fakes import WordEmbedder
folder = Path(sys.argv[1])
library = Library(folder, WordEmbedder("ants", "tunnels", "bees", "honey", "wasps"))
jobs = Jobs(folder)
if not jobs.page():
    jobs.add([(f"moth-{n}", json.dumps({"text": f"Moth number {n} flies at night."})) for n in range(200)])
print("accepted", flush=True)
drainer = Drainer(jobs, Writer(library, 5))
while drainer.batch():
    print("batch", flush=True)
"""


def test_a_job_outlives_kills_and_adds_every_article(library: Library) -> None:
    for lines in (1, 2, 3, 4):
        command = [sys.executable, "-c", KILLED, str(library.folder)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            time.sleep(0.01 * lines)
            os.kill(process.pid, signal.SIGKILL)
    jobs = Jobs(library.folder)
    drainer = Drainer(jobs, Writer(library, wait=5))
    while drainer.batch():
        pass
    (job,) = jobs.page()
    assert (job.state, job.done, job.refused) == ("done", 200, 0)
    assert job.added + job.unchanged == 200
    names = {article.article_id for article in library.store.articles()}
    assert {f"moth-{n}" for n in range(200)} <= names
    assert first_cited(client_of(library), "Which moth is number 123?") == "moth-123"
    jobs.close()


def test_two_workers_add_each_article_once(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    with client_of(library) as first, client_of(library) as second:
        addresses = [
            each.post("/v1/articles", json=articles(30)).headers["location"] for each in (first, second)
        ]
        done = [finished(first, address) for address in addresses]
    assert [(job["added"], job["unchanged"]) for job in done] == [(30, 0), (0, 30)]
    assert library.store.change() == 3 + 30
    library.close()
