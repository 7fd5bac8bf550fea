"""The service in a process of its own, and what that and its workers take of the machine."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from citewell.corpus.errors import CitewellError
from citewell.eval.bench_weight import weight

CITEWELL = (sys.executable, "-m", "citewell.service.cli")
_READY_WITHIN = 120.0  # seconds; compiling the model for the first time is included


def private_mb(process: int) -> float:
    return round(sum(weight(each)[0] for each in _with_children(process)), 1)


def cpu_seconds(process: int) -> float:
    """That its threads and those of its children have computed so far."""
    ticks = 0
    for each in _with_children(process):
        fields = Path(f"/proc/{each}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _with_children(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()
    return [process, *map(int, children)]


@contextmanager
def served(library: Path, *options: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Once it is ready, with the port on which it listens."""
    port = free_port()
    command = [*CITEWELL, "serve", "--library", str(library), "--port", str(port), *options]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log) as service,
    ):
        try:
            _wait_until_ready(port)
            yield service, port
        finally:
            service.terminate()
            try:
                service.wait(timeout=30)
            except subprocess.TimeoutExpired:
                service.kill()
                raise


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/health/ready")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            client.close()
    raise CitewellError(f"the service did not become ready within {_READY_WITHIN:.0f} s")


def start_seconds(library: Path, *options: str) -> float:
    began = time.perf_counter()
    with served(library, *options):
        return time.perf_counter() - began


def ran(*arguments: str) -> str:
    done = subprocess.run([*CITEWELL, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CitewellError(done.stderr.strip())
    return done.stdout
