"""The command line, and its commands that add and ask; the others are in `operating.py`, `measuring.py` and `upkeep.py`.

What takes long to import is imported by the command that needs it.
"""

import io
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from citewell.corpus.errors import CitewellError
from citewell.service import settings, terminal
from citewell.service.filters import (
    ArticleIds,
    Languages,
    PublishedFrom,
    PublishedTo,
    Sources,
    Where,
    filter_of,
)
from citewell.service.measuring import measuring
from citewell.service.operating import operating
from citewell.service.options import (
    LIBRARY,
    WAIT,
    AsJson,
    Folder,
    InPrecision,
    Wait,
    check_precision,
    opened,
    show,
)
from citewell.service.upkeep import upkeep

app = typer.Typer(
    help="Ask a question over your own articles; get the passages that answer it, each with a citation.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

for group in (operating, measuring, upkeep):
    app.add_typer(group)


@app.callback()
def configured(context: typer.Context) -> None:
    """Let `citewell.toml` say which library the commands mean that do not read all settings."""
    if library := settings.read_file().get("library"):
        group = context.command
        assert isinstance(group, typer.core.TyperGroup)
        context.default_map = {
            name: {"library": str(library)} for name in group.commands if name not in ("serve", "config")
        }


Citations = Annotated[int, typer.Option("--k", help="How many at most, 1 to 100.")]


@app.command()
def add(
    paths: list[Path],
    library: Folder = LIBRARY,
    precision: InPrecision = None,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Add articles: files, or folders with everything readable in them. --precision is for a new library."""
    from citewell.corpus.reading import find_files
    from citewell.index.writing import add as add_files

    files = find_files(paths)
    check_precision(library, precision)
    with (
        opened(library, create=True, bulk=True, precision=precision, wait=wait) as held,
        terminal.progress("embedding") as progress,
    ):
        outcomes = add_files(held, files, progress)
    show(as_json, {"files": [asdict(outcome) for outcome in outcomes]}, terminal.outcomes(outcomes))
    if any(outcome.result == "refused" for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def ask(
    question: str,
    library: Folder = LIBRARY,
    k: Citations = 3,
    article: ArticleIds = None,
    source: Sources = None,
    language: Languages = None,
    published_from: PublishedFrom = None,
    published_to: PublishedTo = None,
    where: Where = None,
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
    answer.checked_question(question)  # before the model is loaded
    answer.checked_k(k)
    with opened(library) as held:
        given = answer.ask(held.searcher(), held.store, question, k, only, explain, why_not or ())
    show(as_json, asdict(given), terminal.answer(given))


@app.command()
def search(
    query: str,
    library: Folder = LIBRARY,
    k: Citations = 10,
    article: ArticleIds = None,
    source: Sources = None,
    language: Languages = None,
    published_from: PublishedFrom = None,
    published_to: PublishedTo = None,
    where: Where = None,
    as_json: AsJson = False,
) -> None:
    """Rank passages for a query."""
    from citewell.index import answer

    only = filter_of(article, source, language, published_from, published_to, where)
    answer.checked_question(query)
    answer.checked_k(k)
    with opened(library) as held:
        found = answer.search(held.searcher(), held.store, query, k, only)
    show(as_json, asdict(found), terminal.search_result(found))


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
