"""What the benchmark computes from times. Nothing is timed here; `citewell bench` does that."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.eval.bench import BenchReport, BundledReport, SizeReport, checked_sizes, spread
from citewell.eval.bench_change import AddOne, BuildRate, NoModel, add_one
from citewell.eval.bench_library import generated_library, questions
from citewell.eval.bench_memory import Opened
from citewell.eval.bench_neighbours import compare
from citewell.eval.bench_process import Cold
from citewell.eval.bench_report import markdown, write
from citewell.eval.bench_stages import STAGES, Asked, time_questions
from citewell.eval.bench_timing import Timing, machine, ratio
from citewell.eval.bench_weight import sizes
from citewell.eval.fan_out import fan_out
from citewell.eval.generate import CHUNK, Corpus, real_sentences
from citewell.eval.naive import Embedding, Naive, NaiveSearch
from citewell.index.vector_cache import VectorCache
from tests.fakes import WordEmbedder

TIMING = Timing(3, 1.0, 2.0)
SIZE = SizeReport(
    passages=1000,
    terms=4000,
    index_mb=3.5,
    asked=Asked(
        {"analyse": TIMING, "dense": Timing(3, 0.25, 0.5)}, Timing(3, 7.0, 9.0), (5.0, 7.0, 9.2), None, 0.995
    ),
    opened=Opened(0.01, 5.0, 200, 100.0, 50.0, 160.0),
    add_one=AddOne(5, 0.05, 0.07, 0.06),
    naive=None,
    faster=None,
)
REPORT = BenchReport(
    machine(),
    BundledReport(40, TIMING, TIMING, Cold(0.5, 5, 10.0, 3, 20.0)),
    Embedding(200, 60.0, 40.0, 1.5, 2e-7),
    BuildRate(2000, 900.0),
    (
        SIZE,
        replace(SIZE, passages=10_000, naive=NaiveSearch(Timing(10, 70.0, 80.0), 1.0, TIMING), faster=10.0),
    ),
)


def test_percentiles_lie_between_the_nearest_times() -> None:
    assert Timing.of([float(number) for number in range(101, 0, -1)]) == Timing(101, 51.0, 96.0)
    assert Timing.of([1.0, 2.0]) == Timing(2, 1.5, 1.95)
    assert Timing.of([0.12345]) == Timing(1, 0.123, 0.123)


def test_a_ratio_to_nothing_is_none() -> None:
    assert (ratio(7.0, 2.0), ratio(1.0, 0.0)) == (3.5, None)


def test_private_memory_and_mapped_files_are_told_apart() -> None:
    rollup = """55d0c0000000-7ffd1b5f2000 ---p 00000000 00:00 0                          [rollup]
Rss:               30000 kB
Private_Clean:      2000 kB
Private_Dirty:     23000 kB
Anonymous:         22000 kB
"""
    assert sizes(rollup, "Name:\tpython\nVmPeak:\t 90000 kB\nVmHWM:\t   40000 kB\n") == (22.5, 8.2, 41.0)


def test_the_naive_peer_finds_a_passage_by_its_words_and_by_its_vector() -> None:
    texts = ["the tide comes twice a day", "a kettle boils water", "boats need wind"]
    embedder = WordEmbedder("tide", "kettle", "boats")
    peer = Naive(texts, embedder.embed_passages(texts))
    assert peer.search("boats", embedder.embed_queries(["boats"]))[0] == 2


@pytest.mark.parametrize("size", [0, -1000, 999, 1500])
def test_a_size_that_cannot_be_generated_is_refused(size: int) -> None:
    with pytest.raises(BadInput, match="multiple of 1,000"):
        checked_sizes([1000, size])


def test_a_row_of_the_table_has_a_figure_for_each_size_and_rows_without_any_are_left_out() -> None:
    lines = markdown(REPORT).splitlines()
    (head,) = [line for line in lines if line.startswith("| generated passages")]
    assert head == "| generated passages | 1,000 | 10,000 |"
    assert "| analyse, ms | 1.00 / 2.00 | 1.00 / 2.00 |" in lines
    assert "| naive retrieval without embedding, ms | – | 70.00 / 80.00 (10 questions) |" in lines
    assert "| naive / citewell, p50 on the same questions | – | 10.0 |" in lines
    assert not [line for line in lines if line.startswith("| store, ms")]


def test_a_report_says_on_which_machine_with_which_versions_and_when() -> None:
    said = markdown(REPORT).splitlines()[0]
    assert all(
        word in said for word in (REPORT.machine.cpu, f"{REPORT.machine.cores} cores", "faiss-cpu", "20")
    )


def test_a_simulation_of_shards_is_a_table_and_a_picture_of_its_own(tmp_path: Path) -> None:
    report = replace(REPORT, fan_out=fan_out([1.0, 2.0, 10.0], [1, 100]))
    assert "shards of 10,000 passages" in markdown(report)
    assert "| 100 | 10.0 | 10.0 | 10.0 |" in markdown(report)
    assert "shards" not in markdown(REPORT)
    for name, each in (("with", report), ("without", REPORT)):
        write(each, tmp_path / name)
    wide, narrow = ((tmp_path / name / "bench.png").read_bytes()[16:20] for name in ("with", "without"))
    assert wide > narrow  # PNG's width


def test_a_report_is_written_as_json_markdown_and_picture(tmp_path: Path) -> None:
    write(REPORT, tmp_path / "new")
    assert json.loads((tmp_path / "new/bench.json").read_text("utf-8")) == json.loads(
        json.dumps(asdict(REPORT))
    )
    assert (tmp_path / "new/bench.md").read_text("utf-8") == markdown(REPORT) + "\n"
    assert (tmp_path / "new/bench.png").read_bytes().startswith(b"\x89PNG")


def test_every_stage_is_timed_over_a_stored_library_and_an_added_article_is_found(tmp_path: Path) -> None:
    embedder = WordEmbedder("openai", "nvidia", "chips", "cloud")
    cache = VectorCache(tmp_path / "vectors.db")
    of = Corpus.of(real_sentences(), embedder, cache, seed=1)
    cache.close()
    generated = generated_library(of, CHUNK, embedder.fingerprint, lambda _: None, tmp_path)
    asked = time_questions(of, generated, embedder, questions(of, 6))
    assert tuple(asked.stages) == STAGES
    assert all(timing.n == 6 for timing in asked.stages.values())
    assert asked.stages["lexical"].p50_ms > 0 < asked.stages["dense"].p50_ms
    assert asked.ask is not None
    assert 0 <= asked.recall_at_10 <= 1
    assert add_one(of, generated, embedder).articles == 5


def test_every_way_to_look_for_neighbours_ends_with_nearly_all_of_them(tmp_path: Path) -> None:
    embedder = WordEmbedder("openai", "nvidia", "chips", "cloud")
    cache = VectorCache(tmp_path / "vectors.db")
    of = Corpus.of(real_sentences(), embedder, cache, seed=1)
    cache.close()
    looks = list(compare(of, CHUNK, embedder))
    last = {look.index: look for look in looks}
    assert set(last) == {"one by one", "clusters", "graph"}
    assert all(look.recall > 0.9 for look in last.values())
    assert all(look.search.n == 200 for look in looks)


def test_without_a_model_every_vector_is_the_same_unit_vector() -> None:
    vectors = NoModel(WordEmbedder("a", "b", "c")).embed_passages(["one", "two"])
    assert vectors.tolist() == [[0.5] * 4] * 2


def test_fewer_questions_are_taken_evenly_and_all_when_all_are_wanted() -> None:
    assert spread(range(10), 5) == [0, 2, 4, 6, 8]
    assert spread(["a", "b", "c"], 3) == ["a", "b", "c"]
