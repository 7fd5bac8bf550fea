"""python -m citewell.eval.bench_cleaning [--sites N]: which lines of generated sites are left out, and which should be.

Each site has its own menu, prompts and notices, some on every page, some on a part, between articles of real sentences.
Among them stand lines that repeat as often and must stay: headings, facts about the publisher, bylines, values.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from citewell.corpus.cleaning import REPEATED, excluded_spans
from citewell.corpus.repeated import repeated
from citewell.corpus.text import text_sha
from citewell.eval.bench_words import name_of
from citewell.eval.generate import real_sentences

SITES, PAGES, SEED = 40, 30, 5
_MENUS = (
    "Front page", "Our people", "Opening hours", "Press room", "Weather", "Sport", "Economy", "Podcasts", "Webshop",
    "About the editors", "Jobs", "Advertise with us", "Newsletters", "Crossword", "Voorpagina", "Contact en route",
    "Startseite", "Impressum", "Über uns", "首页",
)  # fmt: skip
_PROMPTS = (
    "Never miss a story again.", "Read all of our stories on your phone.", "Follow us wherever you like to read.",
    "Was this page useful to you?", "Tell a friend about this page!", "Listen to this story instead",
    "Give this article as a present", "Save this story for later", "View all comments on this page",
    "Back to the overview", "Print this page", "Send us your tip", "Become a member today", "More of the same",
    "All content is protected by law.", "© 2026 the publishers. All rights reserved.", "Terms of use | Privacy | Cookies",
    "This site is protected by a captcha.", "Lees hier hoe wij met je gegevens omgaan.", "Zurück zur Übersicht",
)  # fmt: skip
_MUST_STAY = (
    "The publisher was founded in 1911 and employs 48 people.", "Its office is on the market square of Utrecht.",
    "By Maria van Dam", "Phone: 030 123 45 67", "Headquarters: Utrecht", "Call 0800 1234 for advice",
    "The paper appears six days a week, except on holidays in Belgium.", "Editor: J. Brook",
)  # fmt: skip
_HEADINGS = ("## Summary", "## What happened", "## Background", "## In figures")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Over all pages: lines of the page around the article, lines left out, and those of both."""

    on_pages: str
    pages: int
    leftovers: int
    left_out: int
    precision: float
    recall: float
    traps: int  # repeated lines that must stay
    traps_left_out: int


def page(
    number: int, chance: random.Random, sentences: Sequence[str], site: "_Site"
) -> tuple[list[str], set[int], set[int]]:
    """Its lines, and which of them are leftovers and which traps."""
    blocks: list[tuple[str, str]] = [("leftover", line) for line in site.menu if chance.random() < site.share]
    blocks.append(("own", f"Report {number} on {name_of(chance.randrange(50_000))}"))
    blocks += [("trap", line) for line in site.above if chance.random() < site.share]
    for heading in chance.sample(_HEADINGS, 2):
        blocks += [("trap", heading), ("own", " ".join(chance.sample(sentences, 4)))]
        if chance.random() < site.share:
            blocks.append(("leftover", site.between))
        blocks.append(("own", " ".join(chance.sample(sentences, 3))))
    blocks += [("trap", line) for line in site.below if chance.random() < site.share]
    blocks += [("leftover", line) for line in site.prompts if chance.random() < site.share]
    lines = [line for _, line in blocks]
    marked = {
        kind: {number for number, (each, _) in enumerate(blocks) if each == kind}
        for kind in ("leftover", "trap")
    }
    return lines, marked["leftover"], marked["trap"]


@dataclass(frozen=True, slots=True)
class _Site:
    share: float  # of the pages that a line stands on
    menu: tuple[str, ...]
    between: str
    prompts: tuple[str, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]

    @classmethod
    def of(cls, chance: random.Random, share: float) -> "_Site":
        prompts = chance.sample(_PROMPTS, 6)
        traps = chance.sample(_MUST_STAY, 4)
        menu = chance.sample(_MENUS, chance.randint(2, 7))
        return cls(share, tuple(menu), prompts[0], tuple(prompts[1:]), tuple(traps[:2]), tuple(traps[2:]))


def cleaned(share: float, sites: int, sentences: Sequence[str]) -> Cleaned:
    counts = dict.fromkeys(("leftovers", "left_out", "both", "traps", "traps_left_out"), 0)
    for number in range(sites):
        chance = random.Random(f"{SEED} {share} {number}")  # noqa: S311
        site = _Site.of(chance, share)
        pages = [page(each, chance, sentences, site) for each in range(PAGES)]
        texts = {text_sha("\n\n".join(lines)): "\n\n".join(lines) for lines, _, _ in pages}
        found = {each.line for each in repeated({"site": list(texts)}, texts.__getitem__)}
        for lines, leftovers, traps in pages:
            text = "\n\n".join(lines)
            spans = [each.span for each in excluded_spans(text, found) if each.rule == REPEATED]
            by_rule = [each.span for each in excluded_spans(text) if each.rule != REPEATED]
            starts = [sum(len(line) + 2 for line in lines[:i]) for i in range(len(lines))]
            inside = {i for i, at in enumerate(starts) if any(span.start <= at < span.end for span in spans)}
            known = {i for i, at in enumerate(starts) if any(span.start <= at < span.end for span in by_rule)}
            counts["leftovers"] += len(leftovers - known)
            counts["left_out"] += len(inside)
            counts["both"] += len(inside & leftovers)
            counts["traps"] += len(traps - known)
            counts["traps_left_out"] += len(inside & traps)
    return Cleaned(
        f"{share:.0%}", sites * PAGES, counts["leftovers"], counts["left_out"],
        round(counts["both"] / max(1, counts["left_out"]), 4), round(counts["both"] / counts["leftovers"], 4),
        counts["traps"], counts["traps_left_out"],
    )  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_cleaning")
    options.add_argument("--sites", type=int, default=SITES)
    sites = options.parse_args().sites
    sentences = [sentence for each in real_sentences() for sentence in each if len(sentence) > 40]
    for share in (1.0, 0.8, 0.5, 0.35, 0.2):
        print(json.dumps(asdict(cleaned(share, sites, sentences))))


if __name__ == "__main__":
    main()
