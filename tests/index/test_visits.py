"""What pages answered, kept by source: a row that was altered counts as lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.visit import Former, Validators
from citewell.index.mirror import Held, Known
from citewell.index.visits import BY_HAND, Visit, Visits

A, B = "https://example.org/a", "https://example.org/b"
FEED = "https://example.org/feed"
TAG = Validators(A, '"1"', "then")


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
    with closing(Visits(tmp_path / "visits.db")) as visits:
        yield visits


def visit(**articles: int) -> Visit:
    return Visit(Known("stamp", "sha", "read as", articles), TAG)


def test_what_is_put_is_there_with_its_turn(visits: Visits) -> None:
    visits.put(FEED, {A: visit(a=1)})
    visits.put(FEED, {B: visit(b=2)})
    visits.put(BY_HAND, {A: visit(a=1)})
    assert visits.of(FEED) == {A: Visit(visit(a=1).known, TAG, 1), B: Visit(visit(b=2).known, TAG, 2)}
    assert visits.get(BY_HAND, A) == Visit(visit(a=1).known, TAG, 1)
    assert visits.get(BY_HAND, B) is None


def test_what_another_source_has_too(visits: Visits) -> None:
    visits.put(FEED, {A: visit(a=1), B: visit(b=1)})
    visits.put(BY_HAND, {A: visit(a=1)})
    assert visits.elsewhere(FEED, [A, B]) == {A}
    visits.forget(BY_HAND, [A])
    assert visits.elsewhere(FEED, [A, B]) == set()


def test_pages_of_erased_articles_are_forgotten(visits: Visits) -> None:
    visits.put(FEED, {A: visit(a=1), B: visit(b=1)})
    visits.keep_only({"b"})
    assert set(visits.of(FEED)) == {B}


@pytest.mark.parametrize(
    "column", ["source", "name", "stamp", "sha", "read_as", "articles", "validators", "turn"]
)
def test_an_altered_row_is_none(visits: Visits, tmp_path: Path, column: str) -> None:
    visits.put(FEED, {A: visit(a=1)})
    with closing(sqlite3.connect(tmp_path / "visits.db")) as db, db:
        value = f"{column} + 1" if column == "turn" else f"{column} || ' '"
        db.execute(f"UPDATE pages SET {column} = {value}")
    assert (visits.of(FEED), visits.of(f"{FEED} "), visits.get(FEED, A)) == ({}, {}, None)


@pytest.mark.parametrize(
    ("articles", "held", "read_as", "is_asked_whole"),
    [
        ({"a": 1}, {"a": Held(1, A)}, "read as", False),
        ({"a": 1}, {"a": Held(2, A)}, "read as", True),
        ({"a": 1}, {}, "read as", True),
        ({"a": 1}, {"a": Held(1, A)}, "otherwise", True),
        ({}, {"a": Held(1, A)}, "read as", True),
    ],
)
def test_a_page_is_asked_whether_it_changed_only_if_what_it_gave_is_held(
    articles: dict[str, int], held: dict[str, Held], read_as: str, is_asked_whole: bool
) -> None:
    former = visit(**articles).former(held, read_as)
    assert former == (None if is_asked_whole else Former(TAG, "sha", "a", 1))
