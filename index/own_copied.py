"""A library's own configuration and calibration, copied to another: by a backup, a restore, a migration."""

from contextlib import suppress

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.own import Own
from citewell.index import calibration, tuned

OWN = (tuned.FILE, calibration.FILE)


def copy_own(source: Own, target: Own, keep: bool = False) -> None:
    """Let the target have what the source has; what is damaged there is none. To `keep` is to copy only what it has not."""
    for name, read in zip(OWN, (tuned.read, calibration.read), strict=True):
        if keep and target.version(name) is not None:
            continue
        said = None
        with suppress(CorruptLibrary):  # it has to be made again anyway
            said = source.read(name) if read(source) else None
        if said is not None:
            target.write(name, said)
        elif not keep:
            target.remove(name)
