"""Mirroring a folder: new files are added, changed ones updated, vanished ones removed, all others not even read.

Each batch is published, then noted in `seen.py`: what was killed between the two is read again and found unchanged.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path

from citewell.corpus.article import is_web
from citewell.corpus.errors import CitewellError, LibraryMissing
from citewell.corpus.finding import Refused, opened
from citewell.corpus.looking import Look, Stamp, stamp_of, under
from citewell.corpus.records import Mapped
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index.embedding import Progress
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.mirror import Action, Found, Held, Known, Plan, gone, is_spared, may_be_unchanged, plan
from citewell.index.seen import SEEN, Seen
from citewell.index.writing import Outcome, Written, batches, hide


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of the files, or in a dry run what would; `unchanged` counts articles, which are not listed."""

    source: str
    dry_run: bool
    files: tuple[Outcome, ...]
    unchanged: int


@dataclass(frozen=True, slots=True)
class _Survey:
    """What a plan is made from, and the plan."""

    known: Mapping[str, Known]
    found: Mapping[str, Found]
    held: Mapping[str, Held]
    read_as: str
    plan: Plan

    def unchanged(self) -> dict[str, str]:
        """The articles of the files that are as they were, each with its file."""
        return {each: name for name in self.plan.unchanged for each in self.known[name].articles}


def dry_run(
    folder: Path,
    looked: Look,
    mapped: Mapped | None = None,
    keep_vanished: bool = False,
    truth: Server | None = None,
) -> Synced:
    """What `sync` would do to the library in a folder, whether it is there or not. Nothing is changed."""
    with ExitStack() as opened:
        store = None
        with suppress(LibraryMissing):
            store = opened.enter_context(closing(Store(truth or folder / STORE)))
        seen = opened.enter_context(closing(Seen(folder / SEEN))) if (folder / SEEN).is_file() else None
        survey = _survey(store, seen, looked, mapped, keep_vanished)
    reasons = {name: refused.reason for name, refused in looked.refused.items()}
    steps = (
        Outcome(looked.place(name), action.value, reason=reasons.get(name))
        for name, action in survey.plan.steps.items()
    )
    return Synced(str(looked.folder), True, tuple(steps), len(survey.unchanged()))


def sync(
    library: Library,
    looked: Look,
    mapped: Mapped | None = None,
    keep_vanished: bool = False,
    progress: Progress = lambda *_: None,
) -> Synced:
    """Make the library's articles of a folder what its files give; a file that cannot be read keeps its articles.

    With `keep_vanished` articles that no file gives any longer stay, too.
    """
    with closing(Seen(library.folder / SEEN)) as seen:
        survey = _survey(library.store, seen, looked, mapped, keep_vanished)
        seen.put(_touched(survey, looked))
        outcomes = [Outcome(each.place, "refused", reason=each.reason) for each in looked.refused.values()]
        unchanged = survey.unchanged()
        reads = _Reads(library, looked, seen, survey)
        files = [name for name, action in survey.plan.steps.items() if action in (Action.ADD, Action.UPDATE)]
        if files or library.is_behind():
            taken = {article_id: looked.place(name) for article_id, name in unchanged.items()}
            paths = [looked.files[name] for name in files]
            with closing(batches(library, paths, progress, mapped, taken)) as published:
                for batch in published:
                    outcomes += [each.outcome for each in batch]
                    reads.note(batch)
            reads.finish()
        given = {*unchanged, *(each for ids in reads.gave.values() for each in ids)}
        refused = {*looked.refused, *reads.refused}
        over = gone(survey.held, given, refused)
        if not keep_vanished:
            hidden = hide(library, {name: survey.held[name].revision for name in over}, progress)
            changed = {survey.held[name].name for name in over if name not in hidden}  # meanwhile
            over = [name for name in over if name in hidden]
            seen.forget(name for name in _vanished(survey, refused) if name not in changed)
        outcomes += [
            Outcome(looked.place(survey.held[name].name), "kept" if keep_vanished else "removed", name)
            for name in over
        ]
    note_source(library, looked)
    told = tuple(each for each in outcomes if each.result != "unchanged")
    return Synced(str(looked.folder), False, told, len(unchanged) + len(outcomes) - len(told))


def missed(folder: Path, place: str, reason: str, truth: Server | None = None) -> None:
    """Write down, if the library is there and mirrors the source, that it could not be read now."""
    with suppress(CitewellError), closing(Store(truth or folder / STORE)) as store:
        fault = reason.partition(" Nothing was changed")[0].rstrip(".")
        store.note_miss(place, fault.removeprefix(f"{place}: "))


def note_source(library: Library, looked: Look) -> None:
    """Write down that a folder was looked at; one that gives nothing is a source no longer."""
    if looked.files or looked.refused:
        library.store.note_look(looked.root)
    else:
        library.store.forget_source(looked.root)


def _survey(
    store: Store | None, seen: Seen | None, looked: Look, mapped: Mapped | None, keep_vanished: bool
) -> _Survey:
    known = seen.files(looked.root) if seen else {}
    held = dict(_held(store, looked, known)) if store else {}
    read_as = json.dumps(
        [store.epoch() if store else "", version("citewell"), sorted((mapped or {}).items())]
    )
    found = {
        name: Found(stamp, _sha_if_needed(looked.files[name], stamp, known.get(name), held, read_as))
        for name, stamp in looked.stamps.items()
    }
    vanished = Action.KEEP if keep_vanished else Action.REMOVE
    made = plan(known, found, looked.refused, held, read_as, vanished)
    return _Survey(known, found, held, read_as, made)


def _held(store: Store, looked: Look, known: Mapping[str, Known]) -> Iterator[tuple[str, Held]]:
    """Live articles whose source lies in the folder, and records that a file in it gave whose source is a URL."""
    own = set()
    for article in store.articles_from(under(looked.root)):
        own.add(article.article_id)
        yield article.article_id, Held(article.revision, _file_of(article.source, looked, known))
    for name, file in known.items():
        for article in store.live(file.articles.keys() - own):
            if is_web(article.source):
                yield article.article_id, Held(article.revision, name)


def _file_of(source: str, looked: Look, known: Mapping[str, Known]) -> str:
    """The file, where the source of a record is that and a number."""
    file, _, number = source.rpartition("#")
    is_file = source in looked.files or source in known or not number.isdecimal()
    return source if is_file else file


def _sha_if_needed(
    file: Path, stamp: Stamp, known: Known | None, held: Mapping[str, Held], read_as: str
) -> str | None:
    """Of a file that was touched: if its bytes are the known ones it need not be read."""
    if known is None or known.stamp == stamp or not may_be_unchanged(known, held, read_as):
        return None
    return _sha_of(file, stamp)


def _sha_of(file: Path, stamp: Stamp) -> str | None:
    """Of its bytes; None if they cannot be read or have another stamp by now."""
    try:
        with opened(file) as stream:
            sha = file_digest(stream, "sha256").hexdigest()
        return sha if stamp_of(file) == stamp else None
    except (OSError, ValueError):
        return None


def _touched(survey: _Survey, looked: Look) -> dict[str, Known]:
    """Files with the same bytes under another stamp."""
    stamped = ((name, survey.known[name], looked.stamps[name]) for name in survey.plan.unchanged)
    return {
        name: replace(known, stamp=stamp)
        for name, known, stamp in stamped
        if known.stamp != stamp and looked.is_settled(stamp)
    }


def _vanished(survey: _Survey, refused: Collection[str]) -> Iterator[str]:
    """Known files that are not there any longer."""
    return (name for name in survey.known if name not in survey.found and not is_spared(name, refused))


class _Reads:
    """What the files gave that were read, by name; a file is noted once the next one begins."""

    def __init__(self, library: Library, looked: Look, seen: Seen, survey: _Survey) -> None:
        self._library, self._looked, self._seen, self._survey = library, looked, seen, survey
        self._names: dict[Path | Refused, str] = {path: name for name, path in looked.files.items()}
        self._open: list[str] = []
        self.gave: dict[str, list[str]] = defaultdict(list)
        self.refused: set[str] = set()

    def note(self, batch: Iterable[Written]) -> None:
        for each in batch:
            assert isinstance(each.file, Path | Refused)
            name = self._names[each.file]
            if name not in self._open:
                self._open.append(name)
            if each.outcome.article_id is None:
                self.refused.add(name)
            else:
                self.gave[name].append(each.outcome.article_id)
        self._write(self._open[:-1])
        self._open = self._open[-1:]

    def finish(self) -> None:
        self._write(self._open)

    def _write(self, names: Iterable[str]) -> None:
        self._seen.put({name: self._known(name) for name in names if self.gave[name]})

    def _known(self, name: str) -> Known:
        """Without a SHA-256, so that it is read again, if it was refused in part or may have been written meanwhile."""
        stamp = self._looked.stamps[name]
        articles = {each.article_id: each.revision for each in self._library.store.live(self.gave[name])}
        if name in self.refused:
            before = self._survey.known.get(name)
            articles = {**(before.articles if before else {}), **articles}
        sure = name not in self.refused and self._looked.is_settled(stamp)
        sha = _sha_of(self._looked.files[name], stamp) if sure else None
        return Known(stamp, sha or "", self._survey.read_as, articles)
