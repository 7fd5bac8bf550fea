"""Markdown with YAML front matter: the body is the text, as it stands; the front matter is metadata."""

import datetime
from collections.abc import Mapping

import regex
import yaml

from citewell.corpus.article import Draft
from citewell.corpus.plain import first_title
from citewell.corpus.text import normalise

_FRONT_MATTER = regex.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", regex.S | regex.M)
_FIRST_HEADING = regex.compile(r"\A\s*#{1,6}[ \t]+(?P<title>[^\n]+?)[ \t#]*(?:\n|\Z)")
_DATE = regex.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_LANGUAGE = regex.compile(r"[a-z]{2,3}")
_OWN_FIELDS = {"id", "title", "author", "published", "date", "language", "lang"}


def read_markdown(characters: str, *, name: str, original_sha: str) -> Draft:
    """Raises ValueError when the front matter is no YAML mapping or a field in it cannot be used."""
    fields, body = split_front_matter(characters)
    heading = _FIRST_HEADING.match(body)
    return Draft(
        text=body,
        title=_words(fields, "title") or (heading["title"] if heading else None) or first_title(body) or name,
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
        fields = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise ValueError(f"front matter is not YAML (line {line}); mend it or remove the --- lines") from None
    if fields is None:
        return {}, characters[match.end() :]
    if not isinstance(fields, dict):
        raise ValueError("front matter is not a list of 'name: value' lines; mend it or remove the --- lines")
    return {str(key): value for key, value in fields.items()}, characters[match.end() :]


def _words(fields: Mapping[str, object], key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    if isinstance(value, datetime.date):
        value = value.isoformat()
    return " ".join(normalise(str(value)).split()) or None


def _published(fields: Mapping[str, object]) -> str | None:
    date = _words(fields, "published") or _words(fields, "date")
    if date is None:
        return None
    if not (match := _DATE.match(date)):
        raise ValueError(f"front matter: published {date!r} is no date; write 2026, 2026-03 or 2026-03-20")
    return str(match[0])


def _language(fields: Mapping[str, object]) -> str | None:
    language = _words(fields, "language") or _words(fields, "lang")
    if language is None:
        return None
    if not (match := _LANGUAGE.match(language.lower())):
        raise ValueError(f"front matter: language {language!r} is no ISO 639-1 code; write en, nl or de")
    return str(match[0])
