"""Zip files that books and documents come in, opened with a bound on what they unpack to."""

import io
import zipfile
import zlib

MOST_BYTES = 200_000_000  # unpacked, of all members
_MOST_MEMBERS = 10_000


def opened(content: bytes) -> zipfile.ZipFile:
    """Raises ValueError for what is damaged, or unpacks to more than is read."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError):
        raise ValueError("a damaged zip file; save it again") from None
    members = archive.infolist()
    size = sum(member.file_size for member in members)  # no member gives more than it says
    if size > MOST_BYTES or len(members) > _MOST_MEMBERS:
        raise ValueError(
            f"unpacks to {size:,} bytes in {len(members):,} files; at most {MOST_BYTES:,} in {_MOST_MEMBERS:,} are read"
        )
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Raises ValueError if it is not there, damaged or encrypted."""
    try:
        return archive.read(name)
    except KeyError:
        raise ValueError(f"{name!r} is missing in it; save it again") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise ValueError(f"{name!r} in it is damaged; save it again") from None
    except RuntimeError:
        raise ValueError("encrypted; save it without a password") from None
