"""The benchmark of the service: what it counts as an answer, as a failure and as a mixed answer; its questions."""

import asyncio
import json
from itertools import islice
from typing import Any

import pytest

from citewell.eval.bench_http import _mixed, distinct
from citewell.eval.bench_library import corpus
from citewell.eval.bench_load import load, request
from citewell.index.onnx_embedder import OnnxEmbedder


async def answered_by(statuses: list[int], connections: int, requests: int) -> tuple[int, tuple[str, ...]]:
    """Answers and failures of a service that gives these statuses in turn, its answers in two parts."""
    given = iter(statuses)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readuntil(b"\r\n\r\n")) and head.startswith(b"POST /v1/ask"):
            status = next(given, None)
            if status is None:
                break
            writer.write(f"HTTP/1.1 {status} Any\r\nContent-Le".encode())
            await asyncio.sleep(0.001)
            writer.write(b"ngth: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = await load(port, iter([request("POST", "/v1/ask", "key")] * requests), connections)
    server.close()
    assert found.per_second > 0 or not found.milliseconds
    return len(found.milliseconds), found.failed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("statuses", "connections", "requests", "answers", "failed"),
    [
        ([200] * 6, 3, 6, 6, ()),
        ([200, 503, 204], 1, 3, 2, ("503",)),
        ([200], 1, 2, 1, ("connection lost: None",)),
    ],
)
def test_answers_and_failures_are_counted(
    statuses: list[int], connections: int, requests: int, answers: int, failed: tuple[str, ...]
) -> None:
    assert asyncio.run(answered_by(statuses, connections, requests)) == (answers, failed)


def answer(*states: tuple[int, int], quote: str = "round") -> bytes:
    """With a citation of the changing article for each revision and round."""
    citations: list[dict[str, Any]] = [
        {
            "article": {"id": "tide-table", "revision": revision, "version": str(revision)},
            "passage": {"text": f"in round {said} now", "start": 100},
            "quote": {"text": quote, "start": 103, "end": 108},
        }
        for revision, said in states
    ]
    return b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps({"citations": citations}).encode()


def test_an_answer_with_two_states_of_an_article_or_a_false_quote_is_seen() -> None:
    assert _mixed(answer()) is None
    assert _mixed(answer((1, 7), (1, 7))) is None
    assert _mixed(answer((1, 7), (2, 7))) == "two states of an article in one answer"
    assert _mixed(answer((1, 7), (1, 8))) == "two states of an article in one answer"
    assert _mixed(answer((1, 7), quote="bound")) == "a quote that is not in its passage"


def test_no_question_is_asked_twice(embedder: OnnxEmbedder) -> None:
    questions = list(islice(distinct(corpus(embedder)), 3_000))
    assert len(set(questions)) == 3_000
    assert all(1 <= len(question.split()) <= 10 for question in questions)
