"""From a file to a Draft: which reader takes it, and why it cannot be read when it cannot."""

import codecs
import hashlib
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import regex

from citewell.corpus.article import Draft
from citewell.corpus.errors import BadInput, UnreadableFile
from citewell.corpus.language import guess_language
from citewell.corpus.markdown import read_markdown
from citewell.corpus.plain import read_plain
from citewell.corpus.text import escaped, normalise

MAX_ARTICLE_BYTES = 20_000_000
_READABLE_ID = regex.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Reader(Protocol):
    """Makes a Draft of a source's decoded and normalised characters; ValueError if they hold none."""

    def __call__(self, characters: str, *, name: str, original_sha: str) -> Draft: ...


READERS: dict[str, Reader] = {".md": read_markdown, ".markdown": read_markdown, ".txt": read_plain}


def read_file(path: Path) -> Draft:
    """Read one article. Raises UnreadableFile with the reason."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise UnreadableFile(
            path, f"no reader for {path.suffix or 'a file without suffix'}; readable: {known}"
        )
    original = _bytes_of(path)
    try:
        characters = normalise(original.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableFile(path, f"not UTF-8 at byte {error.start}; save it as UTF-8") from None
    try:
        draft = reader(
            characters,
            name=" ".join(normalise(path.stem).split()),
            original_sha=hashlib.sha256(original).hexdigest(),
        )
    except ValueError as error:
        raise UnreadableFile(path, str(error)) from None
    if not draft.text.strip():
        raise UnreadableFile(path, "no text in it")
    return draft


def _bytes_of(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UnreadableFile(path, "not a regular file")
        size = path.stat().st_size
        if size > MAX_ARTICLE_BYTES:
            raise UnreadableFile(path, f"{size:,} bytes; an article has at most {MAX_ARTICLE_BYTES:,}")
        original = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(path, error.strerror or "cannot be read") from None
    if not original.strip():
        raise UnreadableFile(path, "empty file")
    if original.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile(path, "UTF-16, not UTF-8; save it as UTF-8")
    if b"\0" in original[:8192]:
        raise UnreadableFile(path, "a binary file, not text")
    return original


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Every file named, and of each folder every file that a reader takes, in order of name, each once.

    Raises BadInput for a path that does not exist and for a folder without any article.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files_of(path):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _files_of(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            path.stat()
            return [path]
    except FileNotFoundError:
        raise BadInput(f"No such file or folder: {escaped(str(path))}") from None
    except OSError as error:
        raise BadInput(f"{escaped(str(path))} cannot be read: {error.strerror}") from None
    readable = sorted(file for file in path.rglob("*") if file.suffix.lower() in READERS and file.is_file())
    if not readable:
        raise BadInput(f"No article in {path}: readable files end in {', '.join(sorted(READERS))}.")
    return readable


def article_id_of(draft: Draft, source: str) -> str:
    """The id that the article gives itself, else one made of its source: readable start, then a digest."""
    if draft.article_id is not None:
        if not _READABLE_ID.fullmatch(draft.article_id):
            raise BadInput(
                f"{source}: the id {draft.article_id!r} is not usable. Use letters, digits, dots, hyphens and "
                "underscores, 100 at most, a letter or digit first."
            )
        return draft.article_id
    stem = regex.sub(r"[^A-Za-z0-9]+", "-", Path(source).stem).strip("-").lower()[:40] or "article"
    return f"{stem}-{hashlib.sha256(source.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def language_of(draft: Draft) -> str | None:
    """The language that the article says it is in, else the one its function words show."""
    return draft.language or guess_language(draft.text)
