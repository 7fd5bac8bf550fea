"""Processes that are started, and ended together."""

import subprocess
import sys

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
