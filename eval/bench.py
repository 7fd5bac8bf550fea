"""Benchmarks that anyone can run again: everything that the README says of speed, in one run."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from citewell.corpus.errors import BadInput
from citewell.eval.bench_change import AddOne, BuildRate, add_one, build_rate
from citewell.eval.bench_library import Generated, Say, corpus, generated_library, questions
from citewell.eval.bench_memory import Opened, weigh
from citewell.eval.bench_process import Cold, bundled_library, cold_start, http_latency
from citewell.eval.bench_stages import CITATIONS, Asked, KnownQuestions, time_questions
from citewell.eval.bench_timing import Machine, Timing, machine, milliseconds, ratio
from citewell.eval.fan_out import FanOut, fan_out
from citewell.eval.generate import CHUNK, Corpus
from citewell.eval.gold import bundled_gold, read_gold
from citewell.eval.naive import SEARCHED_UP_TO, Embedding, NaiveSearch, embedding_rates, naive_search
from citewell.index.answer import ask
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.search import Searcher
from citewell.index.segment import Segment
from citewell.index.snapshot import read

_Any = TypeVar("_Any")
SIZES = (1_000, 10_000)
_QUESTIONS = 200
_QUESTIONS_WEIGHED = 1_000  # from this size on
_MILLION = 1_000_000
_SHARD_QUESTIONS = 1_000
_NAIVE_QUESTIONS = 10  # from 100,000 passages on


@dataclass(frozen=True, slots=True)
class SizeReport:
    """One generated library; `naive` and `faster` only where the peer was asked for and up to 100,000 passages."""

    passages: int
    terms: int
    index_mb: float
    asked: Asked
    opened: Opened
    add_one: AddOne
    naive: NaiveSearch | None
    faster: float | None  # the peer's p50 over that of retrieval, on the questions that the peer was asked


@dataclass(frozen=True, slots=True)
class BundledReport:
    """The library of the bundled articles, every gold question once after a first pass to warm up."""

    passages: int
    ask: Timing
    http: Timing
    cold: Cold


@dataclass(frozen=True, slots=True)
class BenchReport:
    machine: Machine
    bundled: BundledReport
    embedding: Embedding
    build: BuildRate
    sizes: tuple[SizeReport, ...]
    fan_out: tuple[FanOut, ...] = ()  # over shards as large as the largest size, if that was asked for


def run(
    sizes: Sequence[int], against_naive: bool, embedder: Embedder, say: Say, simulate: bool = False
) -> BenchReport:
    """Raises BadInput, before anything is measured, for a size that cannot be generated."""
    checked_sizes(sizes)
    bundled = _bundled(embedder, say)
    say("bulk embedding, in turns with SentenceTransformer.encode")
    embedding = embedding_rates()
    of = corpus(embedder)
    say("building an index from texts")
    build = build_rate(of, embedder)
    reports = tuple(_size(of, passages, against_naive, embedder, say) for passages in sizes)
    shards: tuple[FanOut, ...] = ()
    if simulate:
        say(f"{_SHARD_QUESTIONS:,} questions to one shard, then a simulation of many")
        shards = fan_out(_shard_ms(of, max(sizes), embedder, say))
    return BenchReport(machine(), bundled, embedding, build, reports, shards)


def _shard_ms(of: Corpus, passages: int, embedder: Embedder, say: Say) -> list[float]:
    """Milliseconds from the words and vector of a question to the ranking, a question each, after a first pass."""
    generated = generated_library(of, passages, embedder.fingerprint, say)
    asked = questions(of, _SHARD_QUESTIONS)
    with closing(Library(generated.folder, embedder)) as library:
        opened = library.searcher()
        searcher = Searcher(opened.snapshot_id, opened.parts, KnownQuestions(embedder, asked), opened.config)
        times = [
            milliseconds(lambda q=q: searcher.hybrid(searcher.query(q), CITATIONS)) for q in [*asked, *asked]
        ]
    return times[len(asked) :]


def checked_sizes(sizes: Sequence[int]) -> None:
    for size in sizes:
        if size < CHUNK or size % CHUNK:
            raise BadInput(f"A size of {size:,} passages cannot be generated; give a multiple of {CHUNK:,}.")


def _bundled(embedder: Embedder, say: Say) -> BundledReport:
    asked = [question.question for question in read_gold(bundled_gold())]
    with bundled_library() as folder:
        say("bundled articles: asking in this process")
        library = Library(folder, embedder)
        searcher = library.searcher()
        times = [milliseconds(ask, searcher, library.store, q) for q in [*asked, *asked]]
        library.close()
        say("bundled articles: asking over HTTP")
        http = http_latency(folder, asked)
        say("bundled articles: cold starts, and those of a process that imports sentence_transformers")
        cold = cold_start(folder)
    return BundledReport(searcher.passages, Timing.of(times[len(asked) :]), http, cold)


def _size(of: Corpus, passages: int, against_naive: bool, embedder: Embedder, say: Say) -> SizeReport:
    def tell(words: str) -> None:
        say(f"{passages:,} passages: {words}")

    tell("opening or generating")
    generated = generated_library(of, passages, embedder.fingerprint, tell)
    terms, index_mb = _index_of(generated)
    tell("timing the stages of a question")
    asked = time_questions(of, generated, embedder, questions(of, _QUESTIONS))
    tell("opening and asking in a process of its own")
    opened = weigh(generated, questions(of, _QUESTIONS_WEIGHED if passages >= _MILLION else _QUESTIONS))
    tell("adding articles")
    added = add_one(of, generated, embedder)
    naive, faster = None, None
    if against_naive and passages <= SEARCHED_UP_TO:
        count = _NAIVE_QUESTIONS if passages >= SEARCHED_UP_TO else _QUESTIONS
        tell(f"{count} of the same questions, naively")
        naive = naive_search(passages, spread(questions(of, _QUESTIONS), count))
        faster = ratio(naive.search.p50_ms, Timing.of(spread(asked.retrieval_ms, count)).p50_ms)
    return SizeReport(passages, terms, index_mb, asked, opened, added, naive, faster)


def spread(asked: Sequence[_Any], count: int) -> list[_Any]:
    """That many, evenly from first to last, so that both kinds of question are among them."""
    return [asked[i * len(asked) // count] for i in range(count)]


def _index_of(generated: Generated) -> tuple[int, float]:
    """Number of terms, and the size of the index on disk."""
    index: Path = generated.folder / "index"
    snapshot = read(index)
    segments = [Segment.open(index / ref.id) for ref in (snapshot.segments if snapshot else ())]
    size = sum(file.stat().st_size for file in index.rglob("*") if file.is_file())
    return sum(len(segment.postings.terms) for segment in segments), round(size / 1e6, 1)
