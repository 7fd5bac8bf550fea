"""A file that was cut short or in which a bit was flipped: what was answered before, or an error that names the file."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citewell.corpus.article import Article, Cut
from citewell.corpus.errors import BadInput, LibraryError
from citewell.index import snapshot
from citewell.index.answer import ask, search
from citewell.index.backup import backup, check_backup, restore
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.response import Answer, FoundPassage
from citewell.index.vector_cache import VectorCache
from citewell.index.verify import verify
from citewell.index.writing import add
from tests.index.one_write import embedder, make

QUESTIONS = ("sun star", "far in year 3", "cloud height")


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that a reader can get, but for what names the snapshot."""

    answers: tuple[Answer, ...]
    earlier: tuple[Answer, ...]  # before an article was updated, one removed and two added
    rankings: tuple[tuple[FoundPassage, ...], ...]
    articles: tuple[tuple[Article, str, Cut], ...]


def read(library: Library) -> Read:
    store, searcher = library.store, library.searcher()
    then = next(article.recorded_at for article in store.articles() if article.article_id == "d")
    answers, earlier = (
        tuple(
            replace(answer, took_ms=0.0, fingerprint=replace(answer.fingerprint, snapshot=""))
            for answer in (ask(library.searcher(as_of), store, question, 100) for question in QUESTIONS)
        )
        for as_of in (None, then)
    )
    return Read(
        answers,
        earlier,
        tuple(search(searcher, store, question, 100).hits for question in QUESTIONS),
        tuple((a, store.text(a.text_sha), store.cut(a.text_sha)) for a in store.articles()),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Read]:
    """A library as it is when closed and one as a kill leaves it, with the same in both, and a backup."""
    folder = tmp_path_factory.mktemp("whole") / "it"
    make(folder)
    with closing(Library(folder / "library", embedder())) as library:
        add(library, [folder / "articles" / "a.md"])
        with closing(VectorCache(library.vectors)):  # its log stays while somebody has it open
            add(library, [folder / "articles" / "new.md"])
            shutil.copytree(folder / "library", folder / "killed")
        backup(library, folder / "new.zip", vectors=True)
        found = read(library)
    for shared in (folder / "killed").glob("*-shm"):
        shared.unlink()
    return folder, found


FILES = {  # pattern, and the library that it is taken from
    "citewell.db": "library",
    "citewell.db-wal": "killed",
    "vectors.db": "library",
    "vectors.db-wal": "killed",
    "index/current": "library",
    "index/*/*": "library",
}


def test_every_file_is_damaged_below(whole: tuple[Path, Read]) -> None:
    folder, _ = whole
    for name in ("library", "killed"):
        files = {file for file in (folder / name).rglob("*") if file.is_file()}
        damaged = {file for pattern in FILES for file in (folder / name).glob(pattern)}
        originals = set((folder / name).glob("originals/*/*"))  # no answer stands on them
        assert files - damaged - originals == {folder / name / "lock"}
    assert all(list((folder / name).glob(pattern)) for pattern, name in FILES.items())


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut anywhere, or one bit flipped in a byte that is not zero: most of a database's pages is free."""
    if chance.random() < 0.25:
        return content[: chance.randrange(len(content))]
    places = (
        [place for place in range(len(content)) if content[place]]
        if len(content) < 200_000 and any(content)
        else range(len(content))
    )
    place = chance.choice(places)
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def damages(whole: Path, folder: Path, pattern: str, times: int) -> Iterator[Path]:
    """Copies of a library, in each of which one file is damaged, each in turn; gives the file."""
    source = whole / FILES[pattern]
    files = sorted(file.relative_to(source) for file in source.glob(pattern))
    for time in range(times):
        chance = random.Random(f"{pattern} {time}")
        file = files[time % len(files)]
        shutil.copytree(source, folder)
        (folder / file).write_bytes(damaged((source / file).read_bytes(), chance))
        yield file
        shutil.rmtree(folder)


def outcome(folder: Path, rebuilt: bool = False) -> Read | LibraryError:
    try:
        with closing(Library(folder, embedder())) as library:
            if rebuilt:
                with library.writing():
                    library.rebuild()
            else:
                library.catch_up_if_free()
            return read(library)
    except LibraryError as error:
        return error


def faults(folder: Path) -> list[str]:
    """What verify says, or why the library cannot be opened."""
    try:
        with closing(Library(folder, embedder())) as library:
            return [fault for check in verify(library) for fault in check.faults]
    except LibraryError as error:
        return [str(error)]


def check_damage(whole: tuple[Path, Read], library: Path, pattern: str, times: int) -> None:
    for file in damages(whole[0], library, pattern, times):
        named = str(library / file.parts[0]).removesuffix("-wal")  # the database, for its log
        found = outcome(library)
        if isinstance(found, LibraryError):
            assert named in str(found)
            assert faults(library)
        else:
            assert found == whole[1]
        mended = outcome(library, rebuilt=True)
        if pattern == f"{STORE}-wal" and isinstance(found, LibraryError):
            assert faults(library) == []  # without what was lost
        elif pattern == STORE:  # the truth may be harmed; verify still says so if it is no live article's
            assert mended == whole[1] or (isinstance(mended, LibraryError) and named in str(mended))
        else:
            assert mended == whole[1]
            assert faults(library) == []


@pytest.mark.parametrize("pattern", FILES)
def test_a_damaged_file_never_makes_a_wrong_answer(
    whole: tuple[Path, Read], tmp_path: Path, pattern: str
) -> None:
    check_damage(whole, tmp_path / "library", pattern, 8)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", FILES)
def test_wherever_a_file_is_damaged_there_is_no_wrong_answer(
    whole: tuple[Path, Read], tmp_path: Path, pattern: str
) -> None:
    check_damage(whole, tmp_path / "library", pattern, 2000 if pattern == STORE else 300)


def restored(folder: Path, file: Path) -> Read | BadInput:
    """A new library made of a backup; none if the backup is refused."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with closing(Library(folder, embedder(), create=True)) as library:
        try:
            restore(library, file)
            return read(library)
        except BadInput as error:
            assert (library.store.articles(), snapshot.read(library.index)) == ([], None)
            return error


def check_damaged_backups(whole: tuple[Path, Read], folder: Path, times: int) -> None:
    content = (whole[0] / "new.zip").read_bytes()
    file = folder / "backup.zip"
    for time in range(times):
        file.write_bytes(damaged(content, random.Random(time)))
        found = restored(folder / "library", file)
        assert isinstance(found, BadInput) or found == whole[1]
        assert not list((folder / "library").glob(".citewell-*"))
        if isinstance(found, BadInput):
            with pytest.raises(BadInput, match=f"{file} cannot be restored: "):
                check_backup(file)


def test_a_damaged_backup_is_refused(whole: tuple[Path, Read], tmp_path: Path) -> None:
    check_damaged_backups(whole, tmp_path, 20)


@pytest.mark.slow
def test_a_backup_damaged_anywhere_is_refused_or_whole(whole: tuple[Path, Read], tmp_path: Path) -> None:
    check_damaged_backups(whole, tmp_path, 1000)
