"""The command line, and its commands that add and ask.

The others are in `syncing.py`, `operating.py`, `judging.py`, `upkeep.py`, `migrating.py`, `doctor.py` and `clustering.py`.

What takes long to import is imported by the command that needs it.
"""

import io
import os
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from citewell.corpus.errors import CitewellError
from citewell.corpus.timeline import moment_of
from citewell.service import settings, terminal
from citewell.service.clustering import clustering
from citewell.service.doctor import care
from citewell.service.filters import (
    ArticleIds,
    AsOf,
    Languages,
    PublishedFrom,
    PublishedTo,
    Sources,
    Where,
    filter_of,
)
from citewell.service.judging import judging
from citewell.service.migrating import migrating
from citewell.service.models import Models, check_precision, embedder
from citewell.service.operating import operating
from citewell.service.options import (
    LIBRARY,
    WAIT,
    AllowHosts,
    AsJson,
    FieldNames,
    Folder,
    InPrecision,
    ModelName,
    Rerank,
    RerankerName,
    Wait,
    mapping,
    opened,
    show,
)
from citewell.service.progress import bar, steps
from citewell.service.syncing import syncing
from citewell.service.upkeep import upkeep

app = typer.Typer(
    help="Ask a question over your own articles; get the passages that answer it, each with a citation.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

for group in (operating, syncing, upkeep, migrating, care, clustering):
    app.add_typer(group)
app.add_typer(judging, name="eval")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"citewell {version('citewell')}")
        raise typer.Exit


@app.callback()
def configured(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Let `citewell.toml` say which library the commands mean that do not read all settings."""
    if library := settings.read_file().get("library"):
        group = context.command
        assert isinstance(group, typer.core.TyperGroup)
        context.default_map = {
            name: meant
            for name, meant in _meaning(group, str(library)).items()
            if name not in ("serve", "config", "conformance", "migrate")
        }


def _meaning(group: typer.core.TyperGroup, library: str) -> dict[str, Any]:
    """The options of its commands, and of theirs, by default."""
    return {
        name: {
            "library": library,
            **(_meaning(each, library) if isinstance(each, typer.core.TyperGroup) else {}),
        }
        for name, each in group.commands.items()
    }


Citations = Annotated[int, typer.Option("--k", help="How many at most, 1 to 100.")]


@app.command()
def add(
    sources: Annotated[list[str], typer.Argument(metavar="PATH_OR_ADDRESS...")],
    field: FieldNames = None,
    library: Folder = LIBRARY,
    model: ModelName = None,
    precision: InPrecision = None,
    keep_revisions: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1_000_000,
            help="From now on keep so many revisions of each article, the newest; 0: all. The library remembers it.",
        ),
    ] = None,
    allow_host: AllowHosts = None,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Add articles: files, folders with everything readable in them, pages of the web. --precision is for a new library."""
    from citewell.corpus.address import Allowed, looks_like_address
    from citewell.corpus.fetching import Fetcher
    from citewell.corpus.finding import find_files
    from citewell.index.visiting import add as add_all

    mapped = mapping(field)
    allowed = Allowed.of(allow_host or ())
    addresses = [source for source in sources if looks_like_address(source)]
    files = find_files([Path(source) for source in sources if not looks_like_address(source)])
    check_precision(library, precision)
    with (
        opened(
            library, create=True, bulk=True, precision=precision, wait=wait, models=Models.chosen(model)
        ) as held,
        bar("embedding") as progress,
        Fetcher(allowed) as fetcher,
    ):
        outcomes = add_all(held, files, addresses, fetcher, progress, mapped, keep_revisions)
    show(as_json, {"files": [asdict(outcome) for outcome in outcomes]}, terminal.outcomes(outcomes))
    if any(outcome.result == "refused" for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION")],
    library: Folder = LIBRARY,
    k: Citations = 3,
    article: ArticleIds = None,
    source: Sources = None,
    language: Languages = None,
    published_from: PublishedFrom = None,
    published_to: PublishedTo = None,
    where: Where = None,
    as_of: AsOf = None,
    model: ModelName = None,
    reranker: RerankerName = None,
    rerank: Rerank = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each score is made of.")] = False,
    why_not: Annotated[
        list[str] | None,
        typer.Option("--why-not", help="Say why this article or passage, by id, is not cited; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with cited quotes."""
    from citewell.index import answer

    only = filter_of(article, source, language, published_from, published_to, where)
    asked = " ".join(question)  # quotes are easily forgotten
    answer.checked_question(asked)  # before the model is loaded
    answer.checked_k(k)
    if as_of is not None:
        moment_of(as_of)
    with opened(library, models=Models.chosen(model, reranker, rerank)) as held:
        given = held.asking(
            lambda index: answer.ask(index, held.store, asked, k, only, explain, why_not or ()), as_of
        )
    show(as_json, asdict(given), terminal.answer(given))


@app.command()
def search(
    query: Annotated[list[str], typer.Argument(metavar="QUERY")],
    library: Folder = LIBRARY,
    k: Citations = 10,
    article: ArticleIds = None,
    source: Sources = None,
    language: Languages = None,
    published_from: PublishedFrom = None,
    published_to: PublishedTo = None,
    where: Where = None,
    as_of: AsOf = None,
    model: ModelName = None,
    reranker: RerankerName = None,
    rerank: Rerank = None,
    as_json: AsJson = False,
) -> None:
    """Rank passages for a query."""
    from citewell.index import answer

    only = filter_of(article, source, language, published_from, published_to, where)
    asked = " ".join(query)
    answer.checked_question(asked)
    answer.checked_k(k)
    if as_of is not None:
        moment_of(as_of)
    with opened(library, models=Models.chosen(model, reranker, rerank)) as held:
        found = held.asking(lambda index: answer.search(index, held.store, asked, k, only), as_of)
    show(as_json, asdict(found), terminal.search_result(found))


@app.command()
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
    simulate: Annotated[
        bool, typer.Option(help="Also simulate 1 to 1,000 shards of the largest size, from measured times.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for bench.json, bench.md and bench.png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory: stages of a question, opening, adding, embedding, cold starts."""
    from citewell.eval import bench as benchmark
    from citewell.eval.bench_report import markdown, write

    benchmark.checked_sizes(size or ())
    report = benchmark.run(size or benchmark.SIZES, against is not None, embedder(), steps(), simulate)
    if output is not None:
        write(report, output)
    show(as_json, asdict(report), markdown(report))


def main() -> None:
    """Entry point: an error made on purpose is one line on standard error and exit code 1."""
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(
            library, "1"
        )  # a question is small: threads waiting for each other cost ten times more
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # rather than fail on a terminal that is not UTF-8
    try:
        app()
    except CitewellError as error:
        print(f"citewell: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
