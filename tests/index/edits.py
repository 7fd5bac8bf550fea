"""Edits of an article, each with what must be said afterwards of every quote that was cited from it.

Quotes that overlap are edited as one. The labels come from how the new text is put together, not from a search in it.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from citewell.corpus.article import Span

_WORD = re.compile(r"\w+")
_NEW_WORDS = ("otherwise", "meanwhile", "roughly", "somewhat", "seldom")
_INSERTED = "Editors have added this remark since. "
_CALM = 3  # pieces on both sides of one that is copied
_EVERY = 7  # word is replaced in a reworded quote


@dataclass(frozen=True, slots=True)
class Label:
    """What must be said of a quote; for a changed one `span` is about where."""

    edit: str
    state: str
    span: Span | None


REMOVED = Label("remove", "gone", None)


@dataclass(slots=True)
class _Piece:
    """Quotes that overlap, the text before them, and what is put before them from elsewhere."""

    span: Span
    quotes: list[Span]
    edit: str
    arrivals: list["_Piece | str"] = field(default_factory=list)


def edited(text: str, quotes: Iterable[Span], chance: random.Random) -> tuple[str, dict[Span, Label]]:
    """A new text and the label of every quote."""
    pieces = _pieces(sorted(set(quotes)))
    _choose(text, pieces, chance)
    written, length, labels = [], 0, {}

    def write(words: str) -> int:
        nonlocal length
        written.append(words)
        length += len(words)
        return length - len(words)

    def place(piece: _Piece) -> None:
        words = piece.span.of(text)
        start = write(_reworded(words) if piece.edit == "reword" else words)
        for quote in piece.quotes:
            new = Span(start + quote.start - piece.span.start, start + quote.end - piece.span.start)
            state = "exact" if new == quote else "moved"
            if piece.edit == "reword":
                state, new = "changed", Span(start, length)
            labels[quote] = Label(piece.edit, state, new)

    end = 0
    for piece in pieces:
        write(text[end : piece.span.start])
        end = piece.span.end
        for arrival in piece.arrivals:
            write(arrival) if isinstance(arrival, str) else place(arrival)
            write(" ")
        if piece.edit == "insert":
            write(_INSERTED)
        if piece.edit == "delete":
            labels |= dict.fromkeys(piece.quotes, Label("delete", "gone", None))
        elif piece.edit != "move":
            place(piece)
    write(text[end:])
    return "".join(written), labels


def _pieces(quotes: list[Span]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for quote in quotes:
        if pieces and quote.start < pieces[-1].span.end:
            last = pieces[-1]
            last.span, last.quotes = (
                Span(last.span.start, max(last.span.end, quote.end)),
                [*last.quotes, quote],
            )
        else:
            pieces.append(_Piece(quote, [quote], "keep"))
    return pieces


def _choose(text: str, pieces: list[_Piece], chance: random.Random) -> None:
    """Choose an edit for every piece, but none that would leave its label in doubt.

    Which of two copies was cited is told by what stands around it, so nothing is done near a piece that is copied.
    """
    near_copied: set[int] = set()
    for number, piece in enumerate(pieces):
        repeated = any(text.count(quote.of(text)) > 1 for quote in piece.quotes)
        if number not in near_copied and not repeated:
            piece.edit = chance.choice(_clear_edits(piece, text))
        if piece.edit == "duplicate" or repeated:
            near = set(range(max(0, number - _CALM), min(number + _CALM + 1, len(pieces)))) - {number}
            near_copied |= near
            for other in near:
                pieces[other].edit = "keep"
    far = [piece for number, piece in enumerate(pieces) if not near_copied & {number, number - 1}]
    for piece in pieces:
        elsewhere = [other for other in far if other is not piece and other.edit != "duplicate"]
        if piece.edit in ("move", "duplicate") and not elsewhere:
            piece.edit = "keep"
        elif piece.edit in ("move", "duplicate"):
            arrival = piece if piece.edit == "move" else piece.span.of(text)
            chance.choice(elsewhere).arrivals.append(arrival)


def _clear_edits(piece: _Piece, text: str) -> list[str]:
    """None that takes words away when there are others like them."""
    rest = f"{text[: piece.span.start]} {text[piece.span.end :]}"
    if any(_stands_alike(quote.of(text), rest) for quote in piece.quotes):
        return ["keep", "insert", "move", "duplicate"]
    if not all(_is_clearly_reworded(quote, piece, text) for quote in piece.quotes):
        return ["keep", "insert", "move", "duplicate", "delete"]
    return ["keep", "insert", "move", "duplicate", "delete", "reword"]


def _is_clearly_reworded(quote: Span, piece: _Piece, text: str) -> bool:
    """Whether some of its words are replaced, but no more than a quarter."""
    words = list(_WORD.finditer(piece.span.of(text)))
    own = [
        number
        for number, word in enumerate(words)
        if quote.start <= piece.span.start + word.start() < quote.end
    ]
    replaced = sum(_is_replaced(number) for number in own)
    return 0 < 4 * replaced <= len(own)


def _is_replaced(number: int) -> bool:
    return number % _EVERY == _EVERY // 2


def _reworded(words: str) -> str:
    numbers = iter(range(len(words)))

    def other(word: re.Match[str]) -> str:
        number = next(numbers)
        return _NEW_WORDS[number % len(_NEW_WORDS)] if _is_replaced(number) else word[0]

    return _WORD.sub(other, words)


def _stands_alike(quote: str, text: str) -> bool:
    """Whether half of the quote's words, in any order, stand together in as many words of the text."""
    wanted, words = Counter(_WORD.findall(quote.lower())), _WORD.findall(text.lower())
    length, held, common = wanted.total(), Counter[str](), 0
    for number, word in enumerate(words):
        held[word] += 1
        common += held[word] <= wanted[word]
        if number >= length:
            out = words[number - length]
            common -= held[out] <= wanted[out]
            held[out] -= 1
        if 2 * common >= length:
            return True
    return False


def differences(said: Iterable[tuple[Label, str, Span | None]]) -> Iterator[str]:
    """Where what is said of a quote, its state and span, is not what its label says."""
    for label, state, span in said:
        right = state == label.state and (span is None) == (label.span is None)
        if right and span is not None and label.span is not None:
            overlaps = span.start < label.span.end and label.span.start < span.end
            right = overlaps if state == "changed" else span == label.span
        if not right:
            yield f"{label.edit}: {label.state} {label.span}, but {state} {span}"
