"""What the files of mirrored folders looked like when they were read: derived, so that losing it costs reading them again.

Each row holds a digest of itself; one that was altered counts as lost.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from citewell.corpus.looking import Stamp, under
from citewell.corpus.rows import with_digest
from citewell.index.derived import DerivedFile, many
from citewell.index.mirror import Known

SEEN = "seen.db"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha TEXT NOT NULL, "
    "read_as TEXT NOT NULL, articles TEXT NOT NULL, digest TEXT NOT NULL) STRICT, WITHOUT ROWID"
)


class Seen(DerivedFile):
    """Files by the name that their articles have as source."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, _SCHEMA, "SELECT stamp, sha, read_as, articles, digest FROM files LIMIT 1")

    def files(self, root: str) -> dict[str, Known]:
        """Those in a folder."""
        first = under(root)
        last = first[:-1] + chr(ord("/") + 1)  # greater than any name that starts as the first
        rows: list[tuple[Any, ...]] = self.run(
            lambda db: db.execute("SELECT * FROM files WHERE name > ? AND name < ?", (first, last)).fetchall()
        )
        return {row[0]: _known(row) for row in rows if _is_whole(row)}

    def put(self, files: Mapping[str, Known]) -> None:
        rows = [_row(name, known) for name, known in files.items()]
        self.run(lambda db: many(db, "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", rows))

    def forget(self, names: Iterable[str]) -> None:
        self.run(lambda db: many(db, "DELETE FROM files WHERE name = ?", ((name,) for name in names)))

    def keep_only(self, article_ids: Collection[str]) -> None:
        """Forget files that gave any other article."""
        rows: list[tuple[Any, ...]] = self.run(lambda db: db.execute("SELECT * FROM files").fetchall())
        self.forget(
            row[0] for row in rows if not (_is_whole(row) and _known(row).articles.keys() <= set(article_ids))
        )


def _row(name: str, known: Known) -> tuple[object, ...]:
    stamp = json.dumps(astuple(known.stamp) if isinstance(known.stamp, Stamp) else None)
    return with_digest(name, stamp, known.sha, known.read_as, json.dumps(dict(known.articles)))


def _known(row: tuple[Any, ...]) -> Known:
    _, stamp, sha, read_as, articles, _ = row
    said = json.loads(stamp)
    return Known(said and Stamp(*said), sha, read_as, json.loads(articles))


def _is_whole(row: tuple[Any, ...]) -> bool:
    return with_digest(*row[:-1]) == row
