"""Several machines over one truth on a server: each has a folder and an index of its own, and one may write at a time."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.article import Draft
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing, NotWhole
from citewell.corpus.originals import sha_of
from citewell.index import calibration, tuned
from citewell.index.answer import ask
from citewell.index.backup import backup, check_backup, restore
from citewell.index.config import Config
from citewell.index.embedding import Vectors
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.response import Answer
from citewell.index.verify import verify
from citewell.index.writing import Given, add, put, remove
from tests.fakes import WordEmbedder
from tests.postgres import Postgres, outside
from tests.truths import said

Machine = Callable[[str], Library]


@pytest.fixture
def machine(postgres: Postgres, tmp_path: Path) -> Iterator[Machine]:
    """Open the one truth on a machine, which is a folder."""
    server, opened = postgres.server(tmp_path), []

    def on(name: str) -> Library:
        (tmp_path / name).mkdir(exist_ok=True)
        truth = replace(server, folder=tmp_path / name)
        opened.append(Library(tmp_path / name, WordEmbedder("sun", "moon"), create=True, truth=truth))
        return opened[-1]

    yield on
    for library in opened:
        library.close()


def given(name: str, text: str) -> Given:
    original = f"{text}\r\n".encode()
    return Given(name, f"/{name}.txt", Draft(text, name, "test", sha_of(original)), original)


def asked(library: Library, question: str) -> Answer:
    return replace(ask(library.searcher(), library.store, question), took_ms=0.0)


def sound(library: Library) -> bool:
    return not any(check.faults for check in verify(library))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# -- one truth ---------------------------------------------------------------------------------------------------


def test_what_one_machine_added_another_answers_when_it_has_caught_up(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot.")])
    two.catch_up_if_free()
    put(one, [given("moon", "The moon is cold.")])
    assert two.is_behind()
    assert [c.article.id for c in asked(two, "moon").citations] != ["moon"]
    two.catch_up_if_free()
    assert asked(two, "moon") == asked(one, "moon")
    assert sound(one)
    assert sound(two)


def test_nothing_of_the_truth_is_in_the_folder(machine: Machine) -> None:
    library = machine("one")
    put(library, [given("sun", "The sun is hot.")])
    assert files(library.folder) == {"index", "lock", "vectors.db"}
    assert library.store.originals.get(sha_of(b"The sun is hot.\r\n")) == b"The sun is hot.\r\n"


def test_a_library_without_its_truth_is_not_there(machine: Machine) -> None:
    library = machine("one")
    with pytest.raises(LibraryMissing):
        Library(library.folder, library.embedder)
    truth = replace(library.truth, schema="nothing_here") if library.truth else None
    with pytest.raises(LibraryMissing, match="nothing_here"):
        Library(library.folder, library.embedder, truth=truth)


def test_an_index_of_another_truth_is_noticed_before_anything_is_written(
    machine: Machine, postgres: Postgres
) -> None:
    library = machine("one")
    put(library, [given("sun", "The sun is hot.")])
    other = Library(library.folder, library.embedder, create=True, truth=postgres.server(library.folder))
    with closing(other), pytest.raises(CorruptLibrary, match="lacks what the index holds"):
        put(other, [given("moon", "The moon is cold.")])


def test_purging_erases_rows_originals_and_index_here_and_elsewhere_when_it_follows(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot."), given("moon", "The moon is cold.")])
    two.catch_up_if_free()
    purge(one, ["moon"])
    two.catch_up_if_free()
    assert [c.article.id for c in asked(two, "moon cold").citations] in ([], ["sun"])
    assert one.store.originals.read(sha_of(b"The moon is cold.\r\n")) is None
    assert sound(one)
    assert sound(two)


def test_writers_on_two_machines_take_turns(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    with one.writing():
        with pytest.raises(LibraryBusy), two.writing(wait=0.1):
            pass
        two.catch_up_if_free()  # which waits for nobody
    with two.writing(wait=0):
        pass


def test_who_follows_waits_for_no_writer_and_reads_one_moment(machine: Machine) -> None:
    """What another machine puts while the index is built is in the next one."""
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot.")])
    embed = two.embedder.embed_passages

    def meanwhile(texts: Sequence[str]) -> Vectors:
        if one.store.change() == 1:
            put(one, [given("moon", "The moon is cold."), given("sun", "The sun is very hot.")])
        return embed(texts)

    two.embedder.embed_passages = meanwhile  # type: ignore[method-assign]
    with one.store.database.alone(1):
        two.catch_up_if_free()
    assert [c.quote.text for c in asked(two, "sun moon").citations] == ["The sun is hot."]
    assert two.is_behind()
    two.catch_up_if_free()
    assert asked(two, "sun moon") == asked(one, "sun moon")
    assert sound(two)


def test_configuration_and_calibration_are_the_same_on_all_machines(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.corpus.own._TRUSTED", 0.0)
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot.")])
    two.catch_up_if_free()
    versions = [two.version()]
    tuned.write(one.store.own, tuned.Tuned(Config(k1=1.2), "gold"))
    assert two.config == one.config == Config(k1=1.2)
    versions.append(two.version())
    assert asked(two, "sun").calibration.state == "none"
    fitted = replace(calibration.shipped(), config=one.config.fingerprint, model=one.embedder.fingerprint)
    calibration.write(one.store.own, fitted)
    assert asked(two, "sun").calibration.id == fitted.id
    assert asked(two, "sun") == asked(one, "sun")
    assert len({*versions, two.version()}) == 3
    for library in (one, two):
        assert files(library.folder) == {"index", "lock", "vectors.db"}
    assert one.truth
    outside(one.truth, "UPDATE settings SET content = replace(content, '1.2', '1.3')")
    with pytest.raises(CorruptLibrary, match=r"config.json \(table settings of postgresql://.*is damaged"):
        asked(two, "sun")
    assert not sound(one)


def test_who_follows_indexes_nothing_of_a_truth_that_is_half_moved(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot.")])
    two.catch_up_if_free()
    put(one, [given("sun", "The sun is warm."), given("moon", "The moon is cold.")])
    held, changed = two.engine.held(), "UPDATE library SET former = ?"
    with one.store.database.transaction() as db:
        db.execute(changed, ("moving 0 /the/old",))
    with pytest.raises(NotWhole, match="to go on: citewell migrate /the/old "):
        two.catch_up_if_free()
    assert two.engine.held() == held
    with one.store.database.transaction() as db:
        db.execute(changed, ("",))
    two.catch_up_if_free()
    assert asked(two, "sun moon") == asked(one, "sun moon")


def test_damage_is_noticed(machine: Machine) -> None:
    library = machine("one")
    put(library, [given("sun", "The sun is hot.")])
    assert library.truth
    outside(library.truth, "UPDATE texts SET text = 'The sun is cold.'")
    with pytest.raises(CorruptLibrary, match="missing or altered"):
        asked(library, "sun")
    assert not sound(library)


# -- moving ------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder_library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "folder").mkdir()
    library = Library(tmp_path / "folder", WordEmbedder("sun", "moon"), create=True)
    yield library
    library.close()


@pytest.mark.parametrize(("source", "target"), [("file", "server"), ("server", "file"), ("server", "server")])
def test_a_backup_moves_a_library_whole(
    machine: Machine,
    folder_library: Library,
    postgres: Postgres,
    tmp_path: Path,
    source: str,
    target: str,
) -> None:
    moved = machine("one") if source == "server" else folder_library
    put(moved, [given("sun", "The sun is hot."), given("moon", "The moon is cold.")])
    put(moved, [given("sun", "The sun is very hot.")])
    remove(moved, ["moon"])
    moved.rebuild()
    tuned.write(moved.store.own, tuned.Tuned(Config(k1=1.2), "gold"))
    backup(moved, tmp_path / "all.zip")
    check_backup(tmp_path / "all.zip")
    other = folder_library
    if target == "server":
        (tmp_path / "other").mkdir()
        truth = postgres.server(tmp_path / "other")
        other = Library(truth.folder, moved.embedder, create=True, truth=truth)
        put(other, [given("star", "The star is far.")])
    assert restore(other, tmp_path / "all.zip") == 1
    assert asked(other, "sun") == asked(moved, "sun")
    assert other.config == Config(k1=1.2)
    for name in ("sun", "moon"):
        assert other.store.revisions(name) == moved.store.revisions(name)
    assert other.store.original_shas() == moved.store.original_shas()
    assert sound(other)
    put(other, [given("moon", "The moon is cold.")])
    assert asked(other, "moon").citations[0].article.id == "moon"
    other.close()


def test_another_machine_goes_on_after_a_restore(machine: Machine, tmp_path: Path) -> None:
    one, two = machine("one"), machine("two")
    put(one, [given("sun", "The sun is hot.")])
    backup(one, tmp_path / "all.zip")
    put(one, [given("moon", "The moon is cold.")])
    two.catch_up_if_free()
    restore(one, tmp_path / "all.zip")
    two.catch_up_if_free()
    assert asked(two, "sun moon") == asked(one, "sun moon")
    put(two, [given("moon", "The moon is cold.")])
    one.catch_up_if_free()
    assert asked(two, "sun moon") == asked(one, "sun moon")


# -- side by side ------------------------------------------------------------------------------------------------

FOLLOWS = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from citewell.corpus.server import Server
from citewell.index.answer import ask
from citewell.index.embedding import Vectors
from citewell.index.library import Library
from tests.fakes import WordEmbedder

address, folder = sys.argv[1], Path(sys.argv[2])
library = Library(folder, WordEmbedder("sun", "moon"), truth=Server.of(address, folder))
library.catch_up_if_free()
for number in range(int(sys.argv[3])):
    if number % 5 == 0:
        library.catch_up_if_free()
    before = library.store.article("sun").revision
    answer = ask(library.searcher(), library.store, "sun moon", 10)
    print(json.dumps([before, [[c.article.id, c.article.revision, c.quote.text] for c in answer.citations]]), flush=True)
"""


@pytest.mark.parametrize(
    ("questions", "updates"), [(100, 20), pytest.param(500, 100, marks=pytest.mark.slow)]
)
def test_two_that_answer_and_one_that_writes_side_by_side(
    machine: Machine, tmp_path: Path, questions: int, updates: int
) -> None:
    """No question fails, and no answer has two revisions of an article."""
    one = machine("one")
    put(one, [given("sun", "The sun 0 is hot. " * 3), given("moon", "The moon 0 is cold. " * 3)])
    processes = []
    for name in ("two", "three"):
        machine(name)
        assert one.truth
        command = [sys.executable, "-c", FOLLOWS, said(one.truth)[0], str(tmp_path / name), str(questions)]
        processes.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        )
    told: list[list[str]] = [[], []]

    def read(number: int) -> None:
        stdout = processes[number].stdout
        assert stdout is not None
        told[number] = stdout.readlines()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, updates + 1):
        name = ("sun", "moon")[number % 2]
        put(one, [given(name, f"The {name} {number} is seen. " * 3)])
        time.sleep(0.01)
    for reader, process in zip(readers, processes, strict=True):
        reader.join(120)
        with process:
            assert process.wait(120) == 0
    for lines in told:
        assert len(lines) == questions
        for line in lines:
            _, citations = json.loads(line)
            cited: dict[str, int] = {}
            for name, revision, quote in citations:
                assert cited.setdefault(name, revision) == revision
                number = 0 if revision == 1 else 2 * (revision - 1) - (name == "moon")
                assert f"The {name} {number} is" in quote
    assert one.store.change() == updates + 2


def test_adding_files_from_two_machines_at_once_loses_none(machine: Machine, tmp_path: Path) -> None:
    names = {}
    for machine_name in ("one", "two"):
        files_of = []
        for number in range(20):
            file = tmp_path / f"{machine_name}-{number}.md"
            file.write_text(
                f"---\nid: {machine_name}-{number}\n---\nThe sun of {machine_name} {number}.", "utf-8"
            )
            files_of.append(file)
        names[machine_name] = files_of
    libraries = {name: machine(name) for name in names}
    threads = [
        threading.Thread(target=add, args=(libraries[name], files_of)) for name, files_of in names.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for library in libraries.values():
        library.catch_up_if_free()
        assert len(library.store.articles()) == 40
        assert sound(library)
