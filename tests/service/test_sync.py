"""`citewell sync` as it is typed: what it prints, its exit codes, and following a folder."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.store import Store
from citewell.index.folder import STORE
from tests.service.command import COMMAND, citewell


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("tides", "winds"):
        (folder / f"{name}.txt").write_text(f"The {name} of spring are strong.")
    return folder


def test_a_plan_then_what_was_done_then_nothing(notes: Path, tmp_path: Path) -> None:
    planned = citewell("sync", "notes", "--dry-run", folder=tmp_path)
    assert (planned.code, planned.out.splitlines()) == (
        0,
        ["add        notes/tides.txt", "add        notes/winds.txt", "2 add, 0 unchanged; nothing was done"],
    )
    assert not (tmp_path / "library").exists()
    done = json.loads(citewell("sync", "notes", "--json", folder=tmp_path).out)
    assert (done["source"], done["dry_run"], done["unchanged"]) == ("notes", False, 0)
    assert [(file["file"], file["result"]) for file in done["files"]] == [
        ("notes/tides.txt", "added"),
        ("notes/winds.txt", "added"),
    ]
    (notes / "winds.txt").unlink()
    again = citewell("sync", "notes", folder=tmp_path)
    assert again.code == 0
    assert again.out.splitlines()[0].startswith("removed    notes/winds.txt  winds-")
    assert again.out.splitlines()[1] == "1 removed, 1 unchanged"
    assert citewell("sync", "notes", folder=tmp_path).out == "1 unchanged\n"


def test_what_is_refused_makes_the_exit_code_1(notes: Path, tmp_path: Path) -> None:
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7 cut short")
    (notes / "out.txt").symlink_to("/etc/hostname")
    planned = citewell("sync", "notes", "--dry-run", folder=tmp_path)
    assert planned.code == 1
    assert "refuse     notes/out.txt  a link that leads out of the folder" in planned.out
    done = citewell("sync", "notes", folder=tmp_path)
    assert done.code == 1
    assert done.out.splitlines()[-1] == "2 refused, 2 added, 0 unchanged"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "No such folder: missing. Nothing was changed."),
        (["empty"], "No article in empty: "),
        (["notes/tides.txt"], "notes/tides.txt is no folder. Add a file by: citewell add notes/tides.txt"),
        (["notes", "--watch", "--dry-run"], "--watch and --dry-run exclude each other."),
        (["notes", "--map", "what=ever"], "--map what=ever names no field"),
    ],
)
def test_what_cannot_be_mirrored_is_said(
    notes: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert citewell("sync", *arguments, folder=tmp_path).refusal.startswith(said)
    assert not (tmp_path / "library").exists()


def test_an_empty_source_empties_the_library_only_if_that_is_allowed(notes: Path, tmp_path: Path) -> None:
    citewell("sync", "notes", folder=tmp_path)
    for file in notes.iterdir():
        file.unlink()
    assert "--allow-empty" in citewell("sync", "notes", folder=tmp_path).refusal
    notes.rmdir()
    assert "--allow-empty" in citewell("sync", "notes", folder=tmp_path).refusal
    done = citewell("sync", "notes", "--allow-empty", folder=tmp_path)
    assert (done.code, done.out.splitlines()[-1]) == (0, "2 removed, 0 unchanged")


# -- following a folder -------------------------------------------------------------------------------------------


@pytest.fixture
def following(notes: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [*COMMAND, "sync", "notes", "--watch", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        if process.poll() is None:
            process.kill()


def results(process: "subprocess.Popen[str]") -> list[tuple[str, str]]:
    """Of the next line that it prints."""
    assert process.stdout is not None
    return [(file["result"], file["file"]) for file in json.loads(process.stdout.readline())["files"]]


def text_from(library: Path, file: Path) -> str | None:
    """What the library holds of a file."""
    with closing(Store(library / STORE)) as store:
        return next((store.text(each.text_sha) for each in store.articles_from(str(file))), None)


def appending(file: Path, until: Callable[[], bool]) -> None:
    """Write on, a little at a time, as a slow program does."""
    with file.open("a") as slow:
        while not until():
            slow.write("The moon is far. ")
            slow.flush()
            time.sleep(0.01)


def test_a_folder_is_followed_until_it_is_interrupted(
    notes: Path, tmp_path: Path, following: "subprocess.Popen[str]"
) -> None:
    assert results(following) == [("added", "notes/tides.txt"), ("added", "notes/winds.txt")]
    (notes / "waves.txt").write_text("The waves of autumn are high.")
    assert results(following) == [("added", "notes/waves.txt")]
    (notes / "tides.txt").write_text("The tides of autumn are low.")
    (notes / "winds.txt").unlink()
    seen = results(following)
    if len(seen) == 1:  # it looked between the two
        seen += results(following)
    assert seen == [("updated", "notes/tides.txt"), ("removed", "notes/winds.txt")]
    began = time.monotonic()
    appending(notes / "slow.txt", lambda: time.monotonic() > began + 3)
    while text_from(tmp_path / "library", notes / "slow.txt") != (notes / "slow.txt").read_text():
        ((_, name),) = results(following)  # read whole in the end, whatever was seen of it before
        assert name == "notes/slow.txt"
    following.send_signal(signal.SIGINT)
    assert following.wait(timeout=120) == 0


def test_a_folder_that_goes_away_and_comes_back_is_followed_on(
    notes: Path, tmp_path: Path, following: "subprocess.Popen[str]"
) -> None:
    assert len(results(following)) == 2
    assert following.stderr is not None
    assert following.stderr.readline().startswith("citewell follows notes")
    notes.rename(tmp_path / "away")
    assert following.stderr.readline().startswith("citewell: No such folder: notes. Nothing was changed.")
    (tmp_path / "away" / "waves.txt").write_text("The waves of autumn are high.")
    (tmp_path / "away").rename(notes)
    assert results(following) == [("added", "notes/waves.txt")]
    os.kill(following.pid, signal.SIGTERM)
    assert following.wait(timeout=120) == 0
