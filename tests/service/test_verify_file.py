"""`citewell verify FILE`: the citations in a file, on the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.text import text_sha
from citewell.index.writing import add
from tests.service.command import COMMAND, Ran, citewell
from tests.service.conftest import ARTICLES, make_library, write
from tests.service.contracts import VERIFIED, keys, keys_of

TEXT = "Bees make honey. Bees dance.\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in which the bees were changed since they were cited; to be read only."""
    folder = tmp_path_factory.mktemp("verify")
    made = make_library(folder)
    add(made, [write(folder, "bees", ARTICLES["bees"].replace("Bees make honey.", "Yes! Bees made honey."))])
    made.close()
    return folder


def cited(quote: str, start: int) -> dict[str, Any]:
    return {
        "article": {"id": "bees", "version": text_sha(TEXT)},
        "quote": {"start": start, "end": start + len(quote), "text": quote},
    }


CHANGED, MOVED, FORGED = cited("Bees make honey.", 0), cited("Bees dance.", 17), cited("Bees sting.", 17)


def verify(library: Path, folder: Path, *documents: object, options: tuple[str, ...] = ()) -> Ran:
    file = folder / "citations.jsonl"
    file.write_text("\n".join(map(json.dumps, documents)), "utf-8")
    return citewell("verify", file, "--library", library, *options)


def test_people_see_a_line_for_each_and_what_changed(library: Path, tmp_path: Path) -> None:
    ran = verify(library, tmp_path, {"citations": [CHANGED, MOVED]}, [FORGED], {"article": 5})
    assert ran == Ran(
        1,
        "     1  valid  changed  bees  [5-21]\n"
        "        67% similar: Bees made honey.\n"
        "     2  valid  moved    bees  [22-33]\n"
        "     3  WRONG  gone     bees  other words stand there\n"
        "     4  WRONG  -        -  article.id is missing, empty or no text\n"
        "2 of 4 valid, 1 changed, 1 gone, 1 moved, 1 not looked for\n",
        "",
    )


def test_machines_get_json_and_the_exit_code_says_whether_all_are_valid(
    library: Path, tmp_path: Path
) -> None:
    ran = verify(library, tmp_path, [CHANGED, MOVED], options=("--json",))
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert keys(found) == keys_of(VERIFIED)
    assert [(each["valid"], each["now"]["state"]) for each in found["citations"]] == [
        (True, "changed"),
        (True, "moved"),
    ]


def test_citations_are_read_from_standard_input(library: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "verify", "-", "--library", library, "--json"],
        input=json.dumps(MOVED).encode(), capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["valid"] is True


def test_ten_thousand_citations_are_taken(library: Path, tmp_path: Path) -> None:
    ran = verify(library, tmp_path, [CHANGED] * 5_000 + [MOVED] * 5_000)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "10000 of 10000 valid, 5000 changed, 5000 moved")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty; give citations, as an answer has them"),
        (b"# Bees\n", "not JSON at line 1, column 1: Expecting value"),
        (b'["caf\xe9"]', "not UTF-8 at byte 5; save it as UTF-8"),
        (b"[" * 100_000, "not a citation: nested too deeply"),
    ],
    ids=["empty", "not JSON", "not UTF-8", "nested"],
)
def test_a_file_without_citations_is_one_line(
    library: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert citewell("verify", file, "--library", library).refusal == f"{file}: {said}"


def test_a_file_or_library_that_is_not_there_is_one_line(library: Path, tmp_path: Path) -> None:
    said = citewell("verify", tmp_path / "none", "--library", library).refusal
    assert said == f"{tmp_path / 'none'}: No such file or directory"
    assert citewell("verify", tmp_path, "--library", library).refusal == f"{tmp_path}: Is a directory"
    assert citewell("verify", "-", "--library", tmp_path / "no").refusal.startswith("No library at ")


def test_no_model_is_loaded_to_verify_citations(library: Path, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(MOVED), "utf-8")
    script = (
        "import sys; from citewell.service.cli import app\n"
        "try: app()\n"
        "except SystemExit: print(sorted({'torch', 'onnxruntime', 'fastapi', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "verify", tmp_path / "one.json", "--library", library],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
