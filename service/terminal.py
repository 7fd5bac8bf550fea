"""What the command line shows to people."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from citewell.corpus.text import escaped

if TYPE_CHECKING:
    from citewell.corpus.repeated import Repeated
    from citewell.index.as_of import AsOf
    from citewell.index.checking import Checked, Verification
    from citewell.index.citation import CitedArticle
    from citewell.index.explain import Explanation
    from citewell.index.health import Health
    from citewell.index.migrate import Migrated
    from citewell.index.rereading import Reread
    from citewell.index.response import Answer, RetrieverState, SearchResult
    from citewell.index.spelling import ReadAs
    from citewell.index.sync import Synced
    from citewell.index.verify import Check
    from citewell.index.writing import Outcome

_WIDTH = 96
_SOURCES = 10  # of which the report says when they were looked at; all with --json


def outcomes(files: Sequence["Outcome"]) -> str:
    lines = []
    for file in files:
        more = file.reason if file.reason else f"{file.article_id}  {_passages(file.passages)}"
        lines.append("  ".join(filter(None, [f"{file.result:<10} {file.file}", more, file.note])))
    counts = {
        result: sum(file.result == result for file in files)
        for result in dict.fromkeys(f.result for f in files)
    }
    return "\n".join([*lines, ", ".join(f"{count} {result}" for result, count in counts.items())])


def synced(done: "Synced") -> str:
    lines = [_line_of(file, file.article_id) for file in done.files]
    return "\n".join([*lines, _total(done.files, done.unchanged, done.dry_run)])


def reread(done: "Reread") -> str:
    lines = [_line_of(article, None) for article in done.articles]
    without = f"; {done.without_original} without an original" if done.without_original else ""
    return "\n".join([*lines, _total(done.articles, done.unchanged, done.dry_run) + without])


def _line_of(file: "Outcome", article_id: str | None) -> str:
    passages = _passages(file.passages) if file.passages is not None else None
    more = [escaped(file.file), article_id, passages, file.reason, file.note]
    return f"{file.result:<10} {'  '.join(filter(None, more))}"


def _passages(count: int | None) -> str:
    return "1 passage" if count == 1 else f"{count} passages"


def _total(files: Sequence["Outcome"], unchanged: int, dry_run: bool) -> str:
    counts = Counter(file.result for file in files)
    total = [*(f"{count} {result}" for result, count in counts.items()), f"{unchanged} unchanged"]
    return ", ".join(total) + ("; nothing was done" if dry_run else "")


def answer(given: "Answer") -> str:
    lines = _as_of(given.as_of) + _read_as(given.read_as)
    lines += [] if given.citations else [f"{given.verdict}: {given.reason}", ""]
    if given.near_misses:
        lines += ["The nearest passages:", ""]
    for citation in given.citations or given.near_misses:
        lines += [
            f"{citation.rank}. {_indented(citation.quote.text, 3).lstrip()}",
            f"   {_named(citation.article)}",
            f"   {escaped(citation.article.source)}{_pages(citation.quote.pages)}  [{citation.quote.start}-{citation.quote.end}]"
            f"  score {citation.score:.3f}",
            *(f"   also in {escaped(also.title)}  {escaped(also.source)}" for also in citation.also_in),
            *_explained(citation.explain),
            "",
        ]
    for asked in given.why_not:
        lines += [f"{escaped(asked.id)}: {asked.detail}", *_explained(asked.explain), ""]
    if given.filtered:
        lines.append(f"{given.filtered.passing} of {given.filtered.of} passages searched")
    if given.citations:
        sure = "not calibrated" if given.confidence is None else f"confidence: {given.confidence:.2f}"
        lines.append(f"{_states(given.retrievers)}  {sure}")
    return "\n".join(lines).rstrip("\n")


def _as_of(as_of: "AsOf | None") -> list[str]:
    if as_of is None:
        return []
    now = ", which is what it knows now" if as_of.current else ""
    lost = f", but for {as_of.missing} articles whose revision of then is not kept" if as_of.missing else ""
    return [f"What the library knew at {as_of.moment}{now}{lost}:", ""]


def _read_as(words: Sequence["ReadAs"]) -> list[str]:
    readings: dict[str, list[str]] = {}  # a word may be read otherwise in each language
    for each in words:
        readings.setdefault(each.asked, []).append(f'"{each.read}"')
    said = [f'"{word}" is not in the library; read as {" or ".join(read)}' for word, read in readings.items()]
    return [*said, ""] if said else []


def _explained(explain: "Explanation | None") -> list[str]:
    """Parts of a score with what they are made of, and the terms of the question that the passage holds and lacks."""
    if explain is None:
        return []
    ranks = {"lexical": explain.ranks.lexical, "passage": explain.ranks.dense}
    made = []
    for name in ("lexical", "passage", "sentence", "reranker"):
        part, raw, weight = (getattr(of, name) for of in (explain.parts, explain.raw, explain.weights))
        rank = f", rank {ranks[name]}" if ranks.get(name) else ""
        made += [f"{name} {part:.3f} ({weight:.2f} x {raw:.3f}{rank})"] if part is not None else []
    terms = "  ".join(
        f"{'+' if term.held else '-'}{term.term}{f' for {term.asked}' if term.asked else ''} {term.idf:.2f}"
        for term in explain.terms
    )
    return [f"   {' + '.join(made)}", *([_indented(terms, 3)] if terms else [])]


def search_result(found: "SearchResult") -> str:
    lines = _as_of(found.as_of) + _read_as(found.read_as)
    lines += [] if found.hits else ["No passage was found.", ""]
    for hit in found.hits:
        lines += [
            f"{hit.rank}. {_named(hit.article)}  score {hit.score:.3f}",
            _indented(hit.passage.text.strip(), 3),
            f"   {hit.passage.id}{_pages(hit.passage.pages)}",
            "",
        ]
    return "\n".join([*lines, _states(found.retrievers)])


def migrated(done: "Migrated", source: Path, target: Path) -> str:
    lines = [
        f"ok     {each.name:<24} {each.target.count:>10,}  {each.target.sha256[:16]}" for each in done.checks
    ]
    lines.append(
        f"{target} holds what {source} held after change {done.change:,}: {done.articles:,} articles, "
        f"{done.passages:,} passages"
    )
    if done.behind:
        lines.append(f"{done.behind:,} changes were stored since: citewell migrate {source} {target}")
    lines.append(
        f"Before you serve it (in {target}: citewell serve --library .), end what writes to {source} and move once more; "
        f"that takes moments. To go back, serve {source}."
    )
    return "\n".join(lines)


def checks(made: Sequence["Check"], keep_revisions: int | None) -> str:
    lines = []
    for check in made:
        lines.append(
            f"{'FAULT' if check.faults else 'ok':<6} {check.name:<21} {check.looked_at:>8} looked at"
        )
        lines += [f"       {fault}" for fault in check.faults]
    kept = (
        "all revisions"
        if keep_revisions is None
        else f"the newest {keep_revisions} revisions of each article"
    )
    return "\n".join([*lines, f"{kept} are kept"])


def health(found: "Health") -> str:
    languages = ", ".join(f"{code or 'unknown'} {count:,}" for code, count in found.languages)
    lines = [f"{found.articles:,} articles, {found.passages:,} passages; languages: {languages or 'none'}"]
    if found.left_out:
        lines.append(f"{found.left_out:,} repeated lines are left out")
    first = sorted(found.sources, key=lambda source: source.looked_at)[:_SOURCES]
    lines += [f"{escaped(source.place)}: last looked at {source.looked_at[:16]}Z" for source in first]
    lines += [f"and {more:,} more mirrored sources"] if (more := len(found.sources) - len(first)) else []
    for each in found.findings:
        lines.append(f"{each.level.upper():<8} {each.name:<20} {each.count:>8,} of {each.of:,} {each.what}")
        lines += [f"           {textwrap.shorten(escaped(example), _WIDTH)}" for example in each.examples]
        lines.append(f"         {each.advice}")
    return "\n".join([*lines, *([] if found.findings else ["nothing to report"])])


def cleaned(found: Sequence["Repeated"], dry_run: bool, changed: bool) -> str:
    lines = [
        f"{each.articles:>6,} of {each.of:,}  {escaped(each.site)}  {textwrap.shorten(escaped(each.line), _WIDTH)}"
        for each in found
    ]
    done = "; nothing was done" if dry_run else " left out" if changed else " left out; nothing changed"
    return "\n".join([*lines, f"{len(found):,} repeated lines{done}"])


def verification(found: "Verification") -> str:
    counts = Counter(each.now.state if each.now else "not looked for" for each in found.citations)
    valid = sum(each.valid for each in found.citations)
    total = f"{valid} of {len(found.citations)} valid"
    lines = [line for each in found.citations for line in _checked(each)]
    return "\n".join([*lines, ", ".join([total, *(f"{n} {state}" for state, n in sorted(counts.items()))])])


def _checked(each: "Checked") -> list[str]:
    """A line, then what the quote reads now if that is not what was cited."""
    now = each.now
    place = f"[{now.start}-{now.end}]" if now and now.start is not None else ""
    line = f"{each.number:>6}  {'valid' if each.valid else 'WRONG':<6} {now.state if now else '-':<8} "
    line += "  ".join(filter(None, [escaped(each.article or "-"), place, each.reason]))
    if now is None or now.state != "changed" or not now.text:
        return [line]
    return [line, f"        {now.similarity:.0%} similar: {textwrap.shorten(escaped(now.text), 2 * _WIDTH)}"]


def _named(article: "CitedArticle") -> str:
    return escaped(article.title) + (f" ({article.published})" if article.published else "")


def _pages(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f"  page {numbers[0]}" if len(numbers) == 1 else f"  pages {numbers[0]}-{numbers[-1]}"


def _indented(text: str, by: int) -> str:
    return "\n".join(
        textwrap.fill(
            escaped(line), _WIDTH, initial_indent=" " * by, subsequent_indent=" " * by, break_long_words=False
        )
        for line in text.splitlines()
        if line.strip()
    )


def _states(retrievers: dict[str, "RetrieverState"]) -> str:
    return "  ".join(f"{name}: {state.state}" for name, state in retrievers.items())
