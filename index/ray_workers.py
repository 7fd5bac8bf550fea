"""Workers in a Ray cluster that is running.

Ray itself is in a child process: it ends the one that it is in when its cluster goes, and takes signals for itself.
"""

import ipaddress
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from multiprocessing import Pipe
from typing import Any
from urllib.parse import urlsplit

from citewell.corpus.errors import BadInput, SpreadingFailed
from citewell.index.embedding_worker import Opening
from citewell.index.spreading import Event

_REACHING, _CONNECTING, _ENDING = 5.0, 45.0, 15.0  # seconds


def address_of(said: str) -> tuple[str, int]:
    """Host and port. Raises BadInput for anything else."""
    try:
        parts = urlsplit(f"//{said}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.netloc != said or "@" in said:
        raise BadInput(f"embedding_cluster is {said!r}; write the address of a Ray cluster as 10.0.0.1:6379.")
    return host, port


def check_reachable(said: str) -> None:
    """Raises SpreadingFailed, soon, when Ray is not installed here or nothing listens there."""
    host, port = address_of(said)
    if find_spec("ray") is None:
        raise SpreadingFailed(said, "Ray is not installed here: pip install 'citewell[ray]'")
    try:
        socket.create_connection((host, port), _REACHING).close()
    except OSError as error:
        raise SpreadingFailed(said, f"nothing answers there: {error.strerror or error}") from None


class RayWorkers:
    """Actors of one core each. Raises SpreadingFailed unless a cluster answers, of which this machine is a node."""

    def __init__(self, address: str, opening: Opening) -> None:
        check_reachable(address)
        self.place, self._given = address, 0
        self._stopped: set[int] = set()
        self._child, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", "-m", "citewell.index.ray_child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], env={**os.environ, **_environment(address)},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl+C is for this process, which lets go of it
            )  # fmt: skip
        self._send(address, pickle.dumps(opening))
        if not self._child.poll(_CONNECTING):
            self._process.kill()  # it holds no worker
            self.close()
            raise SpreadingFailed(
                address, f"no Ray cluster with this machine in it answers within {_CONNECTING:.0f} s"
            )
        said = self._receive()
        if isinstance(said, str):
            self.close()
            raise SpreadingFailed(address, said)
        self.most: int = said

    def start(self) -> int:
        self._given += 1
        self._send("start", self._given)
        return self._given

    def give(self, worker: int, texts: Sequence[str]) -> None:
        self._send("give", worker, list(texts))

    def stop(self, worker: int) -> None:
        self._stopped.add(worker)
        self._send("stop", worker)

    def wait(self, seconds: float) -> Event | None:
        deadline = time.monotonic() + seconds
        while self._child.poll(max(0.0, deadline - time.monotonic())):
            event: Event = self._receive()
            if event.worker not in self._stopped:
                return event
        return None

    def close(self) -> None:
        """The child sees the end of the pipe, and lets go of its actors."""
        self._child.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, *said: object) -> None:
        try:
            self._child.send(said)
        except OSError:
            raise self._gone() from None

    def _receive(self) -> Any:
        try:
            return self._child.recv()
        except (EOFError, OSError):
            raise self._gone() from None

    def _gone(self) -> SpreadingFailed:
        self.close()
        return SpreadingFailed(self.place, "the connection to it was lost")


def _environment(address: str) -> dict[str, str]:
    """No statistics, and an end to waiting for a cluster that went away."""
    found = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_gcs_rpc_server_reconnect_timeout_s": "20"}
    if _is_loopback(address_of(address)[0]):  # else Ray takes this for the machine's other address
        found["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
