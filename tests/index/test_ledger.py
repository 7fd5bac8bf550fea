"""What stands in a cluster, written down in a file or on the server of the truth: the same, and each reading of one moment."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from citewell.corpus.article import Article
from citewell.corpus.database import Database
from citewell.corpus.errors import TruthMismatch
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index.articles import IndexedArticle
from citewell.index.engine import Held
from citewell.index.entries import Entry
from citewell.index.ledger import Ledger
from citewell.index.ledger_read import Collection
from citewell.index.ledger_rows import model_in_file, model_on
from citewell.index.passage_rows import token_number
from citewell.index.passage_store import CollectionGone
from tests.postgres import Postgres, outside

Opens = Callable[[], Ledger]


@pytest.fixture
def opens(truth: Path | Server, tmp_path: Path) -> Iterator[Opens]:
    """The one ledger, as another process would."""
    opened: list[Ledger | Store] = []

    def open_one() -> Ledger:
        at: Path | Database = tmp_path / "passages.db"
        if isinstance(truth, Server):
            opened.append(store := Store(truth, create=True))
            at = store.database
        opened.append(ledger := Ledger(at))
        return ledger

    yield open_one
    for each in reversed(opened):
        each.close()


@pytest.fixture
def ledger(opens: Opens) -> Ledger:
    made = opens()
    made.begin("books", "model", "recipe", "epoch")
    return made


def entry(name: str, revision: int, terms: dict[str, int], language: str | None = "en") -> Entry:
    article = Article(
        name, f"/{name}", revision, f"{revision:064}", name, None, None, language, {}, "", "", ""
    )
    counts = {token_number(term): count for term, count in terms.items()}
    return Entry(IndexedArticle.of(article), 1, sum(terms.values()), counts, np.array([revision], np.uint64))


def put(ledger: Ledger, change: int, *entries: Entry) -> list[str]:
    ledger.enter("books", entries)
    keys = [each.key for each in entries]
    ledger.publish("books", Held("e", change), keys, [each.article.article_id for each in entries])
    return keys


def counted(ledger: Ledger, *terms: str) -> tuple[int, int, dict[str, int]]:
    found = ledger.state("books", terms)
    assert found is not None
    return found[0].passages, found[0].length, found[1]


def test_the_statistics_are_those_of_what_is_published(ledger: Ledger) -> None:
    assert ledger.state("books", ["sun"]) is None
    put(ledger, 1, entry("a", 1, {"sun": 1, "hot": 2}), entry("b", 1, {"sun": 1}))
    assert counted(ledger, "sun", "hot", "moon") == (2, 4, {"sun": 2, "hot": 2, "moon": 0})
    ledger.enter("books", [entry("c", 1, {"moon": 1})])  # its rows are on their way
    assert counted(ledger, "moon") == (2, 4, {"moon": 0})
    put(ledger, 2, entry("a", 2, {"moon": 3}, None))
    assert counted(ledger, "sun", "hot", "moon") == (2, 4, {"sun": 1, "hot": 0, "moon": 3})
    assert ledger.languages("books", Held("e", 2)) == (None, "en")
    assert list(ledger.faults("books")) == []
    assert ledger.expected("books") == 3


def test_what_was_current_at_a_change_is_said_until_it_is_forgotten(ledger: Ledger) -> None:
    (old,) = put(ledger, 1, entry("a", 1, {"sun": 1}))
    (new,) = put(ledger, 2, entry("a", 2, {"sun": 2}))
    assert set(ledger.current("books", [old, new, "nothing"], 1)) == {old}
    assert set(ledger.current("books", [old, new], 2)) == {new}
    assert ledger.current("books", [new], 2)[new].article.revision == 2
    assert ledger.current("books", [new], 2)[new].signature.tolist() == [2]
    assert ledger.keys_of("books", ["a", "b"]) == [new]
    assert ledger.leftovers("books") == [old]
    ledger.forget("books", [old])
    assert ledger.leftovers("books") == []
    assert [article.revision for article in ledger.live("books")] == [2]


def test_a_question_is_answered_from_the_rows_of_its_moment_while_they_are_there(ledger: Ledger) -> None:
    def published() -> Collection:
        return ledger.collections()["books"]

    put(ledger, 1, entry("a", 1, {"sun": 1}), entry("b", 1, {"sun": 1}))
    first = published()
    assert ledger.keeps(first)
    ledger.let_go("books")  # nothing was superseded
    put(ledger, 2, entry("a", 2, {"sun": 2}))
    second = published()
    assert ledger.keeps(first)
    ledger.let_go("books")
    assert not ledger.keeps(first)
    assert ledger.keeps(second)
    put(ledger, 5, entry("c", 1, {"sun": 2}))  # which supersedes nothing
    assert ledger.keeps(second)
    third = published()
    ledger.take("books", 5, (), ["b"])  # as a purge does
    assert not ledger.keeps(third)
    ledger.drop("books")
    assert not ledger.keeps(second)


def test_more_names_than_a_statement_takes_are_asked_for_in_parts(ledger: Ledger) -> None:
    keys = put(ledger, 1, *(entry(f"a{number}", 1, {f"w{number}": 1}) for number in range(1_200)))
    assert len(ledger.current("books", keys, 1)) == 1_200
    assert set(counted(ledger, *(f"w{number}" for number in range(1_200)))[2].values()) == {1}
    assert len(list(ledger.live("books"))) == 1_200


def test_a_collection_that_was_dropped_is_gone(ledger: Ledger) -> None:
    (key,) = put(ledger, 1, entry("a", 1, {"sun": 1}))
    ledger.drop("books")
    assert ledger.collections() == {}
    assert ledger.state("books", []) is None
    with pytest.raises(CollectionGone, match="citewell rebuild"):
        ledger.current("books", [key], 1)


def test_what_another_process_publishes_is_seen_and_the_last_begun_comes_last(
    ledger: Ledger, opens: Opens
) -> None:
    other = opens()
    put(ledger, 1, entry("a", 1, {"sun": 1}))
    assert counted(other, "sun") == (1, 1, {"sun": 1})
    other.begin("another", "model 2", "recipe", "epoch")
    assert list(ledger.collections()) == ["books", "another"]
    assert ledger.collections()["another"].held is None


def test_the_model_is_told_without_opening_the_library(
    ledger: Ledger, truth: Path | Server, tmp_path: Path
) -> None:
    def model() -> str | None:
        return model_on(truth) if isinstance(truth, Server) else model_in_file(tmp_path / "passages.db")

    assert model() is None
    put(ledger, 1, entry("a", 1, {"sun": 1}))
    assert model() == "model"
    ledger.begin("another", "model 2", "recipe", "epoch")
    assert model() == "model"
    ledger.publish("another", Held("e", 1), [], [])
    assert model() == "model 2"


def test_each_reading_is_of_one_moment_whoever_publishes(ledger: Ledger, opens: Opens) -> None:
    """Passages and terms of each article are published together: nobody sees one without the other."""
    put(ledger, 1, entry("a", 1, {"sun": 1}))
    begun, ended = threading.Barrier(3), threading.Event()

    def read(other: Ledger) -> set[int]:
        seen: set[int] = set()
        while not ended.is_set() or 59 not in seen:
            passages, length, terms = counted(other, "sun")
            assert passages == length == terms["sun"]
            if not seen:
                begun.wait(120)
            seen.add(passages)
        return seen

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read, opens()) for _ in range(2)]
        begun.wait(120)
        for number in range(2, 60):
            put(ledger, number, entry(f"b{number}", 1, {"sun": 1}))
        ended.set()
        for reader in readers:
            assert {1, 59} <= reader.result(120)


# -- a server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(postgres: Postgres, tmp_path: Path) -> Iterator[Store]:
    made = Store(postgres.server(tmp_path), create=True)
    yield made
    made.close()


def test_readers_do_not_wait_for_each_other_nor_for_a_writer(store: Store) -> None:
    ledger = Ledger(store.database)
    ledger.begin("books", "model", "recipe", "epoch")
    with store.database.transaction() as db, ThreadPoolExecutor(3) as threads:
        db.execute("UPDATE cluster_collections SET model = 'another'")
        asked = [threads.submit(ledger.collections) for _ in range(3)]
        assert [each.result(120)["books"].model for each in asked] == ["model"] * 3
    assert ledger.collections()["books"].model == "another"


def test_two_libraries_of_one_database_have_a_ledger_each(store: Store, postgres: Postgres) -> None:
    Ledger(store.database).begin("books", "model", "recipe", "epoch")
    with closing(Store(postgres.server(store.place.folder), create=True)) as other:
        assert Ledger(other.database).collections() == {}


def test_tables_of_another_version_are_refused_and_left_alone(postgres: Postgres, tmp_path: Path) -> None:
    server = postgres.server(tmp_path)
    with closing(Store(server, create=True)) as store:
        ledger = Ledger(store.database)
        ledger.begin("books", "model", "recipe", "epoch")
        outside(server, "ALTER TABLE cluster_revisions DROP COLUMN signature")
        with pytest.raises(TruthMismatch, match="another version of citewell"):
            Ledger(store.database)
        assert list(ledger.collections()) == ["books"]


# -- a file --------------------------------------------------------------------------------------------------------


def test_a_file_of_another_version_is_made_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "passages.db")) as db:
        db.execute("CREATE TABLE cluster_revisions (collection TEXT)")
    with closing(Ledger(tmp_path / "passages.db")) as ledger:
        ledger.begin("books", "model", "recipe", "epoch")
        assert list(ledger.collections()) == ["books"]
