"""What tests do to a truth wherever it is: a file, or tables on a server."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from citewell.corpus.server import Server
from tests.postgres import outside


def altered(truth: Path | Server, damage: str) -> None:
    """By somebody else than the store, whatever refers to what."""
    if isinstance(truth, Server):
        outside(truth, damage)
        return
    with closing(sqlite3.connect(truth, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(damage)


def another(truth: Path | Server) -> Path | Server:
    """Of the same kind, where nothing is yet."""
    if isinstance(truth, Server):
        return replace(truth, schema=f"test_{uuid4().hex}")
    return truth.with_name(f"{uuid4().hex}.db")


def kept_by(truth: Path | Server) -> Server | None:
    """What a library is opened with, in the folder of the truth."""
    return truth if isinstance(truth, Server) else None


def said(truth: Path | Server) -> tuple[str, str]:
    """For a process of its own: a path or an address, and the folder of the library."""
    if isinstance(truth, Server):
        return f"{truth.address}&schema={truth.schema}", str(truth.folder)
    return str(truth), str(truth.parent)
