"""Which folder may import which, as design.md has it, read from every source file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "corpus": {"corpus"},
    "index": {"index", "corpus"},
    "eval": {"eval", "corpus", "index"},
    "service": {"service", "corpus", "index"},
}
MAY_IMPORT_EVAL = {  # the command line
    "service/cli.py", "service/clustering.py", "service/evaluation.py", "service/judging.py", "service/terminal.py",
}  # fmt: skip
SOURCES = sorted(
    str(file.relative_to(ROOT)) for folder in MAY_IMPORT for file in (ROOT / folder).rglob("*.py")
)


def imported(source: str, file: str) -> Iterator[str]:
    """The folders of citewell that a source file imports, anywhere in it, also for type checkers alone."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ["citewell", *Path(file).parent.parts][: 1 + len(Path(file).parts) - node.level]
            base = ".".join([*(package if node.level else []), *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            if first == "citewell":
                yield rest.partition(".")[0]


def forbidden(source: str, file: str) -> set[str]:
    allowed = MAY_IMPORT[Path(file).parts[0]] | ({"eval"} if file in MAY_IMPORT_EVAL else set())
    return set(imported(source, file)) - allowed


@pytest.mark.parametrize(
    ("source", "file", "expected"),
    [
        ("import citewell.index.search", "corpus/text.py", {"index"}),
        ("from citewell.corpus.text import normalise", "index/answer.py", set()),
        ("from citewell import service", "index/answer.py", {"service"}),
        ("from ..service import app", "index/answer.py", {"service"}),
        ("from .search import Searcher", "index/answer.py", set()),
        ("from . import search", "index/answer.py", set()),
        ("def f():\n    import citewell.eval.gold", "service/app.py", {"eval"}),
        ("def f():\n    import citewell.eval.gold", "service/judging.py", set()),
        ("if TYPE_CHECKING:\n    from citewell.service.app import x", "eval/bench.py", {"service"}),
        ("import evaluate, json", "corpus/text.py", set()),
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str, file: str, expected: set[str]) -> None:
    assert forbidden(source, file) == expected


def test_there_are_sources_in_every_folder() -> None:
    assert {Path(file).parts[0] for file in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("file", SOURCES)
def test_a_source_file_imports_only_what_its_folder_may(file: str) -> None:
    assert forbidden((ROOT / file).read_text("utf-8"), file) == set()
