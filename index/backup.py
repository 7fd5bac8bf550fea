"""Backup and restore of the truth: a zip file with the database as it was at one moment, the originals, and checksums."""

import json
import lzma
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from citewell.corpus.database import SCHEMA_VERSION
from citewell.corpus.errors import BadInput, CitewellError, StorageFailed
from citewell.corpus.originals import OriginalFiles, sha_of
from citewell.corpus.sqlite import writable
from citewell.corpus.storage import put_in_place, storing
from citewell.corpus.store import Store
from citewell.corpus.stored import ORIGINALS
from citewell.index.embedding import Progress
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.model import file_sha
from citewell.index.own_copied import OWN, copy_own
from citewell.index.vector_cache import VectorCache

_MANIFEST = "manifest.json"
_VECTORS = "vectors.db"
_LEFTOVER = ".citewell-restore-"
_SHA_DIGITS = 64
_UNREADABLE = (  # what zipfile raises for a damaged file
    OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, struct.error,
)  # fmt: skip


def backup(library: Library, file: Path, vectors: bool = False) -> None:
    """Write a backup, while others read and write the library. The file appears whole or not at all."""
    try:
        with storing(file), tempfile.TemporaryDirectory(dir=file.parent, prefix=".citewell-backup-") as made:
            written = Path(made) / "backup.zip"
            while not _write(library, Path(made), written, vectors) <= set(library.store.original_shas()):
                pass  # something was purged meanwhile: it is in no backup that ends after that
            put_in_place(written, file)
    except StorageFailed as failed:
        raise CitewellError(
            f"The backup cannot be written to {file}: {failed.reason}. Choose another place."
        ) from failed


def _write(library: Library, folder: Path, written: Path, vectors: bool) -> set[str]:
    """Write all to one file, in a folder for what it takes; returns the originals that are not there."""
    library.store.database.copy_to(folder / STORE)
    if vectors and library.vectors.is_file():
        VectorCache(library.vectors).close()  # a damaged file is made anew
        copy_database(library.vectors, folder / _VECTORS)
    with closing(Store(folder / STORE)) as copied:
        copy_own(library.store.own, copied.own)
        originals = copied.original_shas()
    names = (STORE, _VECTORS, *OWN)
    shas = {name: file_sha(folder / name) for name in names if (folder / name).is_file()}
    missing = set()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in shas:
            archive.write(folder / name, name)
        for sha in originals:
            content = library.store.originals.read(sha)
            if content is None:
                missing.add(sha)
                continue
            name = _name_of(sha)
            archive.writestr(name, content)
            shas[name] = sha_of(content)
        archive.writestr(_MANIFEST, json.dumps({"schema": SCHEMA_VERSION, "files": shas}, indent=2))
    return missing


def _name_of(original: str) -> str:
    return OriginalFiles(Path(ORIGINALS)).file(original).as_posix()


def restore(library: Library, file: Path, progress: Progress = lambda *_: None, replace: bool = True) -> int:
    """Make a library what a backup holds and build its index; returns the number of passages.

    Readers see the old content or the new. Raises BadInput, before anything is changed, for a file that is no backup,
    and unless `replace` is true if the library holds articles.
    """
    with library.writing():
        if not replace and library.store.articles(limit=1):
            raise BadInput(
                f"{library.folder} holds articles. To put the backup in their place: "
                f"citewell restore {file} --replace --library {library.folder}"
            )
        remove_leftovers(library)
        with tempfile.TemporaryDirectory(dir=library.folder, prefix=_LEFTOVER) as made:
            return _restore(library, file, Path(made), progress)


def _restore(library: Library, file: Path, folder: Path, progress: Progress) -> int:
    _unpack(file, folder)
    if (folder / _VECTORS).is_file():
        with suppress(sqlite3.DatabaseError):  # vectors can be computed again
            copy_database(folder / _VECTORS, library.vectors)
    with closing(Store(folder / STORE)) as source:
        if faults := source.faults():
            raise BadInput(f"{file} cannot be restored: its database is damaged ({faults[0]}).")
        for sha in source.original_shas():
            if (original := source.originals.read(sha)) is not None:
                library.store.originals.put(sha, original)
        passages = library.become(source, progress)
        library.store.originals.keep_only(set(library.store.original_shas()))
        copy_own(source.own, library.store.own)
        return passages


def remove_leftovers(library: Library) -> None:
    """Remove what a killed restore left behind. Needs the writer's lock."""
    for left in library.folder.glob(f"{_LEFTOVER}*"):
        shutil.rmtree(left, ignore_errors=True)


def copy_database(source: Path, target: Path) -> None:
    """A SQLite file as it is at one moment; where nothing can be written, without what is only in the log beside it."""
    if writable(source.parent):
        reading = sqlite3.connect(source)
    else:  # SQLite writes beside what it reads
        reading = sqlite3.connect(f"file:{quote(str(source.resolve()))}?immutable=1", uri=True)
    with closing(reading) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def check_backup(file: Path) -> None:
    """Raises BadInput unless the file is a backup that can be restored."""
    with storing(file), tempfile.TemporaryDirectory(prefix="citewell-check-") as made:
        _unpack(file, Path(made))


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            for name, sha in manifest["files"].items():
                if name not in (STORE, _VECTORS, *OWN) and name != _name_of(name[-_SHA_DIGITS:]):
                    raise ValueError(f"an unknown file {name!r} in it")
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as packed, storing(folder), (folder / name).open("wb") as unpacked:
                    unpacked.writelines(_blocks(packed))
                if file_sha(folder / name) != sha:
                    raise ValueError(f"{name} in it is damaged")
            if manifest["schema"] != SCHEMA_VERSION or not (folder / STORE).is_file():
                raise ValueError("made by another version of citewell")
    except _UNREADABLE as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise BadInput(
            f"{file} cannot be restored: {why}. Use a file that `citewell backup` wrote."
        ) from None


def _blocks(packed: IO[bytes]) -> Iterator[bytes]:
    """Raises ValueError for what cannot be read, so that it is told from what cannot be written."""
    try:
        while block := packed.read(1 << 20):
            yield block
    except _UNREADABLE as error:
        raise ValueError(str(error)) from error
