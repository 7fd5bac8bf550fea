"""The benchmark as a picture: retrieval by size, and what the stages of a question take."""

from pathlib import Path
from typing import Any

from citewell.corpus.errors import CitewellError
from citewell.eval.bench import BenchReport
from citewell.eval.bench_stages import STAGES


def plot(report: BenchReport, file: Path) -> None:
    """Raises CitewellError without matplotlib, which is needed here only."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise CitewellError("The plot needs matplotlib. Install it: pip install matplotlib") from None
    pictures = [_retrieval, _stages, *([_fan_out] if report.fan_out else [])]
    figure = Figure(figsize=(5.5 * len(pictures), 4.5), layout="constrained")
    for draw, axes in zip(pictures, figure.subplots(1, len(pictures)), strict=True):
        draw(report, axes)
    on = report.machine
    figure.suptitle(
        f"citewell {on.versions['citewell']}, {on.cpu}, {on.cores} cores, {on.date[:10]}", fontsize=9
    )
    figure.savefig(file, dpi=150)


def _retrieval(report: BenchReport, axes: Any) -> None:
    sizes = [size.passages for size in report.sizes]
    axes.plot(
        sizes, [size.asked.retrieval.p50_ms for size in report.sizes], "o-", color="C0", label="citewell p50"
    )
    axes.plot(
        sizes, [size.asked.retrieval.p95_ms for size in report.sizes], "o:", color="C0", label="citewell p95"
    )
    against = [(size.passages, size.naive.search) for size in report.sizes if size.naive]
    if against:
        x = [passages for passages, _ in against]
        axes.plot(x, [timing.p50_ms for _, timing in against], "s-", color="C1", label="naive p50")
        axes.plot(x, [timing.p95_ms for _, timing in against], "s:", color="C1", label="naive p95")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms", title="retrieval without embedding")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()


def _stages(report: BenchReport, axes: Any) -> None:
    """Medians of the stages on each other; they need not add up to the median of the whole."""
    names = [f"{size.passages:,}" for size in report.sizes]
    base = [0.0] * len(names)
    for stage in STAGES:
        timings = [size.asked.stages.get(stage) for size in report.sizes]
        heights = [max(0.0, timing.p50_ms) if timing else 0.0 for timing in timings]
        axes.bar(names, heights, bottom=base, label=stage)
        base = [below + height for below, height in zip(base, heights, strict=True)]
    axes.set(xlabel="passages", ylabel="ms, p50 of each stage", title="stages of a question")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), reverse=True)


def _fan_out(report: BenchReport, axes: Any) -> None:
    shards = [row.shards for row in report.fan_out]
    for share, line in ((50, "o-"), (95, "s--"), (99, "^:")):
        plain = [getattr(row, f"p{share}_ms") for row in report.fan_out]
        hedged = [getattr(row, f"hedged_p{share}_ms") for row in report.fan_out]
        axes.plot(shards, plain, line, color="C0", label=f"p{share}")
        axes.plot(shards, hedged, line, color="C2", label=f"p{share}, hedged")
    axes.set(xscale="log", xlabel="shards", ylabel="ms", title="a question to many shards, simulated")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
