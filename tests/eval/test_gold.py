"""Gold sets: what a line holds, what is refused and how, and that the bundled set is sound."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.corpus.reading import article_id_of, read_file
from citewell.eval.check import problems, runs_of_words
from citewell.eval.gold import (
    KINDS,
    SPLITS,
    WHYS,
    DigestedEvidence,
    Evidence,
    Question,
    bundled_articles,
    bundled_gold,
    read_gold,
)
from citewell.eval.locate import Located, Locator, locate
from citewell.index.library import Library
from citewell.index.writing import add
from tests.fakes import WordEmbedder

GOOD = '{"id": "q1", "kind": "fact", "question": "Who digs?", "evidence": [{"article": "ants", "quote": "Ants dig"}]}'


def line(**changes: object) -> str:
    return json.dumps({**json.loads(GOOD), **changes})


def digested(**changes: object) -> dict[str, object]:
    """Evidence "Ants dig." that stands at 2 in the article of ants."""
    sha = hashlib.sha256(b"Ants dig.").hexdigest()
    return {"article": "ants", "start": 2, "end": 11, "sha256": sha, **changes}


UNANSWERABLE = line(id="q2", kind="unanswerable", evidence=[])


def test_a_gold_file_is_read_in_its_order_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(
        f"{GOOD}\n\n{line(id='q2', kind='unanswerable', question='Wié?', evidence=[])}\n", "utf-8"
    )
    assert read_gold(file) == (
        Question("q1", "fact", "Who digs?", (Evidence("ants", "Ants dig"),)),
        Question("q2", "unanswerable", "Wié?", ()),
    )


def test_split_and_why_are_read_and_a_question_without_a_split_is_test(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    asked = [line(split="dev"), line(id="q2", split="test"), line(id="q3")]
    reason = {**json.loads(UNANSWERABLE), "id": "q4", "why": "other topic"}
    file.write_text("\n".join([*asked, json.dumps(reason)]), "utf-8")
    assert [(q.id, q.split, q.why) for q in read_gold(file)] == [
        ("q1", "dev", None),
        ("q2", "test", None),
        ("q3", "test", None),
        ("q4", "test", "other topic"),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("not JSON", id="not JSON"),
        pytest.param("{", id="half a line"),
        pytest.param("[]", id="no object"),
        pytest.param("7", id="a number"),
        pytest.param('{"id": "q2", "kind": "fact", "question": "Who?"}', id="no evidence field"),
        pytest.param('{"kind": "fact", "question": "Who?", "evidence": []}', id="no id"),
        pytest.param('{"id": "q2", "question": "Who?", "evidence": []}', id="no kind"),
        pytest.param('{"id": "q2", "kind": "unanswerable", "evidence": []}', id="no question"),
        pytest.param(line(id="q2", evidence=[{"article": "ants"}]), id="evidence without a quote"),
        pytest.param(line(id="q2", evidence=[{"quote": "Ants dig"}]), id="evidence without an article"),
        pytest.param(line(id="q2", evidence="Ants dig"), id="evidence that is a text"),
        pytest.param(line(id="q2", evidence=[digested(start=-1)]), id="a span that starts before the text"),
        pytest.param(line(id="q2", evidence=[digested(start=11)]), id="a span without words"),
        pytest.param(line(id="q2", evidence=[digested(end="9")]), id="a span that is no number"),
        pytest.param(line(id="q2", evidence=[digested(end=True)]), id="a span that is true"),
        pytest.param(line(id="q2", evidence=[digested(sha256="ab")]), id="a digest that is too short"),
        pytest.param(line(id="q2", evidence=[digested(quote="Ants dig.")]), id="both quote and digest"),
        pytest.param(line(id="q2", evidence=None), id="evidence that is null"),
        pytest.param(line(id="q2", kind="riddle"), id="unknown kind"),
        pytest.param(line(id="q2", evidence=[]), id="answerable without evidence"),
        pytest.param(line(id="q2", kind="unanswerable"), id="unanswerable with evidence"),
        pytest.param(line(id="q2", question=""), id="empty question"),
        pytest.param(line(id="q2", question=" \n"), id="question of white space"),
        pytest.param(line(id="q2", question=None), id="question that is null"),
        pytest.param(line(id="q2", evidence=[{"article": "ants", "quote": None}]), id="quote that is null"),
        pytest.param(GOOD, id="an id that occurs twice"),
        pytest.param(line(id="q2", split="train"), id="unknown split"),
        pytest.param(line(id="q2", split="DEV"), id="split in capitals"),
        pytest.param(line(id="q2", split=""), id="empty split"),
        pytest.param(line(id="q2", split=None), id="split that is null"),
        pytest.param(line(id="q2", split=["dev"]), id="split that is a list"),
        pytest.param(line(id="q2", kind="unanswerable", evidence=[], why="no idea"), id="unknown reason"),
        pytest.param(line(id="q2", kind="unanswerable", evidence=[], why=None), id="reason that is null"),
        pytest.param(line(id="q2", kind="unanswerable", evidence=[], why={}), id="reason that is an object"),
        pytest.param(line(id="q2", why="other topic"), id="answerable with a reason"),
    ],
)
def test_a_bad_line_is_refused_with_its_file_and_number(tmp_path: Path, bad: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(f"{GOOD}\n\n{bad}\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        read_gold(file)
    assert str(refused.value).startswith(f"{file}:3: ")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param(line(id="q2", kind="riddle"), "no kind 'riddle'; there are fact, table,", id="unknown kind"),
        pytest.param(GOOD, "the id 'q1' occurs twice", id="an id that occurs twice"),
        pytest.param(line(id="q2", evidence=[]), "exactly the unanswerable questions have no evidence", id="mismatch"),
        pytest.param(line(id="q2", split="train"), "no split 'train'; there are dev, test", id="unknown split"),
        pytest.param(line(id="q2", split=None), "no split None; there are dev, test", id="split that is null"),
        pytest.param(
            line(id="q2", kind="unanswerable", evidence=[], why="no idea"), "no reason 'no idea'; there are other period,", id="unknown reason"
        ),
        pytest.param(line(id="q2", why="other topic"), "only an unanswerable question says why", id="reason for evidence"),
        pytest.param("{", "not JSON", id="not JSON"),
        pytest.param('{"a":' * 100_000, "not JSON", id="nested too deeply"),
        pytest.param("[]", "no object. A line needs id, kind, question and evidence [{article, quote}]", id="a list"),
        pytest.param("{}", "no id. A line needs id, kind, question and evidence [{article, quote}]", id="fields missing"),
        pytest.param('{"id": "q2", "kind": "fact", "question": "Who?"}', "no evidence. A line needs", id="no evidence field"),
        pytest.param(line(id=""), "id is empty. A line", id="empty id"),
        pytest.param(line(id=7), "id is no text. A line", id="id that is a number"),
        pytest.param(line(question=" "), "question is empty. A line", id="empty question"),
        pytest.param(line(question="\ud800?"), "question has half of a surrogate pair,", id="surrogate in the question"),
        pytest.param(line(id="\udc80"), "id has half of a surrogate pair,", id="surrogate in the id"),
        pytest.param(line(evidence="Ants"), "evidence is no list. A line", id="evidence that is a text"),
        pytest.param(line(evidence=["Ants"]), "evidence 1: no object. A line", id="a piece that is a text"),
        pytest.param(line(evidence=[{"article": "ants", "quote": ""}]), "evidence 1: quote is empty. A line", id="empty quote"),
        pytest.param(line(evidence=[digested(), {"article": "ants"}]), "evidence 2: no quote. A line", id="no quote"),
        pytest.param(line(evidence=[{"quote": "Ants"}]), "evidence 1: no article. A line", id="no article"),
        pytest.param(line(evidence=[digested(sha256="AB" * 32)]), "evidence 1: sha256 is not 64 digits of 0-9 and a-f. A line", id="digest"),
        pytest.param(line(evidence=[digested(start=-1)]), "evidence 1: start is no offset: a whole number from 0. A line", id="start"),
        pytest.param(line(evidence=[digested(end=2.5)]), "evidence 1: end is no offset: a whole number from 0. A line", id="end"),
        pytest.param(line(evidence=[digested(end=2)]), "evidence 1: end is not above start. A line", id="a span without words"),
        pytest.param(line(evidence=[digested(quote="Ants")]), "evidence 1: both quote and sha256. A line", id="both"),
    ],
)  # fmt: skip
def test_the_refusal_says_what_is_wrong(tmp_path: Path, bad: str, said: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(f"{GOOD}\n{bad}\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        read_gold(file)
    assert str(refused.value).startswith(f"{file}:2: {said}")


@pytest.mark.parametrize("content", [b"", b"\n \n"], ids=["empty", "blank lines"])
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read_gold(file)
    assert str(refused.value) == f"{file}: no question in it"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, " cannot be read ("), (GOOD.encode("utf-16"), ":1: not UTF-8. Save it as UTF-8")],
    ids=["missing", "not UTF-8"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "gold.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read_gold(file)
    assert str(refused.value).startswith(f"{file}{said}")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(GOOD, "utf-8-sig")
    assert [question.id for question in read_gold(file)] == ["q1"]


# -- evidence in a library ------------------------------------------------------------------------------------


@pytest.fixture
def ants(tmp_path: Path) -> Iterator[Library]:
    file = tmp_path / "ants.md"
    file.write_text("---\nid: ants\n---\n🐜 Ants dig. Ants rest. Ants dig.\n", "utf-8")
    library = Library(tmp_path, WordEmbedder(), create=True)
    add(library, [file])
    yield library
    library.close()


def asking(article: str, quote: str) -> tuple[Question]:
    return (Question("q1", "fact", "Who digs?", (Evidence(article, quote),)),)


@pytest.mark.parametrize(
    ("quote", "spans"),
    [
        ("Ants rest.", (Span(12, 22),)),
        ("Ants dig.", (Span(2, 11), Span(23, 32))),
        ("🐜", (Span(0, 1),)),
        ("s", (Span(5, 6), Span(15, 16), Span(19, 20), Span(26, 27))),
    ],
)
def test_evidence_is_located_wherever_it_stands_in_code_points(
    ants: Library, quote: str, spans: tuple[Span, ...]
) -> None:
    sha = ants.store.article("ants").text_sha
    found = locate(asking("ants", quote), Locator(ants.store))
    assert found == {Evidence("ants", quote): Located("ants", sha, spans)}


@pytest.mark.parametrize(
    ("article", "quote", "said"),
    [
        ("bees", "Ants dig.", "question q1: no article 'bees' in the library"),
        ("ants", "Ants  dig.", "question q1: ants does not say 'Ants  dig.'"),
        ("ants", "", "question q1: ants does not say ''"),
    ],
    ids=["unknown article", "words that do not occur", "no words"],
)
def test_evidence_that_stands_nowhere_is_refused(ants: Library, article: str, quote: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        locate(asking(article, quote), Locator(ants.store))
    assert str(refused.value) == said


def test_evidence_without_its_words_stands_at_its_span(ants: Library, tmp_path: Path) -> None:
    """The same words stand at 23 as well; the span says which are meant."""
    file = tmp_path / "gold.jsonl"
    file.write_text(line(evidence=[digested()]), "utf-8")
    (question,) = read_gold(file)
    (evidence,) = question.evidence
    sha = ants.store.article("ants").text_sha
    assert Locator(ants.store).locate(evidence) == Located("ants", sha, (Span(2, 11),))


def test_evidence_without_its_words_is_found_again_when_the_text_has_moved() -> None:
    evidence = DigestedEvidence("ants", Span(2, 11), hashlib.sha256(b"Ants dig.").hexdigest())
    assert evidence.places("New lines.\nAnts dig.") == (Span(11, 20),)
    assert evidence.places("Ants dug.") == ()
    assert evidence.places("Ants") == ()


def test_an_article_can_be_named_by_its_file(ants: Library) -> None:
    assert Locator(ants.store).locate(Evidence("ants.md", "Ants rest.")).article_id == "ants"


def test_a_file_name_that_several_articles_have_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ants.md").write_text(f"---\nid: {name}\n---\nAnts dig.\n", "utf-8")
    library = Library(tmp_path, WordEmbedder(), create=True)
    add(library, sorted(tmp_path.glob("*/ants.md")))
    with pytest.raises(BadInput) as refused:
        Locator(library.store).locate(Evidence("ants.md", "Ants"))
    library.close()
    assert str(refused.value) == "2 articles come from a file 'ants.md'; give the article's id"


def test_words_that_are_gone_are_named_with_file_and_line(ants: Library, tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text("\n" + line(evidence=[digested(sha256="0" * 64)]), "utf-8")
    with pytest.raises(BadInput) as refused:
        locate(read_gold(file), Locator(ants.store))
    said = "the words with SHA-256 000000000000..., which stood at 2-11"
    assert str(refused.value) == f"{file}:2: question q1: ants does not say {said}"


# -- the bundled set ------------------------------------------------------------------------------------------

BUNDLED = read_gold(bundled_gold())
IN_VAIN = [question for question in BUNDLED if question.kind == "unanswerable"]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The bundled articles by id."""
    drafts = [(file, read_file(file)) for file in bundled_articles().glob("*.md")]
    return {article_id_of(draft, str(file)): draft.text for file, draft in drafts}


def test_the_bundled_gold_has_230_questions_or_more_and_30_in_100_are_unanswerable() -> None:
    assert len(BUNDLED) >= 230
    assert len(IN_VAIN) >= 0.3 * len(BUNDLED)


def test_every_unanswerable_bundled_question_says_why_and_most_are_near_misses() -> None:
    assert {question.why for question in IN_VAIN} == set(WHYS)
    assert sum(question.why != "other topic" for question in IN_VAIN) > len(IN_VAIN) / 2


def halves(texts: list[str]) -> list[str]:
    """The split of the questions of one kind, by the rule that `bundled_gold` states."""
    split: list[str] = []
    for number, text in enumerate(texts):
        if number % 2:
            split.append("test" if split[-1] == "dev" else "dev")
        else:
            odd = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2
            split.append("test" if odd else "dev")
    return split


@pytest.mark.parametrize("kind", KINDS)
def test_the_bundled_questions_of_a_kind_are_split_by_rule_and_in_halves(kind: str) -> None:
    questions = [question for question in BUNDLED if question.kind == kind]
    split = [question.split for question in questions]
    assert split == halves([question.question for question in questions])
    assert set(split) == set(SPLITS)
    assert abs(split.count("dev") - split.count("test")) <= 1


def test_every_line_of_the_bundled_gold_names_its_split() -> None:
    lines = [json.loads(line) for line in bundled_gold().read_text("utf-8").splitlines()]
    assert [line["split"] for line in lines] == [question.split for question in BUNDLED]


def test_the_bundled_gold_has_questions_of_every_kind() -> None:
    assert {question.kind for question in BUNDLED} == set(KINDS)
    assert len(KINDS) == 8


def test_every_bundled_quote_occurs_exactly_once_in_its_article(texts: dict[str, str]) -> None:
    cited = {evidence for question in BUNDLED for evidence in question.evidence}
    found = {evidence: len(evidence.places(texts[evidence.article])) for evidence in cited}
    assert found == dict.fromkeys(cited, 1)


def test_the_bundled_gold_is_sound(bundled_library: Library) -> None:
    """As `citewell eval check` has it: nothing is asked twice, no question shares five words with its evidence."""
    assert problems(BUNDLED, bundled_library.store) == ()


# -- the set over articles that are not part of the project ---------------------------------------------------

ARTICLES_GOLD = bundled_gold().with_name("articles.jsonl")
ARTICLES = read_gold(ARTICLES_GOLD)
SHARED = Path(__file__).parents[3] / "shared" / "articles"


def test_the_gold_over_other_articles_holds_none_of_their_words() -> None:
    rows = [json.loads(line) for line in ARTICLES_GOLD.read_text("utf-8").splitlines()]
    assert {key for row in rows for key in row} == {
        "id",
        "kind",
        "question",
        "evidence",
        "language",
        "split",
        "why",
    }
    assert {tuple(evidence) for row in rows for evidence in row["evidence"]} == {
        ("article", "start", "end", "sha256")
    }


def test_the_gold_over_other_articles_has_100_questions_or_more_of_every_kind() -> None:
    assert len(ARTICLES) >= 100
    in_vain = [question for question in ARTICLES if question.kind == "unanswerable"]
    assert 0.25 * len(ARTICLES) <= len(in_vain) <= 0.3 * len(ARTICLES)
    assert {question.why for question in in_vain} == set(WHYS)
    assert {question.kind for question in ARTICLES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_questions_over_other_articles_are_split_by_the_same_rule(kind: str) -> None:
    questions = [question for question in ARTICLES if question.kind == kind]
    assert [question.split for question in questions] == halves([question.question for question in questions])


def test_the_gold_over_other_articles_is_sound_where_they_are_at_hand(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no articles in {SHARED}")
    library = Library(tmp_path, WordEmbedder(), create=True)
    add(library, sorted(SHARED.glob("*.txt")))
    try:
        assert problems(ARTICLES, library.store) == ()
        located = locate(ARTICLES, Locator(library.store))
        texts = [library.store.text(article.text_sha) for article in library.store.articles()]
    finally:
        library.close()
    assert all(len(place.spans) == 1 for place in located.values())
    quoting = [
        q.id for q in ARTICLES if any(runs_of_words(q.question) & runs_of_words(text) for text in texts)
    ]
    assert quoting == []
