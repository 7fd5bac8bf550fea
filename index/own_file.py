"""A small file of a library's own, beside the store: it appears whole or not at all, and a replaced one is seen at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citewell.corpus.storage import storing
from citewell.index.segment_files import sync


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    with storing(file):
        written = file.with_suffix(".tmp")
        written.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        sync(written)
        written.replace(file)
        sync(file.parent)


def signature_of(file: Path) -> tuple[int, int] | None:
    """Tells one file from another; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
