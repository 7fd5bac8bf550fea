"""A command that writes waits for another writer as long as it is told to, and then says that it was in the way."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from citewell.index.backup import backup
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add
from tests.service.command import citewell

HOLD = "import fcntl, sys; lock = open(sys.argv[1], 'a'); fcntl.flock(lock, fcntl.LOCK_EX); print(); sys.stdin.read()"


@contextmanager
def another_writer(library: Path) -> Iterator[None]:
    """A process that holds the writer's lock."""
    command = [sys.executable, "-c", HOLD, str(library / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        yield
        writer.communicate()


@pytest.fixture
def folder(embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    """A library of one article, another article and a backup."""
    (tmp_path / "library").mkdir()
    for name in ("ants", "bees"):
        (tmp_path / f"{name}.md").write_text(f"---\nid: {name}\n---\nMany {name} live here.")
    library = Library(tmp_path / "library", embedder, create=True)
    add(library, [tmp_path / "ants.md"])
    backup(library, tmp_path / "backup.zip")
    library.close()
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ("add", "bees.md"),
        ("remove", "ants"),
        ("remove", "ants", "--purge"),
        ("rebuild",),
        ("restore", "backup.zip", "--replace"),
    ],
)
def test_a_command_that_is_not_to_wait_ends_at_once(folder: Path, command: tuple[str, ...]) -> None:
    words = [folder / word if "." in word else word for word in command]
    with another_writer(folder / "library"):
        began = time.monotonic()
        ran = citewell(*words, "--library", folder / "library", "--wait", "0")
        assert time.monotonic() - began < 45  # rather than the minute that it waits unless told
    assert (
        ran.refusal == f"Another process is writing to {folder / 'library'}. Try again when it has finished."
    )


def test_a_command_that_waits_goes_on_when_the_other_has_finished(folder: Path) -> None:
    with ThreadPoolExecutor() as threads:
        with another_writer(folder / "library"):
            waiting = threads.submit(
                citewell, "remove", "ants", "--library", folder / "library", "--wait", "50"
            )
            time.sleep(2)
            assert not waiting.done()
        assert (waiting.result().code, waiting.result().out) == (0, "removed  ants\n")


def test_one_cannot_wait_less_than_nothing(folder: Path) -> None:
    ran = citewell("rebuild", "--library", folder / "library", "--wait", "-1")
    assert ran.code == 2
    assert "--wait" in ran.err
