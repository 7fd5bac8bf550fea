"""What the store knew at an earlier moment, told from its changes.

A moment is UTC to the millisecond, written 2026-11-01T23:59:59.999Z, so that moments sort as strings.
"""

from datetime import UTC, datetime

import regex

from citewell.corpus.article import Change
from citewell.corpus.database import Database
from citewell.corpus.errors import BadInput
from citewell.corpus.rows import CHANGE_COLUMNS, change_of, damaged_changes

_DAY = regex.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = regex.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(said: str) -> str:
    """Of a day its end, in UTC; of a timestamp without an offset that time in UTC. Raises BadInput."""
    day, time = said[:10], said[11:]
    try:
        if _DAY.fullmatch(said):
            return moment(datetime.fromisoformat(f"{day}T23:59:59.999Z"))
        if _DAY.fullmatch(day) and said[10:11] in ("T", " ") and _TIME.fullmatch(time):
            at = datetime.fromisoformat(said)
            return moment(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise BadInput(
        f"{said!r} is no moment to answer as of; write a day, as 2026-11-01, or a time, as 2026-11-01T09:30:00Z."
    )


def last_change(database: Database) -> int:
    """Its number; 0 when nothing was ever written."""
    ((number,),) = database.rows("SELECT coalesce(max(number), 0) FROM changes")
    assert isinstance(number, int)
    return number


def first_moment(database: Database) -> str | None:
    """When the first change was recorded; None if nothing was ever stored."""
    return _change(database, 1).recorded_at if last_change(database) else None


def change_at(database: Database, at: str) -> int:
    """Number of the last change that was recorded at that moment or before; 0 if there is none."""
    low, high = 0, last_change(database)
    while low < high:
        middle = (low + high + 1) // 2
        if _change(database, middle).recorded_at <= at:
            low = middle
        else:
            high = middle - 1
    return low


def live_after(database: Database, change: int) -> dict[str, int | None]:
    """Of each article that was changed later, the number of the revision that was live then; None if none was."""
    rows = database.rows(f"SELECT {CHANGE_COLUMNS} FROM changes WHERE number > ? ORDER BY number", change)
    later = [change_of(row, database.place) for row in rows]
    if [each.number for each in later] != [*range(change + 1, change + 1 + len(later))]:
        raise damaged_changes(database.place)
    first = {each.article_id: each for each in reversed(later)}
    return {article_id: _live_before(database, each) for article_id, each in first.items()}


def _live_before(database: Database, change: Change) -> int | None:
    """Number of the revision that was live before the article was changed; None if none was."""
    while change.former:
        change = _change(database, change.former)
        if change.kind != "drop":
            return change.revision if change.kind == "put" else None
    return None


def _change(database: Database, number: int) -> Change:
    """Changes are numbered without a gap, and none is ever deleted."""
    rows = database.rows(f"SELECT {CHANGE_COLUMNS} FROM changes WHERE number = ?", number)
    if not rows:
        raise damaged_changes(database.place)
    return change_of(rows[0], database.place)
