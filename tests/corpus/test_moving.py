"""Moving the truth: whatever happened there, and whenever it was cut short, the copy is what the other is."""

import random
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from citewell.corpus import moving
from citewell.corpus.article import Cut, Draft, Passage, Span
from citewell.corpus.comparing import originals, stores
from citewell.corpus.errors import BadInput, NotWhole
from citewell.corpus.originals import sha_of
from citewell.corpus.repeated import Repeated
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.corpus.timeline import live_after
from tests.postgres import Postgres
from tests.truths import altered

NAMES = tuple("abcdefgh")


class Killed(Exception):
    """As if the process had ended."""


@pytest.fixture(params=["sqlite to sqlite", "sqlite to postgres", "postgres to sqlite"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path | Server, Path | Server]:
    found: list[Path | Server] = []
    for number, kind in enumerate(request.param.split(" to ")):
        folder = tmp_path / str(number)
        folder.mkdir()
        if kind == "sqlite":
            found.append(folder / "citewell.db")
        else:
            server: Postgres = request.getfixturevalue("postgres")
            found.append(server.server(folder))
    return found[0], found[1]


@pytest.fixture
def source(places: tuple[Path | Server, Path | Server]) -> Iterator[Store]:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ticks = iter(range(1_000_000))
    opened = Store(places[0], create=True, clock=lambda: start + timedelta(seconds=next(ticks)))
    yield opened
    opened.close()


@pytest.fixture
def target(places: tuple[Path | Server, Path | Server]) -> Iterator[Store]:
    opened = Store(places[1], create=True, whole=False)
    yield opened
    opened.close()


def put(store: Store, name: str, words: str, pages: tuple[int, ...] = (), language: str = "en") -> None:
    text = f"{words}\n"
    original = f"<p>{words}</p>".encode()
    draft = Draft(text, name.upper(), "test", sha_of(original), pages=pages)
    cut = Cut((Passage(Span(0, len(text)), None, None, (Span(0, len(words)),)),), ())
    store.put(name, f"/{name}.txt", draft, language, cut, "cut-1", original)


def something(store: Store, chance: random.Random) -> None:
    """One write at random."""
    name = chance.choice(NAMES)
    there = {article.article_id for article in store.articles()}
    kind = chance.choices(("put", "remove", "purge", "keep", "clean", "look"), (14, 4, 2, 1, 1, 1))[0]
    if kind == "put":
        put(store, name, f"Words {chance.randint(0, 30)}.", (0, 3) if chance.random() < 0.3 else ())
    elif kind == "remove" and name in there:
        store.remove(name)
    elif kind == "purge" and store.revisions(name):
        store.purge(name)
    elif kind == "keep":
        store.keep_revisions(chance.choice((None, 1, 2)))
    elif kind == "clean":
        store.leave_out([Repeated("/", f"Menu {chance.randint(0, 3)}", 3, 4)])
    elif kind == "look":
        store.note_look(f"/{name}")


def moved(source: Store, target: Store) -> None:
    moving.begin(source, target, "there")
    moving.copy(source, target)
    with source.database.snapshot() as db:
        moving.copy_rest(db, source, target)
    target.originals.keep_only(set(target.original_shas()))
    check(source, target)
    moving.end(source, target)


def check(source: Store, target: Store) -> None:
    assert differences(source, target) == []
    assert target.faults() == []
    assert target.epoch() == source.epoch()
    for change in range(source.change()):
        assert live_after(target.database, change) == live_after(source.database, change)


def differences(source: Store, target: Store) -> list[str]:
    with source.database.snapshot() as db:
        found = [*stores(db, target, lambda _: False), originals(source, target)]
    assert all((each.source == each.target) == (not each.faults) for each in found)
    return [fault for each in found for fault in each.faults]


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 6))]
)
def test_a_copy_that_is_cut_short_while_the_other_is_written_ends_equal(
    source: Store, target: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr("citewell.corpus.moving._CHANGES", chance.choice((1, 3, 10)))
    for _ in range(60):
        something(source, chance)
    left = 0

    def dying() -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return False

    for _ in range(8):
        left = chance.randint(0, 6)
        step = chance.choice(("_put_pages", "_insert", "_put_texts"))
        with pytest.MonkeyPatch.context() as patched, suppress(Killed):
            done = getattr(moving, step)
            patched.setattr(moving, step, lambda *given, done=done: dying() or done(*given))
            moving.begin(source, target, "there")
            moving.copy(source, target)
        assert target.faults() == []
        for _ in range(chance.randint(0, 8)):
            something(source, chance)
    moved(source, target)
    for _ in range(10):
        something(source, chance)
    moved(source, target)
    moved(target, source)


def test_numbers_moments_and_history_are_kept(source: Store, target: Store) -> None:
    for words in ("One.", "Two.", "Three."):
        put(source, "a", words, (0, 1))
    source.remove("a")
    put(source, "b", "Two.")
    moved(source, target)
    assert target.revisions("a") == source.revisions("a")
    assert [target.text(each.text_sha) for each in target.revisions("a")] == ["One.\n", "Two.\n", "Three.\n"]
    assert target.pages(target.revisions("a")[0]) == (0, 1)
    assert target.originals.get(target.revisions("a")[1].original_sha) == b"<p>Two.</p>"
    put(target, "a", "Four.")
    assert target.article("a").revision == 4
    assert target.change() == 6


def test_what_is_not_whole_is_not_opened_and_says_how_to_go_on(
    source: Store, target: Store, places: tuple[Path | Server, Path | Server]
) -> None:
    put(source, "a", "One.")
    moving.begin(source, target, "/the old")
    with pytest.raises(NotWhole, match=r"is not whole yet.*to go on: citewell migrate /the old "):
        Store(places[1])
    moved(source, target)
    Store(places[1]).close()


def test_another_library_is_refused_and_left_alone(source: Store, target: Store) -> None:
    put(source, "a", "One.")
    put(target, "mine", "Mine.")
    with pytest.raises(BadInput, match=r"holds another library.*Nothing was changed. Choose another place"):
        moving.begin(source, target, "there")
    assert target.moving() is None
    assert target.article("mine").revision == 1


@pytest.mark.parametrize("before", ["", "the epoch before it was restored"])
def test_a_store_is_not_moved_to_itself_under_another_name(
    source: Store, places: tuple[Path | Server, Path | Server], tmp_path: Path, before: str
) -> None:
    put(source, "a", "One.")
    altered(places[0], f"UPDATE library SET former = '{before}'")
    (tmp_path / "link").symlink_to(tmp_path / "0")
    with (
        closing(Store(_named_otherwise(places[0], tmp_path / "link"), whole=False)) as same,
        pytest.raises(BadInput, match=r"are the same place.*Nothing was changed"),
    ):
        moving.begin(source, same, "there")
    assert source.former_epoch() == before
    with closing(Store(places[0])) as again:
        assert again.article("a").revision == 1


def _named_otherwise(truth: Path | Server, folder: Path) -> Path | Server:
    if isinstance(truth, Path):
        return folder / truth.name
    return replace(truth, address=truth.address.replace("postgresql://", "postgres://"))


def test_a_copy_that_was_written_to_is_refused_until_the_other_has_that(
    source: Store, target: Store, places: tuple[Path | Server, Path | Server]
) -> None:
    put(source, "a", "One.")
    moved(source, target)
    put(target, "a", "Two.")
    for more in ((), ("b", "c")):
        for name in more:
            put(source, name, "Three.")
        with pytest.raises(BadInput, match=r"was written to since.*move it back: citewell migrate"):
            moving.begin(source, target, "there")
    assert target.article("a").revision == 2
    altered(
        places[1], "UPDATE library SET former = 'moving 0 there'"
    )  # which it was when somebody wrote to it
    with pytest.raises(BadInput, match=r"was written to since.*cannot be moved back. Choose another place"):
        moving.begin(source, target, "there")


def test_an_empty_store_can_be_moved(source: Store, target: Store) -> None:
    moved(source, target)
    put(source, "a", "One.")
    moved(source, target)


def test_a_purge_is_noticed_if_something_of_it_may_have_been_copied(source: Store, target: Store) -> None:
    put(source, "a", "One.")
    source.purge("a")
    put(source, "b", "Two.")
    moving.begin(source, target, "there")
    moving.copy(source, target)
    assert not moving.purged_meanwhile(target)
    source.purge("b")
    moving.begin(source, target, "there")
    moving.copy(source, target)
    assert moving.purged_meanwhile(target)
    assert target.text_shas() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE texts SET text = 'Other.' WHERE text = 'One.'", "texts .* differs"),
        ("DELETE FROM passages WHERE heading IS NULL", "passages .* is missing"),
        ("UPDATE revisions SET title = 'X'", "revisions a 1 differs"),
        ("UPDATE articles SET live = NULL", "articles a differs"),
        ("INSERT INTO keeping VALUES (3, 'x')", "keeping 1 is in the target only"),
        ("INSERT INTO sources VALUES ('/x', '', '', NULL, 'x')", "sources /x is in the target only"),
    ],
)
def test_what_differs_is_named(
    source: Store, target: Store, places: tuple[Path | Server, Path | Server], damage: str, said: str
) -> None:
    source.put("a", "/a", replace(Draft("One.", "A", "test", "")), "en", Cut((), ()), "cut-1")
    put(source, "b", "Two.")
    moved(source, target)
    altered(places[1], damage)
    (found, *_) = differences(source, target)
    assert re.search(said, found)


def test_what_the_other_has_lost_of_its_originals_is_not_missed(source: Store, target: Store) -> None:
    put(source, "a", "One.")
    source.originals.remove({source.article("a").original_sha})
    moved(source, target)


def test_spans_of_another_recipe_are_left_out(source: Store, target: Store) -> None:
    put(source, "a", "One.")
    put(source, "b", "Two.")
    moved(source, target)
    target.recut(target.article("a").text_sha, Cut((), ()), "cut-2")
    with source.database.snapshot() as db:
        found = {each.name: each for each in stores(db, target, lambda recipe: recipe == "cut-2")}
    assert not any(each.faults for each in found.values())
    assert found["passages"].source.count == 1
    assert found["texts"].source.count == 2
