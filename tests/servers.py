"""Servers of Milvus for tests, each a process on this machine: the rungs of the contract.

They are looked for where the development environment has them (see .ci/run and the Makefile); a test that needs one that is
not there is skipped.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from citewell.corpus.errors import ClusterError
from citewell.index.address import Address
from citewell.index.milvus import Milvus
from tests import milvus_alone

_VENV = Path(sys.prefix)
_CORE = "lib/python3.11/site-packages/milvus_lite/lib"
_STARTING = 300  # seconds


@dataclass(slots=True)
class Server:
    """Over a folder that outlasts it."""

    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    token: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        return f"milvus://127.0.0.1:{self.port}"

    @property
    def address(self) -> Address:
        return Address.of(self.uri, self.token)

    def start(self) -> None:
        """Returns when it answers."""
        self.process = subprocess.Popen(
            self.command, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + _STARTING
        while True:
            client = Milvus(self.address)
            try:
                client.target("nothing")
            except ClusterError as error:
                assert self.process.poll() is None, f"{self.command[0]} ended"
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.command[0]} does not answer: {error}") from None
                time.sleep(0.2)
            else:
                return
            finally:
                client.close()

    def kill(self) -> None:
        """As a crash does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def lite(folder: Path) -> Server:
    """Rung 1: a reimplementation in Python. Skips the test if it is not installed."""
    found = _VENV / "bin" / "milvus-lite"
    command = str(found) if found.exists() else shutil.which("milvus-lite")
    if command is None:
        pytest.skip("milvus-lite is not installed: pip install -e '.[dev]'")
    port = free_port()
    return Server(
        [command, "server", "--data-dir", str(folder / "lite"), "--host", "127.0.0.1", "--port", str(port)],
        port,
    )


def core(folder: Path) -> Server:
    """Rung 2: the engine of Milvus in C++, as it was in milvus-lite 2.5. Skips the test if it is not installed."""
    libraries = _VENV / "milvus-2.5" / _CORE
    if not (libraries / "milvus").exists():
        pytest.skip("the core of milvus-lite 2.5 is not installed in .venv/milvus-2.5: .ci/run does")
    port = free_port()
    address = f"127.0.0.1:{port}"
    return Server(
        [str(libraries / "milvus"), str(folder / "core.db"), address, "ERROR"], port, {"LD_LIBRARY_PATH": str(libraries)}
    )  # fmt: skip


# each part has a port of its own, in a network that no other server is in
_COMPONENTS = {
    "rootCoord": {"port": 53100},
    "proxy": {"port": 19530, "internalPort": 19529},
    "queryCoord": {"port": 19531},
    "queryNode": {"port": 21123},
    "indexCoord": {
        "bindIndexNodeMode": {"address": "localhost:22930"},
        "segment": {"minSegmentNumRowsToEnableIndex": 64},
    },
    "indexNode": {"port": 21121},
    "dataCoord": {"port": 13333},
    "dataNode": {"port": 21124},
}


def standalone(folder: Path) -> Server:
    """Rung 3: the server of Milvus 2.3, which has no BM25 and asks for credentials. Skips the test if it cannot be run."""
    program = _VENV / "milvus-2.3" / "bin" / "milvus"
    if not program.exists():
        pytest.skip("Milvus 2.3 is not installed in .venv/milvus-2.3: make test-slow does")
    if not milvus_alone.has_networks():
        pytest.skip("unshare cannot make a network of its own for Milvus 2.3, which listens on every address")
    home = folder / "standalone"
    (home / "configs").mkdir(parents=True, exist_ok=True)
    settings = {
        **_COMPONENTS,
        "etcd": {
            "endpoints": "localhost:2379",
            "use": {"embed": True},
            "data": {"dir": str(home / "etcd")},
        },
        "mq": {"type": "rocksmq"},
        "rocksmq": {"path": str(home / "rocksmq")},
        "localStorage": {"path": str(home / "data")},
        "common": {"storageType": "local", "security": {"authorizationEnabled": True}},
        "log": {"level": "warn"},
    }
    (home / "configs" / "milvus.yaml").write_text(json.dumps(settings), "utf-8")
    (home / "configs" / "glog.conf").write_text("--minloglevel=2\n", "utf-8")
    port = free_port()
    return Server(
        [sys.executable, milvus_alone.__file__, str(port), str(home), str(program)], port,
        token="root:Milvus",
    )  # fmt: skip


RUNGS = {"lite": lite, "core": core, "standalone": standalone}
