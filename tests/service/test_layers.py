"""Which folder may import which, as design.md has it, and that each module can be imported first; read from every source file."""

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
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
    "service/cli.py", "service/clustering.py", "service/evaluation.py", "service/judging.py", "service/progress.py",
}  # fmt: skip
SOURCES = sorted(
    str(file.relative_to(ROOT)) for folder in MAY_IMPORT for file in (ROOT / folder).rglob("*.py")
)


def named(node: ast.AST, file: str) -> list[str]:
    """What an import names in full, or nothing; a name from a module may be a module in it."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    package = ["citewell", *Path(file).parent.parts][: 1 + len(Path(file).parts) - node.level]
    base = ".".join([*(package if node.level else []), *([node.module] if node.module else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def imported(source: str, file: str) -> Iterator[str]:
    """The folders of citewell that a source file imports, anywhere in it, also for type checkers alone."""
    for node in ast.walk(ast.parse(source)):
        for name in named(node, file):
            first, _, rest = name.partition(".")
            if first == "citewell":
                yield rest.partition(".")[0]


def imported_at_once(source: str, file: str) -> set[str]:
    """The modules of citewell without which a source file is not imported itself, as `folder/name.py`."""
    names = [name for node in _run(ast.parse(source).body) for name in named(node, file)]
    parts = [name.split(".") for name in names if name.startswith("citewell.") and name.count(".") > 1]
    return {f"{folder}/{module}.py" for _, folder, module, *_ in parts}


def _run(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What is run when the module is: no bodies of functions, nothing that is for type checkers alone."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from _run(node.orelse)
            continue
        yield node
        yield from _run(ast.iter_child_nodes(node))


def circle(sources: dict[str, str]) -> list[str]:
    """Files of which each needs the next to be imported, back to the first; none where there is no such."""
    try:
        TopologicalSorter(
            {file: imported_at_once(source, file) for file, source in sources.items()}
        ).prepare()
    except CycleError as found:
        return list(reversed(found.args[1]))
    return []


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


@pytest.mark.parametrize(
    ("first", "second", "circles"),
    [
        ("from citewell.corpus.b import x", "from citewell.corpus.a import y", True),
        ("from citewell.corpus import b", "import citewell.corpus.a", True),
        ("class A:\n    from .b import x", "try:\n    from .a import y\nexcept ImportError: ...", True),
        ("from citewell.corpus.b import x", "def f():\n    from citewell.corpus.a import y", False),
        ("from citewell.corpus.b import x", "if TYPE_CHECKING:\n    from citewell.corpus.a import y", False),
        ("from citewell.corpus.b import x", "import a", False),
    ],
)
def test_modules_that_need_each_other_first_are_seen(first: str, second: str, circles: bool) -> None:
    found = circle({"corpus/a.py": first, "corpus/b.py": second})
    assert set(found) == ({"corpus/a.py", "corpus/b.py"} if circles else set())


def test_each_module_can_be_the_first_that_is_imported() -> None:
    """Processes of tests have everything imported, in one order: a circle that another meets would show in none of them."""
    assert circle({file: (ROOT / file).read_text("utf-8") for file in SOURCES}) == []
