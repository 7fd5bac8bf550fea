"""Moving the truth: what one store holds is copied into another, change by change, with its numbers, moments and history.

A transaction takes the next changes, so the copy is at any time what the other was after one of them, without what was
erased there since, and goes on there when it was cut short. Until it is whole it says so, and is not opened otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from citewell.corpus.database import Transaction
from citewell.corpus.errors import BadInput
from citewell.corpus.originals import Originals, sha_of
from citewell.corpus.rows import damaged_changes, with_digest
from citewell.corpus.store import NEWEST, Store
from citewell.corpus.stored import MOVING, Stored

_CHANGES = 500  # of one transaction
_TEXTS = 16  # that are held in memory
_NAMED = 500  # values of one statement
_NUMBER, _OF, _KIND, _REVISION, _FORMER = range(5)  # columns of a change
_TEXT, _ORIGINAL = 3, 10  # of a revision
_OF_ARTICLES = "SELECT * FROM revisions WHERE article_id"
Progress = Callable[[int, int], None]
Rows = list[tuple[Any, ...]]


def begin(source: Stored, target: Store, folder: str) -> None:
    """Let a store be what another's content is moved to, from a folder.

    Raises BadInput, with nothing changed, unless it is empty or a copy of the other as that was once, and another one than that.
    """
    there, change, former = target.change(), source.change(), source.former_epoch()
    if there and target.epoch() != source.epoch():
        raise BadInput(
            f"{target.place} holds another library than {source.place}, or that was restored since. Nothing was changed. "
            "Choose another place: a folder, and truth in its citewell.toml."
        )
    known = target.moving()
    newest = "SELECT * FROM changes WHERE number = ?"
    if there and target.database.rows(newest, there) != source.database.rows(newest, there):
        raise BadInput(
            f"{target.place} was written to since it was a copy of {source.place}, which lacks that. Nothing was changed. "
            + (
                "It is not whole, so that it cannot be moved back. Choose another place: another folder, or an empty schema "
                "of the database (truth in its citewell.toml)."
                if known
                else "If nothing else was written there meanwhile, move it back: "
                f"citewell migrate {target.place.folder} {folder}"
            )
        )
    erased = known[0] if known else there or change
    mark = f"{MOVING}{erased} {folder}"
    with target.database.transaction() as db:
        db.execute("UPDATE library SET epoch = ?, former = ?", (source.epoch(), mark))
    if source.former_epoch() == mark:  # however differently the two are written
        _let_former(target, former)
        raise BadInput(
            f"{target.place} and {source.place} are the same place: there is nothing to be moved. Nothing was changed. Choose "
            "another: another folder, or truth in its citewell.toml."
        )


def end(source: Stored, target: Store) -> None:
    """It is whole."""
    _let_former(target, source.former_epoch())


def _let_former(store: Store, former: str) -> None:
    with store.database.transaction() as db:
        db.execute("UPDATE library SET former = ?", (former,))


def purged_meanwhile(target: Stored) -> bool:
    """Whether something was purged that may have been copied before."""
    known = target.moving()
    query = "SELECT 1 FROM changes WHERE kind = 'purge' AND number > ? LIMIT 1"
    return known is not None and bool(target.database.rows(query, known[0]))


def copy(source: Stored, target: Store, progress: Progress = lambda *_: None) -> None:
    """All that is stored, while others write there."""
    copied = True
    while copied:
        with source.database.snapshot() as db:
            copied = _copy_some(db, source, target)
        progress(target.change(), max(target.change(), source.change()))


def copy_rest(db: Transaction, source: Stored, target: Store) -> bool:
    """What was stored since, up to the moment of a snapshot; whether it was something."""
    copied = False
    while _copy_some(db, source, target):
        copied = True
    for table in ("keeping", "repeated", "sources"):
        rules = sorted(_rows(db, f"SELECT * FROM {table}"))
        with target.database.transaction() as within:
            if sorted(_rows(within, f"SELECT * FROM {table}")) != rules:
                within.execute(f"DELETE FROM {table}")
                _insert(within, table, rules)
    return copied


def _copy_some(db: Transaction, source: Stored, target: Store) -> bool:
    """The next changes, in one transaction; false if there are none."""
    after = target.change()
    changes = _rows(db, "SELECT * FROM changes WHERE number > ? ORDER BY number LIMIT ?", after, _CHANGES)
    if [row[_NUMBER] for row in changes] != [*range(after + 1, after + 1 + len(changes))]:
        raise damaged_changes(source.place)
    if not changes:
        return False
    upto = changes[-1][_NUMBER]
    revisions = _rows(
        db,
        "SELECT * FROM revisions WHERE (article_id, change) IN "
        "(SELECT article_id, number FROM changes WHERE number > ? AND number <= ? AND kind = 'put')",
        after,
        upto,
    )
    touched = sorted({row[_OF] for row in changes} - {""})
    kept = _numbers(db, touched)
    with target.database.transaction() as within:
        texts = {row[_TEXT] for row in revisions} | {
            row[_TEXT] for row in _named(within, _OF_ARTICLES, touched)
        }
        _insert(within, "changes", changes)
        _put_texts(within, db, sorted({row[_TEXT] for row in revisions}))
        _put_originals(source.originals, target.originals, revisions)
        for article_id in touched:
            _point(within, article_id, _live(db, article_id, upto, kept[article_id]))
        _insert(within, "revisions", revisions)
        for article_id, numbers in _numbers(within, touched).items():
            if set(numbers) - set(kept[article_id]):
                target.erase(within, article_id, min(kept[article_id], default=NEWEST) - 1)
            if not set(numbers) & set(kept[article_id]):
                within.execute("DELETE FROM articles WHERE id = ?", (article_id,))
        _put_pages(within, db, sorted(texts))
    return True


def _live(db: Transaction, article_id: str, upto: int, kept: Sequence[int]) -> int | None:
    """The revision of an article that was live after a change, if it is kept."""
    query = "SELECT * FROM changes WHERE article_id = ? AND number <= ? ORDER BY number DESC LIMIT 1"
    (change,) = _rows(db, query, article_id, upto)
    while change[_KIND] == "drop" and change[_FORMER]:
        (change,) = _rows(db, "SELECT * FROM changes WHERE number = ?", change[_FORMER])
    return change[_REVISION] if change[_KIND] == "put" and change[_REVISION] in kept else None


def _point(db: Transaction, article_id: str, live: int | None) -> None:
    db.execute(
        "INSERT INTO articles VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET live = excluded.live, digest = excluded.digest",
        with_digest(article_id, live),
    )


def _numbers(db: Transaction, article_ids: Sequence[str]) -> dict[str, list[int]]:
    """Of the revisions of each article."""
    found: dict[str, list[int]] = {article_id: [] for article_id in article_ids}
    for article_id, number in _named(
        db, "SELECT article_id, number FROM revisions WHERE article_id", article_ids
    ):
        found[article_id].append(number)
    return found


def _put_texts(target: Transaction, source: Transaction, shas: Sequence[str]) -> None:
    """With their spans, those that are not there."""
    there = {sha for (sha,) in _named(target, "SELECT sha FROM texts WHERE sha", shas)}
    new = [sha for sha in shas if sha not in there]
    for first in range(0, len(new), _TEXTS):
        some = new[first : first + _TEXTS]
        for table, key in (("texts", "sha"), ("passages", "text_sha"), ("excluded", "text_sha")):
            _insert(target, table, list(_named(source, f"SELECT * FROM {table} WHERE {key}", some)))


def _put_pages(target: Transaction, source: Transaction, shas: Sequence[str]) -> None:
    """Of these texts, as far as they are there, as they are now."""
    there = [sha for (sha,) in _named(target, "SELECT sha FROM texts WHERE sha", shas)]
    target.executemany("DELETE FROM pages WHERE text_sha = ?", [(sha,) for sha in there])
    _insert(target, "pages", list(_named(source, "SELECT * FROM pages WHERE text_sha", there)))


def _put_originals(source: Originals, target: Originals, revisions: Rows) -> None:
    """Before the revisions are there. What the other has lost cannot be copied."""
    for sha in sorted({row[_ORIGINAL] for row in revisions if row[_ORIGINAL] not in ("", row[_TEXT])}):
        content = source.read(sha)
        if content is not None and sha_of(content) == sha:
            target.put(sha, content)


def _rows(db: Transaction, query: str, *values: object) -> Rows:
    return [tuple(row) for row in db.execute(query, values)]


def _named(db: Transaction, query: str, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that ends with a column, where that is one of these names."""
    for first in range(0, len(names), _NAMED):
        part = names[first : first + _NAMED]
        yield from _rows(db, f"{query} IN ({','.join('?' * len(part))})", *part)


def _insert(db: Transaction, table: str, rows: Rows) -> None:
    if rows:
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
