"""`citewell reread`, in processes of its own."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.article import Draft
from citewell.corpus.originals import sha_of
from citewell.corpus.passages import CUT_RECIPE, cut
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from tests.service.command import citewell

WORDS = "Spring tide comes two days after new moon."


@pytest.fixture
def library(embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    """Two articles that an earlier reader read, of which one cannot be read any longer, and one of today."""
    folder = tmp_path / "library"
    folder.mkdir()
    with closing(Library(folder, embedder, create=True)) as made, made.writing():
        for name, original in (("a", WORDS.encode()), ("b", b"\xff")):
            draft = Draft(f"Menu of {name}", "Tides", "plain-0", sha_of(original))
            pieces = cut(draft.text, "en", embedder.count_tokens)
            made.store.put(name, f"/{name}.txt", draft, "en", pieces, CUT_RECIPE, original)
        made.catch_up()
    (tmp_path / "c.txt").write_text(f"{WORDS} Nobody doubts it.")
    assert citewell("add", tmp_path / "c.txt", "--library", folder).code == 0
    return folder


def test_a_plan_then_what_was_done_then_what_is_left(library: Path) -> None:
    planned = citewell("reread", "--dry-run", "--library", library)
    assert (planned.code, planned.out.splitlines()) == (
        0,
        ["read       a", "read       b", "2 read, 0 unchanged; nothing was done"],
    )
    done = citewell("reread", "--library", library)
    assert (done.code, done.out.splitlines()) == (
        1,
        [
            "updated    a  1 passage",
            "refused    b  not UTF-8 at byte 0; save it as UTF-8",
            "1 updated, 1 refused, 0 unchanged",
        ],
    )
    assert WORDS in citewell("ask", "When is spring tide?", "--article", "a", "--library", library).out
    again = json.loads(citewell("reread", "--json", "--library", library).out)
    assert [(each["file"], each["result"]) for each in again["articles"]] == [("b", "refused")]
    assert citewell("verify", "--library", library).code == 0


def test_articles_by_name_and_all_of_them(library: Path) -> None:
    named = citewell("reread", "a", "--json", "--library", library)
    assert (named.code, json.loads(named.out)["articles"][0]["result"]) == (0, "updated")
    assert json.loads(citewell("reread", "--all", "--json", "--library", library).out)["unchanged"] == 2
    refusal = citewell("reread", "none", "--library", library).refusal
    assert refusal.startswith(
        "No article 'none'. What citewell search shows begins with the id of its article; "
    )
    assert citewell("reread", "a", "--all", "--library", library).refusal.startswith("--all and names")
