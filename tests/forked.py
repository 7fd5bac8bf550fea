"""Processes of tests that begin with everything imported: each is forked from one that has done nothing but import.

In all else a process of its own: arguments, folder, environment, output, exit code, and it can be killed. Starting Python
and importing takes a second or more of processor time, forking a few hundredths. What is to be seen in a process that
nothing was done for (which modules it imports, that another seed of hashes changes nothing) needs a new one all the same.
"""

import multiprocessing
import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, BinaryIO, Self

# what commands and the programs of tests import, but no program itself: that is run from its file each time
_IMPORTED = [
    "hypothesis",
    "pytest",
    "citewell.corpus.postgres",
    "citewell.index.answer",
    "citewell.index.onnx_embedder",
    "citewell.index.sync",
    "citewell.index.verify",
    "citewell.index.visiting",
    "citewell.index.writing",
    "citewell.service.evaluation",
    "citewell.service.options",
    "citewell.service.upkeep",
]
_ENDS_WITHIN = 300  # seconds
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(_IMPORTED)


class Forked:
    """`python -m MODULE ARGUMENTS` in a folder, used like subprocess.Popen; `err` is a descriptor."""

    def __init__(
        self, module: str, *arguments: str | bytes | Path, folder: Path | None = None, err: int = 2
    ) -> None:
        reading, writing = os.pipe()
        self.stdout: BinaryIO = os.fdopen(reading, "rb")
        said = [os.fsdecode(argument) for argument in arguments]
        self._process = _processes.Process(
            target=_run, args=(module, said, folder or Path.cwd(), dict(os.environ), _Sent(writing), _Sent(err)),
            daemon=True,
        )  # fmt: skip
        self._process.start()
        os.close(writing)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        """Its exit code, or less than 0 for the signal that ended it."""
        self._process.join()
        code = self.poll()
        assert code is not None
        return code

    def kill(self) -> None:
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stdout.close()
        self.wait()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process gave that ended by itself."""

    code: int
    out: str
    err: str


def run(module: str, *arguments: str | bytes | Path, folder: Path | None = None) -> Ended:
    """`python -m MODULE ARGUMENTS`, as subprocess.run has it: over pipes, since files may not grow where a test says so."""
    reading, writing = os.pipe()
    with (
        os.fdopen(reading, "rb") as err,
        ThreadPoolExecutor(1) as thread,
        Forked(module, *arguments, folder=folder, err=writing) as process,
    ):
        os.close(writing)
        too_long = Timer(_ENDS_WITHIN, process.kill)
        too_long.start()
        complaints = thread.submit(err.read)
        said = process.stdout.read()
        code = process.wait()
        too_long.cancel()
        return Ended(code, said.decode(), complaints.result().decode())


class _Sent:
    """A descriptor that reaches the process when it is started, not before."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __getstate__(self) -> Any:
        return DupFd(self._descriptor)

    def __setstate__(self, sent: Any) -> None:
        self._descriptor = sent.detach()

    def onto(self, standard: int) -> None:
        os.dup2(self._descriptor, standard)
        os.close(self._descriptor)


def _run(
    module: str, arguments: list[str], folder: Path, environment: dict[str, str], out: _Sent, err: _Sent
) -> None:
    out.onto(1)
    err.onto(2)
    sys.stdout = os.fdopen(1, "w", closefd=False)  # what was made for a file seeks, which a pipe cannot
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    sys.dont_write_bytecode = True  # a module could be compiled to half a file where there is no room
    runpy.run_module(module, run_name="__main__", alter_sys=True)
