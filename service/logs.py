"""Logs as JSON lines on standard error, written by a thread, so that a slow reader of them holds nobody up."""

import json
import logging
import queue
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import TextIO

_MOST_WAITING = 10_000  # lines; more are dropped
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


class _Dropping(QueueHandler):
    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(record)


def start(
    level: str, request_id: Callable[[], str | None], stream: TextIO | None = None
) -> Callable[[], None]:
    """Log from this level on, each line with the id of the request in which it is written; call what is returned to end."""
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_MOST_WAITING)
    writing = logging.StreamHandler(stream or sys.stderr)
    writing.setFormatter(JsonFormatter())
    listener = QueueListener(waiting, writing)
    handler = _Dropping(waiting)

    def named(record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True

    handler.addFilter(named)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))  # others say too much
    logging.getLogger("citewell").setLevel(level.upper())
    listener.start()
    return listener.stop
