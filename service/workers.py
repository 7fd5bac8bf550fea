"""Worker processes: forked before anything heavy is loaded, started again when one dies, ended together."""

import ctypes
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from citewell.corpus.errors import CitewellError

SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_ENDING = (signal.SIGTERM, signal.SIGINT)
_LOOK = 0.1  # seconds between two looks whether a worker that is not ready has ended
_LEAST_LIFE = 1.0  # seconds; a worker that dies sooner is started again later
Work = Callable[[int, Callable[[], None]], None]


def supervise(work: Work, count: int, ready: Callable[[], None]) -> None:
    """Run `work(number, ready)` in so many processes until SIGTERM or SIGINT, and call `ready` once all of them have.

    Raises CitewellError if one ends before it is ready; it has said why.
    """
    figures = tempfile.mkdtemp(prefix="citewell-figures-")
    os.environ[SHARED_FIGURES] = figures
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for process in list(workers):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(process, signal.SIGTERM)

    waiting, said = os.pipe()
    workers: dict[int, tuple[int, float]] = {}

    def start(number: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # until it is known whose they are
        try:
            process = os.fork()
            if process == 0:
                os._exit(_run(work, number, waiting, said))  # `stop` and what comes after are the parent's
            workers[process] = number, time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        if stopping:
            os.kill(process, signal.SIGTERM)

    handled = {each: signal.signal(each, stop) for each in _ENDING}
    try:
        for number in range(count):
            start(number)
        missing = count
        while missing and not stopping:
            if select.select([waiting], [], [], _LOOK)[0]:
                missing -= len(os.read(waiting, count))
            elif ended := os.waitpid(-1, os.WNOHANG)[0]:
                workers.pop(ended)
                if not stopping:
                    raise CitewellError("A worker ended before it was ready; what it said stands above.")
        if not stopping:
            ready()
        while workers:
            try:
                process, _ = os.wait()
            except ChildProcessError:
                break
            number, began = workers.pop(process)
            _forget(process)
            if not stopping:
                time.sleep(max(0.0, _LEAST_LIFE - (time.monotonic() - began)))
                start(number)
    finally:
        stop()
        for process in list(workers):
            os.waitpid(process, 0)
        for each, handler in handled.items():
            signal.signal(each, handler)
        os.close(waiting)
        os.close(said)
        shutil.rmtree(figures, ignore_errors=True)


def _run(work: Work, number: int, waiting: int, said: int) -> int:
    """A worker's life; the exit code. It says so when it is ready."""
    os.close(waiting)
    for each in _ENDING:
        signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    with suppress(AttributeError):  # Linux alone: end when the parent was killed
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGTERM)
    code = 1
    try:
        work(number, lambda: _say(said))
        code = 0
    except CitewellError as error:
        print(f"citewell: {error}", file=sys.stderr)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # else it would end the other workers on its way out
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _say(said: int) -> None:
    os.write(said, b"+")


def _forget(process: int) -> None:
    from citewell.service.metrics import forget_worker

    forget_worker(process)
