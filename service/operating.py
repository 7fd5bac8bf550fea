"""Commands around the service: `citewell serve | mcp | config | keys`."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from citewell.corpus.errors import BadInput
from citewell.service import settings
from citewell.service.key_rows import SCOPES, Key
from citewell.service.keys import keys_of
from citewell.service.models import Models
from citewell.service.options import (
    LIBRARY,
    AsJson,
    Folder,
    ModelName,
    Rerank,
    RerankerName,
    opened,
    show,
    truth_of,
)

operating = typer.Typer()
keys = typer.Typer(help="Keys to the service: created, listed, revoked.", no_args_is_help=True)
operating.add_typer(keys, name="keys")
_KINDS: dict[type, Any] = {bool: bool | None, int: int | None, float: float | None, tuple: list[str] | None}


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each setting, None where it is not given, since the environment and the file come then."""
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                _KINDS.get(type(settings.DEFAULTS[name]), str | None),
                typer.Option(
                    f"--{name.replace('_', '-')}",
                    help=f"{settings.HELP[name]} {_else(name)}",
                ),
            ],
        )
        for name in settings.NAMES
    ]
    own = [
        p for p in Signature.from_callable(command).parameters.values() if p.kind is not Parameter.VAR_KEYWORD
    ]
    parameters += [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _else(name: str) -> str:
    default = settings.DEFAULTS[name]
    return f"[${settings.variable(name)}; {_words(default) or 'none'}]"


def _words(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


@operating.command()
@_with_settings
def serve(**flags: Any) -> None:
    """Serve the HTTP interface and the page."""
    from citewell.service import serving

    serving.serve(settings.read(flags))


@operating.command()
def mcp(
    library: Folder = LIBRARY,
    model: ModelName = None,
    reranker: RerankerName = None,
    rerank: Rerank = None,
) -> None:
    """Serve an agent that starts this command: MCP over standard input and output, within the limits of the settings."""
    from citewell.service.mcp import serve_stdio

    if sys.stdin.isatty():
        print(
            "citewell: this is for an agent that starts it, and waits for that; Ctrl+C ends it",
            file=sys.stderr,
        )
    with opened(library, models=Models.chosen(model, reranker, rerank)) as held:
        serve_stdio(held, settings.read({"library": library}))


@operating.command()
@_with_settings
def config(as_json: AsJson = False, **flags: Any) -> None:
    """Print the settings in force and where each comes from: flag, environment, file or default."""
    found = settings.read(flags)
    rows = [(name, _words(found.shown(name)), found.sources[name]) for name in settings.NAMES]
    rows += [(name, value, "environment") for name, value in settings.telemetry().items()]
    told = {
        name: {"value": found.shown(name) if name in settings.NAMES else value, "from": source}
        for name, value, source in rows
    }
    told["library"]["value"] = str(found.library)
    width = max(len(name) for name, _, _ in rows)
    show(as_json, told, "\n".join(f"{name:<{width}}  {source:<11}  {value}" for name, value, source in rows))


@keys.command()
def create(
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="read (ask), write (articles and jobs) or admin (all); repeatable."),
    ],
    name: Annotated[str, typer.Option(help="Whose it is, for the list.")] = "",
    library: Folder = LIBRARY,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once. From the first key on the service asks everybody for one."""
    if unknown := [each for each in scope if each not in SCOPES]:
        raise BadInput(f"{unknown[0]!r} is no scope. There are: {', '.join(SCOPES)}.")
    with keys_of(library, truth_of(library)) as held:
        made, token = held.create(name, [each for each in SCOPES if each in scope])
    show(as_json, {"id": made.id, "key": token, **_shown(made)}, token)
    if not as_json:
        print("Keep it: it is not shown again.", file=sys.stderr)


@keys.command(name="list")
def list_keys(library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Name the keys, revoked ones too; the keys themselves are not kept."""
    with keys_of(library, truth_of(library)) as held:
        found = held.all()
    lines = [
        f"{key.id}  {','.join(key.scopes):<16}  {key.created}  {f'revoked {key.revoked}' if key.revoked else key.name}"
        for key in found
    ]
    show(
        as_json,
        {"keys": [_shown(key) for key in found]},
        "\n".join(lines) or "no keys: everybody on this machine may ask",
    )


@keys.command()
def revoke(key_id: str, library: Folder = LIBRARY, as_json: AsJson = False) -> None:
    """Take a key's rights, at once, also in a service that runs."""
    with keys_of(library, truth_of(library)) as held:
        key = held.revoke(key_id)
    show(as_json, _shown(key), f"revoked  {key.id}")


def _shown(key: Key) -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name not in ("sha256", "number")}
