"""What readers see: the segments and the articles in them that are dead, published in one atomic step.

Segments of the history hold what was superseded or removed; only questions about an earlier moment read them.

A snapshot is one small file. It is replaced by a rename after it and everything it names are on disk.
"""

import hashlib
import json
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from citewell.corpus.errors import CorruptLibrary, StorageFailed
from citewell.corpus.storage import Signature, signature_of, write_whole

_FILE = "current"


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """A segment and the indices of its articles that are dead: removed or superseded since; in the history, erased."""

    id: str
    dead: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`change` is the highest change of the store's epoch that is in here."""

    epoch: str
    change: int
    segments: tuple[SegmentRef, ...]
    history: tuple[SegmentRef, ...] = ()

    @property
    def id(self) -> str:
        """Digest of what is visible: not of epoch, change number and history."""
        said = json.dumps([asdict(segment) for segment in self.segments])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def names(self) -> list[str]:
        """Ids of all segments, those of the history first."""
        return [ref.id for ref in (*self.history, *self.segments)]


NOTHING = Snapshot("", 0, ())


def read(folder: Path) -> Snapshot | None:
    """The published snapshot; None before the first. Raises CorruptLibrary."""
    try:
        fields = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        segments, history = (
            tuple(SegmentRef(str(ref["id"]), tuple(map(int, ref["dead"]))) for ref in fields[name])
            for name in ("segments", "history")
        )
        snapshot = Snapshot(str(fields["epoch"]), int(fields["change"]), segments, history)
        if fields["sha"] != _digest(snapshot):
            raise _damaged(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageFailed(folder / _FILE, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError):
        raise _damaged(folder) from None
    return snapshot


def signature(folder: Path) -> Signature | None:
    """Tells one published snapshot from another; None before the first."""
    return signature_of(folder / _FILE)


def publish(folder: Path, snapshot: Snapshot, keep_former: bool = True) -> None:
    """Make the snapshot the current one. Segments of the one before stay for readers that are about to open them."""
    kept = set(snapshot.names)
    if keep_former:
        with suppress(CorruptLibrary):
            kept |= set((read(folder) or NOTHING).names)
    said = json.dumps({**asdict(snapshot), "sha": _digest(snapshot)})
    write_whole(folder / _FILE, f"{said}\n".encode())
    remove_all_but(folder, kept)


def remove_all_but(folder: Path, kept: Collection[str]) -> None:
    """Remove segments that no snapshot names, and what a killed writer left half written."""
    for old in folder.iterdir():
        if old.is_dir() and old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)


def _digest(snapshot: Snapshot) -> str:
    return hashlib.sha256(json.dumps(asdict(snapshot)).encode()).hexdigest()


def _damaged(folder: Path) -> CorruptLibrary:
    return CorruptLibrary(
        f"{folder / _FILE} is damaged. Build the index again from the texts: citewell rebuild --library {folder.parent}"
    )
