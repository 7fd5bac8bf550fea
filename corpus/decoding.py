"""The bytes of a body as they were before they were compressed, bounded: a small one can stand for gigabytes."""

import zlib
from collections.abc import Iterable

from citewell.corpus.connecting import Unfetched

ACCEPTED = "gzip, deflate"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # what zlib calls its formats
_GZIP_START = b"\x1f"
_MOST_PARTS = 100  # of one gzip file: each costs a copy of what follows


def decoded_body(chunks: Iterable[bytes], encoding: str, most_bytes: int) -> bytes:
    """Raises Unfetched for more bytes than so many, a damaged or broken body, and for an encoding that was not asked for."""
    match encoding.strip().lower():
        case "" | "identity":
            return _joined(chunks, most_bytes)
        case "gzip" | "x-gzip":
            return _unpacked(chunks, _GZIP, most_bytes)
        case "deflate":
            first = next(given := iter(chunks), b"")
            is_zlib = len(first) > 1 and first[0] & 15 == 8 and (first[0] << 8 | first[1]) % 31 == 0
            return _unpacked(_behind(first, given), _ZLIB if is_zlib else _RAW, most_bytes)
    raise Unfetched(f"it comes encoded as {encoding[:40]!r}, which was not asked for")


def unpacked_gzip(content: bytes, most_bytes: int) -> bytes:
    """Of a file. Raises Unfetched."""
    return _unpacked([content], _GZIP, most_bytes)


def _behind(first: bytes, rest: Iterable[bytes]) -> Iterable[bytes]:
    yield first
    yield from rest


def _joined(chunks: Iterable[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _check(len(body), most_bytes)
    return bytes(body)


def _unpacked(chunks: Iterable[bytes], form: int, most_bytes: int) -> bytes:
    body, unpacking, parts = bytearray(), zlib.decompressobj(form), 1
    for packed in chunks:
        chunk = packed
        while chunk:
            if unpacking.eof:
                if form != _GZIP or parts == _MOST_PARTS or not chunk.startswith(_GZIP_START):
                    return bytes(body)  # what follows belongs to nothing, as with other programs
                unpacking, parts = zlib.decompressobj(form), parts + 1
            try:
                body += unpacking.decompress(chunk, most_bytes - len(body) + 1)
            except zlib.error:
                raise Unfetched("it is compressed, but damaged") from None
            _check(len(body), most_bytes)
            chunk = unpacking.unused_data or unpacking.unconsumed_tail
    if not unpacking.eof:
        raise Unfetched("it is compressed, and broken off")
    return bytes(body)


def _check(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise Unfetched(f"more than {most_bytes:,} bytes come, which is the most that is taken")
