"""python -m citewell.eval.bench_spread ADDRESS: embedding by workers in a Ray cluster beside embedding on this machine.

The passages and sentences of generated articles are embedded in turns, here by one thread and by all cores, there by one
worker and by all. Needs a cluster with this machine in it, for example: ray start --head --num-cpus 2
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from citewell.eval.bench_library import corpus
from citewell.eval.bench_timing import Timing
from citewell.eval.generate import PASSAGES, SENTENCES
from citewell.index.embedding import Embedder, embed_cached
from citewell.index.embedding_worker import default_embedder
from citewell.index.model import Precision, default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.ray_workers import RayWorkers
from citewell.index.spreading import AT_ONCE, WORTH_SPREADING, Done, Ready, SpreadEmbedder, Workers
from citewell.index.vector_cache import Role, VectorCache

_OPENING = partial(default_embedder, Precision.FP32)
_ROUND_TRIPS = 200


def texts_of(articles: int) -> tuple[list[str], list[str]]:
    """The passages and the sentences of so many generated articles, 5 to 100."""
    chunk = corpus(OnnxEmbedder(default_model())).chunk(0)
    passages = range(articles * PASSAGES)
    sentences = [sentence for number in passages for sentence in chunk.sentence_texts(number)]
    assert len(sentences) == len(passages) * SENTENCES
    return [chunk.passage_text(number) for number in passages], sentences


def seconds(embedder: Embedder, passages: Sequence[str], sentences: Sequence[str]) -> float:
    """To embed them into an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache(Path(folder) / "vectors.db")
        began = perf_counter()
        embed_cached(embedder, cache, Role.PASSAGE, passages)
        embed_cached(embedder, cache, Role.SENTENCE, sentences)
        took = perf_counter() - began
        cache.close()
    return took


def round_trips(workers: Workers) -> Timing:
    """Of batches without a text, to one worker."""
    worker = workers.start()
    assert isinstance(workers.wait(60), Ready)
    times = []
    for _ in range(_ROUND_TRIPS):
        began = perf_counter()
        workers.give(worker, [])
        assert isinstance(workers.wait(60), Done)
        times.append(1000 * (perf_counter() - began))
    return Timing.of(times)


def started(embedder: SpreadEmbedder, texts: Sequence[str]) -> float:
    """Seconds until the first batch came, workers started for it."""
    began = perf_counter()
    batches = embedder.embed_batches(texts)
    next(batches)
    took = perf_counter() - began
    for _ in batches:
        pass
    return took


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m citewell.eval.bench_spread", description=__doc__)
    parser.add_argument("address", help="as 10.0.0.1:6379")
    parser.add_argument("--articles", type=int, default=30, help="5 to 100 [30]")
    parser.add_argument("--rounds", type=int, default=3, help="[3]")
    asked = parser.parse_args()
    passages, sentences = texts_of(asked.articles)
    local = OnnxEmbedder(default_model())
    probe = RayWorkers(asked.address, _OPENING)
    most, trips = probe.most, round_trips(probe)
    probe.close()

    def connect(count: int) -> Callable[[], Workers]:
        def connected() -> Workers:
            workers = RayWorkers(asked.address, _OPENING)
            workers.most = count
            return workers

        return connected

    spread = {count: SpreadEmbedder(local, connect(count)) for count in sorted({1, most})}
    arranged: dict[str, Embedder] = {"here, one thread": _OPENING(), "here, all cores": local}
    arranged |= {f"there, {count} workers": embedder for count, embedder in spread.items()}
    print(f"a batch without a text, there and back: {trips.p50_ms} ms p50, {trips.p95_ms} ms p95", flush=True)
    times: dict[str, list[float]] = {name: [] for name in arranged}
    starts = []
    for _ in range(asked.rounds):
        for name, embedder in arranged.items():
            if isinstance(embedder, SpreadEmbedder):
                starts.append(started(embedder, [*passages, *sentences][:WORTH_SPREADING]))
            times[name].append(seconds(embedder, passages, sentences))
            print(f"{name:<18} {times[name][-1]:6.1f} s", file=sys.stderr, flush=True)
            if isinstance(embedder, SpreadEmbedder):
                embedder.close()
    texts = len(passages) + len(sentences)
    print(f"{asked.articles} articles, {texts} texts, {-(-texts // AT_ONCE)} batches, {asked.rounds} rounds")
    print(f"until the first batch came, workers started for it: {median(starts):.1f} s")
    for name, took in times.items():
        rate = asked.articles / median(took)
        print(f"{name:<18} {rate:6.2f} articles/s  {texts / median(took):6.1f} texts/s  {sorted(took)}")


if __name__ == "__main__":
    main()
