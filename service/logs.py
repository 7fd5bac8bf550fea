"""Logs as JSON lines on standard error, written by a thread, so that a slow reader of them holds nobody up."""

import json
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

_MOST_WAITING = 10_000  # lines; more are dropped
_EVERY = 0.1  # seconds between two looks for lines
_PATIENCE = 5.0  # seconds for the last lines
_OWN = {*vars(logging.makeLogRecord({})), "message", "taskName"}


class JsonFormatter(logging.Formatter):
    """One object a line; `extra` are fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        when = (
            datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
        said = {"time": when, "level": record.levelname.lower(), "message": record.getMessage()}
        said |= {
            name: value for name, value in vars(record).items() if name not in _OWN and value is not None
        }
        if record.exc_info:
            said["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


class _Waiting(logging.Handler):
    """Keeps records for the thread that writes them; nobody is woken, since that costs more than the request's line."""

    def __init__(self, request_id: Callable[[], str | None]) -> None:
        super().__init__()
        self._request_id = request_id
        self.records: deque[logging.LogRecord] = deque()

    def handle(self, record: logging.LogRecord) -> bool:
        record.request_id = self._request_id()
        if len(self.records) < _MOST_WAITING:
            self.records.append(record)
        return True


def start(
    level: str, request_id: Callable[[], str | None], stream: TextIO | None = None
) -> Callable[[], None]:
    """Log from this level on, each line with the id of the request in which it is written; call what is returned to end."""
    waiting, ending = _Waiting(request_id), threading.Event()
    writing = logging.StreamHandler(stream or sys.stderr)
    writing.setFormatter(JsonFormatter())

    def write() -> None:
        while not ending.wait(_EVERY) or waiting.records:
            while waiting.records:
                writing.handle(waiting.records.popleft())

    thread = threading.Thread(target=write, name="citewell-log", daemon=True)
    root = logging.getLogger()
    root.handlers = [waiting]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))  # others say too much
    logging.getLogger("citewell").setLevel(level.upper())
    thread.start()

    def stop() -> None:
        ending.set()
        thread.join(_PATIENCE)

    return stop
