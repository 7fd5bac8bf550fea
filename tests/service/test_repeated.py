"""Repeated questions, batches, limits on what may be asked, and many at once."""

import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.corpus.store import Store
from citewell.index import calibration, tuned
from citewell.index.checking import Verification
from citewell.index.config import Config
from citewell.index.embedding import Vectors, side_by_side
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import add, remove
from citewell.service import verification
from citewell.service.app import create_app
from citewell.service.cache import Cache, Kept
from citewell.service.errors import Overloaded, TookTooLong
from citewell.service.metrics import Metrics
from citewell.service.pool import Pool
from citewell.service.settings import Settings
from tests.cluster import MemoryStore, clustered
from tests.fakes import WordEmbedder
from tests.service.conftest import ARTICLES, client_of, write
from tests.service.contracts import problem, untimed

ASK = {"question": "Who makes honey?", "k": 2}


def client_with(library: Library, settings: Settings) -> TestClient:
    return TestClient(
        create_app(library, settings), base_url="http://localhost", raise_server_exceptions=False
    )


def embedded(library: Library) -> list[str]:
    assert isinstance(library.embedder, WordEmbedder)
    return library.embedder.embedded


# -- answers that are kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"explain": True}, {"filter": {"articles": ["bees", "ants"]}}])
def test_a_repeated_question_is_answered_without_work_by_the_same_bytes(
    library: Library, more: dict[str, object]
) -> None:
    client = client_of(library)
    once = client.post("/v1/ask", json={**ASK, **more})
    count = len(embedded(library))
    again = client.post("/v1/ask", json={**ASK, **more})
    assert len(embedded(library)) == count
    assert untimed(again.text) == untimed(once.text)
    assert again.json()["took_ms"] >= 0
    assert again.headers["content-type"] == once.headers["content-type"]


def test_another_request_is_another_answer(library: Library) -> None:
    client = client_of(library)
    asked = [ASK, {**ASK, "k": 1}, {**ASK, "question": "Who makes honey"}, {**ASK, "explain": True},
             {**ASK, "filter": {"articles": ["ants"]}}, {**ASK, "filter": {"languages": ["nl"]}}]  # fmt: skip
    once = [untimed(client.post("/v1/ask", json=each).text) for each in asked]
    assert len(set(once)) == len(asked)
    assert [untimed(client.post("/v1/ask", json=each).text) for each in asked] == once
    found = [client.get("/v1/search?q=Who makes honey%3F&k=2").text for _ in range(2)]
    assert untimed(found[0]) == untimed(found[1])
    assert untimed(found[0]) not in once


def test_no_answer_is_stale_after_an_update_by_whomever(library: Library, tmp_path: Path) -> None:
    client = client_of(library)

    def quote() -> str:
        return str(client.post("/v1/ask", json=ASK).json()["citations"][0]["quote"]["text"])

    assert [quote(), quote()] == ["Bees make honey."] * 2
    add(
        library,
        [write(tmp_path, "bees", ARTICLES["bees"].replace("Bees make honey.", "All bees make honey."))],
    )
    assert [quote(), quote()] == ["All bees make honey."] * 2
    client.put("/v1/articles/bees", json={"text": "Some bees make honey.", "title": "Bees"})
    assert [quote(), quote()] == ["Some bees make honey."] * 2
    remove(library, ["bees"])
    assert quote() != "Some bees make honey."


def test_no_answer_is_stale_after_a_calibration(library: Library) -> None:
    client = client_of(library)
    assert client.post("/v1/ask", json=ASK).json()["calibration"]["state"] == "none"
    fitted = replace(
        calibration.shipped(), config=library.config.fingerprint, model=library.embedder.fingerprint
    )
    calibration.write(library.store.own, fitted)
    assert client.post("/v1/ask", json=ASK).json()["calibration"] == {"state": "library", "id": fitted.id}


def test_no_answer_is_stale_after_tuning(library: Library) -> None:
    client = client_of(library)
    client.post("/v1/ask", json=ASK)
    tuned.write(library.store.own, tuned.Tuned(Config(k1=1.2), "gold"))
    said = client.post("/v1/ask", json=ASK).json()
    assert said["fingerprint"]["config"] == Config(k1=1.2).fingerprint


def test_why_not_is_worked_out_each_time_since_it_depends_on_more_than_the_snapshot(library: Library) -> None:
    client = client_of(library)
    asked = {**ASK, "why_not": ["nothing"]}
    count = [len(embedded(library))]
    for _ in range(2):
        client.post("/v1/ask", json=asked)
        count.append(len(embedded(library)))
    assert count[0] < count[1] < count[2]


def test_answers_are_kept_up_to_so_many_bytes_and_the_least_used_go() -> None:
    kept = Kept.of(b'{"x":"' + b"y" * 3_000 + b'","took_ms":1.5,"z":0}', "answered", ())
    cache = Cache(3 * kept.size)
    cache.get(1, "")
    for name in "abc":
        cache.put(1, name, kept)
    cache.get(1, "a")
    cache.put(1, "d", kept)
    assert [name for name in "abcd" if cache.get(1, name)] == ["a", "c", "d"]
    assert cache.get(2, "a") is None
    cache.put(1, "a", kept)  # worked out before the update
    assert cache.get(2, "a") is None
    cache.put(2, "e", Kept.of(b'{"x":"' + b"y" * 20_000 + b'","took_ms":1}', "answered", ()))
    assert cache.get(2, "e") is None


def test_a_kept_answer_says_its_own_time() -> None:
    document = b'{"question":"\\"took_ms\\":7","took_ms":12.345,"filtered":null}'
    kept = Kept.of(document, "answered", ())
    assert kept.document(0.1) == b'{"question":"\\"took_ms\\":7","took_ms":0.1,"filtered":null}'
    assert kept.document(12.345) == document


def test_nothing_is_kept_if_nothing_may_be(library: Library) -> None:
    client = client_with(library, Settings(cache_mb=0))
    for _ in range(2):
        client.post("/v1/ask", json=ASK)
    assert embedded(library)[-2:] == [ASK["question"]] * 2


# -- batches --------------------------------------------------------------------------------------------------


def test_a_batch_gives_the_answers_that_each_question_gets_alone(client: TestClient) -> None:
    questions = [ASK, {"question": "Who digs tunnels?", "explain": True}, ASK, {"question": "蜂蜜?"}]
    batch = client.post("/v1/ask:batch", json={"questions": questions})
    alone = [client.post("/v1/ask", json=each).json() for each in questions]
    for answer in [*batch.json()["answers"], *alone]:
        del answer["took_ms"]
    assert (batch.status_code, batch.json()["answers"]) == (200, batch.json()["answers"])
    assert [{**answer, "took_ms": 0} for answer in batch.json()["answers"]] == [
        {**each, "took_ms": 0} for each in alone
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"questions": []}, "body.questions"),
        ({"questions": [ASK] * 101}, "body.questions"),
        ({"questions": [ASK, {"question": ""}]}, "questions.1: The question is empty."),
        ({"questions": [ASK, {**ASK, "k": 0}]}, "body.questions.1.k"),
        ({"questions": [ASK, {**ASK, "filter": {"published_from": "soon"}}]}, "questions.1: "),
    ],
)
def test_one_bad_question_refuses_the_batch_and_is_named(client: TestClient, body: object, said: str) -> None:
    response = client.post("/v1/ask:batch", json=body)
    assert (response.status_code, response.json()["detail"].startswith(said)) == (422, True)


def _purged_while_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody purges an article when it was found and its text is about to be read."""
    read = library.store.revision

    def late(*arguments: Any) -> Any:
        monkeypatch.undo()
        purge(library, ["bees"])
        return read(*arguments)

    monkeypatch.setattr(library.store, "revision", late)


BATCH = {"questions": [{"question": "bees honey"}]}


def test_a_batch_whose_snapshot_holds_what_was_erased_since_is_to_be_asked_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(library)
    _purged_while_read(library, monkeypatch)
    problem(client.post("/v1/ask:batch", json=BATCH), 503, "LibraryBusy")
    (answer,) = client.post("/v1/ask:batch", json=BATCH).json()["answers"]
    assert "bees" not in json.dumps([answer["citations"], answer["near_misses"]])


def test_a_batch_is_answered_by_a_cluster_though_something_was_erased_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = WordEmbedder("ants", "tunnels", "bees", "honey")
    with closing(clustered(tmp_path / "library", model, MemoryStore())) as library:
        add(library, [write(tmp_path, name, ARTICLES[name]) for name in ("ants", "bees")])
        client = client_of(library)
        _purged_while_read(library, monkeypatch)
        (answer,) = client.post("/v1/ask:batch", json=BATCH).json()["answers"]
        assert "bees" not in json.dumps([answer["citations"], answer["near_misses"]])


# -- limits ---------------------------------------------------------------------------------------------------


def test_shorter_questions_and_smaller_k_may_be_asked_for(library: Library) -> None:
    client = client_with(library, Settings(question_length=16, most_k=2))
    assert client.post("/v1/ask", json=ASK).status_code == 200
    said = problem(client.post("/v1/ask", json={"question": "Who makes honey??"}), 422, "BadQuestion")
    assert said == "The question has 17 characters; at most 16 are read. Shorten it."
    for response in (client.post("/v1/ask", json={**ASK, "k": 3}), client.get("/v1/search?q=honey&k=3")):
        assert problem(response, 422, "BadInput") == "k is 3; ask for 1 to 2."


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/v1/ask", 1_000_000),
        ("/v1/ask:batch", 1_000_000),
        ("/v1/articles", 2_000_000),
        ("/v1/nothing", 1_000_000),
    ],
)
def test_a_body_that_is_too_large_is_refused_announced_or_not(library: Library, path: str, most: int) -> None:
    client = client_with(library, Settings(body_mb=2))
    said = f"The body has more than {most:,} bytes. Send less at once."
    assert problem(client.post(path, content=b" " * (most + 1)), 413, "TooLarge") == said
    parts = iter([b" " * 65_536] * (most // 65_536 + 1))
    assert problem(client.post(path, content=parts), 413, "TooLarge") == said
    assert client.post(path, content=b" " * most).status_code in (400, 404, 415, 422)


@pytest.mark.parametrize("length", ["-1", "x", "9" * 400, "1e3"])
def test_a_length_that_is_none_is_refused(client: TestClient, length: str) -> None:
    response = client.post("/v1/ask", content=b"{}", headers={"Content-Length": length})
    problem(response, 413, "TooLarge")


def test_more_questions_than_may_wait_are_refused_and_those_that_waited_answered() -> None:
    async def crowd() -> list[object]:
        pool = Pool("ask", threads=1, queue=2, timeout=120, metrics=Metrics())
        release = threading.Event()
        asked = [asyncio.create_task(pool.run(release.wait, 5)) for _ in range(5)]
        await asyncio.sleep(0.05)
        release.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert await pool.run(lambda: 7) == 7
        pool.close()
        return [type(each) for each in found]

    assert asyncio.run(crowd()) == [bool, bool, bool, Overloaded, Overloaded]


def test_a_question_is_told_whether_it_is_alone() -> None:
    async def told() -> list[bool]:
        pool = Pool("ask", threads=2, queue=2, timeout=10, metrics=Metrics())
        both = threading.Barrier(2)

        def meeting() -> bool:
            both.wait(5)
            return side_by_side.get()

        alone = await pool.run(side_by_side.get)
        together = await asyncio.gather(pool.run(meeting), pool.run(meeting))
        again = await pool.run(side_by_side.get)
        pool.close()
        return [alone, *together, again]

    assert asyncio.run(told()) == [False, True, True, False]


def test_what_takes_too_long_is_given_up_and_keeps_its_thread_until_it_is_done() -> None:
    async def impatient() -> None:
        pool = Pool("ask", threads=1, queue=0, timeout=0.05, metrics=Metrics())
        release = threading.Event()
        with pytest.raises(TookTooLong):
            await pool.run(release.wait, 5)
        with pytest.raises(Overloaded):
            await pool.run(lambda: 7)
        release.set()
        while pool._inside:
            await asyncio.sleep(0.01)
        assert await pool.run(lambda: 7) == 7
        pool.close()

    asyncio.run(impatient())


def test_what_may_take_long_keeps_no_question_waiting(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    given = verification.of_request

    def slowly(store: Store, body: bytes) -> Verification:
        release.wait(30)
        return given(store, body)

    monkeypatch.setattr(verification, "of_request", slowly)
    app = create_app(library, Settings(concurrency=1))
    with TestClient(app, base_url="http://localhost") as client, ThreadPoolExecutor(1) as other:
        checked = other.submit(client.post, "/v1/citations/verify", content=b"[]")
        assert client.post("/v1/ask", json={"question": "Who makes honey?"}).status_code == 200
        assert not checked.done()
        release.set()
        assert checked.result().status_code < 500


class Slow(WordEmbedder):
    """A model that takes its time, so that questions overlap."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        threading.Event().wait(0.3)
        return super().embed_queries(texts)


def test_while_questions_are_worked_out_the_service_answers_others(library: Library) -> None:
    """The event loop is free: health is told while every thread for questions is busy."""
    slow = Slow("ants", "tunnels", "bees", "honey", "wasps")
    app = create_app(Library(library.folder, slow), Settings(concurrency=1, timeout=60))
    order: list[str] = []

    async def call(name: str, method: str, path: str, body: bytes = b"") -> None:
        sent = False

        async def receive() -> dict[str, object]:
            nonlocal sent
            if sent:
                await asyncio.sleep(10)
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                order.append(f"{name} {message['status']}")

        headers = [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]

    async def both() -> None:
        asking = asyncio.create_task(call("ask", "POST", "/v1/ask", json.dumps(ASK).encode()))
        await asyncio.sleep(0.1)
        await call("live", "GET", "/health/live")
        await call("articles", "GET", "/v1/articles")
        await asking

    asyncio.run(both())
    assert order == ["live 200", "articles 200", "ask 200"]
