"""Citations last: whatever is done to their articles, they stay valid, and what became of each is said rightly."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from citewell.corpus.article import Draft, Span
from citewell.corpus.passages import CUT_RECIPE, whole
from citewell.corpus.store import Store
from citewell.corpus.text import text_sha
from citewell.index.answer import ask
from citewell.index.checking import check
from citewell.index.claims import Claim
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add
from tests.index.edits import REMOVED, Label, differences, edited

SQUAD = Path(__file__).parents[3] / "shared" / "evalsets" / "squad11_dev"


def put(store: Store, name: str, words: str) -> None:
    store.put(name, f"/{name}", Draft(words, name, "test", ""), "en", whole(words, "en"), CUT_RECIPE)


def by_article(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        assert claim.article_id is not None
        found[claim.article_id].append(claim)
    return found


def edit(store: Store, name: str, cited: list[Claim], chance: random.Random) -> dict[Claim, Label]:
    """Edit or remove an article; the label of every citation of it."""
    if chance.random() < 0.1:
        store.remove(name)
        return dict.fromkeys(cited, REMOVED)
    text = store.text(store.article(name).text_sha)
    new, labels = edited(text, [claim.span for claim in cited if claim.span], chance)
    put(store, name, new)
    return {claim: labels[claim.span] for claim in cited if claim.span}


def check_labels(store: Store, claims: list[Claim], labels: dict[Claim, Label]) -> Counter[str]:
    """All are valid, and each is where its label says; returns how often each edit was labelled how."""
    said = check(store, claims)
    assert [each for each in said.citations if not each.valid] == []
    compared = []
    for claim, each in zip(claims, said.citations, strict=True):
        assert each.now is not None
        now = each.now
        span = None if now.start is None or now.end is None else Span(now.start, now.end)
        compared.append((labels.get(claim, Label("none", "exact", claim.span)), now.state, span))
    assert list(differences(compared)) == []
    return Counter(f"{label.edit} {label.state}" for label, _, _ in compared)


WORDS = [f"{a}{b}{c}" for a in ("ba", "do", "fi", "ku") for b in ("la", "mo", "ri", "tu") for c in "nst"]


def an_article(chance: random.Random) -> tuple[str, list[Span]]:
    """Sentences of made-up words, and their spans."""
    text, spans = "", []
    for _ in range(chance.randint(5, 40)):
        words = [chance.choice(WORDS) + chance.choice(WORDS) for _ in range(chance.randint(1, 25))]
        sentence = " ".join(words).capitalize() + "."
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += sentence + chance.choice((" ", " ", "\n\n"))
    return text, spans


@pytest.mark.parametrize("seed", range(2))
def test_citations_of_edited_articles_are_valid_and_said_to_be_where_they_are(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    store = Store(tmp_path / "store.db", create=True)
    claims = []
    for number in range(40):
        text, spans = an_article(chance)
        put(store, f"a{number:02}", text)
        for first in chance.sample(range(len(spans)), len(spans) // 2):
            span = Span(spans[first].start, spans[min(first + chance.randint(0, 1), len(spans) - 1)].end)
            claims.append(Claim(f"a{number:02}", text_sha(text), span, span.of(text)))
    cited, labels = by_article(claims), dict[Claim, Label]()
    for first in range(10):
        for name in sorted(cited)[first::10]:
            labels |= edit(store, name, cited[name], chance)
        counts = check_labels(store, claims, labels)
    store.close()
    assert {*("insert moved", "reword changed", "delete gone", "move moved")} <= set(counts)
    assert {*("keep exact", "keep moved", "duplicate exact", "duplicate moved", "remove gone")} <= set(counts)


# -- 5,000 questions over real articles -----------------------------------------------------------------------


def squad_articles(folder: Path) -> list[Path]:
    """The paragraphs of SQuAD, rejoined by title into long articles."""
    paragraphs: defaultdict[str, list[str]] = defaultdict(list)
    for line in (SQUAD / "corpus.jsonl").read_text("utf-8").splitlines():
        document = json.loads(line)
        paragraphs[document["title"]].append(document["text"])
    files = []
    for number, title in enumerate(sorted(paragraphs)):
        file = folder / f"{number:02}.md"
        front = json.dumps({"id": f"squad-{number:02}", "title": title, "language": "en"})
        file.write_text(f"---\n{front}\n---\n" + "\n\n".join(paragraphs[title]), "utf-8")
        files.append(file)
    return files


@pytest.mark.slow
def test_citations_of_5000_questions_are_valid_and_said_to_be_where_they_are(
    embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    if not SQUAD.is_dir():
        pytest.skip(f"no {SQUAD}")
    library = Library(tmp_path, embedder, create=True)
    add(library, squad_articles(tmp_path))
    questions = (SQUAD / "queries.jsonl").read_text("utf-8").splitlines()[:5_000]
    searcher, store = library.searcher(), library.store
    claims = []
    for line in questions:
        answer = ask(searcher, store, json.loads(line)["text"], k=2)
        for citation in (*answer.citations, *answer.near_misses):
            span = Span(citation.quote.start, citation.quote.end)
            claims.append(Claim(citation.article.id, citation.article.version, span, citation.quote.text))
    cited, labels, chance = by_article(claims), dict[Claim, Label](), random.Random(1)
    for first in range(10):
        for name in sorted(cited)[first::10]:
            labels |= edit(store, name, cited[name], chance)
        counts = check_labels(store, claims, labels)
    library.close()
    assert len(claims) == 10_000
    assert min(counts[f"{edit}"] for edit in ("reword changed", "delete gone", "move moved")) > 100
