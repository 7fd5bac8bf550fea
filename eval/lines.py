"""Lines of the files that are judged, each with its place: file and line, for what is said of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from citewell.corpus.errors import BadInput


def lines(file: Path, hint: str = "") -> Iterator[tuple[str, str]]:
    """Places and lines of UTF-8, without line ends, byte order mark and blank lines.

    Raises BadInput: with `hint` for a file that cannot be read, with the place for a line that is not UTF-8.
    """
    try:
        with file.open("rb") as opened:
            for number, raw in enumerate(opened, 1):
                place = f"{file}:{number}"
                line = _decoded(raw, place, "utf-8-sig" if number == 1 else "utf-8")
                if line.strip():
                    yield place, line.rstrip("\r\n")
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror})" + (f". {hint}" if hint else "")) from None


def parsed(line: str, place: str) -> Any:
    """The JSON of a line. Raises BadInput for what is none, or is nested too deeply to be read."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BadInput(f"{place}: not JSON. Each line is to be a JSON object") from None


def _decoded(raw: bytes, place: str, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadInput(f"{place}: not UTF-8. Save it as UTF-8") from None
