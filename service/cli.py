"""The command line. The commands that keep a library in order are in `upkeep.py`.

What takes long to import is imported by the command that needs it.
"""

import io
import ipaddress
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from citewell.corpus.errors import BadInput, CitewellError
from citewell.corpus.timeline import moment_of
from citewell.service import terminal
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
from citewell.service.options import (
    LIBRARY,
    WAIT,
    AsJson,
    FieldNames,
    Folder,
    InPrecision,
    Wait,
    check_precision,
    embedder,
    mapping,
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

app.add_typer(upkeep)
app.add_typer(judging, name="eval")

Citations = Annotated[int, typer.Option("--k", help="How many at most, 1 to 100.")]


@app.command()
def add(
    paths: list[Path],
    field: FieldNames = None,
    library: Folder = LIBRARY,
    precision: InPrecision = None,
    keep_revisions: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1_000_000,
            help="From now on keep so many revisions of each article, the newest; 0: all. The library remembers it.",
        ),
    ] = None,
    wait: Wait = WAIT,
    as_json: AsJson = False,
) -> None:
    """Add articles: files, or folders with everything readable in them. --precision is for a new library."""
    from citewell.corpus.finding import find_files
    from citewell.index.writing import add as add_files

    mapped = mapping(field)
    files = find_files(paths)
    check_precision(library, precision)
    with (
        opened(library, create=True, bulk=True, precision=precision, wait=wait) as held,
        terminal.progress("embedding") as progress,
    ):
        outcomes = add_files(held, files, progress, mapped, keep_revisions)
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
    as_of: AsOf = None,
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
    if as_of is not None:
        moment_of(as_of)
    with opened(library) as held:
        given = answer.ask(held.searcher(as_of), held.store, question, k, only, explain, why_not or ())
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
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Rank passages for a query."""
    from citewell.index import answer

    only = filter_of(article, source, language, published_from, published_to, where)
    answer.checked_question(query)
    answer.checked_k(k)
    if as_of is not None:
        moment_of(as_of)
    with opened(library) as held:
        found = answer.search(held.searcher(as_of), held.store, query, k, only)
    show(as_json, asdict(found), terminal.search_result(found))


@app.command()
def serve(
    library: Folder = LIBRARY,
    host: Annotated[
        str, typer.Option(envvar="CITEWELL_HOST", help="Loopback address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="CITEWELL_PORT", min=0, max=65535)] = 8000,
) -> None:
    """Serve the HTTP interface and the page."""
    if host != "localhost" and not _is_loopback(host):
        raise BadInput(
            f"{host} is not a loopback address. The service has no keys yet: use 127.0.0.1 or ::1."
        )
    import uvicorn

    from citewell.service.app import create_app

    with opened(library) as held, _listening(host, port) as listener:
        held.searcher()  # a library that cannot be searched is said so before anything is served
        address = listener.getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        print(
            f"citewell serves {library} at http://{shown}:{address[1]} (stop with Ctrl+C)",
            file=sys.stderr,
            flush=True,
        )
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(0)
        )  # what uvicorn raises again once it has shut down
        with suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config(create_app(held), log_level="warning")).run(sockets=[listener])


@app.command()
def mcp(library: Folder = LIBRARY) -> None:
    """Serve an agent that started this command: MCP over standard input and output."""
    from citewell.service.mcp import serve_stdio

    with opened(library) as held:
        serve_stdio(held)


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


def _listening(host: str, port: int) -> socket.socket:
    """Raises CitewellError when the port is taken."""
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise CitewellError(
            f"Cannot listen at {host}:{port}: {error.strerror}. Choose another: --port 8001"
        ) from None
    listener.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # else answers wait 40 ms for an acknowledgement
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
