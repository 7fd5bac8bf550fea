"""The command line as a user runs it: a process of its own, the real model, no terminal."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.forked import run

_MODULE = "citewell.service.cli"
_ENDS_WITHIN = 300  # seconds
COMMAND = (sys.executable, "-m", _MODULE)
_WITHOUT_ROOM = (
    sys.executable, "-B", "-c",  # -B: a module could be compiled to half a file
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2); "
    "from citewell.service.cli import main; main()",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one command."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line on standard error of a command that failed and printed nothing else."""
        assert (self.code, self.out) == (1, "")
        (line,) = self.err.splitlines()
        name, _, said = line.partition(": ")
        assert name == "citewell"
        return said


def citewell(*arguments: str | bytes | Path, folder: Path | None = None) -> Ran:
    """Run in a folder, in a process that has its modules already."""
    ended = run(_MODULE, *arguments, folder=folder)
    return Ran(ended.code, ended.out, ended.err)


def citewell_anew(*arguments: str | bytes | Path, folder: Path | None = None) -> Ran:
    """Run in a folder, in a process that starts from nothing, as a user's does, and ends as Python does."""
    return _ran([*COMMAND, *arguments], folder)


def citewell_without_room(most_bytes: int, *arguments: str | bytes | Path) -> Ran:
    """In a process that can make no file of more than so many bytes."""
    return _ran([*_WITHOUT_ROOM, str(most_bytes), *arguments])


def _ran(command: list[str | bytes | Path], folder: Path | None = None) -> Ran:
    done = subprocess.run(command, capture_output=True, check=False, timeout=_ENDS_WITHIN, cwd=folder)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
