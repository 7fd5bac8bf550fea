"""A web server of a test's own: it answers exactly the bytes that the test says, however wrong they are."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate

Reply = bytes | Callable[["Asked", socket.socket], None]
_ROBOTS = "/robots.txt"
_LONG_AGO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]


@dataclass(eq=False)
class Site:
    """Pages by path; what is not there answers 404. Whatever is asked but robots.txt is written down."""

    port: int
    pages: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, but robots.txt."""
        return [each.path for each in self.asked if each.path != _ROBOTS]

    def put(self, path: str, body: bytes | str, kind: str = "text/html", modified: int = 0) -> str:
        """A page with validators that are heeded; returns its address."""
        content = body.encode() if isinstance(body, str) else body
        etag = f'"{hash(content):x}"'
        date = formatdate(_LONG_AGO + modified, usegmt=True)

        def reply(asked: Asked, to: socket.socket) -> None:
            unchanged = asked.headers.get("if-none-match") == etag
            status = "304 Not Modified" if unchanged else "200 OK"
            to.sendall(
                answer(
                    b"" if unchanged else content, status, Content_Type=kind, ETag=etag, Last_Modified=date
                )
            )

        self.pages[path] = reply
        return self.url(path)


def answer(body: bytes | str = b"", status: str = "200 OK", /, **headers: str) -> bytes:
    """A whole answer; a header of None is left out."""
    content = body.encode() if isinstance(body, str) else body
    named = {"Content_Length": str(len(content)), "Connection": "close", **headers}
    if status.startswith("304"):
        named.pop("Content_Length")
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value != ""]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1") + content


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, Location=location)


def packed(body: bytes) -> bytes:
    return answer(gzip.compress(body), Content_Encoding="gzip", Content_Type="text/plain")


def endless(piece: bytes, pause: float = 0.0, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Reply:
    """Until the other side has enough."""

    def reply(_: Asked, to: socket.socket) -> None:
        to.sendall(head)
        with suppress(OSError):
            while True:
                to.sendall(piece)
                time.sleep(pause)

    return reply


def in_turn(*replies: Reply) -> Reply:
    """One after the other, the last for ever."""
    left = list(replies)

    def reply(asked: Asked, to: socket.socket) -> None:
        _reply(left.pop(0) if len(left) > 1 else left[0], asked, to)

    return reply


@contextmanager
def served() -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        site = Site(listening.getsockname()[1])
        listening.settimeout(0.05)
        over = threading.Event()
        threads = [threading.Thread(target=_listen, args=(listening, site, over))]
        threads[0].start()
        try:
            yield site
        finally:
            over.set()
            threads[0].join()


def _listen(listening: socket.socket, site: Site, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection, site), daemon=True).start()


def _serve(connection: socket.socket, site: Site) -> None:
    with connection, suppress(OSError):
        connection.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (received := connection.recv(65_536)):
                return
            head += received
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":")[::2] for line in lines if line)
        asked = Asked(first.split()[1], {name.lower(): value.strip() for name, value in pairs})
        site.asked.append(asked)
        _reply(site.pages.get(asked.path, answer("not here", "404 Not Found")), asked, connection)


def _reply(reply: Reply, asked: Asked, to: socket.socket) -> None:
    if isinstance(reply, bytes):
        to.sendall(reply)
        to.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            to.recv(1)  # so that what was sent is not cut off by a reset
    else:
        reply(asked, to)
