"""The command line in processes of its own, with the real model."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from citewell.corpus.store import Store
from citewell.index.folder import STORE
from citewell.index.model import Precision, default_model, precision_of
from citewell.index.onnx_embedder import OnnxEmbedder
from tests.service.command import COMMAND, Ran, citewell, citewell_anew, citewell_without_room
from tests.service.contracts import ANSWER, EXPLAIN, SEARCH_RESULT, keys, keys_of, untimed

ARTICLES = {
    "ants.md": "---\nid: ants\ntitle: Ants\nlanguage: en\ntopic: digging\n---\nAnts dig long tunnels. Some ants carry leaves home.\n",
    "bees.txt": "Bees turn nectar into honey. They dance to tell where flowers are.\n",
}


def write(folder: Path) -> Path:
    folder.mkdir()
    for name, content in ARTICLES.items():
        (folder / name).write_text(content, "utf-8")
    return folder


@pytest.fixture(scope="module")
def added(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A library, to be read only, and what making it printed. The model is compiled before (see `embedder`)."""
    folder = tmp_path_factory.mktemp("added")
    return folder / "library", citewell_anew(
        "add", write(folder / "articles"), "--library", folder / "library"
    )


@pytest.fixture
def library(added: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A copy of the library, to be changed."""
    return Path(shutil.copytree(added[0], tmp_path / "library"))


def stored(library: Path) -> dict[str, str]:
    """Texts of the live articles."""
    store = Store(library / STORE)
    try:
        return {article.article_id: store.text(article.text_sha) for article in store.articles()}
    finally:
        store.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


# -- adding, removing, asking ---------------------------------------------------------------------------------


def test_add_reports_each_file_and_the_counts(added: tuple[Path, Ran]) -> None:
    library, ran = added
    bees = next(name for name in stored(library) if name.startswith("bees-"))
    articles = library.parent / "articles"
    assert ran == Ran(
        0,
        f"added      {articles}/ants.md  ants  1 passage\nadded      {articles}/bees.txt  {bees}  1 passage\n2 added\n",
        "",
    )


def test_adding_again_changes_nothing_and_says_so(added: tuple[Path, Ran], library: Path) -> None:
    before = contents(library / "index"), stored(library)
    ran = citewell("add", added[0].parent / "articles", "--library", library, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [(file["result"], file["reason"]) for file in json.loads(ran.out)["files"]] == [
        ("unchanged", None)
    ] * 2
    assert (contents(library / "index"), stored(library)) == before


def test_an_answer_as_json_is_that_of_the_design(added: tuple[Path, Ran]) -> None:
    ran = citewell("ask", "Who makes honey?", "--library", added[0], "--json", "--k", "1")
    answer = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert keys(answer) == keys_of(ANSWER)
    assert [c["quote"]["text"] for c in answer["citations"]] == ["Bees turn nectar into honey."]


def test_asking_twice_gives_the_same_bytes_but_for_the_time_taken(added: tuple[Path, Ran]) -> None:
    once, again = (
        citewell_anew("ask", "Who makes honey?", "--library", added[0], "--json") for _ in range(2)
    )
    assert untimed(once.out) == untimed(again.out)


def test_an_answer_for_people_shows_quote_title_source_and_place(added: tuple[Path, Ran]) -> None:
    ran = citewell_anew("ask", "Who digs tunnels?", "--library", added[0], "--k", "1")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[:2] == ["1. Ants dig long tunnels. Some ants carry leaves home.", "   Ants"]
    assert lines[2].startswith(f"   {added[0].parent / 'articles' / 'ants.md'}  [0-51]  score 0.")
    assert lines[3] == ""
    assert lines[4].startswith("lexical: ok  dense: ok  confidence: 0.")
    assert len(lines) == 5


def test_an_answer_explains_itself_and_what_is_missing(added: tuple[Path, Ran]) -> None:
    explaining = ["--explain", "--why-not", "ants", "--why-not", "nobody"]
    ran = citewell("ask", "Who makes honey?", "--library", added[0], "--k", "1", "--json", *explaining)
    answer = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert keys(answer["citations"][0]["explain"]) == keys_of(EXPLAIN)
    assert answer["filtered"] == {"passing": 2, "of": 2}
    assert [said["outcome"] for said in answer["why_not"]] == ["ranked", "unknown"]


def test_a_search_as_json_ranks_passages(added: tuple[Path, Ran]) -> None:
    ran = citewell("search", "honey", "--library", added[0], "--json")
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert keys(found) == keys_of(SEARCH_RESULT)
    assert [hit["article"]["title"] for hit in found["hits"]] == [
        "Bees turn nectar into honey. They dance to tell where flowers are.",
        "Ants",
    ]


def test_a_removed_article_is_in_no_answer(library: Path) -> None:
    removed = citewell("remove", "ants", "--library", library)
    assert removed == Ran(0, "removed  ants\n", "")
    found = json.loads(citewell("search", "Who digs tunnels?", "--library", library, "--json").out)
    assert [hit["article"]["title"][:4] for hit in found["hits"]] == ["Bees"]


def test_rebuild_gives_the_index_that_was_there(library: Path) -> None:
    before = contents(library / "index")
    shutil.rmtree(library / "index")
    assert citewell_anew("rebuild", "--library", library) == Ran(0, "indexed 2 passages\n", "")
    assert contents(library / "index") == before


def test_what_is_verified_and_saved_ends_in_silence(added: tuple[Path, Ran], tmp_path: Path) -> None:
    """In processes that take down by themselves what they opened."""
    for command in (["verify"], ["backup", tmp_path / "backup.zip"]):
        ran = citewell_anew(*command, "--library", added[0])
        assert (ran.code, ran.err) == (0, "")


def run_in_python(*arguments: str | Path, before: str = "", **environment: str) -> Ran:
    """A command in a process that says last on standard output how it ended and what it imported."""
    script = (
        f"import sys; from citewell.service.cli import main; sys.argv[0] = 'citewell'; {before}\n"
        "try: main()\n"
        "except SystemExit as ended: code = ended.code\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'fastapi', 'uvicorn', 'ray', 'citewell.eval'}\n"
        "print(code, sorted(heavy & set(sys.modules)), 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


CUDA_SEEMS_PRESENT = (  # and to pay at once
    "from citewell.index import cuda_embedder; "
    "cuda_embedder.cuda_seems_present = lambda: True; cuda_embedder.WORTH_LOADING = 0"
)


def test_ask_never_imports_pytorch(added: tuple[Path, Ran]) -> None:
    """Importing it takes longer than a hundred answers."""
    ran = run_in_python("ask", "Who digs?", "--library", added[0])
    assert ran.out.splitlines()[-1] == "0 [] True"


@pytest.mark.parametrize("command", ["ask", "search"])
def test_asking_never_imports_pytorch_though_cuda_seems_present_and_passages_are_embedded(
    library: Path, command: str
) -> None:
    """The index and its vectors are gone, so the command makes them before it answers."""
    shutil.rmtree(library / "index")
    for file in library.glob("vectors.db*"):
        file.unlink()
    ran = run_in_python(command, "Who digs?", "--library", library, before=CUDA_SEEMS_PRESENT)
    assert (ran.out.splitlines()[-1], ran.err) == ("0 [] True", "")
    assert (library / "vectors.db").is_file()


@pytest.mark.slow
def test_rebuild_goes_on_without_a_device_that_turns_out_not_to_be_there(library: Path) -> None:
    before = contents(library / "index")
    for file in library.glob("vectors.db*"):
        file.unlink()
    ran = run_in_python("rebuild", "--library", library, before=CUDA_SEEMS_PRESENT, CUDA_VISIBLE_DEVICES="-1")
    said, imported = ran.out.splitlines()
    assert said == "indexed 2 passages"
    assert imported == "0 ['sentence_transformers', 'torch', 'transformers'] True"
    (line,) = ran.err.splitlines()
    assert line.startswith("citewell: not embedding on cuda, going on without it: ")
    assert contents(library / "index") == before


# -- the precision of the model -------------------------------------------------------------------------------


def model_that_answers(library: Path) -> str:
    ran = citewell("ask", "Who makes honey?", "--library", library, "--json", "--k", "1")
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    assert answer["citations"][0]["quote"]["text"] == "Bees turn nectar into honey."
    return str(answer["fingerprint"]["model"])


@pytest.mark.slow
def test_a_library_remembers_that_it_was_made_in_int8(added: tuple[Path, Ran], tmp_path: Path) -> None:
    articles, library = added[0].parent / "articles", tmp_path / "library"
    default_model(Precision.INT8)  # compiled before, so that nothing is said of it
    ran = citewell("add", articles, "--library", library, "--precision", "int8")
    assert (ran.code, ran.err) == (0, "")
    model = model_that_answers(library)
    assert precision_of(model) is Precision.INT8
    assert citewell("backup", tmp_path / "backup.zip", "--library", library).code == 0
    (tmp_path / "wasps.txt").write_text("Wasps build nests of paper.\n", "utf-8")
    for command in (
        ["add", tmp_path / "wasps.txt"],
        ["rebuild"],
        ["remove", "ants"],
        ["restore", tmp_path / "backup.zip", "--replace"],
        ["verify"],
    ):
        ran = citewell(*command, "--library", library)
        assert (ran.code, ran.err) == (0, "")
        assert model_that_answers(library) == model
    said = citewell("add", articles, "--library", library, "--precision", "fp32").refusal
    assert said.startswith(f"The library in {library} is in int8. To change it: citewell rebuild ")


@pytest.mark.slow
def test_rebuild_changes_the_precision_and_back(library: Path) -> None:
    before = contents(library / "index")
    default_model(Precision.INT8)
    for precision in (Precision.INT8, Precision.FP32):
        ran = citewell("rebuild", "--precision", precision, "--library", library)
        assert ran == Ran(0, "indexed 2 passages\n", "")
        assert precision_of(model_that_answers(library)) is precision
    after = contents(library / "index")
    assert {name: after[name] for name in before} == before


def test_adding_in_another_precision_is_one_line_and_adds_nothing(
    added: tuple[Path, Ran], library: Path
) -> None:
    before = contents(library)
    said = citewell("add", added[0].parent / "articles", "--library", library, "--precision", "int8").refusal
    assert said == (
        f"The library in {library} is in fp32. To change it: citewell rebuild --precision int8 --library {library}"
    )
    assert contents(library) == before


# -- filters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--article", "ants", "--article", "nobody"], ["Ants"]),
        (["--source", "articles/bees.txt"], ["Bees"]),
        (["--source", "articles", "--language", "en", "--where", "topic=digging"], ["Ants"]),
    ],
    ids=["by id", "by a relative path", "by several kinds"],
)
def test_a_search_ranks_passages_of_the_articles_that_pass(
    added: tuple[Path, Ran], options: list[str], expected: list[str]
) -> None:
    ran = citewell("search", "honey", "--library", added[0], "--json", *options, folder=added[0].parent)
    assert (ran.code, ran.err) == (0, "")
    assert [hit["article"]["title"][:4] for hit in json.loads(ran.out)["hits"]] == expected


def test_an_answer_says_when_no_article_passes_the_filter(added: tuple[Path, Ran]) -> None:
    ran = citewell("ask", "Who makes honey?", "--library", added[0], "--from", "2025", "--to", "2026-03-20")
    assert ran == Ran(0, "insufficient: No article passes the filter.\n", "")


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("ask", ["--where", "topic"], "'topic' is no metadata to filter by; write KEY=VALUE,"),
        ("search", ["--from", "yesterday"], "'yesterday' is no date to filter by; write 2026, 2026-03 or"),
        ("search", ["--from", "2026-04", "--to", "2026-03"], "2026-04 is after 2026-03;"),
    ],
)
def test_a_bad_filter_is_one_line(
    added: tuple[Path, Ran], command: str, options: list[str], said: str
) -> None:
    assert citewell(command, "honey", "--library", added[0], *options).refusal.startswith(said)


# -- input that cannot be used --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        pytest.param("ask", [""], "The question is empty. Ask something,", id="empty question"),
        pytest.param("ask", [" \n\t"], "The question is empty. Ask something,", id="white space"),
        pytest.param(
            "ask", ["x" * 100_000], "The question has 100,000 characters; at most 2,000", id="100,000"
        ),
        pytest.param("ask", ["honey", "--k", "0"], "k is 0; ask for 1 to 100.", id="k 0"),
        pytest.param("ask", ["honey", "--k", "10000"], "k is 10000; ask for 1 to 100.", id="k 10000"),
        pytest.param("search", [""], "The question is empty. Ask something,", id="empty search"),
        pytest.param("search", ["honey", "--k", "-1"], "k is -1; ask for 1 to 100.", id="search, k -1"),
    ],
)
def test_a_bad_question_or_number_is_one_line(
    added: tuple[Path, Ran], command: str, arguments: list[str], said: str
) -> None:
    before = contents(added[0])
    assert citewell(command, *arguments, "--library", added[0]).refusal.startswith(said)
    assert contents(added[0]) == before


def test_a_question_without_quotes_is_asked_all_the_same(added: tuple[Path, Ran]) -> None:
    ran = citewell("ask", "Who", "makes", "honey?", "--library", added[0], "--json")
    assert json.loads(ran.out)["question"] == "Who makes honey?"
    quoted, bare = (
        citewell("search", *words, "--library", added[0]) for words in (["makes honey"], ["makes", "honey"])
    )
    assert (bare.code, bare.out) == (0, quoted.out)


def test_a_person_who_starts_what_is_for_agents_is_told(added: tuple[Path, Ran]) -> None:
    terminal, its_end = os.openpty()
    with subprocess.Popen(
        [*COMMAND, "mcp", "--library", added[0]], stdin=its_end, stderr=subprocess.PIPE
    ) as started:
        assert started.stderr
        said = started.stderr.readline()
        started.terminate()
    for each in (terminal, its_end):
        os.close(each)
    assert said.startswith(b"citewell: this is for an agent that starts it")


def test_a_search_that_finds_nothing_says_so(added: tuple[Path, Ran]) -> None:
    ran = citewell("search", "honey", "--library", added[0], "--article", "nosuch")
    assert (ran.code, ran.out) == (0, "No passage was found.\n\nlexical: empty  dense: empty\n")


def test_the_version_is_that_of_the_package() -> None:
    assert citewell("--version").out == f"citewell {version('citewell')}\n"


def test_a_question_that_is_not_utf_8_is_asked_all_the_same(added: tuple[Path, Ran]) -> None:
    ran = citewell("ask", b"Who makes honey? \xff", "--library", added[0], "--json")
    answer = json.loads(ran.out)
    assert (answer["question"], answer["citations"][0]["rank"]) == ("Who makes honey? \ufffd", 1)


@pytest.mark.parametrize(
    "command", [["ask", "honey"], ["search", "honey"], ["remove", "ants"], ["rebuild"], ["serve"]]
)
def test_a_missing_library_is_one_line_and_is_not_made(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "library"
    said = f"No library at {folder}. Make one: citewell add --library {folder} FILE_OR_FOLDER"
    assert citewell(*command, "--library", folder).refusal == said
    assert not folder.exists()


def garbled(_: bytes) -> bytes:
    return b"This is no database. " * 100


def halved(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("command", "harm"),
    [(["ask", "honey"], garbled), (["ask", "honey"], halved), (["add"], garbled), (["rebuild"], garbled)],
    ids=["ask, garbled", "ask, halved", "add, garbled", "rebuild, garbled"],
)
def test_a_corrupt_database_is_one_line_and_is_left_as_it_is(
    added: tuple[Path, Ran], library: Path, command: list[str], harm: Callable[[bytes], bytes]
) -> None:
    harmed = harm((library / STORE).read_bytes())
    (library / STORE).write_bytes(harmed)
    if command == ["add"]:
        command = ["add", str(added[0].parent / "articles")]
    said = citewell(*command, "--library", library).refusal
    assert said.startswith(f"{library / STORE} cannot be read or written (")
    assert (library / STORE).read_bytes() == harmed


@pytest.mark.parametrize("pattern", ["*/*", "current"])
def test_a_damaged_index_is_one_line_and_rebuild_repairs_it(library: Path, pattern: str) -> None:
    whole = contents(library / "index")
    file = max((library / "index").glob(pattern))
    file.write_bytes(b"damaged")
    said = citewell("ask", "honey", "--library", library).refusal
    assert said.startswith(f"{file} is ")
    assert said.endswith(f"citewell rebuild --library {library}")
    assert citewell("rebuild", "--library", library) == Ran(0, "indexed 2 passages\n", "")
    assert contents(library / "index") == whole
    assert citewell("ask", "honey", "--library", library).code == 0


def test_a_damaged_vector_cache_costs_time_only(library: Path) -> None:
    before = stored(library)
    for file in library.glob("vectors.db*"):
        file.write_bytes(b"This is no database. " * 100)
    assert citewell("rebuild", "--library", library).code == 0
    assert stored(library) == before
    assert citewell("ask", "honey", "--library", library).code == 0


@pytest.mark.parametrize(("most_bytes", "named"), [(4_000, STORE), (50_000, "vectors.db")])
def test_a_disk_without_room_is_one_line_and_with_room_nothing_is_amiss(
    library: Path, tmp_path: Path, most_bytes: int, named: str
) -> None:
    file = tmp_path / "wasps.md"
    file.write_text(" ".join(f"Wasps built nest {number} of paper." for number in range(100)))
    said = citewell_without_room(most_bytes, "add", file, "--library", library).refusal
    assert said.startswith(f"{library / named} cannot be read or written now: disk I/O error.")
    assert said.endswith("make room or mend the storage, then try again.")
    assert citewell("add", file, "--library", library).code == 0


def test_files_that_cannot_be_read_are_reported_and_the_others_added(library: Path, tmp_path: Path) -> None:
    files = {
        "a.md": b"",
        "b.md": b"PK\x03\x04\x00\x00 a binary",
        "c.txt": b"caf\xe9 au lait",
        "d.txt": b" \n\n",
        "e.md": b"---\nid: [\n---\nText.",
        "f.md": b"Wasps build nests of paper.\n",
    }
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (tmp_path / "g.pdf").write_bytes(b"%PDF-1.7")
    before = stored(library)
    ran = citewell("add", folder, tmp_path / "g.pdf", "--library", library, "--json")
    assert (ran.code, ran.err) == (1, "")
    assert [(Path(f["file"]).name, f["result"], f["reason"]) for f in json.loads(ran.out)["files"]] == [
        ("a.md", "refused", "empty file"),
        ("b.md", "refused", "a zip archive; unpack it first"),
        ("c.txt", "refused", "not UTF-8 at byte 3; save it as UTF-8"),
        ("d.txt", "refused", "empty file"),
        ("e.md", "refused", "front matter is not YAML (line 3); mend it or remove the --- lines"),
        ("f.md", "added", None),
        ("g.pdf", "refused", "a damaged PDF; save it again"),
    ]
    after = stored(library)
    assert {**before, **after} == after
    assert sorted(after[name] for name in set(after) - set(before)) == ["Wasps build nests of paper.\n"]
    answer = json.loads(citewell("ask", "What do wasps build?", "--library", library, "--json").out)
    assert answer["citations"][0]["quote"]["text"] == "Wasps build nests of paper."


def test_each_refused_file_is_one_line_of_the_report(tmp_path: Path) -> None:
    write(tmp_path / "mixed")
    (tmp_path / "mixed" / "empty.md").touch()
    (tmp_path / "mixed" / "latin.md").write_bytes(b"caf\xe9")
    ran = citewell("add", tmp_path / "mixed", "--library", tmp_path / "library")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, len(lines)) == (1, "", 5)
    assert lines[2:] == [
        f"refused    {tmp_path}/mixed/empty.md  empty file",
        f"refused    {tmp_path}/mixed/latin.md  not UTF-8 at byte 3; save it as UTF-8",
        "2 added, 2 refused",
    ]


def test_a_file_whose_name_is_not_utf_8_does_not_keep_the_others_out(library: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "named")
    Path(str(folder / "caf") + b"\xe9.md".decode("utf-8", "surrogateescape")).write_bytes(
        b"Wasps build nests."
    )
    (folder / "flies.md").write_text("Flies have two wings.\n", "utf-8")
    ran = citewell("add", folder, "--library", library)
    assert ran.err == ""
    assert len(ran.out.splitlines()) == 5
    assert "Flies have two wings.\n" in stored(library).values()


def test_a_folder_without_articles_is_one_line(library: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "picture.png").write_bytes(b"\x89PNG")
    before = contents(library)
    said = citewell("add", tmp_path / "none", "--library", library).refusal
    assert said.startswith(f"No article in {tmp_path / 'none'}: files that are read end in .csv, .docx, ")
    assert contents(library) == before


def test_a_missing_path_is_one_line_and_nothing_of_the_rest_is_added(tmp_path: Path) -> None:
    good = write(tmp_path / "good")
    said = citewell("add", good, tmp_path / "missing", "--library", tmp_path / "library").refusal
    assert said == f"No such file or folder: {tmp_path / 'missing'}"
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize("command", ["add", "sync"])
def test_an_address_without_its_scheme_is_recognised(tmp_path: Path, command: str) -> None:
    said = citewell(command, "example.org/tides", "--library", tmp_path / "library", folder=tmp_path).refusal
    assert ": example.org/tides. On the web it is https://example.org/tides" in said


def test_a_backup_is_not_restored_over_articles_and_what_to_run_can_be_pasted(
    library: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "all.zip"
    assert citewell("backup", backup, "--library", library).code == 0
    missing = citewell("restore", tmp_path / "none.zip", "--library", tmp_path / "new").refusal
    assert missing.startswith(f"{tmp_path / 'none.zip'} cannot be restored: No such file or directory. Use ")
    said = citewell("restore", backup, "--library", library).refusal
    assert said.endswith(f": citewell restore {backup} --replace --library {library}")


def test_a_library_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = citewell("add", write(tmp_path / "good"), "--library", tmp_path / "file" / "library").refusal
    assert said.startswith(f"The library cannot be made in {tmp_path / 'file' / 'library'}: ")


def test_removing_an_unknown_article_is_one_line_and_removes_nothing(library: Path) -> None:
    before = stored(library)
    said = citewell_anew("remove", "ants", "hornets", "--library", library).refusal
    assert said.startswith("No article 'hornets'.")
    assert stored(library) == before


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_serving_to_the_network_is_refused(added: tuple[Path, Ran], host: str) -> None:
    said = citewell("serve", "--host", host, "--library", added[0]).refusal
    assert said == (
        f"{host} is not a loopback address, and there is no key. Make one first: citewell keys create --scope read; or "
        "use 127.0.0.1 or ::1."
    )
