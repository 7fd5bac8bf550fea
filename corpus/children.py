"""Child processes that read what a parser could crash on, with limits on memory and time; started when wanted."""

import json
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from citewell.corpus.article import Draft
from citewell.corpus.listed import Entry, Sitemap
from citewell.corpus.sniff import Format

_PATIENCE = 4  # seconds by the clock for one of the processor


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one article: bytes (of what was given, and characters of its text), seconds, bytes of address space.

    Seconds are the processor's; on a machine that is busy with other things reading may take several times as many.
    """

    article: int = 20_000_000
    seconds: int = 30
    memory: int = 1_500_000_000


LIMITS = Limits()


class Children:
    """As many children as threads read at once. One that dies costs the article that it read, and is replaced."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._turn = threading.Lock()
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all, also while they read."""
        with self._turn:
            self._over = True
            for child in self._all:
                child.end()
            self._all, self._idle = set(), []

    def read(self, kind: Format, content: bytes, name: str) -> Draft:
        """Raises ValueError with the reason why it cannot be read."""
        return _draft_of(self._ask(kind, content, name)["draft"])

    def read_feed(self, content: bytes, base: str) -> list[Entry]:
        """`base` is its address, or empty. Raises ValueError."""
        given = self._ask(Format.FEED, content, base)["entries"]
        return [Entry(**each | {"draft": each["draft"] and _draft_of(each["draft"])}) for each in given]

    def read_sitemap(self, content: bytes) -> Sitemap:
        """Raises ValueError."""
        given = self._ask(Format.SITEMAP, content, "")["sitemap"]
        return Sitemap(given["is_index"], tuple((address, said) for address, said in given["places"]))

    def _ask(self, kind: Format, content: bytes, name: str) -> dict[str, Any]:
        with self._turn:
            if self._over:
                raise ValueError("nothing is read any more")
            child = self._idle.pop() if self._idle else _Child(self.limits)
            self._all.add(child)
        reply: dict[str, Any] = {"last": True}
        try:
            reply = child.ask(kind, content, name)
        finally:
            with self._turn:
                (self._all.discard if reply["last"] else self._idle.append)(child)
            if reply["last"]:
                child.end()
        if "reason" in reply:
            raise ValueError(reply["reason"])
        return reply


def _draft_of(given: dict[str, Any]) -> Draft:
    return Draft(**given | {"pages": tuple(given["pages"])})


class _Child:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        arguments = map(str, (limits.memory, limits.seconds, limits.article))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "citewell.corpus.child", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, kind: Format, content: bytes, name: str) -> dict[str, Any]:
        """Raises ValueError if it takes too long or the child dies, which it then is."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(_PATIENCE * self._limits.seconds, stop)
        timer.start()
        try:
            request = {"format": kind, "name": name, "bytes": len(content)}
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.write(content)
            self._process.stdin.flush()
            reply = self._process.stdout.readline()
        except BrokenPipeError:
            reply = b""
        finally:
            timer.cancel()
        if not reply.endswith(b"\n"):
            self.end()  # which it has by itself, unless it was late
            if late.is_set() or self._process.returncode == -signal.SIGXCPU:
                raise ValueError(f"it takes longer than {self._limits.seconds} s to read")
            raise ValueError(f"the reader of {kind} broke down on it")
        said: dict[str, Any] = json.loads(reply)
        return said

    def end(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
