"""Markdown with YAML front matter: the body is the text, as it stands; the front matter is metadata."""

import datetime
from collections.abc import Mapping

import regex
import yaml

from citewell.corpus.article import Draft
from citewell.corpus.blocks import heading_words
from citewell.corpus.plain import first_title
from citewell.corpus.text import normalise

_FRONT_MATTER = regex.compile(
    r"\A---[ \t]*\n(?![ \t]*\n(?!---))(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", regex.S | regex.M
)
_FIRST_HEADING = regex.compile(r"\A\s*(?P<line>#{1,6}[ \t]+[^\n]+)")
_DATE = regex.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?(?:[T ]\d{2}:\d{2}.*)?")
_LANGUAGE = regex.compile(r"(?P<code>[a-z]{2,3})(?:[-_][a-z0-9]+)*", regex.I)
_OWN_FIELDS = {"id", "title", "author", "published", "date", "language", "lang"}


class _PlainLoader(yaml.BaseLoader):
    """Without aliases: a few lines of them could stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def read_markdown(characters: str, *, name: str, original_sha: str) -> Draft:
    """Raises ValueError when the front matter is no YAML mapping or a field in it cannot be used."""
    fields, body = split_front_matter(characters)
    heading = _FIRST_HEADING.match(body)
    return Draft(
        text=body,
        title=_words(fields, "title")
        or (heading_words(heading["line"]) if heading else None)
        or first_title(body)
        or name,
        reader="markdown-1",
        original_sha=original_sha,
        article_id=_words(fields, "id"),
        author=_words(fields, "author"),
        published=_published(fields),
        language=_language(fields),
        metadata={
            key: value for key in sorted(fields) if key not in _OWN_FIELDS and (value := _words(fields, key))
        },
    )


def split_front_matter(characters: str) -> tuple[Mapping[str, object], str]:
    """The fields between the --- lines at the start, and the body behind them."""
    match = _FRONT_MATTER.match(characters)
    if match is None:
        return {}, characters
    try:
        fields = yaml.load(match["yaml"], Loader=_PlainLoader)  # noqa: S506 - it makes strings, lists and dicts only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise ValueError(f"front matter is not YAML (line {line}); mend it or remove the --- lines") from None
    if fields is None or fields == "":
        return {}, characters[match.end() :]
    if not isinstance(fields, dict):
        raise ValueError("front matter is not a list of 'name: value' lines; mend it or remove the --- lines")
    return {str(key): value for key, value in fields.items()}, characters[match.end() :]


def _words(fields: Mapping[str, object], key: str) -> str | None:
    """A field as one line; every scalar is text, so that `no` is a language and 007 an id."""
    value = fields.get(key)
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    if value is None or value in ("null", "~"):
        return None
    return " ".join(normalise(str(value)).split()) or None


def _published(fields: Mapping[str, object]) -> str | None:
    said = _words(fields, "published") or _words(fields, "date")
    if said is None:
        return None
    try:
        match = _DATE.fullmatch(said)
        if match is None:
            raise ValueError
        year, month, day = match.group("year", "month", "day")
        datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise ValueError(
            f"front matter: published {said!r} is no date; write 2026, 2026-03 or 2026-03-20"
        ) from None
    return "-".join(part for part in (year, month, day) if part)


def _language(fields: Mapping[str, object]) -> str | None:
    said = _words(fields, "language") or _words(fields, "lang")
    if said is None:
        return None
    if not (match := _LANGUAGE.fullmatch(said)):
        raise ValueError(f"front matter: language {said!r} is no ISO 639-1 code; write en, nl or de")
    return str(match["code"]).lower()
