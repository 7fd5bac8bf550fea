"""A PostgreSQL server under the store: it goes away, is another or wants more, and nothing hangs or is lost."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import psycopg
import pytest

from citewell.corpus.article import Cut, Draft
from citewell.corpus.database import SCHEMA_VERSION
from citewell.corpus.errors import (
    BadInput,
    LibraryBusy,
    TruthAway,
    TruthMismatch,
    TruthRefused,
    UnknownArticle,
)
from citewell.corpus.postgres import PostgresDatabase
from citewell.corpus.postgres_readers import CONNECTIONS
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from tests.postgres import PASSWORD, USER, Postgres, outside


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Server:
    return postgres.server(tmp_path)


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    opened = Store(server, create=True)
    yield opened
    opened.close()


def put(store: Store, name: str, text: str = "One.") -> None:
    store.put(name, f"/{name}", Draft(text, "", "test", ""), None, Cut((), ()), "cut-1")


def ids(store: Store) -> list[str]:
    return [article.article_id for article in store.articles()]


# -- what it is asked for ----------------------------------------------------------------------------------------


def test_every_commit_is_flushed_whatever_the_server_does_for_others(
    postgres: Postgres, store: Store, server: Server
) -> None:
    outside(server, f"ALTER ROLE {USER} SET synchronous_commit = off")
    try:
        database = PostgresDatabase(server)
        with database.transaction() as db:
            assert db.execute("SHOW synchronous_commit").fetchone() == ("on",)
            assert db.execute("SHOW fsync").fetchone() == ("on",)
        database.close()
    finally:
        outside(server, f"ALTER ROLE {USER} RESET synchronous_commit")


def test_a_server_that_flushes_nothing_is_refused(store: Store, server: Server) -> None:
    def reload(*statements: str) -> None:
        outside(server, *statements, "SELECT pg_reload_conf()")
        time.sleep(0.3)

    reload("ALTER SYSTEM SET fsync = off")
    try:
        with pytest.raises(TruthMismatch, match="would lose what it acknowledged"):
            Store(server)
    finally:
        reload("ALTER SYSTEM RESET fsync")
    Store(server).close()


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match="cannot be written"):
        store.database.rows("DELETE FROM library")
    assert store.epoch()


def test_what_no_text_can_hold_is_found_nowhere_and_not_stored(store: Store) -> None:
    put(store, "a")
    with pytest.raises(UnknownArticle):
        store.article("a\0")
    with pytest.raises(BadInput, match="NUL"):
        put(store, "b\0")
    assert ids(store) == ["a"]


def test_more_threads_than_connections_read_side_by_side(postgres: Postgres, store: Store) -> None:
    put(store, "a")
    with ThreadPoolExecutor(4 * CONNECTIONS) as threads:
        assert set(threads.map(lambda _: len(ids(store)), range(400))) == {1}
    with psycopg.connect(postgres.address) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'citewell'"
        ).fetchone()
    assert row is not None
    assert row[0] <= CONNECTIONS + 1


# -- wrong addresses ---------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TruthAway, match=r"postgresql://127\.0\.0\.1:1/books .* does not answer"):
        Store(Server.of("postgresql://u:secret@127.0.0.1:1/books", tmp_path))


@pytest.mark.parametrize("password", ["", "wrong"])
def test_wrong_credentials_are_named_and_not_shown(postgres: Postgres, tmp_path: Path, password: str) -> None:
    address = f"postgresql://{USER}:{password}@127.0.0.1:{postgres.port}/postgres"
    with pytest.raises(TruthRefused, match="PGPASSWORD") as refused:
        Store(Server.of(address, tmp_path), create=True)
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("where", ["address", "PGPASSWORD", "PGPASSFILE"])
def test_the_password_comes_from_the_address_or_where_libpq_looks(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    secret = f":{quote(PASSWORD, safe='')}" if where == "address" else ""
    if where == "PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    if where == "PGPASSFILE":
        (tmp_path / "pgpass").write_text(f"127.0.0.1:{postgres.port}:*:{USER}:{PASSWORD}\n")
        (tmp_path / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    address = f"postgresql://{USER}{secret}@127.0.0.1:{postgres.port}/postgres?schema=credentials"
    Store(Server.of(address, tmp_path), create=True).close()


def test_a_database_that_is_not_there_is_named(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(TruthMismatch, match=r'database "nowhere" does not exist\. Make it \(createdb\)'):
        Store(Server.of(postgres.address.replace("/postgres?", "/nowhere?"), tmp_path), create=True)


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, -1])
def test_a_library_of_another_version_is_refused(store: Store, server: Server, version: int) -> None:
    outside(server, f"UPDATE citewell_schema SET version = {version}")
    for create in (False, True):
        with pytest.raises(TruthMismatch, match=rf"schema {version}, this one reads {SCHEMA_VERSION}"):
            Store(server, create)


def test_the_tables_of_another_program_are_refused_and_left_alone(server: Server) -> None:
    outside(server, f"CREATE SCHEMA {server.schema}", "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(TruthMismatch, match="another program"):
        Store(server, create=True)
    with psycopg.connect(server.address) as connection:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"
        assert connection.execute(query, (server.schema,)).fetchone() == (1,)


def test_a_database_in_another_encoding_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    outside(
        postgres.server(tmp_path),
        "CREATE DATABASE latin ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
    )
    with pytest.raises(TruthMismatch, match="is in LATIN1"):
        Store(Server.of(postgres.address.replace("/postgres?", "/latin?"), tmp_path), create=True)


# -- a server that goes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_readers_and_writers_go_on_when_the_server_was_started_again(
    postgres: Postgres, store: Store, how: signal.Signals
) -> None:
    put(store, "a")
    assert ids(store) == ["a"]
    postgres.stop(how)
    postgres.start()
    assert ids(store) == ["a"]
    put(store, "b")
    assert ids(store) == ["a", "b"]


def test_who_asks_while_the_server_starts_again_gets_an_answer_or_is_told(
    postgres: Postgres, store: Store
) -> None:
    put(store, "a")
    stop, told = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            began = time.monotonic()
            try:
                said = "right" if ids(store) == ["a"] else "wrong"
            except TruthAway:
                said = "away"
            told.append((said, time.monotonic() - began))

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask) for _ in range(4)]
        time.sleep(0.3)
        for _ in range(2):
            postgres.stop(signal.SIGINT)
            postgres.start()
            time.sleep(0.5)
        stop.set()
        for each in asking:
            each.result(60)
    assert {said for said, _ in told} <= {"right", "away"}
    assert told[-1][0] == "right"
    assert max(took for _, took in told) < 60  # no hang; how long is asked again stands below


def test_who_reads_asks_again_for_ten_seconds(
    postgres: Postgres, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that goes on only with the pauses; to be refused takes no time."""
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: 1000 + sum(pauses), sleep=pauses.append)
    monkeypatch.setattr("citewell.corpus.postgres_readers.time", clock)
    postgres.stop()
    try:
        with pytest.raises(TruthAway):
            store.articles()
    finally:
        postgres.start()
    assert pauses[:6] == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1])
    assert pauses[6:] == pytest.approx([1] * len(pauses[6:]))
    assert 9 < sum(pauses) <= 10
    assert store.articles() == []


def test_a_server_that_is_gone_is_told_after_some_seconds(
    postgres: Postgres, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.corpus.postgres_readers.RETRIES", 0.5)
    postgres.stop()
    try:
        for ask in (store.articles, lambda: put(store, "a"), store.database.check):
            with pytest.raises(TruthAway, match="Nothing that was acknowledged is lost"):
                ask()
    finally:
        postgres.start()
    store.database.check()
    put(store, "a")
    assert ids(store) == ["a"]


def test_a_server_that_hangs_is_told(
    postgres: Postgres, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds connections, and takes new ones, and says nothing more."""
    monkeypatch.setattr("citewell.corpus.postgres_readers.RETRIES", 0.1)
    store = Store(replace(server, address=f"{server.address}&connect_timeout=2"), create=True)
    put(store, "a")
    assert ids(store) == ["a"]
    database = store.database
    assert isinstance(database, PostgresDatabase)
    connections = [each for each in (*database._readers.idle, database._writer) if each]
    for connection in connections:
        connection.patience = 0.5
    with postgres.hanging(*(each.info.backend_pid for each in connections)):
        for ask in (store.articles, lambda: put(store, "b"), lambda: Store(server), database.check):
            with pytest.raises(TruthAway):
                ask()
    assert ids(store) == ["a"]
    put(store, "b")
    store.close()


def test_a_writer_that_lost_its_connection_lost_the_lock_and_writes_no_more(
    postgres: Postgres, store: Store
) -> None:
    put(store, "a")

    def go_on() -> None:
        with store.database.alone(1):
            put(store, "b")
            postgres.stop()
            postgres.start()
            put(store, "c")

    with pytest.raises(TruthAway, match=r"the lock of writers was lost|terminating connection|closed"):
        go_on()
    assert ids(store) == ["a", "b"]
    with store.database.alone(1):
        put(store, "c")
    assert ids(store) == ["a", "b", "c"]


# -- several processes -------------------------------------------------------------------------------------------

WRITES = """
import sys
from pathlib import Path
from citewell.corpus.article import Cut, Draft
from citewell.corpus.server import Server
from citewell.corpus.store import Store

address, folder, name = sys.argv[1:]
store = Store(Server.of(address, Path(folder)))
for number in range(1_000_000):
    with store.database.alone(60):
        for part in range(2):
            draft = Draft(f"{name} {number} {part}", "", "test", "")
            store.put(f"{name}-{number:06}-{part}", "/a", draft, None, Cut((), ()), "cut-1")
    print(f"{name}-{number:06}", flush=True)
"""


def writer(server: Server, name: str) -> subprocess.Popen[str]:
    address = f"{server.address}&schema={server.schema}"
    return subprocess.Popen(
        [sys.executable, "-c", WRITES, address, str(server.folder), name], stdout=subprocess.PIPE, text=True
    )


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def gapless(store: Store) -> bool:
    numbers = [row[0] for row in store.database.rows("SELECT number FROM changes ORDER BY number")]
    return numbers == list(range(1, len(numbers) + 1))


def test_a_writer_that_is_killed_loses_nothing_acknowledged_and_holds_up_nobody(
    store: Store, server: Server
) -> None:
    for attempt in range(4):
        process = writer(server, f"w{attempt}")
        acknowledged = lines(process, 3)
        process.kill()
        rest, _ = process.communicate()
        acknowledged += rest.split()
        there = set(ids(store))
        assert {f"{name}-{part}" for name in acknowledged for part in (0, 1)} <= there
        with store.database.alone(10):  # the server lets go of a dead writer's lock
            put(store, f"after-{attempt}")
    assert gapless(store)
    assert store.faults() == []


def test_two_writers_take_turns(store: Store, server: Server) -> None:
    processes = [writer(server, name) for name in ("one", "two")]
    try:
        for process in processes:
            lines(process, 10)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert gapless(store)
    order = [str(row[0]) for row in store.database.rows("SELECT article_id FROM changes ORDER BY number")]
    for number, name in enumerate(order[:-1]):  # what one wrote under the lock stands together
        if name.endswith("-0"):
            assert order[number + 1] in (name[:-1] + "1", order[-1])
    assert {name.partition("-")[0] for name in order} == {"one", "two"}


def test_who_waits_too_long_for_another_writer_is_told(store: Store, server: Server) -> None:
    with store.database.alone(1), closing(Store(server)) as other:
        with pytest.raises(LibraryBusy), other.database.alone(0.2):
            pass
        put(other, "a")  # a transaction waits for transactions only
    with closing(Store(server)) as other, other.database.alone(0):
        pass
