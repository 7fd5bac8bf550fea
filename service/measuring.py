"""Commands that measure: `citewell eval | bench`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from citewell.corpus.errors import BadInput
from citewell.index.model import Precision
from citewell.service import terminal
from citewell.service.options import LIBRARY, AsJson, Folder, InPrecision, embedder, opened, show

measuring = typer.Typer()


@measuring.command(name="eval")
def evaluate(
    gold: Annotated[Path | None, typer.Option(help="Gold questions over --library, as JSON lines.")] = None,
    library: Folder = LIBRARY,
    beir: Annotated[
        Path | None, typer.Option(help="A folder in BEIR layout, instead of gold questions.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions of --beir.")] = None,
    precision: InPrecision = None,
    as_json: AsJson = False,
) -> None:
    """Measure retrieval: on the bundled gold, on your own, or on a public set."""
    from citewell.service import evaluation

    if gold is not None and precision is not None:
        raise BadInput("--gold asks a library in its own precision. Leave --precision out.")
    in_precision = precision or Precision.FP32
    if beir is not None:
        if gold is not None:
            raise BadInput("Give --gold or --beir, not both.")
        evaluation.of_beir(beir, embedder(in_precision, bulk=True), limit, as_json)
    elif limit is not None:
        raise BadInput("--limit goes with --beir.")
    elif gold is not None:
        with opened(library) as held:
            evaluation.of_gold(held, gold, as_json)
    else:
        evaluation.of_bundled(embedder(in_precision), as_json)


@measuring.command()
def bench(
    size: Annotated[
        list[int] | None,
        typer.Option(
            help="Generated passages, a multiple of 1,000; may be given several times. [1000, 10000]"
        ),
    ] = None,
    against: Annotated[
        Literal["naive"] | None,
        typer.Option(help="Also measure what tutorials show, up to 100,000 passages."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for bench.json, bench.md and bench.png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory: stages of a question, opening, adding, embedding, cold starts."""
    from citewell.eval import bench as benchmark
    from citewell.eval.bench_report import markdown, write

    benchmark.checked_sizes(size or ())
    report = benchmark.run(size or benchmark.SIZES, against is not None, embedder(), terminal.steps())
    if output is not None:
        write(report, output)
    show(as_json, asdict(report), markdown(report))
