"""The report of a benchmark as Markdown, and as files."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from citewell.corpus.errors import CitewellError
from citewell.eval.bench import BenchReport, SizeReport
from citewell.eval.bench_stages import STAGES
from citewell.eval.bench_timing import Timing

_NONE = "–"


def markdown(report: BenchReport) -> str:
    """Tables; times of questions are p50 / p95 in ms."""
    parts = [_head(report), _bundled(report), _table(_size_rows(report.sizes))]
    return "\n\n".join([*parts, *([_fan_out(report)] if report.fan_out else [])])


def write(report: BenchReport, folder: Path) -> None:
    """bench.json, bench.md and bench.png. Raises CitewellError if they cannot be written."""
    from citewell.eval.plot import plot

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bench.json").write_text(json.dumps(asdict(report), indent=1) + "\n", "utf-8")
        (folder / "bench.md").write_text(markdown(report) + "\n", "utf-8")
        plot(report, folder / "bench.png")
    except OSError as error:
        raise CitewellError(f"The report cannot be written to {folder}: {error.strerror}.") from None


def _head(report: BenchReport) -> str:
    on = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in on.versions.items())
    return f"{on.date}: {on.cpu}, {on.cores} cores, {on.memory_gb:g} GiB, {on.system}, Python {on.python}, {versions}"


def _bundled(report: BenchReport) -> str:
    bundled, cold, embedding = report.bundled, report.bundled.cold, report.embedding
    rows = [
        ["figure", "citewell", "peer", "ratio"],
        [f"ask in the process, {bundled.ask.n} questions, ms", _pair(bundled.ask), _NONE, _NONE],
        [f"ask over HTTP, {bundled.http.n} questions, ms", _pair(bundled.http), _NONE, _NONE],
        [
            f"cold `citewell ask`, whole process, median of {cold.citewell_runs}, s; peer imports "
            f"sentence_transformers, median of {cold.sentence_transformers_runs}",
            f"{cold.citewell_s:.2f}",
            f"{cold.sentence_transformers_s:.2f}",
            _times(cold.ratio),
        ],
        [
            f"embedding {embedding.passages} passages, passages/s; peer SentenceTransformer.encode",
            f"{embedding.citewell_per_s:.1f}",
            f"{embedding.sentence_transformers_per_s:.1f}",
            _times(embedding.ratio),
        ],
        [
            "build from texts without embedding, passages/s",
            f"{report.build.passages_per_s:,.0f}",
            _NONE,
            _NONE,
        ],
    ]
    return f"Bundled articles, {bundled.passages} passages:\n\n{_table(rows)}"


def _size_rows(sizes: Sequence[SizeReport]) -> list[list[str]]:
    """Rows of the table by size, a column for each; rows that say nothing are left out."""

    def row(name: str, *values: str) -> list[str]:
        return [name, *values]

    rows = [
        row("generated passages", *(f"{size.passages:,}" for size in sizes)),
        row("terms", *(f"{size.terms:,}" for size in sizes)),
        row("index on disk, MB", *(f"{size.index_mb:,.1f}" for size in sizes)),
        *[row(f"{stage}, ms", *(_pair(size.asked.stages.get(stage)) for size in sizes)) for stage in STAGES],
        row("**retrieval without embedding, ms**", *(f"**{_pair(size.asked.retrieval)}**" for size in sizes)),
        row("whole ask in the process, ms", *(_pair(size.asked.ask) for size in sizes)),
        row(
            "naive retrieval without embedding, ms",
            *(_pair(size.naive.search if size.naive else None, count=True) for size in sizes),
        ),
        row("naive / citewell, p50 on the same questions", *(_times(size.faster) for size in sizes)),
        row(
            "naive: embedding the question, ms",
            *(_pair(size.naive.embed if size.naive else None) for size in sizes),
        ),
        row("recall@10 of the dense part", *(f"{size.asked.recall_at_10:.4f}" for size in sizes)),
        row("open, s", *(f"{size.opened.open_s:.3f}" for size in sizes)),
        row("first question, ms", *(f"{size.opened.first_question_ms:.1f}" for size in sizes)),
        row(
            "memory after questions, private / mapped / peak, MB",
            *(_memory(size) for size in sizes),
        ),
        row("add an article, open library, median, s", *(f"{size.add_one.median_s:.3f}" for size in sizes)),
        row("add an article, slowest, s", *(f"{size.add_one.slowest_s:.3f}" for size in sizes)),
        row("add an article, opening first, s", *(f"{size.add_one.opened_first_s:.3f}" for size in sizes)),
    ]
    return [row for row in rows if set(row[1:]) != {_NONE}]


def _fan_out(report: BenchReport) -> str:
    rows = [
        ["shards", "p50, ms", "p95", "p99", "hedged: p50", "p95", "p99"],
        *(
            [f"{row.shards:,}"]
            + [f"{figure:.1f}" for name, figure in asdict(row).items() if name != "shards"]
            for row in report.fan_out
        ),
    ]
    size = max(size.passages for size in report.sizes)
    return (
        f"Simulated: a question to so many shards of {size:,} passages at once, from measured times of one, without "
        f"network; hedged: another replica is asked after a shard's p95.\n\n{_table(rows)}"
    )


def _memory(size: SizeReport) -> str:
    opened = size.opened
    return (
        f"{opened.private_mb:,.0f} / {opened.mapped_mb:,.0f} / {opened.peak_mb:,.0f} ({opened.questions:,})"
    )


def _pair(timing: Timing | None, count: bool = False) -> str:
    if timing is None:
        return _NONE
    asked = f" ({timing.n} questions)" if count else ""
    return f"{timing.p50_ms:.2f} / {timing.p95_ms:.2f}{asked}"


def _times(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the head; numbers stand to the right."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))
