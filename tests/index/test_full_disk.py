"""A disk that is full, or files that may not grow: an error that says so, and nothing acknowledged is lost."""

import gc
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from citewell.corpus.errors import StorageFailed
from citewell.index.answer import ask
from citewell.index.backup import check_backup
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.segment_files import check_files
from citewell.index.vector_cache import Role, VectorCache
from citewell.index.verify import verify
from tests.forked import run
from tests.index.one_write import OPERATIONS, embedder, make

SIZE = 4_000_000  # bytes of a file system that is filled


Quoted = tuple[str, int, str, float, str]  # article, revision, passage id, score, words


@dataclass(frozen=True, slots=True)
class State:
    """What a library holds and answers, wherever it lies and whatever its segments are called."""

    texts: tuple[tuple[str, str], ...]
    answers: tuple[Quoted, ...]


def state(library: Library) -> State:
    texts = tuple((a.article_id, library.store.text(a.text_sha)) for a in library.store.articles())
    return State(texts, answers(library))


def answers(library: Library) -> tuple[Quoted, ...]:
    return tuple(
        (c.article.id, c.article.revision, c.passage.id, c.score, c.quote.text)
        for question in ("sun star", "far in year 3", "cloud")
        for c in ask(library.searcher(), library.store, question, 100).citations
    )


def attempt(operation: str, folder: Path, most_bytes: int | None = None) -> str:
    """What a process said that wrote."""
    limit = [] if most_bytes is None else [str(most_bytes)]
    ended = run("tests.index.one_write", operation, folder, *limit)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library and a backup, to be copied; in several segments, since joined it is what a rebuild makes."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("citewell.index.merge._SMALL", 0)
        make(folder / "it")
    return folder / "it"


@pytest.fixture(scope="module")
def states(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, State]:
    """The library's state now, under "", and after each operation."""
    found = {"": state_of(made)}
    for operation, write in OPERATIONS.items():
        folder = tmp_path_factory.mktemp(operation) / "it"
        shutil.copytree(made, folder)
        with closing(Library(folder / "library", embedder())) as library:
            write(library, folder)
            found[operation] = state(library)
    return found


def state_of(folder: Path) -> State:
    with closing(Library(folder / "library", embedder())) as library:
        return state(library)


def check_refusal(said: str, folder: Path) -> None:
    """One line that names a file in the folder and what to do."""
    kind, _, message = said.partition(": ")
    assert kind in ("StorageFailed", "CitewellError")
    assert "\n" not in message
    assert str(folder) in message
    assert message.endswith(("then try again.", "Choose another place."))


def check_mended(folder: Path, operation: str, states: dict[str, State]) -> None:
    """With room again: what was stored is published, and the operation, asked for again, succeeds."""
    with closing(Library(folder / "library", embedder())) as library:
        before = {fault for check in verify(library) for fault in check.faults}
        assert before <= {"the index is behind the store: citewell rebuild"}
        library.catch_up_if_free()
        assert state(library) in (states[""], states[operation])
        assert [fault for check in verify(library) for fault in check.faults] == []
    said = attempt(operation, folder)
    assert said == "done" or (said.startswith("UnknownArticle") and operation in ("remove", "purge"))
    assert state_of(folder) == states[operation]
    check_no_leftovers(folder)


def check_no_leftovers(folder: Path) -> None:
    databases = {f"{name}{log}" for name in (STORE, "vectors.db") for log in ("", "-wal", "-shm")}
    assert {path.name for path in (folder / "library").iterdir()} <= databases | {
        "index",
        "lock",
        "originals",
    }
    assert {path.name for path in folder.iterdir()} <= {
        "library", "articles", "old.zip", "new.zip", "ballast", "lost+found",
    }  # fmt: skip
    for path in (folder / "library" / "index").iterdir():
        if path.name != "current":
            check_files(path)  # a whole segment
    for file in folder.glob("*.zip"):
        check_backup(file)


# -- files that may not grow --------------------------------------------------------------------------------------


def check_limit(made: Path, folder: Path, operation: str, most_bytes: int, states: dict[str, State]) -> bool:
    """Whether the operation was refused."""
    shutil.copytree(made, folder)
    with closing(Library(folder / "library", embedder())) as reader:
        said = attempt(operation, folder, most_bytes)
        assert answers(reader) in (states[""].answers, states[operation].answers)
    if said != "done":
        check_refusal(said, folder)
    check_mended(folder, operation, states)
    return said != "done"


@pytest.mark.parametrize(
    ("operation", "most_bytes"),
    [
        ("add", 0),
        ("add", 16_000),
        ("rebuild", 8_000),
        ("restore", 60_000),
        ("backup", 1_000),
        ("purge", 50_000),
    ],
)
def test_a_file_that_may_not_grow_is_named(
    made: Path, tmp_path: Path, states: dict[str, State], operation: str, most_bytes: int
) -> None:
    assert check_limit(made, tmp_path / "it", operation, most_bytes, states)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_the_limit_nothing_is_lost(
    made: Path, tmp_path: Path, states: dict[str, State], operation: str
) -> None:
    limits = [0, 1, 100, 500, 1_000, 2_000, 4_000, 8_000, *range(12_000, 600_000, 20_000)]
    refused = [check_limit(made, tmp_path / f"{n}", operation, n, states) for n in limits]
    assert refused[0]
    assert not refused[-1]


# -- a disk that is full ------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Leave so many bytes free; returns the file that takes the rest."""
    gc.collect()  # files that were removed take room as long as they are mapped
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(folder).free - left))
    return ballast


def check_full(made: Path, disk: Path, operation: str, left: int, states: dict[str, State]) -> bool:
    """Whether the operation was refused for lack of room."""
    shutil.copytree(made, disk, dirs_exist_ok=True)
    with closing(Library(disk / "library", embedder())) as reader:
        ballast = fill(disk, left)
        said = attempt(operation, disk)
        for library in (reader, Library(disk / "library", embedder())):  # on the full disk
            library.catch_up_if_free()
            assert answers(library) in (states[""].answers, states[operation].answers)
            library.close()
    ballast.unlink()
    if said != "done":
        check_refusal(said, disk)
    check_mended(disk, operation, states)
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return said != "done"


@pytest.mark.parametrize(
    ("operation", "left"),
    [("add", 0), ("update", 90_000), ("rebuild", 40_000), ("restore", 200_000), ("backup", 60_000)],
)
def test_a_full_disk_is_named(
    made: Path, disk: Path, states: dict[str, State], operation: str, left: int
) -> None:
    assert check_full(made, disk, operation, left, states)


def test_vectors_that_do_not_fit_do_not_cost_those_that_are_there(disk: Path) -> None:
    with closing(VectorCache(disk / "vectors.db")) as cache:
        cache.put([("sun", b"a vector")], Role.PASSAGE, "model")
        ballast = fill(disk, 1_000_000)
        with pytest.raises(StorageFailed, match=r"vectors\.db .* make room"):
            cache.put([(str(number), bytes(4096)) for number in range(1000)], Role.PASSAGE, "model")
        ballast.unlink()
        assert cache.get(["sun", "0"], Role.PASSAGE, "model") == {"sun": b"a vector"}


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_wherever_the_room_ends_nothing_is_lost(
    made: Path, disk: Path, states: dict[str, State], operation: str
) -> None:
    refused = [check_full(made, disk, operation, left, states) for left in range(0, 700_000, 12_288)]
    assert refused[0]
    assert not refused[-1]
