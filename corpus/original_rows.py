"""Original bytes in a table beside the rows of the store, where several machines share it."""

from collections.abc import Set

from citewell.corpus.originals import Originals
from citewell.corpus.postgres import PostgresDatabase


class OriginalRows(Originals):
    """Written in the transaction that the store has open, so that a revision and its bytes are there together.

    No article has so many bytes (`children.Limits`) that a row could not hold them.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def place(self, sha: str) -> str:
        return f"{self._database.place}, original {sha}"

    def put(self, sha: str, content: bytes) -> None:
        with self._database.transaction() as db:
            same = "SELECT 1 FROM originals WHERE sha = ? AND encode(sha256(content), 'hex') = sha"
            if not db.execute(same, (sha,)).fetchone():
                db.execute(
                    "INSERT INTO originals VALUES (?, ?) ON CONFLICT (sha) DO UPDATE SET content = excluded.content",
                    (sha, content),
                )

    def read(self, sha: str) -> bytes | None:
        rows = self._database.rows("SELECT content FROM originals WHERE sha = ?", sha)
        return bytes(rows[0][0]) if rows else None

    def remove(self, shas: Set[str]) -> None:
        if shas:
            with self._database.transaction() as db:
                db.execute("DELETE FROM originals WHERE sha = ANY (?)", (list(shas),))

    def keep_only(self, shas: Set[str]) -> None:
        with self._database.transaction() as db:
            db.execute("DELETE FROM originals WHERE NOT sha = ANY (?)", (list(shas),))
