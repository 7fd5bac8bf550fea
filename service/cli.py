"""The command line: `citewell add | remove | ask | search | serve | eval | bench | rebuild`.

What takes long to import is imported by the command that needs it.
"""

import ipaddress
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from citewell.corpus.errors import BadInput, CitewellError
from citewell.service import terminal

if TYPE_CHECKING:
    from citewell.index.embedding import Embedder
    from citewell.index.library import Library

app = typer.Typer(
    help="Ask a question over your own articles; get the passages that answer it, each with a citation.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Option("--library", envvar="CITEWELL_LIBRARY", help="Folder of the library.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Citations = Annotated[int, typer.Option("--k", help="How many at most, 1 to 100.")]
LIBRARY = Path("library")


@app.command()
def add(paths: list[Path], library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Add articles: files, or folders with everything readable in them."""
    from citewell.corpus.reading import find_files
    from citewell.index.writing import add as add_files

    files = find_files(paths)
    with _opened(library, create=True) as opened, terminal.progress("embedding") as progress:
        outcomes = add_files(opened, files, progress)
    _print(as_json, {"files": [asdict(outcome) for outcome in outcomes]}, terminal.outcomes(outcomes))
    if any(outcome.result == "refused" for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def remove(article_ids: list[str], library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Hide articles from every answer; their revisions stay in the store."""
    from citewell.index.writing import remove as remove_articles

    with _opened(library) as opened:
        remove_articles(opened, article_ids)
    _print(
        as_json, {"removed": article_ids}, "\n".join(f"removed  {article_id}" for article_id in article_ids)
    )


@app.command()
def ask(question: str, library: Folder = LIBRARY, k: Citations = 3, as_json: AsJson = False) -> None:
    """Answer a question with cited quotes."""
    from citewell.index import answer

    answer.checked_question(question)  # before the model is loaded
    answer.checked_k(k)
    with _opened(library) as opened:
        given = answer.ask(opened.searcher(), opened.store, question, k)
    _print(as_json, asdict(given), terminal.answer(given))


@app.command()
def search(query: str, library: Folder = LIBRARY, k: Citations = 10, as_json: AsJson = False) -> None:
    """Rank passages for a query."""
    from citewell.index import answer

    answer.checked_question(query)
    answer.checked_k(k)
    with _opened(library) as opened:
        found = answer.search(opened.searcher(), opened.store, query, k)
    _print(as_json, asdict(found), terminal.search_result(found))


@app.command()
def rebuild(library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Build the index again from the stored texts."""
    with (
        _opened(library, catch_up=False) as opened,
        opened.writing(),
        terminal.progress("embedding") as progress,
    ):
        passages = opened.rebuild(progress)
    _print(as_json, {"passages": passages}, f"indexed {passages} passages")


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

    with _opened(library) as opened:
        opened.searcher()  # a library that cannot be searched is said so before anything listens
        print(
            f"citewell serves {library} at http://{host}:{port} (stop with Ctrl+C)",
            file=sys.stderr,
            flush=True,
        )
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(0)
        )  # what uvicorn raises again once it has shut down
        uvicorn.run(create_app(opened), host=host, port=port, log_level="warning")


@app.command(name="eval")
def evaluate(
    gold: Annotated[Path | None, typer.Option(help="Gold questions over --library, as JSON lines.")] = None,
    library: Folder = LIBRARY,
    beir: Annotated[
        Path | None, typer.Option(help="A folder in BEIR layout, instead of gold questions.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions of --beir.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure retrieval: on the bundled gold, on your own, or on a public set."""
    from citewell.service import evaluation

    if beir is not None:
        if gold is not None:
            raise BadInput("Give --gold or --beir, not both.")
        evaluation.of_beir(beir, _embedder(), limit, as_json)
    elif limit is not None:
        raise BadInput("--limit goes with --beir.")
    elif gold is not None:
        with _opened(library) as opened:
            evaluation.of_gold(opened, gold, as_json)
    else:
        evaluation.of_bundled(_embedder(), as_json)


@app.command()
def bench(as_json: AsJson = False) -> None:
    """Measure the time of a question over HTTP on the bundled articles."""
    from citewell.eval.bench import http_latency

    with terminal.progress("asking") as progress:
        measured = http_latency(progress)
    _print(as_json, asdict(measured), terminal.latency(measured))


def _embedder() -> "Embedder":
    from citewell.index.model import default_model
    from citewell.index.onnx_embedder import OnnxEmbedder

    return OnnxEmbedder(default_model())


@contextmanager
def _opened(folder: Path, create: bool = False, catch_up: bool = True) -> Iterator["Library"]:
    """The library, with an index of everything that was stored before unless another process is writing."""
    from citewell.index.library import Library, make_folder, require

    if create:
        make_folder(folder)
    else:
        require(folder)
    library = Library(folder, _embedder(), create=create)
    try:
        if catch_up and not create:
            library.catch_up_if_free()
        yield library
    finally:
        library.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _print(as_json: bool, content: dict[str, Any], words: str) -> None:
    print(json.dumps(content, ensure_ascii=False) if as_json else words)


def main() -> None:
    """Entry point: an error made on purpose is one line on standard error and exit code 1."""
    try:
        app()
    except CitewellError as error:
        print(f"citewell: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
