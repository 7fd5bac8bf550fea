"""A tree of HTML, or of what trafilatura makes of it, as text: headings, lists, tables and code keep their form.

They are written as in Markdown, but for a heading that reads as one without marks.
"""

from collections.abc import Iterator, Sequence

import regex
from lxml import etree

from citewell.corpus.blocks import reads_as_heading

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BREAKS = {"br", "lb"}
_LISTS = {"ul", "ol", "list", "menu"}
_ITEMS = {"li", "item"}
_ROWS = {"tr", "row"}
_CELLS = {"td", "th", "cell"}
_CODE = {"pre", "code"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "em", "font", "hi", "i", "ins", "kbd", "label",
    "mark", "nobr", "q", "ref", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "wbr", "ruby", "rb",
}  # fmt: skip
_SILENT = {
    "audio", "button", "canvas", "dialog", "embed", "figure-caption", "form", "graphic", "iframe", "img", "input", "link",
    "math", "meta", "nav", "noscript", "object", "option", "rp", "rt", "script", "select", "style", "svg", "template",
    "textarea", "title", "video",
}  # fmt: skip
_SPACE = regex.compile(r"[ \t\n\r\f\v\u00a0]+")


def text_of(root: etree._Element) -> str:
    """Blocks with a blank line between them. Raises ValueError when it is nested too deeply."""
    try:
        return "\n\n".join(_blocks_of(root))
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None


def _blocks_of(root: etree._Element) -> list[str]:
    writer = _Writer()
    writer.inside(root)
    writer.end_block()
    return writer.blocks


class _Writer:
    """Gathers the words of a block until the next begins."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._words: list[str] = []

    def inside(self, element: etree._Element) -> None:
        self._words.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                self._write(child)
            self._words.append(child.tail or "")

    def end_block(self) -> None:
        lines = (_SPACE.sub(" ", line).strip() for line in "".join(self._words).split("\0"))
        if block := "\n".join(line for line in lines if line):
            self.blocks.append(block)
        self._words = []

    def _write(self, element: etree._Element) -> None:
        name = name_of(element)
        if name in _BREAKS:
            self._words.append("\0")  # no page holds one any more
        elif name in _INLINE or (name == "code" and "\n" not in raw_text(element)):
            self.inside(element)
        elif name not in _SILENT:
            self.end_block()
            self.blocks += self._own_block(element, name)

    def _own_block(self, element: etree._Element, name: str) -> Sequence[str]:
        if level := _HEADINGS.get(element.get("rend", "h2") if name == "head" else name):
            words = " ".join(raw_text(element).split())
            marks = "" if reads_as_heading(words) and not words[0].isdigit() else "#" * level + " "
            return [marks + words] if words else []
        if name in _LISTS:
            return ["\n".join(lines)] if (lines := list(_items(element, name))) else []
        if name in _CODE:
            return [f"```\n{raw_text(element).strip(chr(10))}\n```"]
        if name == "table":
            return _table(element)
        return _blocks_of(element)


def name_of(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def raw_text(element: etree._Element) -> str:
    return "".join(str(words) for words in element.itertext())


def _items(element: etree._Element, name: str) -> Iterator[str]:
    """The lines of a list; what belongs to an item below its first line is indented."""
    numbered = name == "ol" or element.get("rend") == "ol"
    number = 0
    for item in element:
        if not isinstance(item.tag, str) or name_of(item) in _SILENT:
            continue
        blocks = _blocks_of(item) if name_of(item) not in _LISTS else list(_items(item, name_of(item)))
        number += 1
        mark = f"{number}. " if numbered else "- "
        for block in blocks[:1]:
            first, *more = block.split("\n")
            yield mark + first
            yield from ("  " + line for line in more)
        for block in blocks[1:]:
            yield from ("  " + line for line in block.split("\n"))


def _table(table: etree._Element) -> list[str]:
    """Rows between pipes, the first as their header; a table that only lays a page out gives its cells' blocks."""
    rows = [row for row in table.iter() if isinstance(row.tag, str) and name_of(row) in _ROWS]
    cells = [[cell for cell in row if isinstance(cell.tag, str) and name_of(cell) in _CELLS] for row in rows]
    cells = [row for row in cells if row]
    nested = any(isinstance(each.tag, str) and name_of(each) == "table" for each in table.iterdescendants())
    if nested or len(cells) < 2 or max(map(len, cells)) < 2:
        return [block for row in cells for cell in row for block in _blocks_of(cell)]
    caption = next(
        (raw_text(each) for each in table if isinstance(each.tag, str) and name_of(each) == "caption"), ""
    )
    header, *body = _grid(cells)
    rule = "|" + "---|" * len(header)
    drawn = "\n".join([row_of(header), rule, *map(row_of, body)])
    return [" ".join(caption.split()), drawn] if caption.strip() else [drawn]


def row_of(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _grid(cells: Sequence[Sequence[etree._Element]]) -> list[list[str]]:
    """Equally long rows; a cell over several rows stands in each of them."""
    grid: list[list[str]] = []
    above: dict[int, tuple[int, str]] = {}  # column: rows still to be filled, words
    for row in cells:
        line: list[str] = []
        for cell in row:
            _fill(line, above)
            words = " ".join(raw_text(cell).split()).replace("|", "¦")  # a pipe would begin another cell
            down, across = _count(cell, "rowspan"), _count(cell, "colspan")
            if down > 1:
                above[len(line)] = (down - 1, words)
            line += [words] + [""] * (across - 1)
        _fill(line, above)
        grid.append(line)
    width = max(map(len, grid))
    return [line + [""] * (width - len(line)) for line in grid]


def _fill(line: list[str], above: dict[int, tuple[int, str]]) -> None:
    while len(line) in above:
        column = len(line)
        left, words = above.pop(column)
        if left > 1:
            above[column] = (left - 1, words)
        line.append(words)


def _count(cell: etree._Element, name: str) -> int:
    said = cell.get(name, "1")
    return min(max(int(said), 1), 50) if said.isascii() and said.isdecimal() else 1
