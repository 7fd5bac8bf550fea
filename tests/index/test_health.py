"""What the report on a library finds, and what it leaves alone."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from citewell.index.clean import found, leave_out
from citewell.index.findings import Level
from citewell.index.folder import STORE
from citewell.index.health import Health, examine
from citewell.index.library import Library
from citewell.index.snapshot import read
from citewell.index.source_health import STALE
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

PROSE = (
    "The tide comes two days after new moon, says the harbour master, who has watched it for thirty years from the "
    "window above the quay and wrote down every hour of it."
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "library").mkdir()
    return Library(tmp_path / "library", WordEmbedder("tide", "moon"), create=True)


@pytest.fixture
def put(library: Library, tmp_path: Path) -> Callable[..., None]:
    def write(name: str, text: str, folder: str = "site", **said: str) -> None:
        (tmp_path / folder).mkdir(exist_ok=True)
        front = "".join(
            f"{key}: {value}\n"
            for key, value in {"id": name, "title": f"On {name}", "published": "2026-01-01", **said}.items()
            if value
        )
        (tmp_path / folder / f"{name}.md").write_text(f"---\n{front}---\n{text}\n", "utf-8")
        (done,) = add(library, [tmp_path / folder / f"{name}.md"])
        assert done.result == "added"

    return write


def told(health: Health) -> dict[str, tuple[str, int, tuple[str, ...]]]:
    return {each.name: (each.level.value, each.count, each.examples) for each in health.findings}


def test_nothing_is_found_in_a_sound_library(library: Library, put: Callable[..., None]) -> None:
    put("a", PROSE)
    health = examine(library)
    assert told(health) == {}
    assert (health.articles, health.passages, health.languages, health.left_out) == (1, 1, (("en", 1),), 0)
    assert health.is_well


@pytest.mark.parametrize(
    ("text", "said", "name", "level"),
    [
        (f"{PROSE} It costs \ufffd five.", {}, "replaced characters", Level.WARNING),
        (f"{PROSE} Le cafÃ© de lâ€™Ã©tÃ©.", {}, "misread characters", Level.WARNING),
        ("The tide comes.", {}, "tiny", Level.WARNING),
        (PROSE, {"published": ""}, "no date", Level.NOTE),
        (PROSE, {"title": "a"}, "no title", Level.NOTE),
        ("Tide. Moon. Tide.", {}, "no language", Level.NOTE),
    ],
)
def test_what_is_wrong_with_an_article_is_said(
    library: Library, put: Callable[..., None], text: str, said: dict[str, str], name: str, level: Level
) -> None:
    put("a", text, **said)
    put(
        "b",
        f"# Another\n\n{PROSE.replace('window', 'door')} It is as sure as the sun that rises every day there.",
    )
    assert told(examine(library))[name] == (level.value, 1, ("a",))
    assert examine(library).is_well == (level is Level.NOTE and name != "no language")


def test_a_script_that_the_model_does_not_know_is_said(library: Library, put: Callable[..., None]) -> None:
    russian = (
        "Компания, которая выпускает чипы, получила больше заказов, чем может выполнить в этом году. " * 2
    )
    put("a", russian)
    assert told(examine(library))["unknown script"] == ("warning", 1, ("a",))
    assert examine(library).languages == (("ru", 1),)


def test_signs_of_another_encoding_must_stand_twice(library: Library, put: Callable[..., None]) -> None:
    put("a", f"{PROSE} The sign â€™ is what a misread apostrophe looks like.")
    assert "misread characters" not in told(examine(library))


def test_near_duplicates_are_grouped_the_first_added_first(
    library: Library, put: Callable[..., None]
) -> None:
    put("z", PROSE)
    put("b", f"{PROSE} Nobody doubts it.")
    put("a", PROSE)
    put(
        "other",
        "Boats lie in the mud at low water, and their masters sit in the inn until it is high again. " * 2,
    )
    assert told(examine(library))["near-duplicates"] == ("note", 2, ("z = b = a",))
    remove(library, ["z", "a"])
    assert told(examine(library)) == {}


def test_repeated_lines_are_said_until_they_are_left_out(library: Library, put: Callable[..., None]) -> None:
    for number in range(5):
        put(f"n{number}", f"{' '.join([f'tide{number}x{i}' for i in range(30)])}.\n\nOur whole menu")
    level, count, (example,) = told(examine(library))["repeated lines"]
    assert (level, count) == ("warning", 1)
    assert example.startswith("'Our whole menu' in 5 of 5 of ")
    leave_out(library, found(library.store))
    assert "repeated lines" not in told(examine(library))
    assert examine(library).left_out == 1


def test_passages_without_a_word_to_search_for(library: Library, put: Callable[..., None]) -> None:
    put("a", "To be or not to be. " * 12, language="en", title="It")
    level, count, (example,) = told(examine(library))["nothing to search"]
    assert (level, count, example.startswith("a.")) == ("note", 1, True)


def test_sources_of_which_nothing_came_for_a_year(library: Library, put: Callable[..., None]) -> None:
    put("a", PROSE)
    put(
        "b",
        "Boats lie in the mud at low water, and their masters sit in the inn until it is high again. " * 2,
        "new",
    )
    at = datetime.fromisoformat(library.store.article("b").recorded_at)
    assert (
        told(examine(library, lambda: at + timedelta(days=STALE))).get("stale sources", ("", 0, ()))[1] <= 1
    )
    later = told(examine(library, lambda: at + timedelta(days=STALE, seconds=1)))
    assert later["stale sources"][1] == 2
    assert later["stale sources"][2][0].endswith(f"new, last on {at.astimezone(UTC).date()}")
    assert "stale sources" not in told(examine(library, lambda: at))


def test_damage_is_a_finding(library: Library, put: Callable[..., None]) -> None:
    put("a", PROSE)
    with sqlite3.connect(library.folder / STORE) as db:
        db.execute("UPDATE texts SET text = 'other'")
    level, count, (example,) = told(examine(library))["damage"]
    assert (level, count) == ("fault", 1)
    assert "missing or altered" in example
    assert not examine(library).is_well


@pytest.mark.parametrize("calls", [0, 1, 7, 8, 14, 15])
@pytest.mark.parametrize("indexed", [True, False])
def test_what_changes_meanwhile_is_no_damage(
    library: Library, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch, calls: int, indexed: bool
) -> None:
    """Another process erases a text while the articles, the lines or the duplicates are looked at; its index may be late."""
    for name in ("a", "b"):
        put(name, PROSE if name == "a" else f"{PROSE} Nobody doubts it.")
    for number in range(5):
        put(f"n{number}", f"{' '.join([f'tide{number}x{i}' for i in range(30)])}.")
    done, text = [0], library.store.text

    def read_late(sha: str) -> str:
        done[0] += 1
        if done[0] == calls + 1:  # of seven, seven and two texts
            with library.writing():
                library.store.purge("b")
                if indexed:
                    library.catch_up()
        return text(sha)

    monkeypatch.setattr(library.store, "text", read_late)
    health = examine(library)
    assert done[0] > calls
    assert "damage" not in told(health)


def test_a_damaged_index_file_is_a_finding(library: Library, put: Callable[..., None]) -> None:
    put("a", PROSE)
    (segment,) = (library.index / name for name in read(library.index).names)  # type: ignore[union-attr]
    (segment / "spans.bin").write_bytes(b"")
    assert told(examine(library))["damage"][0] == "fault"


def test_an_empty_library_is_well(library: Library) -> None:
    with library.writing():
        library.catch_up()
    assert examine(library) == Health(0, 0, (), 0, (), ())


def test_nothing_is_changed(library: Library, put: Callable[..., None]) -> None:
    put("a", PROSE)
    before = (library.store.change(), read(library.index))
    examine(library)
    assert (library.store.change(), read(library.index)) == before
