"""Plots as SVG, written by hand so that a report needs no library and no network; colours come from the page's style."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 900
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A value of 0 to 1 with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Win:
    """A difference of -1 to 1 with its name and, if it can be looked at, the anchor of where."""

    name: str
    value: float
    anchor: str | None


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of a picture that values are drawn in; `low` and `high` bound the y axis."""

    height: int
    low: float = 0.0
    high: float = 1.0
    bottom: int = _BOTTOM

    @property
    def width(self) -> int:
        return WIDTH - _LEFT - _RIGHT

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _TOP + (1 - share) * (self.height - _TOP - self.bottom)

    def axis(self, ticks: Sequence[float], form: str = "{:.1f}") -> list[str]:
        lines = []
        for tick in ticks:
            y = self.y(tick)
            lines.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            lines.append(
                f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{form.format(tick)}</text>'
            )
        return lines


def bars(groups: Mapping[str, Mapping[str, Bar]], colours: Mapping[str, int], title: str) -> str:
    """Groups of bars from 0 to 1, one bar for each series, with whiskers for the intervals."""
    frame = _Frame(300)
    parts = frame.axis([0, 0.2, 0.4, 0.6, 0.8, 1])
    room = frame.width / max(1, len(groups))
    for number, (group, values) in enumerate(groups.items()):
        left, wide = _LEFT + number * room + room * 0.08, room * 0.84 / max(1, len(values))
        for place, (name, bar) in enumerate(values.items()):
            x, y = left + place * wide, frame.y(bar.value)
            middle = x + wide / 2
            parts.append(
                f"<g><title>{escape(group)}, {escape(name)}: {bar.value:.3f} [{bar.low:.3f}, {bar.high:.3f}]</title>"
                f'<rect class="c{colours[name]}" x="{x:.1f}" y="{y:.1f}" width="{max(1.0, wide - 1.5):.1f}" '
                f'height="{frame.y(0) - y:.1f}"/><line class="whisker" x1="{middle:.1f}" x2="{middle:.1f}" '
                f'y1="{frame.y(bar.high):.1f}" y2="{frame.y(bar.low):.1f}"/></g>'
            )
        label = escape(group.replace("_", " "))
        parts.append(
            f'<text class="tick" x="{left + room * 0.42:.1f}" y="{frame.height - 18}" text-anchor="middle">{label}</text>'
        )
    return _svg(frame.height, title, parts)


def scatter(
    points: Mapping[str, tuple[float, float]], colours: Mapping[str, int], title: str, x_label: str
) -> str:
    """Points (x, y) with names; x from 0, y between round numbers around all."""
    ys = [y for _, y in points.values()]
    low, high = math.floor(min(ys) * 20 - 0.5) / 20, math.ceil(max(ys) * 20 + 0.5) / 20
    frame = _Frame(280, low, high, bottom=46)
    most = _round_up(1.15 * max(x for x, _ in points.values()))
    steps = round((high - low) / 0.05)
    parts = frame.axis([low + i * 0.05 for i in range(0, steps + 1, max(1, steps // 5))], "{:.2f}")
    for i in range(6):
        x = _LEFT + frame.width * i / 5
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{frame.height - 26}" text-anchor="middle">{most * i / 5:g}</text>'
        )
    parts.append(
        f'<text class="tick" x="{_LEFT + frame.width / 2}" y="{frame.height - 6}" text-anchor="middle">{escape(x_label)}</text>'
    )
    labelled: list[tuple[float, float]] = []
    for name, (x_value, y_value) in sorted(points.items(), key=lambda point: point[1]):
        x, y = _LEFT + frame.width * x_value / most, frame.y(y_value)
        label = y + 4
        while any(abs(x - other) < 90 and abs(label - height) < 14 for other, height in labelled):
            label += 14
        labelled.append((x, label))
        parts.append(
            f"<g><title>{escape(name)}: {x_value:.2f}, {y_value:.3f}</title>"
            f'<circle class="c{colours[name]}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
            f'<text class="name" x="{x + 10:.1f}" y="{label:.1f}">{escape(name)}</text></g>'
        )
    return _svg(frame.height, title, parts)


def waterfall(wins: Sequence[Win], title: str) -> str:
    """Differences as bars above and below zero, in the order given; those with an anchor are links."""
    frame = _Frame(200, -1, 1, bottom=12)
    parts = frame.axis([-1, -0.5, 0, 0.5, 1])
    wide = min(24.0, frame.width / max(1, len(wins)))
    for place, win in enumerate(wins):
        x, top = _LEFT + place * wide, min(frame.y(win.value), frame.y(0))
        height = max(1.0, abs(frame.y(win.value) - frame.y(0)))
        bar = (
            f"<title>{escape(win.name)}: {win.value:+.3f}</title>"
            f'<rect class="{"win" if win.value > 0 else "loss"}" x="{x:.1f}" y="{top:.1f}" '
            f'width="{max(1.0, wide - 1):.1f}" height="{height:.1f}"/>'
        )
        parts.append(f'<a href="#{escape(win.anchor)}">{bar}</a>' if win.anchor else f"<g>{bar}</g>")
    return _svg(frame.height, title, parts)


def steps(points: Sequence[tuple[float, float]], title: str, x_label: str) -> str:
    """A line through (x, y), both from 0 to 1."""
    frame = _Frame(260, bottom=46)
    parts = frame.axis([0, 0.2, 0.4, 0.6, 0.8, 1])
    for i in range(6):
        x = _LEFT + frame.width * i / 5
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{frame.height - 26}" text-anchor="middle">{i / 5:.1f}</text>'
        )
    parts.append(
        f'<text class="tick" x="{_LEFT + frame.width / 2}" y="{frame.height - 6}" text-anchor="middle">{escape(x_label)}</text>'
    )
    line = " ".join(f"{_LEFT + frame.width * x:.1f},{frame.y(y):.1f}" for x, y in points)
    parts.append(f'<polyline class="line" points="{line}"/>')
    return _svg(frame.height, title, parts)


def _round_up(value: float) -> float:
    """To a number whose fifths are short."""
    unit = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(unit * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if unit * step >= value)


def _svg(height: int, title: str, parts: Sequence[str]) -> str:
    said = escape(title)
    picture = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{said}">{"".join(parts)}</svg>'
    return f'<div class="plot">{picture}</div>'
