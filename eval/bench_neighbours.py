"""python -m citewell.eval.bench_neighbours PASSAGES: what the choice of a vector index rests on.

One by one, clusters and a graph (HNSW, Malkov and Yashunin 2016), over the same generated vectors as signed bytes, each
looked through ever further until recall is all but complete. Prints a Markdown table.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.eval.bench_library import chunks, corpus, exact_neighbours, questions
from citewell.eval.bench_timing import Timing, milliseconds
from citewell.eval.generate import SENTENCES, Corpus
from citewell.index.codes import decode, encode
from citewell.index.embedding import Embedder, Vectors
from citewell.index.model import default_model
from citewell.index.neighbours import SPARE, Clusters, Vectors16, one_by_one, sample
from citewell.index.onnx_embedder import OnnxEmbedder

_K, _QUESTIONS = 10, 200
_LINKS, _EF_BUILD = 16, 100
_FAR_ENOUGH = 0.995

Find = Callable[[Vectors], NDArray[np.int64]]  # of one question, shape (dim,), the numbers found


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking: `recall` of the 10 nearest by exact cosines, taken from what was found."""

    index: str
    build_s: float
    mb: float  # beside the vectors themselves
    width: str
    search: Timing
    recall: float


def compare(of: Corpus, passages: int, embedder: Embedder) -> Iterator[Look]:
    asked = embedder.embed_queries(questions(of, _QUESTIONS))
    made = list(chunks(of, passages))
    vectors: Vectors16 = np.concatenate([chunk.passage_vectors for chunk in made]).astype(np.float16)
    sentences = np.concatenate([chunk.sentence_vectors[::SENTENCES] for chunk in made])
    exact = exact_neighbours(of, passages, asked, _K)

    def look(index: str, build_s: float, mb: float, width: str, find: Find) -> Look:
        found = [find(question) for question in asked]
        times = [milliseconds(find, question) for question in asked]
        shares = [_share(vectors, *of_one) for of_one in zip(asked, found, exact, strict=True)]
        return Look(index, round(build_s, 1), round(mb, 1), width, Timing.of(times), float(np.mean(shares)))

    flat = one_by_one(vectors)
    yield look("one by one", 0.0, 0.0, "all", partial(_found, flat, None))

    began = perf_counter()
    clusters = Clusters.of(vectors, decode(encode(sentences[sample(len(sentences))])))
    built = perf_counter() - began
    for probes in _doubling(1, clusters.index.nlist):
        these = Clusters(clusters.index, probes, 0.0)
        last = look(
            "clusters",
            built,
            passages * 392 / 1e6,
            f"{probes} probes",
            partial(these.nearest, k=_K + SPARE),
        )
        yield last
        if last.recall >= _FAR_ENOUGH:
            break

    began = perf_counter()
    graph = faiss.IndexHNSWSQ(
        vectors.shape[1], faiss.ScalarQuantizer.QT_8bit_direct_signed, _LINKS, faiss.METRIC_INNER_PRODUCT
    )
    graph.hnsw.efConstruction = _EF_BUILD
    graph.is_trained = True
    graph.add(encode(vectors).astype(np.float32))
    built = perf_counter() - began
    size = passages * (vectors.shape[1] + 4 * 2 * _LINKS) / 1e6
    for ef in _doubling(_K + SPARE, passages):
        params = faiss.SearchParametersHNSW(efSearch=ef)
        last = look("graph", built, size, f"ef {ef}", partial(_found_by_codes, graph, params))
        yield last
        if last.recall >= _FAR_ENOUGH:
            break


def _found(index: Any, params: Any, question: NDArray[np.float32]) -> NDArray[np.int64]:
    _, found = index.search(question[np.newaxis], _K + SPARE, params=params)
    numbers: NDArray[np.int64] = found[0][found[0] >= 0]
    return numbers


def _found_by_codes(index: Any, params: Any, question: NDArray[np.float32]) -> NDArray[np.int64]:
    return _found(index, params, encode(question[np.newaxis])[0].astype(np.float32))


def _share(
    vectors: Vectors16, question: Vectors, found: NDArray[np.int64], exact: NDArray[np.int64]
) -> float:
    best = found[np.argsort(-(vectors[found].astype(np.float32) @ question))[:_K]]
    return len(np.intersect1d(best, exact)) / _K


def _doubling(first: int, most: int) -> Iterator[int]:
    while first <= most:
        yield first
        first *= 2


if __name__ == "__main__":
    print("| index | built, s | MB | width | p50, ms | p95, ms | recall@10 |\n|---|---|---|---|---|---|---|")
    model = OnnxEmbedder(default_model())
    for row in compare(corpus(model), int(sys.argv[1]), model):
        print(
            f"| {row.index} | {row.build_s} | {row.mb} | {row.width} | {row.search.p50_ms} | {row.search.p95_ms} | "
            f"{row.recall:.4f} |",
            flush=True,
        )
