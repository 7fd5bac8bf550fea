"""python -m citewell.eval.bench_milvus ADDRESS [BEIR_SET ...]: whether a cluster answers as one machine does, and how fast.

The bundled gold, and public sets, are asked of the embedded engine and of the cluster. Needs a server, for example:
milvus-lite server --data-dir D --host 127.0.0.1 --port 19530
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Self, cast
from uuid import uuid4

from citewell.corpus.article import Article
from citewell.corpus.store import Store
from citewell.eval.beir import BeirSet, by_document, read_beir
from citewell.eval.bench_timing import Timing
from citewell.eval.evaluate import relevant_passages
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.eval.locate import Locator, locate
from citewell.eval.measures import Qrels, measure
from citewell.eval.trec import Scored
from citewell.index import candidates, milvus_calls
from citewell.index.address import Address
from citewell.index.build import build
from citewell.index.cluster import Cluster
from citewell.index.config import Config
from citewell.index.embedding import Embedder
from citewell.index.engine import Askable, Held
from citewell.index.indexing import Source
from citewell.index.library import Library
from citewell.index.model import cache_folder, default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.vector_cache import VectorCache
from citewell.index.writing import add

_K = 100
_PATIENCE = (
    120.0  # seconds for a question: a stand-in for a cluster is slow, and answers are compared, not deadlines
)
_NDCG = measure("nDCG@10")


@dataclass(frozen=True, slots=True)
class Compared:
    """Of a set's questions: the share whose first ten passages are the same in the same order, and quality of both."""

    name: str
    passages: int
    questions: int
    same_first_ten: float
    same_scores: float  # share of the questions whose first ten have the same scores
    ndcg_embedded: float
    ndcg_cluster: float
    embedded: Timing  # a ranking, the question's vector included
    cluster: Timing
    filling_s: float


class _OfSet:
    """A set's documents as a Source gives a store's articles; they are cut already."""

    def __init__(self, beir: BeirSet, embedder: Embedder) -> None:
        self.store, self._embedder = _Articles(beir), embedder
        self._documents = {article.article_id: (article, text, cut) for article, text, cut in beir.documents}

    def progress(self, done: int, total: int) -> None: ...

    def quiet(self) -> Self:
        return self

    def segments(self, articles: Iterable[Article], _: object = None) -> list[Segment]:
        with closing(VectorCache(cache_folder() / "vectors.db")) as cache:
            given = (self._documents[article.article_id] for article in articles)
            return [build(given, self._embedder, cache)]


@dataclass(frozen=True, slots=True)
class _Articles:
    beir: BeirSet

    def epoch(self) -> str:
        return "bench"

    def change(self) -> int:
        return 1

    def lines_of_sites(self) -> dict[str, frozenset[str]]:
        return {}

    def articles(self) -> list[Article]:
        return [article for article, _, _ in self.beir.documents]


def compare_set(folder: Path, address: Address, embedder: Embedder) -> Compared:
    beir = read_beir(folder, embedder.count_tokens)
    source = _OfSet(beir, embedder)
    (segment,) = source.segments(source.store.articles())
    exact = Searcher(segment.id, [Part(segment)], embedder, Config())
    with tempfile.TemporaryDirectory() as made:
        engine = Cluster(address, Path(made), embedder, Config)
        try:
            began = perf_counter()
            engine.replace(engine.prepare(cast(Source, source)), Held("bench", 1))
            filling = perf_counter() - began
            return _compared(
                beir.name,
                len(segment),
                beir.questions,
                beir.qrels,
                exact,
                engine.askable(cast(Store, source.store)),
                filling,
                True,
            )
        finally:
            engine.drop()
            engine.close()


def compare_bundled(address: Address, embedder: Embedder) -> Compared:
    with tempfile.TemporaryDirectory() as made:
        libraries = []
        for name, where in (("exact", None), ("cluster", address)):
            (Path(made) / name).mkdir()
            libraries.append(Library(Path(made) / name, embedder, create=True, cluster=where))
        exact, clustered = libraries
        try:
            began = perf_counter()
            for library in libraries:
                add(library, sorted(bundled_articles().glob("*.md")))
            filling = perf_counter() - began
            gold = read_gold(bundled_gold())
            judged = relevant_passages(exact, gold, locate(gold, Locator(exact.store)))
            return _compared(
                "bundled gold", exact.searcher().passages, {each.id: each.question for each in gold}, judged,
                exact.askable(), clustered.askable(), filling, False,
            )  # fmt: skip
        finally:
            assert isinstance(clustered.engine, Cluster)
            clustered.engine.drop()
            for library in libraries:
                library.close()


def _compared(
    name: str,
    passages: int,
    questions: Mapping[str, str],
    qrels: Qrels,
    exact: Askable,
    cluster: Askable,
    filling: float,
    by_documents: bool,
) -> Compared:
    same, scored, quality = [], [], []
    times: tuple[list[float], list[float]] = ([], [])
    for question, text in questions.items():
        ranked: list[Scored] = []
        for index, spent in zip((exact, cluster), times, strict=True):
            began = perf_counter()
            searcher, query = index.about(text)
            hits = searcher.hybrid(query, _K).hits
            spent.append(1000 * (perf_counter() - began))
            ranked.append(tuple((hit.passage_id, hit.score) for hit in hits))
        mine, right = ([hit for hit, _ in ranking[:10]] for ranking in ranked)
        same.append(mine == right)
        scored.append(
            all(abs(a[1] - b[1]) <= 2e-6 for a, b in zip(*(ranking[:10] for ranking in ranked), strict=False))
        )
        judged = qrels.get(question, {})
        quality.append(
            [_NDCG([hit for hit, _ in (by_document(r) if by_documents else r)], judged) for r in ranked]
        )
    judged_only = [pair for pair, question in zip(quality, questions, strict=True) if qrels.get(question)]
    first, second = (fmean(pair[i] for pair in judged_only) for i in (0, 1))
    return Compared(
        name, passages, len(same), round(fmean(same), 4), round(fmean(scored), 4), round(first, 4), round(second, 4),
        Timing.of(times[0]), Timing.of(times[1]), round(filling, 1),
    )  # fmt: skip


def table(rows: Iterable[Compared]) -> Iterator[str]:
    yield "| set | passages | questions | same first ten | same scores | nDCG@10 | on the cluster | p50 ms | on the cluster | filling s |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        yield (
            f"| {row.name} | {row.passages:,} | {row.questions:,} | {row.same_first_ten:.1%} | {row.same_scores:.1%} | "
            f"{row.ndcg_embedded:.4f} | {row.ndcg_cluster:.4f} | {row.embedded.p50_ms} | {row.cluster.p50_ms} | {row.filling_s} |"
        )


def _rows(said: str, folders: Sequence[str]) -> Iterator[Compared]:
    milvus_calls._READING = candidates._PATIENCE = _PATIENCE
    embedder = OnnxEmbedder(default_model())
    place = Address.of(said)
    for folder in (None, *folders):
        address = Address(place.uri, f"bench_{uuid4().hex[:8]}", place.token)
        yield (
            compare_bundled(address, embedder)
            if folder is None
            else compare_set(Path(folder), address, embedder)
        )


if __name__ == "__main__":
    for line in table(_rows(sys.argv[1], sys.argv[2:])):
        print(line, flush=True)
