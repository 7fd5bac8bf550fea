"""kill -9 at random moments: what was acknowledged is there, the library opens, verify passes."""

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citewell.corpus.cleaning import REPEATED
from citewell.corpus.server import Server
from citewell.index.answer import ask
from citewell.index.backup import check_backup
from citewell.index.library import Library
from citewell.index.verify import verify
from tests.forked import Forked
from tests.index.histories import MENU
from tests.index.writer import embedder, texts_of
from tests.truths import kept_by, said


def killed_after(
    folder: Path, seed: int, lines: int, seconds: float, truth: Server | None
) -> list[list[str]]:
    """What the writer said until it was killed, so many lines and so long after its first word."""
    with Forked("tests.index.writer", folder, str(seed), *(said(truth)[:1] if truth else ())) as writer:
        told = [writer.stdout.readline() for _ in range(lines)]
        time.sleep(seconds)
        writer.kill()
        told += writer.stdout.read().splitlines(keepends=True)
    return [json.loads(line) for line in told if line.endswith(b"]\n")]


@dataclass(frozen=True, slots=True)
class Expected:
    """The acknowledged texts by article; what else may have become of them by what was under way."""

    texts: dict[str, str]
    unsettled: str | None  # the one article that was written
    restored: dict[str, str] | None  # what all of them were to become
    rules: set[str]  # what is left out is one of these

    def fits(self, found: dict[str, str], rule: str) -> bool:
        if rule not in self.rules:
            return False
        settled = {name: text for name, text in self.texts.items() if name != self.unsettled}
        return settled == {n: t for n, t in found.items() if n != self.unsettled} or found == self.restored


def expected_after(said: list[list[str]], before: dict[str, str], rule: str) -> Expected:
    texts, unsettled, restored, rules = dict(before), None, None, {rule}
    for kind, name, words in said:
        unsettled = name if kind in ("begin put", "begin remove", "begin purge") else None
        restored = json.loads(words) if kind == "begin restore" else None
        if kind == "put":
            texts[name] = words
        elif kind in ("remove", "purge"):
            texts.pop(name, None)
        elif kind == "restore":
            texts = json.loads(words)
        if kind in ("clean", "restore"):
            rules = {name}
        elif kind in ("begin clean", "begin restore"):
            rules |= {name}
    return Expected(texts, unsettled, restored, rules)


def rule_of(library: Library) -> str:
    """The line that is left out, of each article that has it or of none."""
    (rule,) = [each.line for each in library.store.repeated()] or [""]
    for article in library.store.articles():
        text = library.store.text(article.text_sha)
        cut = library.store.cut(article.text_sha)
        left_out = [each.span.of(text).strip() for each in cut.excluded if each.rule == REPEATED]
        assert left_out == ([MENU] if rule and MENU in text else [])
    return rule


def check_earlier_moments(library: Library, chance: random.Random) -> None:
    """At three of them exactly those revisions are searched that were live then and are kept."""
    changes = library.store.database.rows("SELECT article_id, kind, recorded_at FROM changes ORDER BY number")
    for _, _, moment in chance.sample(changes, min(3, len(changes))):
        live: dict[str, int] = {}
        puts: Counter[str] = Counter()
        for name, kind, _ in (change for change in changes if change[2] <= moment):
            if kind == "put":
                puts[name] += 1
                live[name] = puts[name]
            elif kind != "drop":
                live.pop(name, None)
        searched = [
            article.key
            for part in library.searcher(moment).parts
            for number, article in enumerate(part.segment.articles)
            if number not in part.dead
        ]
        assert sorted(searched) == sorted(key for key in live.items() if library.store.has(*key))


def check_kills(folder: Path, kills: int, seed: int, truth: Server | None = None) -> None:
    chance = random.Random(seed)
    library_folder = folder / "library"
    library_folder.mkdir()
    if truth:
        truth = replace(truth, folder=library_folder)
    texts: dict[str, str] = {}
    rule, acknowledged = "", 0
    for kill in range(kills):
        told = killed_after(
            library_folder, 1000 * seed + kill, chance.randint(1, 20), chance.uniform(0.0, 0.02), truth
        )
        acknowledged += sum(kind == "put" for kind, _, _ in told)
        expected = expected_after(told, texts, rule)
        library = Library(library_folder, embedder(), truth=truth)
        try:
            library.catch_up_if_free()
            faults = [fault for check in verify(library) for fault in check.faults]
            assert faults == [], f"kill {kill} of seed {seed}"
            texts, rule = texts_of(library), rule_of(library)
            assert expected.fits(texts, rule)
            cited = {
                c.article.id for c in ask(library.searcher(), library.store, "sun moon star", 100).citations
            }
            assert cited <= set(texts)
            check_earlier_moments(library, chance)
        finally:
            library.close()
        if (folder / "backup.zip").exists():
            check_backup(folder / "backup.zip")
    assert acknowledged > kills  # else the writer was killed before it did anything


def test_ten_kills_lose_nothing(tmp_path: Path, truth: Path | Server) -> None:
    check_kills(tmp_path, 10, 1, kept_by(truth))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_thousand_kills_lose_nothing(tmp_path: Path, seed: int, truth: Path | Server) -> None:
    check_kills(tmp_path, 100, seed, kept_by(truth))
