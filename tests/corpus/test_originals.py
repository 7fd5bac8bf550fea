"""Original bytes, files or rows: named by their SHA-256, written once, noticed when they are altered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.originals import OriginalFiles, Originals, sha_of
from citewell.corpus.server import Server
from citewell.corpus.stored import opened
from tests.truths import altered

SHA = sha_of(b"bytes")


@pytest.fixture
def originals(truth: Path | Server) -> Iterator[Originals]:
    database, found = opened(truth, create=True)
    yield found
    database.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_put_can_be_got(originals: Originals) -> None:
    for content in (b"bytes", b"\0\xff" * 1000, b""):
        originals.put(sha_of(content), content)
        assert originals.get(sha_of(content)) == originals.read(sha_of(content)) == content


def test_files_are_named_by_their_sha(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path / "originals")
    originals.put(SHA, b"bytes")
    assert files(tmp_path) == {SHA: b"bytes"}


def _altered(originals: Originals, truth: Path | Server) -> None:
    if isinstance(originals, OriginalFiles):
        originals.file(SHA).write_bytes(b"other")
    else:
        altered(truth, "UPDATE originals SET content = 'other'")


def _gone(originals: Originals, truth: Path | Server) -> None:
    if isinstance(originals, OriginalFiles):
        originals.file(SHA).unlink()
    else:
        altered(truth, "DELETE FROM originals")


@pytest.mark.parametrize("damage", [_altered, _gone])
def test_what_is_altered_or_gone_is_named_and_can_be_put_again(
    originals: Originals, truth: Path | Server, damage: Callable[[Originals, Path | Server], None]
) -> None:
    originals.put(SHA, b"bytes")
    damage(originals, truth)
    with pytest.raises(CorruptLibrary, match=rf"{SHA} is missing or altered"):
        originals.get(SHA)
    originals.put(SHA, b"bytes")
    assert originals.get(SHA) == b"bytes"


def test_only_those_that_are_named_are_kept(originals: Originals) -> None:
    shas = [sha_of(content) for content in (b"one", b"two", b"three")]
    for content in (b"one", b"two", b"three"):
        originals.put(sha_of(content), content)
    originals.remove({shas[0], sha_of(b"never")})
    originals.keep_only({shas[1]})
    assert [originals.read(sha) for sha in shas] == [None, b"two", None]


def test_what_a_killed_writer_left_unfinished_goes(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path / "originals")
    originals.put(sha_of(b"two"), b"two")
    originals.file(sha_of(b"three")).parent.mkdir()
    originals.file(sha_of(b"three")).with_suffix(".new").write_bytes(b"thr")
    originals.keep_only({sha_of(b"two")})
    assert files(tmp_path) == {sha_of(b"two"): b"two"}
