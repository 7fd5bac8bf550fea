"""Files of many articles, JSON lines and CSV: each record an article, its fields by name or by a mapping."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from citewell.corpus.article import Draft
from citewell.corpus.characters import decoded
from citewell.corpus.fields import draft_of, one_line
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise

Mapped = Mapping[str, str]  # our name of a field: its name in the file
MAPPABLE = ("text", "id", "title", "author", "published", "language", "url")
_MOST_FIELDS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Record:
    """One article of a file: its number from 1, its bytes, and a draft, or why there is none."""

    number: int
    original: bytes
    found: Draft | str


def records(stream: BinaryIO, name: str, kind: Format, mapped: Mapped, most_bytes: int) -> Iterator[Record]:
    """Record after record, in memory for a few of them. A wrong one does not keep the others out.

    Raises ValueError when nothing after it can be read.
    """
    if kind is Format.JSON_LINES:
        yield from _json_lines(stream, mapped, most_bytes)
    else:
        yield from _csv(stream, name, mapped, most_bytes)


def _json_lines(stream: BinaryIO, mapped: Mapped, most_bytes: int) -> Iterator[Record]:
    number = 0
    for line in _lines(stream, most_bytes):
        if not line.strip():
            continue
        number += 1
        yield Record(number, line, _attempt(line, f"record {number}", mapped))


def _attempt(line: bytes, name: str, mapped: Mapped) -> Draft | str:
    try:
        return _draft(_object(decoded(line)), name, recipe_of(Format.JSON_LINES), mapped)
    except ValueError as error:
        return str(error)


def _object(line: str) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not a JSON object on one line") from None
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object on one line")
    return fields


def _csv(stream: BinaryIO, name: str, mapped: Mapped, most_bytes: int) -> Iterator[Record]:
    """The original of a record is the header line and its own lines, so that it can be read again by itself."""
    taken = bytearray()

    def lines() -> Iterator[str]:
        for line in _lines(stream, most_bytes):
            taken.extend(line)
            if len(taken) > most_bytes:
                raise ValueError("a quotation mark is never closed; mend the file")
            yield line.decode("utf-8", "surrogateescape")  # a wrong byte is a fault of its record only

    first = next(given := lines(), "").lstrip("\ufeff")
    header_line = bytes(taken)
    decoded(header_line)
    separator = "\t" if name.lower().endswith(".tsv") else _separator(first)
    csv.field_size_limit(most_bytes)
    names = [cell.strip() for cell in next(csv.reader([first], delimiter=separator), [])]
    if len(names) != len(set(names)):
        raise ValueError("two columns have one name; mend its first line")
    rows = csv.reader(given, delimiter=separator, strict=True)
    number = 0
    while True:
        taken.clear()
        fault = None
        row: list[str] | None = []
        try:
            row = next(rows, None)
        except csv.Error as error:
            fault = str(error)
        if row is None:
            return
        if not fault and not any(cell.strip() for cell in row):
            continue
        number += 1
        own = bytes(taken)
        found = fault or _attempt_row(own, names, row, f"record {number}", mapped)
        yield Record(number, header_line + own, found)


def _attempt_row(own: bytes, names: list[str], row: list[str], name: str, mapped: Mapped) -> Draft | str:
    try:
        decoded(own)
        if len(row) > len(names):
            return f"{len(row)} cells, but {len(names)} columns"
        return _draft(dict(zip(names, row, strict=False)), name, recipe_of(Format.CSV), mapped)
    except ValueError as error:
        return str(error)


def _separator(header: str) -> str:
    return max(",;\t", key=header.count)


def _lines(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    while line := stream.readline(most_bytes + 1):
        if len(line) > most_bytes:
            raise ValueError(f"a line of more than {most_bytes:,} bytes; an article has at most so many")
        yield line


def _draft(given: dict[str, object], name: str, reader: str, mapped: Mapped) -> Draft:
    """Our fields are taken by the mapping, else by their own names; the others are metadata."""
    fields = {key: value for key, value in given.items() if key not in mapped.values()}
    for ours in ("text", *mapped):
        theirs = mapped.get(ours, ours)
        if theirs not in given:
            known = ", ".join(sorted(given)[:_MOST_FIELDS_NAMED]) or "none"
            raise ValueError(f"no field {theirs!r}; name one with --map {ours}=FIELD (fields: {known})")
        fields[ours] = given[theirs]
    text = fields.pop("text")
    if not isinstance(text, str):
        raise ValueError(f"the field {mapped.get('text', 'text')!r} holds no words")
    plain = {key: value for key, value in fields.items() if _is_plain(value)}
    said = f"{reader} {' '.join(f'{ours}={theirs}' for ours, theirs in sorted(mapped.items()))}".strip()
    return draft_of(plain, normalise(text), said, one_line(fields.get("title")) or name)


def _is_plain(value: object) -> bool:
    """No object, and no list of any: metadata are words."""
    items = value if isinstance(value, list) else [value]
    return not any(isinstance(item, dict | list) for item in items)
