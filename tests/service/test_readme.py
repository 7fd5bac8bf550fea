"""The README names every command, and what it tells people to type can be typed."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
import typer

from citewell.index.answer import ask
from citewell.index.library import Library
from citewell.service import cli, settings, terminal
from tests.service.contracts import ANSWER, keys, keys_of

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^ {0,3}```[^\n]*\n(.*?)^ {0,3}```", re.S | re.M)


Command = typer.core.TyperCommand | typer.core.TyperGroup


@cache
def command_line() -> dict[str, Command]:
    """Every command by what is typed for it: `ask`, `eval`, `eval check`."""
    group = typer.main.get_command(cli.app)
    assert isinstance(group, typer.core.TyperGroup)
    return dict(_commands(group))


def _commands(group: typer.core.TyperGroup, before: str = "") -> Iterator[tuple[str, Command]]:
    for name, command in group.commands.items():
        if isinstance(command, Command):
            yield before + name, command
        if isinstance(command, typer.core.TyperGroup):
            yield from _commands(command, f"{before}{name} ")


def options(command: Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def typed_in(markdown: str) -> Iterator[str]:
    """What the code blocks tell people to type: lines after a prompt if there is one, else every line."""
    for block in _FENCE.findall(markdown):
        lines = block.replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from prompted or lines


def commands_in(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """Subcommand and words of every `citewell` command in the code blocks."""
    for line in typed_in(markdown):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
        lexer.whitespace_split = True
        try:
            words = [*lexer, "|"]
        except ValueError:  # no shell
            continue
        while words:
            end = next(i for i, word in enumerate(words) if word and set(word) <= set("|&;()<>"))
            match words[:end]:
                case [program, *rest] if program.rpartition("/")[2] == "citewell":
                    known = " ".join(rest[:2]) in command_line()
                    yield " ".join(rest[: 1 + known]), rest[1 + known :]
            words = words[end + 1 :]


def test_commands_are_found_in_code_blocks_only() -> None:
    markdown = """citewell ask --prose
```sh
.venv/bin/citewell ask "a | b" "" --k 3 \\
    --json | jq .  # citewell search
cd x && citewell serve --port 1
pip install citewell --quiet
```
```console
$ citewell bench
$ citewell eval check gold.jsonl --json
citewell is what it printed
```
"""
    assert list(commands_in(markdown)) == [
        ("ask", ["a | b", "", "--k", "3", "--json"]),
        ("serve", ["--port", "1"]),
        ("bench", []),
        ("eval check", ["gold.jsonl", "--json"]),
    ]


def test_options_are_those_of_the_command_line() -> None:
    assert options(command_line()["ask"]) == {
        *("--library", "--k", "--json"),
        *("--article", "--source", "--language", "--from", "--to", "--where"),
        *("--as-of", "--explain", "--why-not"),
        *("--model", "--reranker", "--rerank"),
    }


@pytest.fixture(scope="module")
def readme() -> str:
    file = ROOT / "README.md"
    if not file.is_file():
        pytest.skip("there is no README.md yet")
    return file.read_text("utf-8")


@pytest.mark.parametrize("command", sorted(command_line()))
def test_every_command_is_in_the_readme(readme: str, command: str) -> None:
    typed = command in {name for name, _ in commands_in(readme)}
    assert typed or re.search(rf"\bcitewell {command}\b", readme)


def test_every_command_in_the_readme_exists_with_its_options(readme: str) -> None:
    known = {name: options(command) for name, command in command_line().items()}
    typed = list(commands_in(readme))
    assert {name for name, _ in typed} - set(known) == set() != {name for name, _ in typed}
    used = {
        (name, word.partition("=")[0]) for name, words in typed for word in words if word.startswith("--")
    }
    assert {(name, option) for name, option in used if option not in known[name]} == set() != used


def test_every_setting_from_the_environment_is_in_the_readme_and_no_other(readme: str) -> None:
    known = {settings.variable(name) for name in settings.NAMES}
    assert set(re.findall(r"\bCITEWELL_[A-Z_]+", readme)) == known


def test_the_answer_in_the_readme_has_every_field(readme: str) -> None:
    (answer,) = (block for block in _FENCE.findall(readme) if block.lstrip().startswith('{"question"'))
    assert keys(json.loads(answer)) == keys_of(ANSWER)


def test_the_examples_in_the_readme_are_what_the_bundled_articles_answer(
    readme: str, bundled_library: Library
) -> None:
    (asked,) = re.findall(r'^\$ make ask Q="(.*)"$', readme, re.M)
    given = ask(bundled_library.searcher(), bundled_library.store, asked, 3)
    answer, first = terminal.answer(given), given.citations[0]
    (printed,) = (block for block in _FENCE.findall(readme) if block.startswith("$ make ask "))
    shown = [line.partition("...")[2] or line for line in printed.splitlines()[1:-1]]
    assert [line in answer for line in shown] == [True] * len(shown) != []
    (block,) = (block for block in _FENCE.findall(readme) if block.lstrip().startswith('{"question"'))
    (cited,) = json.loads(block)["citations"]
    assert cited["score"] == round(first.score, 3)
    for name in ("passage", "quote"):
        place = getattr(first, name)
        assert (cited[name]["start"], cited[name]["end"]) == (place.start, place.end)
    assert cited["passage"]["id"] == first.passage.id
    assert cited["quote"]["highlight"] == asdict(first.quote.highlight)


def test_every_make_target_in_the_readme_exists(readme: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    typed = {line.split()[1] for line in typed_in(readme) if line.startswith("make ")}
    named = set(re.findall(r"`make ([a-z-]+)", readme)) | typed
    assert named - targets == set() != named


def test_every_relative_link_in_the_readme_leads_to_a_file(readme: str) -> None:
    links = {link for link in re.findall(r"\]\(([^)#]+)", readme) if not re.match(r"[a-z]+:", link)}
    assert {link for link in links if not (ROOT / link).exists()} == set()
