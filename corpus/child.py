"""python -m citewell.corpus.child: reads articles for its parent, so that a parser that crashes takes nothing along.

A request on standard input is a line of JSON and so many bytes; the reply on standard output is a line of JSON.
"""

import errno
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from typing import BinaryIO

from citewell.corpus.reader import reader_of
from citewell.corpus.sniff import Format

_OUT_OF_MEMORY = "it takes more memory to read than there is for one article"
_DEEPEST = 20_000  # calls; libxml2 takes 2,048 elements within each other


def main(memory: int, seconds: int, most_bytes: int) -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints is no reply
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(_DEEPEST)
    while line := sys.stdin.buffer.readline():
        _end_when_used(seconds)
        last = _answer(json.loads(line), sys.stdin.buffer, replies, most_bytes)
        if last:
            return


def _end_when_used(seconds: int) -> None:
    """Of the processor's time; also when the parent is gone."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds + 1, hard))


def _answer(request: dict[str, str], content: BinaryIO, replies: BinaryIO, most_bytes: int) -> bool:
    """Whether this was the last: after a want of memory a fresh process is better."""
    last = False
    said: dict[str, object]
    try:
        given = content.read(int(request["bytes"]))
        said = _read(Format(request["format"]), given, request["name"], most_bytes)
    except ValueError as error:
        said = {"reason": str(error)}
    except Exception as error:
        last = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
        said = {
            "reason": _OUT_OF_MEMORY
            if last
            else f"cannot be read as {request['format']} ({type(error).__name__})"
        }
    replies.write(json.dumps(said | {"last": last}).encode() + b"\n")
    replies.flush()
    return last


def _read(kind: Format, content: bytes, name: str, most_characters: int) -> dict[str, object]:
    if kind is Format.FEED:
        from citewell.corpus.feed import read_feed

        return {"entries": [asdict(entry) for entry in read_feed(content, name)]}
    if kind is Format.SITEMAP:
        from citewell.corpus.sitemap import read_sitemap

        return {"sitemap": asdict(read_sitemap(content))}
    draft = reader_of(kind)(content, name)
    if len(draft.text) > most_characters:
        raise ValueError(
            f"{len(draft.text):,} characters of text; an article has at most {most_characters:,} (max_article_bytes)"
        )
    return {"draft": asdict(draft)}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
