"""Mirroring a feed or a sitemap: its new pages are added, changed ones updated, those that are gone removed.

A page is asked only if its stamp does not say that it is as it was, and then only whether it changed. A feed is a window:
what it lists no longer is removed only when its page says that it is gone. Each batch is published, then noted in
`visits.py`: what was killed between the two is read again and found unchanged.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from citewell.corpus.address import address_of
from citewell.corpus.errors import LibraryMissing
from citewell.corpus.fetching import Fetcher
from citewell.corpus.listing import FeedEntry, Listing
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.corpus.visit import Document
from citewell.corpus.webpage import Page
from citewell.index.embedding import Progress
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.mirror import Action, Found, Held, Plan, gone, plan
from citewell.index.sync import Synced
from citewell.index.visiting import held_of, note, read_as
from citewell.index.visits import VISITS, Visit, Visits
from citewell.index.writing import Outcome, Written, batches, hide

MOST_ASKED = 50  # pages that a feed lists no longer, each time: those that were not asked for longest
_LAST = "nothing would be left of the source; if its articles are to go: --allow-empty"


@dataclass(frozen=True, slots=True)
class _Survey:
    """What a plan is made from, and the plan; `spared` are pages that it leaves alone though they are listed no longer."""

    known: Mapping[str, Visit]
    held: Mapping[str, Held]
    read_as: str
    plan: Plan
    spared: Collection[str]

    def untouched(self) -> set[str]:
        """The articles that stay as they are."""
        names = {*self.plan.unchanged, *self.spared}
        return {article_id for article_id, held in self.held.items() if held.name in names}


def known_documents(folder: Path, address: str) -> dict[str, Document]:
    """What a feed or sitemap was read from the last time that the library in a folder mirrored it."""
    if not (folder / VISITS).is_file():
        return {}
    with suppress(ValueError), closing(Visits(folder / VISITS)) as visits:
        return visits.documents(address_of(address))
    return {}


def dry_run(
    folder: Path, listing: Listing, keep_vanished: bool = False, truth: Server | None = None
) -> Synced:
    """What `sync` would do to the library in a folder, whether it is there or not. No page is asked, nothing is changed."""
    with ExitStack() as opened:
        store = None
        with suppress(LibraryMissing):
            store = opened.enter_context(closing(Store(truth or folder / STORE)))
        there = (folder / VISITS).is_file()
        visits = opened.enter_context(closing(Visits(folder / VISITS))) if there else None
        survey = _survey(store, visits, listing, keep_vanished)
    refused = listing.refused
    steps = (
        Outcome(refused[name].place, action.value, reason=refused[name].reason)
        if name in refused
        else Outcome(name, action.value)
        for name, action in survey.plan.steps.items()
    )
    return Synced(listing.address, True, tuple(steps), len(survey.untouched()))


def sync(
    library: Library,
    listing: Listing,
    fetcher: Fetcher,
    keep_vanished: bool = False,
    allow_empty: bool = False,
    progress: Progress = lambda *_: None,
    fetched: Progress = lambda *_: None,
) -> Synced:
    """Make the library's articles of a feed or sitemap what its pages give; a page that cannot be read keeps its article.

    With `keep_vanished` articles whose pages are listed no longer stay, too. `fetched` is told how many pages were read.
    """
    with closing(Visits(library.folder / VISITS)) as visits:
        survey = _survey(library.store, visits, listing, keep_vanished)
        outcomes = {
            name: Outcome(each.place, "refused", reason=each.reason) for name, each in listing.refused.items()
        }
        items = _items(survey, listing, fetcher)
        if items or library.is_behind():
            with closing(batches(library, _counted(items, fetched), progress)) as published:
                for batch in published:
                    outcomes |= {_address(each): each.outcome for each in batch}
                    note(library, visits, listing.address, batch, lambda name: _stamp(listing, name))
            visits.put(listing.address, _refused_again(survey, outcomes))
        untouched = survey.untouched()
        over = _over(survey, listing, items, outcomes)
        given = untouched or any(each.article_id for each in outcomes.values())
        if keep_vanished or (over and not given and not allow_empty):
            result, reason = ("kept", None) if keep_vanished else ("refused", _LAST)
        else:
            result, reason = "removed", None
            revisions = {article_id: survey.held[article_id].revision for article_id in over}
            hidden = hide(library, revisions, progress)
            over = [article_id for article_id in over if article_id in hidden]  # others changed meanwhile
            names = [survey.held[article_id].name for article_id in over]
            visits.forget(listing.address, [*names, *_forgotten(survey, visits, listing)])
        ended = {survey.held[article_id].name: article_id for article_id in over}
        outcomes |= {
            name: Outcome(name, result, article_id, reason=reason) for name, article_id in ended.items()
        }
        visits.put_documents(listing.address, listing.documents)
    _note_source(library, listing)
    told = tuple(each for each in outcomes.values() if each.result != "unchanged")
    return Synced(listing.address, False, told, len(untouched) + len(outcomes) - len(told))


def _note_source(library: Library, listing: Listing) -> None:
    """Write down that the source was looked at; one that gives nothing is a source no longer."""
    lost = [f"{listing.refused[name].place}: {listing.refused[name].reason}" for name in listing.lost]
    if listing.stamps or listing.refused:
        library.store.note_look(listing.address, lost[0] if lost else None)
    else:
        library.store.forget_source(listing.address)


def _survey(store: Store | None, visits: Visits | None, listing: Listing, keep_vanished: bool) -> _Survey:
    known = visits.of(listing.address) if visits else {}
    held = held_of(store, {*known, *listing.stamps}) if store else {}
    unlisted = sorted(
        (each.name for each in held.values() if each.name not in listing.stamps),
        key=lambda name: (known[name].turn, name),
    )
    spared = visits.elsewhere(listing.address, unlisted) if visits else set()
    if listing.is_window:
        left = [name for name in unlisted if name not in spared]
        spared |= set(left if keep_vanished else left[MOST_ASKED:])
        vanished = Action.ASK
    else:
        spared |= set(unlisted) if listing.lost else set()
        vanished = Action.KEEP if keep_vanished else Action.REMOVE
    as_read = read_as(store)
    made = plan(
        {name: visit.known for name, visit in known.items()},
        {name: Found(stamp) for name, stamp in listing.stamps.items()},
        listing.refused,
        {article_id: each for article_id, each in held.items() if each.name not in spared},
        as_read,
        vanished,
    )
    return _Survey(known, held, as_read, made, spared)


def _items(survey: _Survey, listing: Listing, fetcher: Fetcher) -> list[Page | FeedEntry]:
    names = [
        name
        for name, action in survey.plan.steps.items()
        if action in (Action.ADD, Action.UPDATE, Action.ASK)
    ]
    formers = {
        name: survey.known[name].former(survey.held, survey.read_as) for name in names if name in survey.known
    }
    return [listing.entries.get(name) or Page(name, fetcher, formers.get(name)) for name in names]


def _counted(items: Sequence[Page | FeedEntry], fetched: Progress) -> Iterator[Page | FeedEntry]:
    for number, item in enumerate(items):
        fetched(number, len(items))
        yield item


def _address(written: Written) -> str:
    assert isinstance(written.file, Page | FeedEntry)
    return written.file.address


def _stamp(listing: Listing, name: str) -> str:
    return listing.stamps[name] if name in listing.stamps and listing.is_settled(name) else ""


def _refused_again(survey: _Survey, outcomes: Mapping[str, Outcome]) -> dict[str, Visit]:
    """So that they were asked now."""
    names = (name for name, each in outcomes.items() if each.result == "refused")
    return {name: survey.known[name] for name in names if name in survey.known}


def _over(
    survey: _Survey,
    listing: Listing,
    items: Sequence[Page | FeedEntry],
    outcomes: Mapping[str, Outcome],
) -> list[str]:
    """Ids of the articles that the source does not give any longer."""
    left = {each.address for each in items if isinstance(each, Page) and each.is_gone} - listing.stamps.keys()
    refused = {name for name, each in outcomes.items() if each.result == "refused"} - left
    given = {each.article_id for each in outcomes.values() if each.article_id is not None}
    return gone(survey.held, survey.untouched() | given, refused)


def _forgotten(survey: _Survey, visits: Visits, listing: Listing) -> set[str]:
    """Pages that are listed no longer and have no article, or one that another source has, too."""
    holding = {each.name for each in survey.held.values()}
    unlisted = survey.known.keys() - listing.stamps.keys()
    return (unlisted - holding) | visits.elsewhere(listing.address, unlisted & set(survey.spared))
