"""A library's own texts: one in each place at a time, seen by all that have it open, gone when they are removed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from citewell.corpus import own
from citewell.corpus.errors import StorageFailed
from citewell.corpus.own import Own, OwnFiles, OwnRows
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from tests.postgres import Postgres

Opens = Callable[[], Own]
NAME, OTHER = "config.json", "calibration.json"


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_TRUSTED", 0.0)


@pytest.fixture
def opens(truth: Path | Server) -> Iterator[Opens]:
    """As each process opens them: in the folder, or beside a truth on a server."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(Store(truth, create=True))).own


def test_what_one_writes_all_read_until_it_is_removed(opens: Opens) -> None:
    one, two = opens(), opens()
    assert (one.read(NAME), one.version(NAME)) == (None, None)
    one.remove(NAME)
    versions = []
    for text in ("first", '{"é": "\\ud800"}\n'):
        one.write(NAME, text)
        assert {each.read(NAME) for each in (one, two, opens())} == {text}
        versions.append(two.version(NAME))
        assert versions[-1] == one.version(NAME) == two.version(NAME)
    assert len({None, *versions}) == 3
    assert (one.read(OTHER), one.version(OTHER)) == (None, None)
    two.remove(NAME)
    assert (one.read(NAME), two.read(NAME), one.version(NAME)) == (None, None, None)


def test_messages_name_the_text_and_where_it_is(opens: Opens, truth: Path | Server) -> None:
    where = str(truth.parent) if isinstance(truth, Path) else truth.name
    assert NAME in opens().place(NAME)
    assert where in opens().place(NAME)


def test_what_cannot_be_read_for_a_moment_is_said_and_read_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OwnFiles(tmp_path)
    own.write(NAME, "first")
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "read_text", lambda *_: (_ for _ in ()).throw(OSError(24, "Too many open files"))
        )
        with pytest.raises(StorageFailed, match="Too many open files"):
            own.read(NAME)
    assert own.read(NAME) == "first"


class Late:
    """A server that takes so many seconds for a query, and counts them; its clock stands still otherwise."""

    def __init__(self, takes: float) -> None:
        self.now, self.takes, self.queries = 0.0, takes, 0

    def rows(self, query: str, *_: object) -> list[tuple[object, ...]]:
        self.now, self.queries = self.now + self.takes, self.queries + 1
        return [(1,)] if "pg_tables" in query else [(NAME, "first")]


def test_a_server_is_looked_at_once_a_second_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_TRUSTED", 1.0)
    server = Late(takes=5.0)
    monkeypatch.setattr("citewell.corpus.own.time.monotonic", lambda: server.now)
    rows = OwnRows(server)  # type: ignore[arg-type]
    assert [rows.read(NAME) for _ in range(9)] == ["first"] * 9
    assert server.queries == 2  # is the table there, and what is in it
    server.now += 1.5
    assert rows.read(NAME) == "first"
    assert server.queries == 3


def test_who_only_looks_at_a_server_makes_no_table(postgres: Postgres, tmp_path: Path) -> None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    with closing(Store(postgres.server(tmp_path), create=True)) as store:
        before = store.database.rows(tables)
        assert store.own.read(NAME) is None
        store.own.remove(NAME)
        assert store.database.rows(tables) == before


def test_a_server_is_not_asked_again_within_a_second(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "_TRUSTED", 3600.0)
    server = postgres.server(tmp_path)
    with closing(Store(server, create=True)) as one, closing(Store(server)) as two:
        one.own.write(NAME, "first")
        assert (one.own.read(NAME), two.own.read(NAME)) == ("first", "first")
        one.own.write(NAME, "second")
        assert (one.own.read(NAME), two.own.read(NAME)) == ("second", "first")
        monkeypatch.setattr(own, "_TRUSTED", 0.0)
        assert two.own.read(NAME) == "second"


def test_a_file_that_is_removed_while_it_is_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OwnFiles(tmp_path)
    own.write("a", "text")
    look = OwnFiles.version

    def late(self: OwnFiles, name: str) -> object:
        seen = look(self, name)
        self.remove(name)
        return seen

    monkeypatch.setattr(OwnFiles, "version", late)
    assert own.read("a") is None
