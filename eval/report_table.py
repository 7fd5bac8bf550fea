"""A report as tables for a terminal."""

from collections.abc import Sequence

from citewell.eval.abstention import Abstention
from citewell.eval.calibrate import OutOfFold
from citewell.eval.cross_validation import FOLDS
from citewell.eval.disagreements import Share
from citewell.eval.evaluate import CHARACTERS, FIRST_QUOTE
from citewell.eval.gate import LEAST_LOSS, Gate
from citewell.eval.report import Estimate, Report
from citewell.eval.significance import LEVEL
from citewell.eval.tune import FEWEST, SIZE, Tuning
from citewell.index.calibration import Fitted

_COLUMNS = (
    "nDCG@10",
    "RR@10",
    "R@1",
    "R@5",
    "R@10",
    "R@100",
    "span P@5",
    "span R@5",
    "IoU@5",
    CHARACTERS,
    FIRST_QUOTE,
)
_CONFIDENCE_COLUMNS = (
    *("confidence", "n", "right", "answered", "wrong of these", "false answers"),
    *("AUROC", "best plain score", "Brier", "ECE", "95 %"),
)


def tables(report: Report) -> str:
    parts = [
        _measures(report),
        _kinds(report),
        _comparisons(report),
        _latency(report),
        [*_no_answer(report), *_quotes(report)],
        _abstention(report),
        [f"! {warning}" for warning in report.warnings],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def number(value: float, measure: str) -> str:
    return f"{value:,.0f}" if measure == CHARACTERS else f"{value:.3f}"


def columns_of(report: Report) -> list[str]:
    return [name for name in _COLUMNS if any(name in row.measures for row in report.rows)]


def _measures(report: Report) -> list[str]:
    """Each system over all questions, and the interval of the first measure."""
    names = columns_of(report)
    overall = [row for row in report.rows if row.kind == "all"]
    questions = overall[0].questions if overall else 0
    table = [["system", "n", *names, f"95 % of {names[0]}" if names else ""]]
    for row in overall:
        cells = [number(row.measures[n].mean, n) if n in row.measures else "" for n in names]
        table.append([row.system, str(questions), *cells, *(_interval(row.measures[n]) for n in names[:1])])
    return [f"{report.set}: {report.questions} questions", *_aligned(table)]


def _kinds(report: Report) -> list[str]:
    """The first measure of each system by kind, and what the system compared quotes."""
    kinds = list(dict.fromkeys(row.kind for row in report.rows if row.kind != "all"))
    if not kinds:
        return []
    by = {(row.system, row.kind): row for row in report.rows}
    names = list(dict.fromkeys(row.system for row in report.rows))
    table = [["nDCG@10", "n", *names, f"R@5 of {report.system}", FIRST_QUOTE]]
    for kind in kinds:
        ours = by[report.system, kind]
        more = [f"{ours.measures[n].mean:.3f}" if n in ours.measures else "" for n in ("R@5", FIRST_QUOTE)]
        cells = [f"{by[name, kind].measures['nDCG@10'].mean:.3f}" for name in names]
        table.append([kind, str(ours.questions), *cells, *more])
    return _aligned(table)


def _comparisons(report: Report) -> list[str]:
    if not report.comparisons:
        return []
    table = [[f"{report.system} less", "measure", "difference", "95 %", "p", "p (Holm)", "wins", "losses"]]
    for of in report.comparisons:
        mark = " *" if of.p_holm < LEVEL else ""
        table.append([
            of.other, of.measure, f"{of.difference.mean:+.3f}", _interval(of.difference), f"{of.p:.4f}",
            f"{of.p_holm:.4f}{mark}", str(of.wins), str(of.losses),
        ])  # fmt: skip
    return _aligned(table)


def _latency(report: Report) -> list[str]:
    lines = _aligned([
        ["ms, first ten", "p50", "p95"],
        *([each.system, f"{each.p50_ms:.1f}", f"{each.p95_ms:.1f}"] for each in report.latency),
    ]) if report.latency else []  # fmt: skip
    if report.index:
        lines.append(f"index: {report.index.passages:,} passages, {report.index.bytes / 1e6:.1f} MB")
    return lines


def _no_answer(report: Report) -> list[str]:
    found = report.no_answer
    if found is None:
        return []
    return [
        f"{found.answered_all_the_same} of {found.unanswerable} unanswerable questions were answered all the same, "
        f"{found.refused} of {found.answerable} answerable ones were not answered"
    ]


def _abstention(report: Report) -> list[str]:
    """Confidence, and what was answered by it."""
    if not report.abstention:
        return []
    table = [list(_CONFIDENCE_COLUMNS)]
    for name, of in report.abstention.items():
        low, high = of.ece_interval
        table.append([
            name, str(of.questions), str(of.right), _share(of.coverage), _share(of.risk), _share(of.false_answers),
            "" if of.auroc is None else f"{of.auroc:.3f}", _plain(of), f"{of.brier:.3f}", f"{of.ece:.3f}", f"[{low:.3f}, {high:.3f}]",
        ])  # fmt: skip
    return _aligned(table)


def _plain(of: Abstention) -> str:
    return f"{of.best_plain[0]} {of.best_plain[1]:.3f}" if of.best_plain else ""


def _share(of: Share) -> str:
    """With the upper end of its interval."""
    return "" if of.value is None else f"{of.value:.3f} (<= {of.high:.3f})"


def _quotes(report: Report) -> list[str]:
    found = report.quotes
    if found is None:
        return []
    return [
        f"of {found.questions} questions with answers: the first quote holds one for {found.first:.3f} ({found.words:g} "
        f"words on average), the first three for {found.first_three:.3f}"
    ]


def calibration_table(fitted: Fitted, found: OutOfFold) -> str:
    """What was fitted, and how good it is for questions that it was not fitted to."""
    of = found.abstention
    low, high = of.ece_interval
    auroc = "-" if of.auroc is None else f"{of.auroc:.3f}"
    return "\n".join([
        f"fitted to {fitted.fitted_on}: calibration {fitted.id}, in force from now on",
        f"of {of.questions} questions {of.right} are answered right; out of fold:",
        f"AUROC {auroc} (best plain score: {_plain(of)}), Brier {of.brier:.3f}, expected "
        f"calibration error {of.ece:.3f} [{low:.3f}, {high:.3f}]",
        f"from {fitted.threshold:.2f} on is answered: {_share(of.coverage)} of all, {_share(of.kept)} of what is answered "
        f"right, {_share(of.false_answers)} of what has no answer; of the answers {_share(of.risk)} are wrong",
    ])  # fmt: skip


def tuning_table(found: Tuning) -> str:
    """What each grid gains on questions that it was not chosen on, and what is best on all."""
    if not found.gains:
        return f"{found.questions} answerable questions are too few to tune on; it takes {FEWEST} on different evidence. Nothing is changed."
    said = [f"{found.questions} answerable questions, {FOLDS} folds; chosen on four, judged on the fifth:"]
    for gain in found.gains:
        low, high = gain.interval
        said.append(
            f"{gain.parameters}, {gain.tried} configurations: {gain.measure} {gain.now:.4f} -> {gain.out_of_fold:.4f}, "
            f"gain {gain.gain:+.4f} [{low:+.4f}, {high:+.4f}], p (Holm) {gain.p_holm:.4f}: "
            + ("significant" if gain.is_taken else "not taken")
        )
        if gain.parameters == SIZE:
            said.append("  of sizes nothing is written: another one is another index, not a configuration")
        said.append(f"  best on all: {', '.join(f'{name} {value:g}' for name, value in gain.chosen.items())}")
        if not gain.is_taken and gain.detectable is not None:
            said.append(f"  so many questions show a gain of {gain.detectable:.3f} in 80 % of samples")
    if not found.is_better:
        said.append("no gain is significant: nothing is changed")
    return "\n".join(said)


def gate_table(found: Gate) -> str:
    table = [["measure", "before", "now", "change", "p (Holm)", ""]]
    for change in found.changes:
        difference = f"{change.now - change.before:+.4f}"
        verdict = "LOSS" if change.is_loss else "ok"
        table.append(
            [
                change.measure,
                f"{change.before:.4f}",
                f"{change.now:.4f}",
                difference,
                f"{change.p_holm:.4f}",
                verdict,
            ]
        )
    others = f"; {found.only_before} are in the baseline only, {found.only_now} here only"
    return "\n".join([
        *_aligned(table),
        f"on {found.compared} questions{others if found.only_before or found.only_now else ''}; a loss is significant at "
        f"{LEVEL:.0%} and larger than {LEAST_LOSS}",
    ])  # fmt: skip


def _interval(estimate: Estimate) -> str:
    return f"[{estimate.low:.3f}, {estimate.high:.3f}]"


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[i]) if i < len(row) else 0 for row in table) for i in range(len(table[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in table
    ]
