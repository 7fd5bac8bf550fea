"""Mirrored sources that cannot be read, and sources of which nothing came for long."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from shlex import quote

from citewell.corpus.article import Article, is_web
from citewell.corpus.looking import under
from citewell.corpus.repeated import site_of
from citewell.corpus.sources import Source
from citewell.corpus.timeline import moment
from citewell.index.findings import SHOWN, Finding, Level, finding

STALE = 365  # days of which nothing came of a source
UNSEEN = 30  # days that a mirrored source was not looked at


def unreachable(sources: Sequence[Source], lost: Mapping[Source, Sequence[str]]) -> Finding:
    """Mirrored sources that could not be read, or not all of them, the last time that it was tried.

    `lost` are those with the ids of their live articles; one without any is of no concern any more.
    """
    named = {each: ids for each, ids in lost.items() if ids}
    found = [f"{each.place}, last looked at on {each.looked_at[:10]}: {each.fault}" for each in named]
    advice = ""
    if named:
        first, ids = next(iter(named.items()))
        again = f"citewell sync {quote(first.place)}"
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        gone = (
            f"citewell remove {' '.join(ids[:SHOWN])}{more}"
            if is_web(first.place)
            else f"{again} --allow-empty"
        )
        advice = f"Mend it, then: {again}. It is named until its articles are removed; if it is gone for good: {gone}"
    return finding("unreachable sources", Level.WARNING, found, len(sources), "sources", advice)


def stale(
    sources: Sequence[Source], over: Collection[Source], articles: Sequence[Article], now: datetime
) -> Finding:
    """Mirrored sources, but for those that are over, that were not looked at for long; other sites without news for long."""
    newest: dict[str, str] = {}
    for article in articles:
        site = site_of(article.source)
        newest[site] = max(newest.get(site, ""), article.recorded_at)
    others = {site: at for site, at in newest.items() if not any(_is_of(site, each) for each in sources)}
    unseen, nothing = (moment(now - timedelta(days=days)) for days in (UNSEEN, STALE))
    found = [
        f"{each.place}, last looked at on {each.looked_at[:10]}"
        for each in sources
        if each.looked_at < unseen and each not in over
    ] + [f"{site}, last on {at[:10]}" for site, at in sorted(others.items()) if at < nothing]
    advice = (
        f"They are mirrored and were not looked at for {UNSEEN} days, or nothing of them was added or updated for "
        f"{STALE}: citewell sync, or add them again."
    )
    return finding("stale sources", Level.NOTE, found, len(sources) + len(others), "sources", advice)


def _is_of(site: str, source: Source) -> bool:
    """Whether what comes of a site comes by a mirrored source."""
    if is_web(source.place):
        return site == site_of(source.place)
    return under(site).startswith(under(source.place))
