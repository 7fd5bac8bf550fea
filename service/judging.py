"""The commands that measure retrieval, and fit a library to gold: `eval`, `eval check`, `eval calibrate`, `eval tune`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from citewell.corpus.errors import BadInput, CitewellError
from citewell.index.model import Precision
from citewell.service.models import Models
from citewell.service.options import (
    LIBRARY,
    AsJson,
    Folder,
    InPrecision,
    ModelName,
    Rerank,
    RerankerName,
    opened,
)

judging = typer.Typer()


@contextmanager
def _refusing() -> Iterator[None]:
    """Exit code 1 is for a missed baseline or unsound gold alone: what cannot be judged at all is 2."""
    try:
        yield
    except CitewellError as error:
        print(f"citewell: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


@judging.callback(invoke_without_command=True)
def evaluate(
    context: typer.Context,
    gold: Annotated[Path | None, typer.Option(help="Gold questions over --library, as JSON lines.")] = None,
    library: Folder = LIBRARY,
    beir: Annotated[
        Path | None, typer.Option(help="A folder in BEIR layout, instead of gold questions.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions of --beir.")] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(help="A TREC run of any system, judged by --beir or --qrels; repeatable."),
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC judgements for --run.")] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="Only this system: lexical, dense, rrf, hybrid, 'no lexical', ...; repeatable."),
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option(help="An earlier report (--json): exit code 1 if the default got significantly worse."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for report.json, report.html, qrels.txt and TREC runs.")
    ] = None,
    model: ModelName = None,
    reranker: RerankerName = None,
    rerank: Rerank = None,
    precision: InPrecision = None,
    as_json: AsJson = False,
) -> None:
    """Measure retrieval: on the bundled gold, on your own, on a public set, or runs of other systems."""
    if context.invoked_subcommand is not None:
        return
    with _refusing():
        _check_options(gold, beir, limit, run, qrels, system, gate, precision, model or reranker or rerank)
        from citewell.service.evaluation import Evaluation

        models = Models.chosen(model, reranker, rerank)
        made_reranker = None if run else models.made_reranker()
        evaluation = Evaluation(system, output, gate, as_json, made_reranker, models.rerank)
        if run:
            evaluation.of_runs(run, beir, limit, qrels)
        elif beir is not None:
            evaluation.of_beir(beir, models.embedder(precision, bulk=True), limit)
        elif gold is not None:
            with opened(library, models=models) as held:
                evaluation.of_gold(held, gold)
        else:
            evaluation.of_bundled(models.embedder(precision))
    if not evaluation.passed:
        raise typer.Exit(1)


def _check_options(
    gold: Path | None,
    beir: Path | None,
    limit: int | None,
    run: list[Path] | None,
    qrels: Path | None,
    system: list[str] | None,
    gate: Path | None,
    precision: Precision | None,
    chosen: str | int | None,
) -> None:
    if gold is not None and precision is not None:
        raise BadInput("--gold asks a library in its own precision. Leave --precision out.")
    if gold is not None and beir is not None:
        raise BadInput("Give --gold or --beir, not both.")
    if limit is not None and beir is None:
        raise BadInput("--limit goes with --beir.")
    if qrels is not None and not run:
        raise BadInput("--qrels goes with --run.")
    if run and (beir is None) is (qrels is None):
        raise BadInput("--run needs --beir or --qrels, one of them.")
    if run and any(each is not None for each in (gold, system, gate, precision, chosen)):
        raise BadInput(
            "--run is judged as it is: it goes with --beir and --limit, or --qrels, and with --output and --json alone."
        )


@judging.command()
def check(gold: Path, library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Check gold questions over a library: quotes that occur no longer, duplicates, answers given away, missing kinds."""
    with _refusing():
        from citewell.service import evaluation

        with opened(library) as held:
            sound = evaluation.check(held, gold, as_json)
    if not sound:
        raise typer.Exit(1)


@judging.command()
def calibrate(gold: Path, library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Fit the confidence of a library's answers to gold questions, dev ones if there are any, unanswerable ones among them."""
    with _refusing():
        from citewell.service import evaluation

        with opened(library) as held:
            evaluation.calibrate_library(held, gold, as_json)


@judging.command()
def tune(
    gold: Path,
    library: Folder = LIBRARY,
    sizes: Annotated[
        bool,
        typer.Option(
            "--sizes",
            help="Also say what other sizes of passages are worth; each is embedded anew, and none is written.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose k1, b, the weights and what makes a quote on gold questions, dev ones if there are any, by cross-validation.

    The choice is written to the library only if what it gains on questions that it was not made on is significant (5 %).
    Other sizes of passages are only reported: they are no configuration but another index.
    """
    with _refusing():
        from citewell.service import evaluation

        with opened(library) as held:
            evaluation.tune_library(held, gold, dry_run, as_json, sizes)
