"""Processes that are started, and ended together."""

import subprocess
import sys
from pathlib import Path

import pytest

ENDED_AT_ONCE = """
import os, signal, time
from citewell.service import workers

run = workers._run

def begun(*given):
    os.kill(os.getppid(), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while signal.SIGTERM not in signal.sigpending() and time.monotonic() < deadline:
        time.sleep(0.01)
    return run(*given)

workers._run = begun
workers.supervise(lambda number, ready: signal.pause(), 1, lambda: None)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks what is pending")
def test_a_worker_that_has_only_just_begun_ends_with_the_others() -> None:
    """It is told to before it knows what to do then."""
    with subprocess.Popen([sys.executable, "-c", ENDED_AT_ONCE], start_new_session=True) as service:
        try:
            assert service.wait(timeout=120) == 0
        finally:
            subprocess.run(["kill", "-KILL", "--", f"-{service.pid}"], check=False, stderr=subprocess.DEVNULL)


NO_MORE = """
import os, signal
from citewell.service import workers

def fork():
    raise BlockingIOError("no more processes")

os.fork = fork
try:
    workers.supervise(lambda number, ready: None, 1, lambda: None)
except BlockingIOError:
    print("held back:", *signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


def test_where_no_process_can_be_started_signals_are_heard_again() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NO_MORE], capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stdout == "held back:\n"


FAILING = """
import os, signal, sys, time
from pathlib import Path
from citewell.service import workers

READY, BEGUN = Path(sys.argv[1], "ready"), Path(sys.argv[1], "begun")

def told(*_):
    os.write(1, b"the other is told to end\\n")
    os._exit(0)

def work(number, ready):
    if number == 0:
        signal.signal(signal.SIGTERM, told)
        ready()
        while True:
            signal.pause()
    ready()
    if BEGUN.exists():
        os.write(1, b"started again\\n")
        os.kill(os.getppid(), signal.SIGTERM)
        signal.pause()
    BEGUN.touch()
    while not READY.exists():
        time.sleep(0.01)
    raise RuntimeError("what nobody thought of")

workers.supervise(work, 2, READY.touch)
"""


def test_a_worker_that_fails_says_why_and_leaves_the_others_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FAILING, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as service:
        try:
            said, why = service.communicate(timeout=120)
        finally:
            subprocess.run(["kill", "-KILL", "--", f"-{service.pid}"], check=False, stderr=subprocess.DEVNULL)
    assert said == "started again\nthe other is told to end\n"
    assert "RuntimeError: what nobody thought of" in why
    assert service.returncode == 0
