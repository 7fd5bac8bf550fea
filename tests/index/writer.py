"""python -m tests.index.writer LIBRARY SEED [TRUTH]: writes at random until it is killed, saying on stdout what is done.

Every line is printed after the operation it names has returned: it is what was acknowledged.
"""

import json
import random
import sys
from pathlib import Path

from citewell.corpus.article import Draft
from citewell.corpus.errors import UnknownArticle
from citewell.corpus.passages import CUT_RECIPE
from citewell.corpus.repeated import recipe_with
from citewell.corpus.server import Server
from citewell.index.backup import backup, restore
from citewell.index.clean import leave_out
from citewell.index.cutting import cut_for
from citewell.index.library import Library
from citewell.index.purge import purge
from tests.fakes import WordEmbedder
from tests.index.histories import MENU, RULE

WORDS = ("sun", "moon", "star", "comet", "cloud")
NAMES = tuple("abcdefgh")


def embedder() -> WordEmbedder:
    return WordEmbedder(*WORDS)


def put(library: Library, name: str, words: str) -> None:
    draft = Draft(words, name.upper(), "test", "")
    lines = library.store.lines_of_sites().get("/", frozenset())
    pieces = cut_for(library.embedder, words, "en", lines)
    library.store.put(name, f"/{name}.txt", draft, "en", pieces, recipe_with(CUT_RECIPE, lines))


def texts_of(library: Library) -> dict[str, str]:
    return {a.article_id: library.store.text(a.text_sha) for a in library.store.articles()}


def say(kind: str, name: str = "", words: str = "") -> None:
    print(json.dumps([kind, name, words]), flush=True)


def write(folder: Path, seed: int, truth: Server | None) -> None:
    chance = random.Random(seed)
    library = Library(folder, embedder(), create=True, truth=truth)
    saved: dict[str, str] | None = None
    rule = ""  # that was saved with it
    for step in range(10_000):
        kind = chance.choices(
            ("put", "remove", "purge", "rebuild", "compact", "backup", "restore", "keep", "clean"),
            (12, 3, 1, 1, 2, 1, 1, 1, 1),
        )[0]
        name = chance.choice(NAMES)
        if kind == "restore" and saved is None:
            continue
        menu = chance.choice(("", MENU))
        name = {"clean": menu, "restore": rule}.get(kind, name)
        say("begin " + kind, name, json.dumps(saved) if kind == "restore" else "")
        try:
            if kind == "put":
                words = f"{menu}\n\n" if menu else ""
                words += f"The {chance.choice(WORDS)} of step {seed} {step}. " * chance.randint(1, 9)
                with library.writing():
                    put(library, name, words)
                    library.catch_up()
                say(kind, name, words)
            elif kind == "remove":
                with library.writing():
                    library.store.remove(name)
                    library.catch_up()
                say(kind, name)
            elif kind == "purge":
                purge(library, [name])
                say(kind, name)
            elif kind == "keep":
                with library.writing():
                    library.store.keep_revisions(chance.choice((None, 2, 5)))
                    library.catch_up()
            elif kind == "clean":
                leave_out(library, RULE if menu else ())
                say(kind, menu)
            elif kind == "backup":
                backup(library, folder.parent / "backup.zip")
                saved, rule = texts_of(library), MENU if library.store.repeated() else ""
                say(kind)
            elif kind == "restore":
                restore(library, folder.parent / "backup.zip")
                say(kind, rule, json.dumps(saved))
            else:
                with library.writing():
                    library.rebuild() if kind == "rebuild" else library.compact(at_rest=chance.random() < 0.5)
        except UnknownArticle:
            say("nothing", name)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    write(where, int(sys.argv[2]), Server.of(sys.argv[3], where) if sys.argv[3:] else None)
