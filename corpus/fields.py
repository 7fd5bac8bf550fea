"""What a source says of itself in named fields: front matter, a record, the head of a page."""

import datetime
from collections.abc import Callable, Mapping

import regex

from citewell.corpus.article import Draft
from citewell.corpus.plain import first_title
from citewell.corpus.text import normalise

OWN_FIELDS = ("id", "title", "author", "published", "date", "language", "lang")
_DATE = regex.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?(?:[T ]\d{2}:\d{2}.*)?")
_LANGUAGE = regex.compile(r"(?P<code>[a-z]{2,3})(?:[-_][a-z0-9]+)*", regex.I)


def draft_of(
    fields: Mapping[str, object], text: str, reader: str, name: str, heading: str | None = None
) -> Draft:
    """A draft with what the fields say; its title else the heading, the first telling line, the name.

    Fields that have no place of their own are metadata. Raises ValueError for a date or language that is none.
    """
    return Draft(
        text=text,
        title=one_line(fields.get("title")) or heading or first_title(text) or name,
        reader=reader,
        article_id=one_line(fields.get("id")),
        author=one_line(fields.get("author")),
        published=published(one_line(fields.get("published")) or one_line(fields.get("date"))),
        language=language(one_line(fields.get("language")) or one_line(fields.get("lang"))),
        metadata={
            key: value for key in sorted(fields) if key not in OWN_FIELDS and (value := one_line(fields[key]))
        },
    )


def one_line(value: object) -> str | None:
    """A value as one line; every scalar is text, so that `no` is a language and 007 an id."""
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    if value is None or value in ("null", "~"):
        return None
    return " ".join(normalise(str(value)).split()) or None


def published(said: str | None) -> str | None:
    if said is None:
        return None
    try:
        match = _DATE.fullmatch(said)
        if match is None:
            raise ValueError
        year, month, day = match.group("year", "month", "day")
        datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise ValueError(f"published {said!r} is no date; write 2026, 2026-03 or 2026-03-20") from None
    return "-".join(part for part in (year, month, day) if part)


def language(said: str | None) -> str | None:
    if said is None:
        return None
    if not (match := _LANGUAGE.fullmatch(said)):
        raise ValueError(f"language {said!r} is no ISO 639-1 code; write en, nl or de")
    return str(match["code"]).lower()


def if_usable(read: Callable[[str | None], str | None], said: object) -> str | None:
    """What a page or book says in passing: what cannot be used is as good as not said."""
    try:
        return read(one_line(said))
    except ValueError:
        return None
