"""What of a library stands in a cluster's collections, and BM25's statistics of it, kept where there are transactions.

A cluster promises nothing across rows. So a revision is entered here before its rows are sent, and is published in
one transaction with the statistics that it changes. What a question finds is checked against what was published when
it began. Rows of a superseded revision stay until the next time something is published, for questions on their way.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from citewell.corpus.database import Transaction
from citewell.index.articles import facts_of
from citewell.index.engine import Held
from citewell.index.entries import Entry, packed, unpacked
from citewell.index.ledger_read import LIVE, OVER, LedgerRead, in_parts

_DROPPED = 5_000  # rows of one statement


class Ledger(LedgerRead):
    """It is derived: when it is lost, a rebuild makes it anew. Who writes holds the lock of writers."""

    def begin(self, name: str, model: str, recipe: str, epoch: str) -> None:
        """Enter a collection that is to be filled from a store of that epoch."""

        def write(db: Transaction) -> None:
            (number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM cluster_collections").fetchone()
            statement = "INSERT INTO cluster_collections VALUES (?, ?, ?, ?, ?, NULL, 0, 0, 0)"
            db.execute(statement, (name, number, model, recipe, epoch))

        self._kept.write(write)

    def enter(self, name: str, entries: Sequence[Entry]) -> None:
        """Before their rows are sent."""
        rows = [
            (name, e.key, e.article.article_id, facts_of(e.article), e.article.language, e.passages, e.length, packed(e.terms), e.signature.tobytes())
            for e in entries
        ]  # fmt: skip

        def write(db: Transaction) -> None:
            statement = "DELETE FROM cluster_revisions WHERE collection = ? AND key = ?"
            db.executemany(statement, [row[:2] for row in rows])
            db.executemany(
                "INSERT INTO cluster_revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)", rows
            )

        self._kept.write(write)

    def take(self, name: str, change: int, put: Sequence[str], touched: Iterable[str]) -> None:
        """Count these revisions, by their keys, as there since a change, and of articles that were touched no others.

        A collection that is published answers with them only from when it is published up to that change.
        """
        self._kept.write(lambda db: _take(db, name, change, put, touched))

    def publish(self, name: str, held: Held, put: Sequence[str], touched: Iterable[str]) -> None:
        """Let these revisions, too, be what questions are asked of, and of articles that were touched no others."""

        def write(db: Transaction) -> None:
            _take(db, name, held.change, put, touched)
            statement = "UPDATE cluster_collections SET epoch = ?, change = ? WHERE name = ?"
            db.execute(statement, (held.epoch, held.change, name))

        self._kept.write(write)

    def put_last(self, name: str) -> None:
        """As if it had been begun last."""
        statement = "UPDATE cluster_collections SET number = (SELECT max(number) + 1 FROM cluster_collections) WHERE name = ?"
        self._kept.write(lambda db: db.execute(statement, (name,)))

    def let_go(self, name: str) -> None:
        """Before the rows of leftovers are removed: questions that began before these were superseded are asked again."""
        over = f"SELECT max(until) FROM cluster_revisions WHERE collection = ? AND {OVER}"
        statement = f"UPDATE cluster_collections SET swept = coalesce(({over}), swept) WHERE name = ?"
        self._kept.write(lambda db: db.execute(statement, (name, name)))

    def forget(self, name: str, keys: Sequence[str]) -> None:
        """After their rows were removed."""
        self._delete("cluster_revisions", "key", name, keys)

    def drop(self, name: str) -> None:
        """Bit by bit, since a server has little patience with a long statement; from the first bit on it is not published."""
        self._kept.write(
            lambda db: db.execute("UPDATE cluster_collections SET change = NULL WHERE name = ?", (name,))
        )
        for table, column in (("cluster_revisions", "key"), ("cluster_terms", "token")):
            some = f"SELECT {column} FROM {table} WHERE collection = ? LIMIT {_DROPPED}"
            while rows := self._kept.rows(some, name):
                self._delete(table, column, name, [row[0] for row in rows])
        self._kept.write(lambda db: db.execute("DELETE FROM cluster_collections WHERE name = ?", (name,)))

    def _delete(self, table: str, column: str, name: str, values: Sequence[object]) -> None:
        statement = f"DELETE FROM {table} WHERE collection = ? AND {column} = ?"
        self._kept.write(lambda db: db.executemany(statement, [(name, value) for value in values]))

    def vacuum(self) -> None:
        """Leave no trace of what was erased."""
        self._kept.vacuum()


def _take(db: Transaction, name: str, change: int, put: Sequence[str], touched: Iterable[str]) -> None:
    added, changed = set(put), list(set(touched))
    select = "SELECT key, passages, length, terms FROM cluster_revisions WHERE"
    over = [
        row
        for row in in_parts(db, f"{select} {LIVE} AND article IN ({{}})", (name,), changed)
        if row[0] not in added
    ]
    new = in_parts(db, f"{select} collection = ? AND since IS NULL AND key IN ({{}})", (name,), list(added))
    passages = length = 0
    terms: Counter[int] = Counter()
    for sign, rows in ((1, new), (-1, over)):
        for _, its_passages, its_length, its_terms in rows:
            passages += sign * its_passages
            length += sign * its_length
            for number, count in unpacked(its_terms):
                terms[number] += sign * count
    update = "UPDATE cluster_revisions SET {} = ? WHERE collection = ? AND key = ?"
    db.executemany(update.format("since"), [(change, name, row[0]) for row in new])
    db.executemany(update.format("until"), [(change, name, row[0]) for row in over])
    db.executemany(
        "INSERT INTO cluster_terms VALUES (?, ?, ?) ON CONFLICT (collection, token) "
        "DO UPDATE SET doc_freq = cluster_terms.doc_freq + excluded.doc_freq",
        [(name, number, count) for number, count in terms.items() if count],
    )
    db.executemany(
        "DELETE FROM cluster_terms WHERE collection = ? AND token = ? AND doc_freq = 0",
        [(name, number) for number, count in terms.items() if count < 0],
    )
    db.execute(
        "UPDATE cluster_collections SET passages = passages + ?, length = length + ? WHERE name = ?",
        (passages, length, name),
    )
