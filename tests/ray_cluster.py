"""A small Ray cluster for tests, on the loopback address alone, ended by the ids of its processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers import free_port

_STARTING = 180  # seconds
# Ray joins a second node on the machine's other address unless it is told which one is this machine's
# and one whose test was killed ends when nobody holds its standard input any more
_NODE = (
    "import os, sys, threading; "
    "threading.Thread(target=lambda: (sys.stdin.read(), os.kill(os.getpid(), 15)), daemon=True).start(); "
    "from ray._private import services; services.node_ip_address_from_perspective = lambda *_: '127.0.0.1'; "
    "from ray.scripts.scripts import main; main()"
)


class RayCluster:
    """Nodes of so many cores each, all on this machine; the first is the head."""

    def __init__(self) -> None:
        if find_spec("ray") is None:
            pytest.skip("Ray is not installed: pip install -e '.[dev]'")
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))  # sockets are in it: their paths must be short
        self.port = free_port()
        self.nodes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, cpus: int) -> None:
        """Another node; returns when it has joined."""
        log = self._folder / f"node-{len(self.nodes)}.log"
        if not self.nodes:
            said = [
                "--head",
                f"--port={self.port}",
                "--include-dashboard=false",
                f"--temp-dir={self._folder}",
            ]
            said += [f"--ray-client-server-port={free_port()}", f"--dashboard-port={free_port()}"]
            environment = {
                "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"
            }  # which is what keeps it on the loopback address
        else:
            said, environment = [f"--address={self.address}"], {}
        with log.open("wb") as written:
            node = subprocess.Popen(
                [sys.executable, "-c", _NODE, "start", *said, "--node-ip-address=127.0.0.1", f"--num-cpus={cpus}",
                 "--object-store-memory=80000000", "--disable-usage-stats", "--block"],
                stdin=subprocess.PIPE, stdout=written, stderr=written, start_new_session=True,
                env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", **environment},
            )  # fmt: skip
        self.nodes.append(node)
        deadline = time.monotonic() + _STARTING
        while b"Ray runtime started" not in log.read_bytes():
            assert node.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
            time.sleep(0.1)

    def workers(self) -> list[int]:
        """Processes of workers that have opened their model or are about to."""
        return [
            each for node in self.nodes for each in _below(node.pid) if "EmbeddingWorker" in _command(each)
        ]

    def kill(self, node: int) -> None:
        """As a machine that goes down: everything on it at once."""
        process = self.nodes.pop(node)
        _kill([*_below(process.pid), process.pid])
        process.communicate()

    def end(self) -> None:
        for node in reversed(range(len(self.nodes))):
            self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def started(*cpus: int) -> Iterator[RayCluster]:
    """A node for each number of cores; skips the test if Ray is not installed."""
    cluster = RayCluster()
    try:
        for each in cpus:
            cluster.start(each)
        yield cluster
    finally:
        cluster.end()


def _kill(processes: list[int]) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _below(process: int) -> list[int]:
    """Its children, and theirs."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_below(int(child))]
    return found


def _command(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace")
    return ""
