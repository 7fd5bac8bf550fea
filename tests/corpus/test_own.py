"""A library's own texts: one in each place at a time, seen by all that have it open, gone when they are removed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from citewell.corpus import own
from citewell.corpus.own import Own
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
