"""The peer: retrieval as tutorials show it, in a process of its own with as many threads as its libraries like.

Stock rank_bm25, FAISS flat, SentenceTransformer.encode, reciprocal rank fusion with k = 60.
python -m citewell.eval.naive search|embed|cold ...: prints JSON, or for `cold` the passages.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from citewell.corpus.store import Store
from citewell.eval.bench_library import chunks, corpus
from citewell.eval.bench_process import run_module
from citewell.eval.bench_timing import Timing, ratio
from citewell.eval.fusion import reciprocal_rank_fusion
from citewell.eval.generate import CHUNK
from citewell.index.embedding import Vectors
from citewell.index.folder import STORE
from citewell.index.model import default_model, default_model_folder
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.segment import Segment
from citewell.index.snapshot import read

SEARCHED_UP_TO = 100_000  # passages
_MODULE = "citewell.eval.naive"
_DEPTH = 100
_EMBEDDED, _ROUNDS = 200, 3


@dataclass(frozen=True, slots=True)
class NaiveSearch:
    """Retrieval without embedding over the same passages, vectors and questions."""

    search: Timing
    build_s: float
    embed: Timing  # of a question


@dataclass(frozen=True, slots=True)
class Embedding:
    """Bulk embedding of the same passages, the two in turns; medians. Vectors differ by at most this in any number."""

    passages: int
    citewell_per_s: float
    sentence_transformers_per_s: float
    ratio: float | None
    largest_difference: float


def naive_search(passages: int, asked: Sequence[str]) -> NaiveSearch:
    said = run_module(_MODULE, "search", str(passages), given=json.dumps(list(asked)), threads=True)
    return NaiveSearch(Timing(**said["search"]), said["build_s"], Timing(**said["embed"]))


def embedding_rates() -> Embedding:
    return Embedding(**run_module(_MODULE, "embed", threads=True))


class Naive:
    """Texts and their unit vectors, searched as tutorials do."""

    def __init__(self, texts: Sequence[str], vectors: Vectors) -> None:
        import faiss
        from rank_bm25 import BM25Okapi

        self.bm25: Any = BM25Okapi([text.lower().split() for text in texts])
        self.index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)

    def search(self, question: str, vector: Vectors, k: int = 10) -> list[int]:
        """`vector` has shape (1, dim)."""
        lexical = np.argsort(self.bm25.get_scores(question.lower().split()))[::-1][:_DEPTH]
        _, dense = self.index.search(vector, _DEPTH)
        fused = reciprocal_rank_fusion([lexical.tolist(), [i for i in dense[0].tolist() if i >= 0]])
        return [number for number, _ in fused[:k]]


def _search(passages: int, asked: Sequence[str]) -> dict[str, Any]:
    of = corpus(OnnxEmbedder(default_model()))
    texts = [chunk.passage_text(number) for chunk in chunks(of, passages) for number in range(CHUNK)]
    vectors = np.concatenate([chunk.passage_vectors for chunk in chunks(of, passages)])
    model = _sentence_transformer()
    began = perf_counter()
    naive = Naive(texts, vectors)
    built = perf_counter() - began
    embedding, searching = [], []
    model.encode(["warm"])
    naive.search(asked[0], vectors[:1])
    for question in asked:
        began = perf_counter()
        vector = model.encode([question], normalize_embeddings=True)
        embedded = perf_counter()
        naive.search(question, vector)
        searching.append(1000 * (perf_counter() - embedded))
        embedding.append(1000 * (embedded - began))
    times = {"search": asdict(Timing.of(searching)), "embed": asdict(Timing.of(embedding))}
    return {**times, "build_s": round(built, 2)}


def _embed() -> Embedding:
    ours, theirs = OnnxEmbedder(default_model()), _sentence_transformer()
    chunk = corpus(ours).chunk(0)
    texts = [chunk.passage_text(number) for number in range(_EMBEDDED)]
    fast, slow = [], []
    for _ in range(_ROUNDS + 1):
        times = [perf_counter()]
        made = ours.embed_passages(texts)
        times.append(perf_counter())
        peer = theirs.encode(texts, normalize_embeddings=True)
        times.append(perf_counter())
        fast.append(_EMBEDDED / (times[1] - times[0]))
        slow.append(_EMBEDDED / (times[2] - times[1]))
    rates = median(fast[1:]), median(slow[1:])  # the first round warms up
    difference = float(np.abs(made - peer).max())
    return Embedding(
        _EMBEDDED, round(rates[0], 1), round(rates[1], 1), ratio(*rates), float(f"{difference:.2g}")
    )


def _cold(library: Path, question: str) -> list[str]:
    """Answer over the texts and vectors that the library's files hold, as a saved index of a tutorial would."""
    store = Store(library / STORE)
    texts: list[str] = []
    vectors = []
    snapshot = read(library / "index")
    for ref in snapshot.segments if snapshot else ():
        segment = Segment.open(library / "index" / ref.id)
        texts += [segment.span(i).of(store.text(segment.article(i).text_sha)) for i in range(len(segment))]
        vectors.append(segment.passage_vectors.astype(np.float32))
    naive = Naive(texts, np.concatenate(vectors))
    vector = _sentence_transformer().encode([question], normalize_embeddings=True)
    return [texts[number] for number in naive.search(question, vector, 3)]


def _sentence_transformer() -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(default_model_folder()), device="cpu", local_files_only=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["search", count]:
            print(json.dumps(_search(int(count), json.load(sys.stdin))))
        case ["embed"]:
            print(json.dumps(asdict(_embed())))
        case ["cold", folder, words]:
            print("\n".join(_cold(Path(folder), words)))
