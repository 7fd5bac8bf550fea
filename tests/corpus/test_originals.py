"""Original bytes: files named by their SHA-256, written once, noticed when they are altered."""

from pathlib import Path

import pytest

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.originals import OriginalFiles, sha_of


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_put_can_be_got(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path / "originals")
    originals.put(sha_of(b"bytes"), b"bytes")
    assert originals.get(sha_of(b"bytes")) == b"bytes"
    assert files(tmp_path) == {sha_of(b"bytes"): b"bytes"}


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"other"), lambda file: file.unlink()])
def test_what_is_altered_or_gone_is_named_and_can_be_put_again(tmp_path: Path, damage: object) -> None:
    originals, sha = OriginalFiles(tmp_path / "originals"), sha_of(b"bytes")
    originals.put(sha, b"bytes")
    assert callable(damage)
    damage(originals.file(sha))
    with pytest.raises(CorruptLibrary, match=rf"{sha} is missing or altered"):
        originals.get(sha)
    originals.put(sha, b"bytes")
    assert originals.get(sha) == b"bytes"


def test_only_those_that_are_named_are_kept(tmp_path: Path) -> None:
    """What a killed writer left unfinished goes, too."""
    originals = OriginalFiles(tmp_path / "originals")
    for content in (b"one", b"two"):
        originals.put(sha_of(content), content)
    originals.file(sha_of(b"three")).parent.mkdir()
    originals.file(sha_of(b"three")).with_suffix(".new").write_bytes(b"thr")
    originals.keep_only({sha_of(b"two")})
    assert files(tmp_path) == {sha_of(b"two"): b"two"}
