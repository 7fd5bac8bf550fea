"""The bytes that texts were read from, each a file named by its SHA-256, so that a better reader can read them again.

Bytes that are their own text, as those of most plain text, are in the store already and not written a second time.
"""

import hashlib
from collections.abc import Iterator, Set
from pathlib import Path

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.storage import storing, sync, write_whole


def sha_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Originals:
    """The folder of one library; made when the first file is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, sha: str) -> Path:
        return self.folder / sha[:2] / sha

    def put(self, sha: str, content: bytes) -> None:
        """On disk under its name when this returns, in place of a damaged one, too. Raises StorageFailed."""
        file = self.file(sha)
        with storing(file):
            if file.exists() and sha_of(file.read_bytes()) == sha:
                return
            new = [place for place in (file.parent, self.folder) if not place.exists()]
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, content)
            for made in new:
                sync(made.parent)

    def get(self, sha: str) -> bytes:
        """Raises CorruptLibrary if it is missing or altered."""
        try:
            content = self.file(sha).read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise CorruptLibrary(
                f"{self.file(sha)} cannot be read: {error.strerror}. Mend the storage."
            ) from None
        if sha_of(content) != sha:
            raise CorruptLibrary(
                f"{self.file(sha)} is missing or altered: the bytes that an article was read from. Its text is not "
                "touched. Put it back from a backup, or add the article again from its source."
            )
        return content

    def remove(self, shas: Set[str]) -> None:
        """Those that are there."""
        for sha in shas:
            with storing(self.file(sha)):
                self.file(sha).unlink(missing_ok=True)

    def keep_only(self, shas: Set[str]) -> None:
        """Remove all others, and what a killed writer left unfinished. Needs the writer's lock."""
        with storing(self.folder):
            for file in self._files():
                if file.name not in shas:
                    file.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        return self.folder.glob("??/*")
