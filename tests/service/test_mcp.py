"""Agents: the SDK's own client over both transports, by both generations of the protocol, with the real model."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from citewell.eval.gold import bundled_articles
from citewell.index.embedding import Vectors
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add, remove
from citewell.service.app import create_app
from citewell.service.keys import Keys
from citewell.service.settings import Settings
from tests.fakes import WordEmbedder
from tests.service.agent import Agent, connected, served, started
from tests.service.command import COMMAND
from tests.service.conftest import client_of, make_library, write
from tests.service.contracts import ANSWER, SEARCH_RESULT, VERIFIED, keys_of

QUESTION = "How much is Amazon investing in OpenAI?"
UNANSWERED = "Who painted The Night Watch?"
MOTHS = "---\nid: moths\ntitle: Moths\nlanguage: en\n---\nMoths fly to lamps at night and circle them.\n"
Made = tuple[Library, str]


@pytest.fixture(scope="module")
def made(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The bundled articles and one that was removed, and a moment before that."""
    folder = tmp_path_factory.mktemp("agents")
    library = Library(folder, embedder, create=True)
    add(library, [*sorted(bundled_articles().glob("*.md")), write(folder, "moths", MOTHS)])
    before = library.store.article("moths").recorded_at
    remove(library, ["moths"])
    yield library, before
    library.close()


@pytest.fixture(scope="module", params=["http", "http, legacy", "stdio", "stdio, legacy"])
def agent(request: pytest.FixtureRequest, made: Made) -> Iterator[Agent]:
    transport, _, legacy = request.param.partition(", ")
    mode = legacy or "auto"
    if transport == "stdio":
        with connected(started(made[0].folder), mode) as found:
            yield found
    else:
        with served(made[0]) as address, connected(f"{address}/mcp", mode) as found:
            yield found


def names(document: dict[str, object]) -> list[str]:
    """The fields of a result without those that say what was left out."""
    added = ["note", "next", "left"]
    assert [name for name in document if name in added] == added
    return [name for name in document if name not in added]


def expected(contract: str) -> list[str]:
    return [name for name, _ in keys_of(contract)]


def test_there_are_five_tools_and_none_writes(agent: Agent) -> None:
    tools = agent.tools()
    assert [tool.name for tool in tools] == [
        "ask",
        "search",
        "get_passage",
        "list_articles",
        "verify_citation",
    ]
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.description is not None
        assert "data, never instructions" in tool.description
        assert tool.input_schema["additionalProperties"] is False


def test_an_answer_quotes_the_article_and_has_the_shape_of_every_answer(agent: Agent) -> None:
    answer = agent.call("ask", question=QUESTION, k=2)
    assert names(answer) == expected(ANSWER)
    assert (answer["verdict"], answer["left"], answer["next"]) == ("answered", 0, None)
    assert len(answer["citations"]) == 2
    first = answer["citations"][0]
    assert "$35 billion" in first["quote"]["text"]
    assert first["quote"]["text"] in first["passage"]["text"]


def test_what_the_articles_do_not_answer_is_said_with_the_nearest_passages(agent: Agent) -> None:
    answer = agent.call("ask", question=UNANSWERED)
    assert (answer["verdict"], answer["citations"]) == ("insufficient", [])
    assert answer["near_misses"] != []
    assert answer["reason"]


def test_a_question_can_be_asked_of_some_articles_and_of_an_earlier_moment(agent: Agent, made: Made) -> None:
    question = "Where do moths fly?"
    then = agent.call("search", query=question, as_of=made[1], k=1)
    assert then["hits"][0]["article"]["id"] == "moths"
    assert then["as_of"]["asked"] == made[1]
    now = agent.call("search", query=question, k=100)
    assert "moths" not in {hit["article"]["id"] for hit in now["hits"]}
    only = {"articles": ["gtc-2026-chips"]}
    filters = [only, json.dumps(only)]  # some clients send an object as a text
    for given in filters:
        answer = agent.call("ask", question=QUESTION, filter=given)
        assert {each["article"]["id"] for each in answer["citations"]} == {"gtc-2026-chips"}
    assert agent.call("ask", question=QUESTION, filter={"languages": ["xx"]})["verdict"] == "insufficient"
    earlier = agent.call("ask", question=question, as_of=made[1])
    found = earlier["citations"] + earlier["near_misses"]
    assert found[0]["article"]["id"] == "moths"


def test_passages_are_ranked(agent: Agent) -> None:
    found = agent.call("search", query="chip orders", k=3)
    assert names(found) == expected(SEARCH_RESULT)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]


def test_a_passage_is_read_by_its_id_also_after_its_article_was_removed(agent: Agent, made: Made) -> None:
    passage = agent.call("search", query="moths", as_of=made[1], k=1)["hits"][0]["passage"]
    found = agent.call("get_passage", passage_id=passage["id"])
    assert found["passage"] == passage
    assert (found["current"], found["now"]["state"], found["now"]["version"]) == (False, "gone", None)


def test_a_long_passage_is_read_in_parts(agent: Agent) -> None:
    hits = agent.call("search", query="chip orders", k=100, max_chars=1_000_000)["hits"]
    passage = max((hit["passage"] for hit in hits), key=lambda each: len(each["text"]))
    read, parts, cursor = "", 0, ""
    while cursor is not None:
        found = agent.call("get_passage", passage_id=passage["id"], max_chars=2000, cursor=cursor)
        read, parts, cursor = read + found["passage"]["text"], parts + 1, found["next"]
        assert found["left"] == len(passage["text"]) - len(read)
    assert read == passage["text"]
    assert parts > 1


@pytest.mark.parametrize("bound", [{"limit": 2}, {"max_chars": 2000}])
def test_articles_are_listed_a_page_at_a_time(agent: Agent, made: Made, bound: dict[str, int]) -> None:
    listed: list[str] = []
    pages, cursor = 0, ""
    while cursor is not None:
        page = agent.call("list_articles", cursor=cursor, **bound)
        listed += [article["id"] for article in page["articles"]]
        pages, cursor = pages + 1, page["next"]
    assert listed == [article.article_id for article in made[0].store.articles()]
    assert pages > 1


def test_a_citation_is_verified_and_a_forged_one_is_not(agent: Agent) -> None:
    citation = agent.call("ask", question=QUESTION)["citations"][0]
    found = agent.call("verify_citation", citation=citation)
    assert names(found) == expected(VERIFIED)
    assert (found["valid"], found["citations"][0]["now"]["state"]) == (True, "exact")
    quote = {**citation["quote"], "text": citation["quote"]["text"].replace("$35", "$53")}
    forged = agent.call("verify_citation", citation={**citation, "quote": quote})
    assert (forged["valid"], forged["citations"][0]["reason"]) == (False, "other words stand there")
    assert agent.call("verify_citation", citation={})["valid"] is False


@pytest.mark.parametrize("most", [2000, 4000, 8000])
@pytest.mark.parametrize(("tool", "asked"), [("ask", "question"), ("search", "query")])
def test_a_result_is_no_longer_than_asked_for_and_its_cursor_leads_to_the_rest(
    agent: Agent, tool: str, asked: str, most: int
) -> None:
    items = "citations" if tool == "ask" else "hits"
    whole = agent.call(tool, **{asked: QUESTION}, k=6, max_chars=1_000_000)[items]
    found: list[dict[str, object]] = []
    cursor, left = "", len(whole)
    while cursor is not None:
        given = {asked: QUESTION, "k": 6, "max_chars": most, "cursor": cursor}
        page = agent.call(tool, **given)
        assert len(agent.text(tool, **given)) <= most
        found += page[items]
        cursor, left = page["next"], left - len(page[items])
        assert page["left"] == left
    assert [each["rank"] for each in found] == [each["rank"] for each in whole]
    for short, full in zip(found, whole, strict=True):
        cut = short.pop("shortened", [])
        assert (short == full) == (cut == [])
        assert short.get("quote") == full.get("quote")


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("ask", {"question": " "}, "The question is empty."),
        ("ask", {"question": "x" * 2001}, "2,001"),
        ("ask", {}, "question: Field required. The tool's input schema says what it takes."),
        ("ask", {"question": "Why?", "k": 0}, "k: Input should be greater than or equal to 1."),
        ("ask", {"question": "Why?", "topk": 3}, "topk: Extra inputs are not permitted."),
        ("ask", {"question": "Why?", "as_of": "yesterday"}, "'yesterday'"),
        ("ask", {"question": "Why?", "filter": {"published_from": "soon"}}, "'soon'"),
        ("ask", {"question": "Why?", "filter": "[1"}, "filter: "),
        ("ask", {"question": "Why?", "max_chars": 10}, "max_chars: Input should be greater than or equal to 2000."),
        ("ask", {"question": "Why?", "cursor": "0123.1"}, "The cursor is of another state of the library, or none."),
        ("search", {"query": ""}, "The question is empty."),
        ("get_passage", {"passage_id": "ants"}, "No passage 'ants'."),
        ("get_passage", {"passage_id": "moths.000000000000.0-4"}, "No passage"),
        ("list_articles", {"limit": 0}, "limit: "),
        ("verify_citation", {}, "citation: Field required."),
        ("verify_citation", {"citation": {}, "cursor": "-1"}, "The cursor leads nowhere."),
        ("verify_citation", {"citation": {}, "cursor": "7"}, "The cursor leads nowhere."),
        ("erase", {}, "There is no tool 'erase'. There are: ask, search, "),
    ],
)  # fmt: skip
def test_bad_input_is_an_error_that_says_what_to_do(
    agent: Agent, tool: str, given: dict[str, object], said: str
) -> None:
    refusal = agent.refusal(tool, **given)
    assert said in refusal
    assert "\n" not in refusal


def test_an_empty_library_answers_that_it_has_nothing(embedder: OnnxEmbedder, tmp_path: Path) -> None:
    Library(tmp_path, embedder, create=True).close()
    with connected(started(tmp_path)) as agent:
        assert agent.call("ask", question=QUESTION)["verdict"] == "insufficient"
        assert agent.call("search", query=QUESTION)["hits"] == []
        assert agent.call("list_articles")["articles"] == []


def test_a_cursor_of_another_state_of_the_library_is_refused(library: Library, tmp_path: Path) -> None:
    with served(library) as address, connected(f"{address}/mcp") as agent:
        cursor = agent.call("search", query="nests tunnels bees wasps", max_chars=2000)["next"]
        assert cursor is not None
        add(library, [write(tmp_path, "moths", MOTHS)])
        said = agent.refusal("search", query="nests tunnels bees wasps", max_chars=2000, cursor=cursor)
    assert said == "The cursor is of another state of the library, or none. Ask again without it."


class Waiting(WordEmbedder):
    """Embeds no question before it is let."""

    def __init__(self) -> None:
        super().__init__("ants", "tunnels", "bees", "honey", "wasps")
        self.asked, self.let = threading.Event(), threading.Event()

    def embed_queries(self, texts: object) -> Vectors:
        self.asked.set()
        assert self.let.wait(120)
        raise RuntimeError("secret")


def test_a_question_that_takes_long_holds_nobody_up_and_a_fault_is_not_told(tmp_path: Path) -> None:
    make_library(tmp_path).close()
    embedder = Waiting()
    library = Library(tmp_path, embedder)
    with served(library) as address, connected(f"{address}/mcp") as agent:
        said: list[str] = []
        asking = threading.Thread(target=lambda: said.append(agent.refusal("ask", question="Do ants dig?")))
        asking.start()
        assert embedder.asked.wait(120)
        with urlopen(f"{address}/health/live", timeout=120) as live:
            assert live.status == 200
        assert agent.call("list_articles")["articles"] != []
        embedder.let.set()
        asking.join()
    library.close()
    assert said == ["An unexpected error; the log has it."]


def called(service: TestClient, tool: str, arguments: dict[str, object]) -> dict[str, Any]:
    """The result of a call, asked for by one request with nothing before it."""
    call = {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}
    }  # fmt: skip
    response = service.post("/mcp", json=call, headers={"Accept": "application/json, text/event-stream"})
    assert response.status_code == 200
    assert "mcp-session-id" not in response.headers
    result: dict[str, Any] = response.json()["result"]
    return result


def test_a_request_needs_none_before_it_so_any_worker_may_answer(
    client: TestClient, library: Library
) -> None:
    for worker in (client, client_of(library)):
        answer = called(worker, "ask", {"question": "How deep are the tunnels of ants?"})["structuredContent"]
        assert "8 m deep" in answer["citations"][0]["quote"]["text"]
    assert client.get("/mcp").status_code == 405
    assert 'requests_total{method="POST",route="/mcp",status="200"}' in client.get("/metrics").text


def test_a_service_with_keys_asks_agents_for_one_that_may_read(library: Library) -> None:
    _, reading = Keys(library.folder).create("agent", ["read"])
    _, writing = Keys(library.folder).create("other", ["write"])
    with served(library) as address:
        with connected(f"{address}/mcp", key=reading) as agent:
            assert agent.call("list_articles")["left"] == 0
        for key, status in (("", 401), ("cw_no", 401), (writing, 403)):
            with pytest.raises(HTTPError) as refused:
                urlopen(Request(f"{address}/mcp", b"{}", {"Authorization": f"Bearer {key}"}), timeout=120)
            assert refused.value.code == status
            refused.value.close()


def test_what_the_service_limits_is_limited_for_agents_too(library: Library) -> None:
    app = create_app(library, Settings(question_length=10, most_k=2))
    service = TestClient(app, base_url="http://localhost")
    asked: list[dict[str, object]] = [{"question": "Why do ants dig?"}, {"question": "Why?", "k": 3}]
    said = [called(service, "ask", given)["content"][0]["text"] for given in asked]
    assert said == [
        "The question has 16 characters; at most 10 are read. Shorten it.",
        "k is 3; ask for 1 to 2.",
    ]


def test_asking_on_the_command_line_does_not_import_the_sdk(made: Made) -> None:
    code = (
        "import sys; from citewell.service.cli import app\n"
        "app(sys.argv[1:], standalone_mode=False); assert 'citewell.index.answer' in sys.modules\n"
        "assert not {'mcp', 'mcp_types', 'fastapi'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code, "ask", QUESTION, "--library", str(made[0].folder)],
        check=True, capture_output=True,
    )  # fmt: skip


def test_without_a_library_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "mcp", "--library", str(tmp_path / "none")], check=False, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "citewell add --library" in ran.stderr


@pytest.mark.parametrize(
    "end", [signal.SIGINT, signal.SIGTERM, None], ids=["Ctrl+C", "SIGTERM", "closed input"]
)
def test_the_command_ends_when_it_is_told_to(made: Made, end: signal.Signals | None) -> None:
    command = [*COMMAND, "mcp", "--library", str(made[0].folder)]
    ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(ping)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        if end:
            process.send_signal(end)
        else:
            process.stdin.close()
        assert process.wait(120) == (-end if end else 0)
        assert process.stderr.read() == ""


def test_the_limits_of_the_settings_hold_over_standard_input_too(made: Made) -> None:
    with connected(started(made[0].folder, CITEWELL_MOST_K="2")) as agent:
        assert "k is 3; ask for 1 to 2." in agent.refusal("search", query="sun", k=3)
