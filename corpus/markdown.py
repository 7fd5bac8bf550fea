"""Markdown with YAML front matter: the body is the text, as it stands; the front matter is metadata."""

from collections.abc import Mapping

import regex
import yaml

from citewell.corpus.article import Draft
from citewell.corpus.blocks import heading_words
from citewell.corpus.characters import decoded
from citewell.corpus.fields import draft_of
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format

_FRONT_MATTER = regex.compile(
    r"\A---[ \t]*\n(?![ \t]*\n(?!---))(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", regex.S | regex.M
)
_FIRST_HEADING = regex.compile(r"\A\s*(?P<line>#{1,6}[ \t]+[^\n]+)")


class _PlainLoader(yaml.BaseLoader):
    """Without aliases: a few lines of them could stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def read_markdown(content: bytes, name: str) -> Draft:
    """Raises ValueError when the front matter is no YAML mapping or a field in it cannot be used."""
    fields, body = split_front_matter(decoded(content))
    heading = _FIRST_HEADING.match(body)
    try:
        return draft_of(
            fields,
            body,
            recipe_of(Format.MARKDOWN),
            name,
            heading_words(heading["line"]) if heading else None,
        )
    except ValueError as error:
        raise ValueError(f"front matter: {error}") from None


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
