"""A PostgreSQL server of the tests' own, from whatever Debian's package or another put on this machine."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import psycopg

from citewell.corpus.server import Server

USER, PASSWORD = "citewell", "a pass/word"
_UNPRIVILEGED = "postgres", "nobody"  # root may not start it


def binaries() -> Path | None:
    """The folder of initdb and postgres; None if they are not installed."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


class Postgres:
    """On a Unix socket and a free port of 127.0.0.1, where it asks for a password. It sorts as English does."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="cw-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self._user:
            shutil.chown(self.folder, self._user)
            shutil.chown(secret, self._user)
        subprocess.run(
            [
                binaries / "initdb", "--pgdata", self._data, "--username", USER, "--pwfile", secret, "--no-sync",
                "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en",
                "--auth-local=trust", "--auth-host=scram-sha-256",
            ],
            check=True, capture_output=True, user=self._user, cwd=self.folder,
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                "fsync = on\nshared_buffers = 32MB\n"
            )
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @cached_property
    def _user(self) -> str | None:
        if os.geteuid():
            return None
        return next(name for name in _UNPRIVILEGED if _is_known(name))

    @property
    def address(self) -> str:
        return f"postgresql://{USER}@/postgres?host={self.folder}&port={self.port}"

    def server(self, folder: Path, schema: str | None = None) -> Server:
        """A schema of its own, for the library in a folder."""
        return Server.of(f"{self.address}&schema={schema or f'test_{uuid4().hex}'}", folder)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data], user=self._user, cwd=self.folder,
                stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(600):
            try:
                psycopg.connect(self.address, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends what runs, SIGQUIT as a crash does."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    @contextmanager
    def hanging(self, *backends: int) -> Iterator[None]:
        """It does nothing meanwhile, nor do these of its processes."""
        assert self._process is not None
        pids = (self._process.pid, *backends)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)  # nothing of it is to be kept
        shutil.rmtree(self.folder)


def _is_known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def outside(server: Server, *statements: str) -> None:
    """Do something to the tables that the store knows nothing of, whatever refers to what."""
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", (server.schema,))
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())
