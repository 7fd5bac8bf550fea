"""Citations from anywhere: what they claim, read from JSON that may be old, cut off or made up."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from citewell.corpus.article import Span
from citewell.corpus.errors import NotJson
from citewell.corpus.text import normalise


@dataclass(frozen=True, slots=True)
class Claim:
    """What a citation says; None where it does not say it. `fault` is the first thing that it should have said."""

    article_id: str | None
    version: str | None
    span: Span | None
    quote: str | None
    fault: str | None = None


def read_claims(raw: bytes) -> list[Claim]:
    """The citations in a JSON document, or in one on each line: a citation, an answer, or a list of these.

    Raises NotJson, which says where it ends to be JSON.
    """
    try:
        document = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}; save it as UTF-8") from None
    if not document.strip():
        raise NotJson("empty; give citations, as an answer has them")
    try:
        return list(_claims_in(_parsed(document)))
    except NotJson:
        lines = [(number, line) for number, line in enumerate(document.split("\n"), 1) if line.strip()]
        if len(lines) == 1 or not _is_json(lines[0][1]):
            raise
    return [claim for number, line in lines for claim in _claims_in(_parsed(line, number))]


def claim_of(said: object) -> Claim:
    """What one citation claims: article.id, article.version and quote are read, the rest is not."""
    article, quote = _inner(said, "article"), _inner(said, "quote")
    article_id, version, words = _text(article, "id"), _text(article, "version"), _text(quote, "text")
    span = _span(quote.get("start"), quote.get("end"))
    needed = {"article.id": article_id, "article.version": version, "quote.text": words}
    missing = [name for name, value in needed.items() if value is None]
    fault = f"{missing[0]} is missing, empty or no text" if missing else None
    if not missing and span is None:
        fault = "quote.start and quote.end are no span: whole numbers, 0 <= start < end"
    return Claim(article_id and normalise(article_id), version and normalise(version), span, words, fault)


def _claims_in(said: object) -> Iterator[Claim]:
    for item in said if isinstance(said, list) else [said]:
        inside = item.get("citations") if isinstance(item, dict) else None
        yield from map(claim_of, inside if isinstance(inside, list) else [item])


def _parsed(document: str, line: int | None = None) -> object:
    try:
        return json.loads(document)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at line {line or error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise NotJson("not a citation: nested too deeply") from None
    except ValueError:
        raise NotJson("not a citation: a number in it has thousands of digits") from None


def _is_json(line: str) -> bool:
    try:
        _parsed(line)
    except NotJson:
        return False
    return True


def _inner(said: object, name: str) -> dict[str, object]:
    inner = said.get(name) if isinstance(said, dict) else None
    return inner if isinstance(inner, dict) else {}


def _text(said: dict[str, object], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value else None


def _span(start: object, end: object) -> Span | None:
    if type(start) is int and type(end) is int and 0 <= start < end:  # True is an int, too
        return Span(start, end)
    return None
