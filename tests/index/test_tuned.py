"""A library's own configuration: kept, in force at once, and never taken when it is damaged."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.own import OwnFiles
from citewell.index.answer import ask
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.tuned import FILE, Tuned, config_of, read, write
from citewell.index.writing import add
from tests.fakes import WordEmbedder

OTHER = Tuned(Config(k1=1.2, lexical=0.9, passage=0.05, sentence=0.05), "3 questions of gold.jsonl")
# "ants" is what the model knows of it, the other words are only words
QUESTION = "ants zigzag quickly"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    for name, text in {"ants": "Ants rest.", "moths": "Moths zigzag quickly."}.items():
        (tmp_path / f"{name}.md").write_text(f"---\nid: {name}\nlanguage: en\n---\n{text}\n", "utf-8")
    library = Library(tmp_path, WordEmbedder("ants"), create=True)
    add(library, sorted(tmp_path.glob("*.md")))
    yield library
    library.close()


def first(library: Library, as_of: str | None = None) -> str:
    return ask(library.searcher(as_of), library.store, QUESTION).citations[0].article.id


def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    assert config_of(OwnFiles(tmp_path)) == Config()
    write(OwnFiles(tmp_path), OTHER)
    assert read(OwnFiles(tmp_path)) == OTHER
    assert config_of(OwnFiles(tmp_path)) == OTHER.config
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_it_is_in_force_at_once_in_what_is_open_and_in_what_is_opened(library: Library) -> None:
    before = library.version()
    assert (first(library), library.config) == ("ants", Config())
    write(library.store.own, OTHER)
    assert (first(library), library.config) == ("moths", OTHER.config)
    assert library.version() != before
    again = Library(library.folder, library.embedder)
    assert first(again) == "moths"
    again.close()
    (library.folder / FILE).unlink()
    assert first(library) == "ants"
    assert library.version() == before


def test_it_is_in_force_for_earlier_moments_too(library: Library, tmp_path: Path) -> None:
    then = library.store.articles()[-1].recorded_at
    (tmp_path / "wasps.md").write_text("Wasps sting.\n", "utf-8")
    add(library, [tmp_path / "wasps.md"])
    assert first(library, then) == "ants"
    write(library.store.own, OTHER)
    assert first(library, then) == "moths"


def test_a_configuration_that_is_given_comes_before_it(library: Library) -> None:
    write(library.store.own, OTHER)
    given = Library(library.folder, library.embedder, Config())
    assert first(given) == "ants"
    given.close()


def test_answers_say_it_in_their_fingerprint(library: Library) -> None:
    before = ask(library.searcher(), library.store, QUESTION).fingerprint
    write(library.store.own, OTHER)
    after = ask(library.searcher(), library.store, QUESTION).fingerprint
    assert after == replace(before, config=OTHER.config.fingerprint)
    assert after != before


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"config": {}, "tuned_on": "", "id": ""}', "\udcff"])
def test_a_damaged_one_is_an_error_that_names_the_file(library: Library, content: str) -> None:
    (library.folder / FILE).write_text(content, "utf-8", "surrogateescape")
    with pytest.raises(CorruptLibrary, match=f"{FILE} is damaged. Remove it"):
        library.searcher()


def test_a_number_that_was_changed_is_seen(tmp_path: Path) -> None:
    write(OwnFiles(tmp_path), OTHER)
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text("utf-8").replace("1.2", "1.3"), "utf-8")
    with pytest.raises(CorruptLibrary):
        read(OwnFiles(tmp_path))


def test_every_value_of_a_configuration_is_kept(tmp_path: Path) -> None:
    write(OwnFiles(tmp_path), OTHER)
    kept = json.loads((tmp_path / FILE).read_text("utf-8"))["config"]
    assert Config(**kept) == OTHER.config
