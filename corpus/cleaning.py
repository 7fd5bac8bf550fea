"""Page leftovers in a text: prompts, sharing and menu lines, related-link lists, repeated teasers, lines of the site.

Rules look at whole lines and err on the side of keeping: a leftover that stays costs little, a lost paragraph
costs an answer. The text itself is never changed; the spans found here are kept beside it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import regex

from citewell.corpus.article import Excluded, Span
from citewell.corpus.blocks import Kind, blocks, fenced_lines
from citewell.corpus.text import count_words

_MOST_WORDS_OF_A_PROMPT = 40
_TAIL_BEGINS_AT = 0.5  # share of the text before which a related-links heading is part of the article
_LEAST_WORDS_OF_PROSE = 30  # a line of so many words that ends in a full stop is the article again
_LEAST_TEASER = 40  # code points


def _any_of(*patterns: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?i)(?:{'|'.join(patterns)})[\s.!?…:]*")


_NETWORK = r"(?:facebook|twitter|x|linkedin|whatsapp|telegram|reddit|mastodon|bluesky|pinterest|e-?mail|print|copy link)"

_PROMPTS: dict[str, regex.Pattern[str]] = {
    "comment prompt": _any_of(
        r"(?:no |view |show |\d+ |add a |post a |leave a |write a )?(?:comments?|repl(?:y|ies))(?: ?\(\d+\))?",
        r"(?:want to |be the first to )?join the (?:conversation|discussion)",
        r"(?:please )?(?:log|sign) in to (?:comment|reply|join).*",
        r"did you (?:like|enjoy) (?:this|the) (?:post|article|story|piece|page)\b.*",
        r"(?:please )?(?:let (?:me|us) know|tell (?:me|us)) (?:what you think|if you have any (?:comments|questions))\b.*",
        r"reacties?(?: ?\(\d+\))?|plaats een reactie|(?:\d+ )?kommentare?|kommentar (?:schreiben|hinterlassen)",
    ),
    "loading": _any_of(r"(?:loading|laden|wird geladen)(?: (?:comments|more|content|reacties))?"),
    "sharing": _any_of(
        r"share(?: (?:this|the))?(?: (?:article|post|story|page))?(?: (?:on|via|with) .{1,60})?",
        r"(?:dit artikel delen|deel dit artikel|artikel teilen|teilen)",
        rf"(?:share|tweet|pin|{_NETWORK})(?:[\s|·,/]+(?:share|tweet|pin|{_NETWORK}))+",
    ),
    "subscription": _any_of(
        r"(?:subscribe|sign up|register)(?: now| today| here)?",
        r"(?:subscribe|sign up|register)\b.{0,80}\b(?:newsletter|inbox|updates|e-?mail)s?\b.{0,40}",
    ),
    "cookies": _any_of(
        r"(?:we|this (?:web)?site) uses? cookies(?: and [\w ]{1,40})?"
        r"(?: (?:to|for) (?:improve|enhance|give|personali[sz]e|ensure|offer|provide|deliver|make|analy[sz]e)\b.*)?",
        r"(?:accept|reject|manage)(?: all)? cookies",
    ),
    "language prompt": _any_of(
        r"(?:the )?article body is (?:currently )?shown in \w+ by default\b.*",
        r"you can generate the full version in this language\b.*",
    ),
    "navigation": _any_of(
        r"skip to (?:main )?content|back to top|advertisement|read more|menu|log ?in|sign ?in",
        r"(?:.{0,40}(?-i:\p{Ll}(?=A)))?archive: (?:\p{L}+ )?\d{4}",
    ),
}
_MENU_WORD = _any_of(r"blog|home|news|articles|menu|home ?page|start ?seite|nieuws")
_TAIL_HEADING = _any_of(
    r"related (?:topics|articles|posts|stories|reading|links|content)|further reading|recommended(?: for you)?",
    r"more (?:from|on|like) this.*|you (?:may|might) also (?:like|enjoy)|read next|up next|most (?:read|popular)|trending",
    r"gerelateerde (?:artikelen|onderwerpen)|lees ook|verder lezen|meer lezen|verwandte (?:artikel|themen)|weiterlesen",
)
_ENDS_AS_PROSE = regex.compile(r"[.!。!][\"'”’)\]]*$")
REPEATED = "repeated line"
_MARKDOWN_HEADING = regex.compile(r"#{1,6}\s")


@dataclass(frozen=True, slots=True)
class _Line:
    span: Span  # with its line end
    words: str  # stripped

    @property
    def bare(self) -> str:
        """Without the marks of a Markdown heading, emphasis or list."""
        return self.words.strip("#*_->• \t")


def excluded_spans(text: str, of_site: Collection[str] = ()) -> tuple[Excluded, ...]:
    """Spans of whole lines that are leftovers of the page, in order, none touching the next with the same rule.

    `of_site` are lines that repeat across its site (`repeated.py`).
    """
    lines = [line for line in _lines_of(text) if line.words]
    fenced = fenced_lines([line.words for line in lines])
    rules = [_prompt_rule(line) for line in lines]
    _mark_menu(lines, rules)
    _mark_tail(lines, rules, text)
    _mark_teasers(lines, rules, text)
    if any(line.words in of_site for line in lines):
        _mark_repeated(lines, rules, text, of_site)
    rules = [None if code else rule for rule, code in zip(rules, fenced, strict=True)]
    return _joined(text, lines, rules)


def _lines_of(text: str) -> list[_Line]:
    lines, start = [], 0
    for line in text.split("\n"):
        end = min(start + len(line) + 1, len(text))
        lines.append(_Line(Span(start, end), line.strip()))
        start = end
    return lines


def _prompt_rule(line: _Line) -> str | None:
    if len(line.words) > 400 or count_words(line.words) > _MOST_WORDS_OF_A_PROMPT:
        return None
    return next((rule for rule, pattern in _PROMPTS.items() if pattern.fullmatch(line.bare)), None)


def _mark_menu(lines: list[_Line], rules: list[str | None]) -> None:
    """Menu words that stand before everything else."""
    for i, line in enumerate(lines):
        if rules[i] is None and not _MENU_WORD.fullmatch(line.bare):
            return
        rules[i] = rules[i] or "navigation"


def _mark_tail(lines: list[_Line], rules: list[str | None], text: str) -> None:
    """From a related-links heading in the second half on, up to the next Markdown heading or real prose."""
    inside = False
    for i, line in enumerate(lines):
        if line.span.start >= len(text) * _TAIL_BEGINS_AT and _TAIL_HEADING.fullmatch(line.bare):
            inside = True
        elif inside and (_MARKDOWN_HEADING.match(line.words) or _is_prose(line)):
            inside = False
        if inside:
            rules[i] = rules[i] or "related links"


def _is_prose(line: _Line) -> bool:
    return _ENDS_AS_PROSE.search(line.words) is not None and count_words(line.words) >= _LEAST_WORDS_OF_PROSE


def _mark_teasers(lines: list[_Line], rules: list[str | None], text: str) -> None:
    """A line that breaks off with an ellipsis and repeats what the text said before."""
    for i, line in enumerate(lines):
        beginning = line.words.rstrip(".… ")
        if rules[i] is None and line.words.endswith(("…", "...")) and len(beginning) >= _LEAST_TEASER:
            first = text.find(beginning)
            if 0 <= first < line.span.start:
                rules[i] = "teaser"


def _mark_repeated(
    lines: Sequence[_Line], rules: list[str | None], text: str, of_site: Collection[str]
) -> None:
    """Lines of the site that are no part of a longer paragraph, a table or code, and no heading of what stays.

    A heading with a mark of its own stays if anything of its section does, a line that only looks like one if prose
    follows it.
    """
    kinds = {block.span.start: block for block in blocks(text, Span(0, len(text)))}
    following: Kind | None = None  # what stays behind a line, None for nothing
    for i in reversed(range(len(lines))):
        line = lines[i]
        start = line.span.start + text[line.span.start : line.span.end].index(line.words)
        block = kinds.get(start)
        if rules[i] is not None:
            continue
        if line.words in of_site and block is not None and block.span.end == start + len(line.words):
            marked = _MARKDOWN_HEADING.match(line.words) is not None
            heads = following is not None and (marked or following is not Kind.HEADING)
            if block.kind in (Kind.PARAGRAPH, Kind.LIST_ITEM) or (block.kind is Kind.HEADING and not heads):
                rules[i] = REPEATED
                continue
        following = block.kind if block is not None else Kind.PARAGRAPH


def _joined(text: str, lines: list[_Line], rules: list[str | None]) -> tuple[Excluded, ...]:
    """Marked lines as spans, neighbours with one rule joined; blank lines belong to what stands above them."""
    excluded: list[Excluded] = []
    for i, (line, rule) in enumerate(zip(lines, rules, strict=True)):
        if rule is None:
            continue
        start = 0 if i == 0 else line.span.start
        end = lines[i + 1].span.start if i + 1 < len(lines) else len(text)
        if excluded and excluded[-1].rule == rule and excluded[-1].span.end == start:
            start = excluded.pop().span.start
        excluded.append(Excluded(Span(start, end), rule))
    return tuple(excluded)
