"""A report as one HTML page: no script, no other file, nothing from the network."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version

from citewell.eval import svg
from citewell.eval.judged import Judged
from citewell.eval.report import Comparison, QuestionValues, Report
from citewell.eval.report_style import STYLE
from citewell.eval.report_table import columns_of, number
from citewell.eval.significance import LEVEL

_PASSAGES, _CHARACTERS = 3, 400  # shown of a ranking, of a passage
_SHOWN = 25  # wins and as many losses that open on their passages
_DRAWN = 150  # wins and as many losses in a plot


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of a passage or document."""

    title: str
    text: str


def page(judged: Judged, report: Report, shown: Callable[[str], Shown] | None) -> str:
    """`shown` finds the words of an id; without it ids are given."""
    names = list(judged.results)
    colours = {name: number % 8 for number, name in enumerate(names)}
    sections = [
        _heading(report),
        _warnings(report),
        _systems(report, names, colours),
        _kinds(report, names, colours),
        _comparisons(report),
        _latency(report, colours),
        _no_answer(report),
        *(_wins(judged, report, other, shown) for other in names if other != report.system),
    ]
    title = f"{report.set}: retrieval measured"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        f"{''.join(f'<section>{section}</section>' for section in sections if section)}\n</main></body></html>\n"
    )


def _heading(report: Report) -> str:
    asked = [each for each in report.by_question if each.values]
    facts = [f"{report.questions} questions, {len(asked)} with an answer", f"citewell {version('citewell')}"]
    if report.index:
        facts.append(f"{report.index.passages:,} passages, index of {report.index.bytes / 1e6:.1f} MB")
    headline = "".join(
        f"<div><b>{number(report.measures[name], name)}</b><span>{escape(name)}</span></div>"
        for name in columns_of(report)
        if name in report.measures
    )
    return (
        f"<h1>{escape(report.set)}</h1><p>{escape('; '.join(facts))}. The figures of <i>{escape(report.system)}</i>:</p>"
        f'<div class="figures">{headline}</div>'
    )


def _warnings(report: Report) -> str:
    if not report.warnings:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in report.warnings)
    return f'<div class="warnings"><h2>What this set cannot tell</h2><ul>{items}</ul></div>'


def _systems(report: Report, names: Sequence[str], colours: dict[str, int]) -> str:
    columns = columns_of(report)
    overall = {row.system: row for row in report.rows if row.kind == "all"}
    rows = []
    for name in names:
        measures = overall[name].measures
        cells = [_key(name, colours)]
        for column in columns:
            if column in measures:
                of = measures[column]
                interval = f"{number(of.low, column)}–{number(of.high, column)}"
                cells.append(f"{number(of.mean, column)}<small>{interval}</small>")
            else:
                cells.append("")
        rows.append(cells)
    return f"<h2>Systems</h2><p>Means over all questions, with 95 % intervals (bootstrap).</p>{_table(['', *map(escape, columns)], rows)}"


def _kinds(report: Report, names: Sequence[str], colours: dict[str, int]) -> str:
    kinds = list(dict.fromkeys(row.kind for row in report.rows))
    by = {(row.system, row.kind): row for row in report.rows}
    if not any(row.questions for row in report.rows):
        return ""
    groups = {
        f"{kind} ({by[names[0], kind].questions})": {
            name: svg.Bar(of.mean, of.low, of.high)
            for name in names
            if (of := by[name, kind].measures.get("nDCG@10"))
        }
        for kind in kinds
    }
    legend = " ".join(_key(name, colours) for name in names)
    return f'<h2>nDCG@10 by kind</h2><p class="legend">{legend}</p>{svg.bars(groups, colours, "nDCG@10 by kind and system")}'


def _comparisons(report: Report) -> str:
    if not report.comparisons:
        return ""
    rows = [
        [
            escape(of.other), escape(of.measure), f"{of.difference.mean:+.3f}",
            f"{of.difference.low:+.3f} to {of.difference.high:+.3f}", f"{of.p:.4f}", _holm(of), str(of.wins), str(of.losses),
        ]
        for of in report.comparisons
    ]  # fmt: skip
    head = ["against", "measure", "difference", "95 %", "p", "p (Holm)", "wins", "losses"]
    return (
        f"<h2>{escape(report.system)} against the others</h2><p>Paired randomisation tests, two-sided; Holm's correction "
        f"for all of them. Bold: significant at {LEVEL:.0%}.</p>{_table(head, rows)}"
    )


def _holm(of: Comparison) -> str:
    said = f"{of.p_holm:.4f}"
    return f"<b>{said}</b>" if of.p_holm < LEVEL else said


def _latency(report: Report, colours: dict[str, int]) -> str:
    quality = {
        row.system: row.measures["nDCG@10"].mean for row in report.rows if row.kind == "all" and row.measures
    }
    points = {of.system: (of.p50_ms, quality[of.system]) for of in report.latency if of.system in quality}
    if not points:
        return ""
    embedding = next((of.p50_ms for of in report.latency if of.system == "embedding"), 0.0)
    plot = svg.scatter(points, colours, "Latency against nDCG@10", "ms for a ranking of ten, median")
    return (
        f"<h2>Latency against quality</h2><p>nDCG@10, and the median time of a ranking of ten. Analysing and embedding the "
        f"question comes before, {embedding:.1f} ms.</p>{plot}"
    )


def _no_answer(report: Report) -> str:
    found = report.no_answer
    if found is None:
        return ""
    plot = ""
    if report.risk_coverage:
        plot = f"<p>Risk by coverage.</p>{svg.steps(report.risk_coverage, 'Risk by coverage', 'coverage')}"
    return (
        f"<h2>No answer</h2><p>{found.answered_all_the_same} of {found.unanswerable} unanswerable questions were answered "
        f"all the same; {found.refused} of {found.answerable} answerable ones were not answered.</p>{plot}"
    )


def _wins(judged: Judged, report: Report, other: str, shown: Callable[[str], Shown] | None) -> str:
    """Questions by their difference in nDCG@10; the largest open on what either found."""
    ours = report.system
    moved = [
        (q.values[ours]["nDCG@10"] - q.values[other]["nDCG@10"], q)
        for q in report.by_question
        if q.values and q.values[ours]["nDCG@10"] != q.values[other]["nDCG@10"]
    ]
    moved.sort(key=lambda each: (-each[0], each[1].id))
    wins, losses = [each for each in moved if each[0] > 0], [each for each in moved if each[0] < 0]
    title = f"<h2>Question by question: {escape(ours)} and {escape(other)}</h2>"
    if not moved:
        return f"{title}<p>No question has another nDCG@10.</p>"
    drawn = [*wins[:_DRAWN], *losses[-_DRAWN:]]
    opened = {q.id for _, q in [*wins[:_SHOWN], *losses[-_SHOWN:]]}
    anchors = {q.id: f"{_anchor(other)}-{number}" for number, (_, q) in enumerate(moved)}
    plot = svg.waterfall(
        [svg.Win(q.question, value, anchors[q.id] if q.id in opened else None) for value, q in drawn],
        f"Differences in nDCG@10, {ours} less {other}",
    )
    counts = f"{len(wins)} questions better, {len(losses)} worse, {_same(report, len(moved))} alike."
    if len(drawn) < len(moved):
        counts += f" The {len(drawn)} largest differences are drawn."
    details = "".join(
        _question(judged, ours, other, value, q, anchors[q.id], shown) for value, q in drawn if q.id in opened
    )
    return f"{title}<p>{counts} A bar leads to its question.</p>{plot}{details}"


def _same(report: Report, moved: int) -> int:
    return sum(bool(q.values) for q in report.by_question) - moved


def _question(
    judged: Judged,
    ours: str,
    other: str,
    value: float,
    q: QuestionValues,
    anchor: str,
    shown: Callable[[str], Shown] | None,
) -> str:
    columns = "".join(_ranking(judged, system, q.id, shown) for system in (ours, other))
    return (
        f'<details><summary><b class="{"better" if value > 0 else "worse"}">{value:+.2f}</b> {escape(q.question)} '
        f"<small>{escape(q.id)}{f', {escape(q.kind)}' if q.kind != 'all' else ''}</small></summary>"
        f'<div class="pair" id="{anchor}">{columns}</div></details>'
    )


def _ranking(judged: Judged, system: str, question: str, shown: Callable[[str], Shown] | None) -> str:
    ranking, relevant = judged.results[system][question].ranking, judged.qrels[question]
    first = next((rank for rank, (name, _) in enumerate(ranking, 1) if relevant.get(name, 0) > 0), None)
    place = f"first relevant at rank {first}" if first else "nothing relevant found"
    items = "".join(
        _hit(name, score, relevant.get(name, 0) > 0, shown) for name, score in ranking[:_PASSAGES]
    )
    return f"<div><h3>{escape(system)}</h3><p><small>{place}</small></p><ol>{items}</ol></div>"


def _hit(name: str, score: float, is_relevant: bool, shown: Callable[[str], Shown] | None) -> str:
    mark = '<b class="better">relevant</b> ' if is_relevant else ""
    if shown is None:
        return f"<li>{mark}<code>{escape(name)}</code> <small>{score:g}</small></li>"
    found = shown(name)
    words = " ".join(found.text.split())
    words = words if len(words) <= _CHARACTERS else f"{words[:_CHARACTERS].rsplit(' ', 1)[0]} ..."
    return (
        f"<li>{mark}<i>{escape(found.title or name)}</i> <small>{score:.3f}</small><br>{escape(words)}</li>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{"".join(f"<th>{cell}</th>" for cell in head)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _key(name: str, colours: dict[str, int]) -> str:
    return f'<span class="key"><i class="k{colours[name]}"></i>{escape(name)}</span>'


def _anchor(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
