"""python -m citewell.eval.bench_http: the service under load, with keys, limits, metrics and logs on.

The library is the bundled articles and 5,000 generated passages. Asked are distinct questions, unless it says repeated.
"""

import argparse
import asyncio
import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from citewell.eval.bench_library import Say, corpus, generated_library, scratch_copy
from citewell.eval.bench_load import Load, asked, load, request
from citewell.eval.bench_service import cpu_seconds, private_mb, ran, served, start_seconds
from citewell.eval.bench_timing import Machine, Timing, machine
from citewell.eval.generate import CHUNK, SENTENCES, Corpus
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder

_PASSAGES = 5_000
_WORDS = 10  # of a question that is taken out of a generated sentence
_STARTS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers to one kind of load; `cpu_ms` is what one took of a core in the service's processes."""

    connections: int
    answers: int
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    failed: int

    @classmethod
    def of(cls, found: Load, connections: int, cpu_s: float) -> "Measured":
        timing, answers = Timing.of(found.milliseconds or (0.0,)), len(found.milliseconds)
        cpu_ms = round(1000 * cpu_s / max(1, answers), 2)
        return cls(
            connections, answers, found.per_second, timing.p50_ms, timing.p95_ms, cpu_ms, len(found.failed)
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """Private MB of all processes after so many questions, the cache full both times."""

    few: int
    few_mb: float
    many: int
    many_mb: float
    growth_percent: float


@dataclass(frozen=True, slots=True)
class HttpReport:
    machine: Machine
    workers: int
    ready_s: float
    one: Measured
    together: Measured
    repeated: Measured
    updating: Measured
    updates: int
    updates_failed: int
    memory: Memory | None


def run(workers: int, seconds: float, most: int, say: Say) -> HttpReport:
    """Raises CitewellError if the service does not start; what fails later is counted."""
    embedder = OnnxEmbedder(default_model())
    of = corpus(embedder)
    generated = generated_library(of, _PASSAGES, embedder.fingerprint, say)
    questions = distinct(of)
    options = (
        "--workers",
        str(workers),
        "--rate",
        "1e9",
        "--burst",
        "1000000",
    )  # counted, and never too many
    with scratch_copy(generated) as folder:
        say("adding the bundled articles")
        ran("add", str(bundled_articles()), "--library", str(folder))
        key = str(
            json.loads(ran("keys", "create", "--scope", "admin", "--library", str(folder), "--json"))["key"]
        )
        say(f"starting {_STARTS} times")
        ready = [start_seconds(folder, *options) for _ in range(_STARTS)]
        with served(folder, *options) as (service, port):

            def measured(requests: Iterator[bytes], connections: int) -> Measured:
                before = cpu_seconds(service.pid)
                found = _load(port, requests, connections)
                return Measured.of(found, connections, cpu_seconds(service.pid) - before)

            say("warming up")
            _load(port, asked(_some(questions, 300), key), 8)
            say("one at a time")
            one = measured(asked(_gold() + _some(questions, 300), key), 1)
            say("16 at once")
            together = measured(asked(_some(questions, 3_000), key), 16)
            say("16 at once, repeated")
            repeated = measured(itertools.islice(itertools.cycle(asked(_gold(), key)), 12_000), 16)
            say(f"5 updates a second for {seconds:g} s while 8 ask")
            before = cpu_seconds(service.pid)
            answers, updates = asyncio.run(_updating(port, key, questions, seconds))
            updating = Measured.of(answers, 8, cpu_seconds(service.pid) - before)
        memory = None
        if most:
            with served(folder, *options) as (service, port):
                memory = _memory(service, port, key, questions, most, say)
    return HttpReport(
        machine(), workers, round(median(ready), 2), one, together, repeated, updating,
        len(updates.milliseconds), len(updates.failed), memory,
    )  # fmt: skip


def distinct(of: Corpus) -> Iterator[str]:
    """Words that follow each other in generated sentences: as many questions as are taken, none twice."""
    rng = np.random.default_rng(of.seed)
    chunks = [of.chunk(number) for number in range(_PASSAGES // CHUNK)]
    seen: set[str] = set()
    while True:
        sentences = chunks[int(rng.integers(len(chunks)))].sentence_texts(int(rng.integers(CHUNK)))
        words = sentences[int(rng.integers(SENTENCES))].split()
        first = int(rng.integers(max(1, len(words) - _WORDS)))
        question = " ".join(words[first : first + int(rng.integers(4, _WORDS + 1))])
        if re.search(r"\w", question) and question not in seen:
            seen.add(question)
            yield question


def _gold() -> list[str]:
    return [question.question for question in read_gold(bundled_gold())]


def _some(questions: Iterator[str], count: int) -> list[str]:
    return list(itertools.islice(questions, count))


def _load(port: int, requests: Iterator[bytes], connections: int) -> Load:
    return asyncio.run(load(port, requests, connections))


async def _updating(port: int, key: str, questions: Iterator[str], seconds: float) -> tuple[Load, Load]:
    """Answers while an article of three passages is put again and again; every answer must show one state of it."""
    end = time.monotonic() + seconds
    await load(port, iter([_update(0, key)]), 1)

    def asking() -> Iterator[bytes]:
        for number in itertools.count():
            if time.monotonic() >= end:
                return
            said = "Which round has the tide table reached?" if number % 2 else next(questions)
            yield request("POST", "/v1/ask", key, {"question": f"{said} {number}"})

    updates: list[Load] = []

    async def updating() -> None:
        for number in itertools.count(1):
            due = end - seconds + number / 5
            if due >= end:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            updates.append(await load(port, iter([_update(number, key)]), 1))

    _, answers = await asyncio.gather(updating(), load(port, asking(), 8, _mixed))
    times = tuple(time for each in updates for time in each.milliseconds)
    return answers, Load(seconds, times, tuple(wrong for each in updates for wrong in each.failed))


def _update(number: int, key: str) -> bytes:
    parts = [
        f"## Part {part}\n\nThe tide table has reached round {number} in harbour {part}. "
        + "It is read aloud there. " * 30
        for part in ("one", "two", "three")
    ]
    return request("PUT", "/v1/articles/tide-table", key, {"title": "Tide table", "text": "\n\n".join(parts)})


def _mixed(answer: bytes) -> str | None:
    """What is wrong with an answer: two states of the article in it, or a quote that is not in its passage."""
    citations = json.loads(answer.partition(b"\r\n\r\n")[2])["citations"]
    states = set()
    for citation in citations:
        passage, quote = citation["passage"], citation["quote"]
        start = quote["start"] - passage["start"]
        if passage["text"][start : quote["end"] - passage["start"]] != quote["text"]:
            return "a quote that is not in its passage"
        if citation["article"]["id"] == "tide-table":
            said = set(re.findall(r"round (\d+)", passage["text"]))
            states.add((citation["article"]["revision"], citation["article"]["version"], *said))
    return "two states of an article in one answer" if len(states) > 1 else None


def _memory(
    service: "subprocess.Popen[bytes]", port: int, key: str, questions: Iterator[str], most: int, say: Say
) -> Memory:
    few = most // 10
    say(f"memory: {few:,} questions")
    _load(port, asked(_some(questions, few), key), 16)
    before = private_mb(service.pid)
    say(f"memory: {most:,} questions")
    for _ in range(9):
        _load(port, asked(_some(questions, few), key), 16)
    after = private_mb(service.pid)
    return Memory(few, before, most, after, round(100 * (after / before - 1), 2))


def _main(say: Callable[[str], None]) -> None:
    parser = argparse.ArgumentParser(prog="python -m citewell.eval.bench_http", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0, help="of asking while articles are updated")
    parser.add_argument(
        "--memory", type=int, default=50_000, help="questions after which memory is weighed; 0: never"
    )
    given = parser.parse_args()
    print(json.dumps(asdict(run(given.workers, given.seconds, given.memory, say)), indent=1))


if __name__ == "__main__":
    _main(lambda words: print(f"{time.strftime('%H:%M:%S')}  {words}", file=sys.stderr, flush=True))
