"""What the store knew after each of its changes, and which change was the last at a moment."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Cut, Draft, Passage, Span
from citewell.corpus.errors import BadInput, CorruptLibrary
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.corpus.timeline import change_at, first_moment, last_change, live_after, moment, moment_of
from tests.truths import altered, another

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Tells the moments that it is given, then the last one again."""

    def __init__(self, *minutes: int) -> None:
        self.minutes = list(minutes)

    def __call__(self) -> datetime:
        minute = self.minutes.pop(0) if len(self.minutes) > 1 else self.minutes[0]
        return NOON + timedelta(minutes=minute)


@pytest.fixture
def store(truth: Path | Server) -> Iterator[Store]:
    opened = Store(truth, create=True)
    yield opened
    opened.close()


def put(store: Store, article_id: str, text: str) -> None:
    pieces = Cut((Passage(Span(0, len(text)), None, None, (Span(0, len(text)),)),), ())
    store.put(article_id, f"/{article_id}.txt", Draft(text, "", "test", ""), "en", pieces, "cut-1")


def at(minute: int) -> str:
    return moment(NOON + timedelta(minutes=minute))


# -- moments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("2026-11-01", "2026-11-01T23:59:59.999Z"),
        ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01 09:30:15.25", "2026-11-01T09:30:15.250Z"),
        ("2026-11-01T09:30:15.123999Z", "2026-11-01T09:30:15.123Z"),
        ("2026-11-01T00:30+02:00", "2026-10-31T22:30:00.000Z"),
        ("2026-10-31T22:30:00-05:30", "2026-11-01T04:00:00.000Z"),
        ("0001-01-01", "0001-01-01T23:59:59.999Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999Z"),
        ("2024-02-29", "2024-02-29T23:59:59.999Z"),
    ],
)
def test_a_day_is_its_end_and_a_time_is_that_time_in_utc(said: str, means: str) -> None:
    assert moment_of(said) == means


@pytest.mark.parametrize(
    "said",
    ["", "yesterday", "2026", "2026-01", "2026-02-30", "2026-01-01T25:00", "2026-1-1", "20260101", "2026-W01-1",
     "2026-01-01T12", "2026-01-01T12:00 01:00", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00",
     "٢٠٢٦-٠١-٠١", "2026-01-01\n", "-2026-01-01", "2026-01-01T12:00:00Zulu", "\x00", "0000-01-01", "2026-01-01T",
     "2026-01-01T24:00", "2026-01-01T12:00:60Z", "2026-01-01T12:00+25:00"],
)  # fmt: skip
def test_what_is_no_day_and_no_time_is_refused_with_what_to_write(said: str) -> None:
    with pytest.raises(BadInput, match="write a day, as 2026-11-01, or a time, as 2026-11-01T09:30:00Z"):
        moment_of(said)


@given(st.text(max_size=30) | st.datetimes().map(str) | st.dates().map(str))
def test_whatever_is_said_is_a_moment_or_refused(said: str) -> None:
    with suppress(BadInput):
        assert len(moment_of(said)) == len("2026-11-01T23:59:59.999Z")


@given(st.datetimes(min_value=datetime(1900, 1, 1)), st.integers(-720, 720))
def test_every_offset_is_converted(day: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    said = day.replace(tzinfo=zone)
    try:
        expected = said.astimezone(UTC)
    except OverflowError:
        return
    assert datetime.fromisoformat(moment_of(said.isoformat())) == expected.replace(
        microsecond=expected.microsecond // 1000 * 1000
    )


# -- changes -------------------------------------------------------------------------------------------------------


def test_the_last_change_at_a_moment(store: Store) -> None:
    """Several at one moment count together; the moment itself is in."""
    store.clock = Clock(0, 1, 1, 1, 5)
    for number in range(5):
        put(store, "a", f"Text {number}.")
    assert [change_at(store.database, at(minute)) for minute in (-1, 0, 1, 2, 4, 5, 99)] == [
        0,
        1,
        4,
        4,
        4,
        5,
        5,
    ]
    assert (first_moment(store.database), last_change(store.database)) == (at(0), 5)


def test_of_nothing_there_is_no_change_and_no_moment(store: Store) -> None:
    assert (change_at(store.database, at(0)), first_moment(store.database)) == (0, None)
    assert live_after(store.database, 0) == {}


def test_a_clock_that_was_set_back_records_the_moment_of_the_change_before(store: Store) -> None:
    store.clock = Clock(10, 3, 7, 11)
    for number in range(4):
        put(store, "a", f"Text {number}.")
    assert [revision.recorded_at for revision in store.revisions("a")] == [at(10), at(10), at(10), at(11)]


def test_what_was_live_after_each_change(store: Store) -> None:
    put(store, "a", "One.")  # 1
    put(store, "b", "Two.")  # 2
    put(store, "a", "Three.")  # 3
    store.remove("a")  # 4
    put(store, "c", "Four.")  # 5
    put(store, "a", "Five.")  # 6
    assert [live_after(store.database, change) for change in range(7)] == [
        {"a": None, "b": None, "c": None},
        {"a": 1, "b": None, "c": None},
        {"a": 1, "c": None},  # b was not changed later: it is what it is now
        {"a": 2, "c": None},
        {"a": None, "c": None},
        {"a": None},
        {},
    ]


def test_a_purged_article_counts_on_and_was_live_until_then(store: Store) -> None:
    put(store, "a", "One.")
    put(store, "a", "Two.")
    store.purge("a")
    put(store, "a", "Three.")
    assert store.article("a").revision == 3
    assert [live_after(store.database, change) for change in range(5)] == [
        {"a": None}, {"a": 1}, {"a": 2}, {"a": None}, {},
    ]  # fmt: skip


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "put", "remove", "purge"])), max_size=20
)


@given(said=steps)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_random_past_is_told_as_it_was(truth: Path | Server, said: list[tuple[str, str]]) -> None:
    store = Store(another(truth), create=True)
    states: list[dict[str, int]] = [{}]
    try:
        for number, (name, kind) in enumerate(said):
            if kind == "put":
                put(store, name, f"Text {number}.")
            elif not any(store.live([name])):
                continue
            elif kind == "remove":
                store.remove(name)
            else:
                store.purge(name)
            states.append({article.article_id: article.revision for article in store.articles()})
        for change, state in enumerate(states):
            told = live_after(store.database, change)
            unchanged = {name: revision for name, revision in states[-1].items() if name not in told}
            assert {name: n for name, n in told.items() if n is not None} | unchanged == state
    finally:
        store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE changes SET recorded_at = '2026-02-01T00:00:00.000Z' WHERE number = 1",
        "UPDATE changes SET kind = 'remove' WHERE number = 1",
        "UPDATE changes SET article_id = 'c' WHERE number = 1",
        "UPDATE changes SET number = 9 WHERE number = 1",
    ],
)
def test_an_altered_change_is_noticed(truth: Path | Server, store: Store, damage: str) -> None:
    put(store, "a", "One.")
    put(store, "a", "Two.")
    altered(truth, damage)
    with pytest.raises(CorruptLibrary, match=r": what it says of its changes is damaged"):
        first_moment(store.database)
    assert len(store.faults()) >= 1


# -- keeping ---------------------------------------------------------------------------------------------------------


def texts(store: Store) -> list[str]:
    return sorted(store.text(sha) for sha in store.text_shas())


def test_all_revisions_are_kept_unless_it_is_said_otherwise(store: Store) -> None:
    for number in range(5):
        put(store, "a", f"Text {number}.")
    assert store.kept_revisions() is None
    assert len(store.revisions("a")) == len(texts(store)) == 5


def test_older_revisions_go_with_their_texts_at_once_and_from_then_on(store: Store) -> None:
    for number in range(5):
        put(store, "a", f"Text {number}.")
    put(store, "b", "Other.")
    store.keep_revisions(2)
    assert [revision.revision for revision in store.revisions("a")] == [4, 5]
    assert texts(store) == ["Other.", "Text 3.", "Text 4."]
    assert store.change() == 7  # one for the article that lost some
    put(store, "a", "Text 5.")
    assert [revision.revision for revision in store.revisions("a")] == [5, 6]
    assert texts(store) == ["Other.", "Text 4.", "Text 5."]
    store.keep_revisions(None)
    for number in range(6, 9):
        put(store, "a", f"Text {number}.")
    assert [revision.revision for revision in store.revisions("a")] == [5, 6, 7, 8, 9]
    assert store.faults() == []


def test_a_text_that_another_revision_has_stays(store: Store) -> None:
    store.keep_revisions(1)
    put(store, "a", "Shared.")
    put(store, "b", "Shared.")
    put(store, "a", "New.")
    assert texts(store) == ["New.", "Shared."]
    assert store.cut(store.article("b").text_sha).passages


def test_the_last_revision_of_a_removed_article_stays(store: Store) -> None:
    store.keep_revisions(1)
    put(store, "a", "One.")
    store.remove("a")
    assert [revision.revision for revision in store.revisions("a")] == [1]


def test_how_many_are_kept_is_kept_in_the_library(truth: Path | Server, store: Store) -> None:
    store.keep_revisions(3)
    again = Store(truth)
    assert again.kept_revisions() == 3
    again.close()


def test_a_number_that_was_altered_drops_nothing(truth: Path | Server, store: Store) -> None:
    store.keep_revisions(3)
    for number in range(3):
        put(store, "a", f"Text {number}.")
    altered(truth, "UPDATE keeping SET revisions = 1")
    with pytest.raises(CorruptLibrary, match="citewell add --keep-revisions"):
        put(store, "a", "New.")
    assert len(store.revisions("a")) == 3
    assert len(store.faults()) == 1
    store.keep_revisions(3)
    put(store, "a", "New.")
    assert [revision.revision for revision in store.revisions("a")] == [2, 3, 4]
