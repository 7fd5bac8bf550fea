"""Commands for libraries whose passages are in a cluster: `citewell conformance`."""

from dataclasses import asdict
from typing import Annotated

import typer

from citewell.index.address import Address
from citewell.service.options import AsJson, show

clustering = typer.Typer()


@clustering.command()
def conformance(
    uri: Annotated[
        str,
        typer.Option("--uri", envvar="CITEWELL_PASSAGES", help="As milvus://HOST:19530 or https://HOST:443."),
    ],
    token: Annotated[
        str, typer.Option("--token", envvar="CITEWELL_PASSAGES_TOKEN", help="A key, or user:password.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Try whether a cluster does all that citewell asks of one, in collections of its own, which it drops."""
    from citewell.eval.conformance import Outcome, run

    found = []
    for check in run(Address.of(uri, token)):
        found.append(check)
        if not as_json:
            print(f"{check.outcome:<8}  {check.name:<15}  {check.took_s:>6.1f} s  {check.detail}", flush=True)
    count = {outcome.value: sum(check.outcome is outcome for check in found) for outcome in Outcome}
    said = ", ".join(f"{number} {outcome}" for outcome, number in count.items())
    show(as_json, {"checks": [asdict(check) for check in found], **count}, said)
    if count[Outcome.FAILED]:
        raise typer.Exit(1)
