"""Who writes to a library takes turns: by a lock in its folder, or by one of its process where the folder holds nothing."""

import errno
import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from citewell.corpus.errors import LibraryBusy, LibraryReadOnly


class Turns:
    """Of all processes that share a folder; without a shared folder of the threads of this one, whose server does the rest."""

    def __init__(self, folder: Path, shared: bool) -> None:
        self._folder, self._shared = folder, shared
        self._thread = threading.Lock()

    def alone(self, deadline: float) -> AbstractContextManager[None]:
        """Until a time (monotonic). Raises LibraryBusy, and LibraryReadOnly for a folder that cannot be written."""
        return self._in_folder(deadline) if self._shared else self._in_process(deadline)

    @contextmanager
    def _in_folder(self, deadline: float) -> Iterator[None]:
        with self._lock() as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise LibraryBusy(self._folder) from None
                    time.sleep(0.05)
            yield

    def _lock(self) -> IO[str]:
        try:
            return (self._folder / "lock").open("a")
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise LibraryReadOnly(self._folder) from None

    @contextmanager
    def _in_process(self, deadline: float) -> Iterator[None]:
        if not self._thread.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise LibraryBusy(self._folder)
        try:
            yield
        finally:
            self._thread.release()
