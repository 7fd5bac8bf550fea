"""The command line as a user runs it: a process of its own, the real model, no terminal."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "citewell.service.cli")


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
    """Run in a folder."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, check=False, timeout=60, cwd=folder)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
