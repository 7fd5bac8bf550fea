"""The Milvus 2.3 server in a network of its own, of which one port of this machine leads to its own port.

It listens on every address that it finds, so it is given none but loopback; several of them do not meet. Run as
`python tests/milvus_alone.py PORT FOLDER PROGRAM`; FOLDER holds configs/milvus.yaml.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

from citewell.eval.proxy import Proxy

_UP, _SET_FLAGS = 0x41, 0x8914  # IFF_UP and IFF_RUNNING; SIOCSIFFLAGS
_NETWORK = ["unshare", "--net", "--map-root-user"]


def has_networks() -> bool:
    """Whether this machine lets a process have one."""
    return shutil.which("unshare") is not None and not subprocess.call(
        [*_NETWORK, "true"], stderr=subprocess.DEVNULL
    )


def outside(port: int, folder: str, program: str) -> None:
    """A listening socket stays in the network in which it was made."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.set_inheritable(True)
    command = [*_NETWORK, sys.executable, __file__, "inside"]
    os.execvp("unshare", [*command, str(listener.fileno()), folder, program])


def inside(listener: socket.socket, folder: Path, program: Path) -> int:
    with socket.socket() as asked:
        fcntl.ioctl(asked, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
    environment = {
        **os.environ, "LD_LIBRARY_PATH": str(program.parent), "DEPLOY_MODE": "STANDALONE",
        "MILVUS_RUN_DIR": str(folder / "run"),
    }  # fmt: skip
    with Proxy("127.0.0.1:19530", listener):
        return subprocess.call([program, "run", "standalone"], cwd=folder, env=environment)


if __name__ == "__main__":
    if sys.argv[1] == "inside":
        descriptor, folder, program = sys.argv[2:]
        sys.exit(inside(socket.socket(fileno=int(descriptor)), Path(folder), Path(program)))
    port, folder, program = sys.argv[1:]
    outside(int(port), folder, program)
