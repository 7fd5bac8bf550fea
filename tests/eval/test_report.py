"""Reports: means, intervals, differences, warnings; as tables and as a page."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from citewell.eval import svg
from citewell.eval.abstention import Abstention, Outcome, measure
from citewell.eval.judged import Answered, Asked, Judged
from citewell.eval.report import Estimate, Index, Latency, NoAnswer, Report, report
from citewell.eval.report_page import Shown, page
from citewell.eval.report_table import tables
from citewell.eval.significance import holm, randomisation_p
from citewell.eval.soundness import warnings
from tests.eval.judgings import judged

WORTH = {
    "lexical": [0.0, 0.5, 0.5, 1.0, 0.0, 0.0],
    "hybrid": [1.0, 0.5, 1.0, 1.0, 0.5, 0.25],
}
KINDS = ["fact", "fact", "fact", "table", "table", "table"]
ANSWERS = (
    Answered("q0", True, "answered", None, True),
    Answered("q1", True, "insufficient", None, False),
    Answered("u0", False, "answered", None, False),
    Answered("u1", False, "insufficient", None, False),
)


def test_rows_are_means_by_system_and_kind() -> None:
    rows = report(judged(WORTH, KINDS)).rows
    assert [(row.system, row.kind, row.questions, row.measures["nDCG@10"].mean) for row in rows] == [
        ("lexical", "fact", 3, 0.3333), ("lexical", "table", 3, 0.3333), ("lexical", "all", 6, 0.3333),
        ("hybrid", "fact", 3, 0.8333), ("hybrid", "table", 3, 0.5833), ("hybrid", "all", 6, 0.7083),
    ]  # fmt: skip
    assert all(of.low <= of.mean <= of.high for row in rows for of in row.measures.values())


def test_the_measures_of_a_report_are_those_of_the_default() -> None:
    made = report(judged(WORTH, KINDS))
    assert (made.system, made.measures["nDCG@10"], made.questions) == ("hybrid", 0.7083, 6)
    assert report(judged({"theirs": [1.0], "others": [0.0]})).system == "theirs"


def test_the_default_is_compared_with_each_other_system_and_all_tests_are_adjusted_together() -> None:
    made = report(judged({**WORTH, "dense": [0.0] * 6}, KINDS))
    differences = {
        name: np.array(WORTH["hybrid"]) - values
        for name, values in (("lexical", WORTH["lexical"]), ("dense", [0] * 6))
    }
    ps = {name: randomisation_p(each) for name, each in differences.items()}
    assert [(of.measure, of.other, of.wins, of.losses) for of in made.comparisons] == [
        ("nDCG@10", "lexical", 4, 0), ("R@5", "lexical", 4, 0), ("nDCG@10", "dense", 6, 0), ("R@5", "dense", 6, 0),
    ]  # fmt: skip
    assert [of.p for of in made.comparisons] == pytest.approx([ps["lexical"]] * 2 + [ps["dense"]] * 2)
    adjusted = holm([ps["lexical"]] * 2 + [ps["dense"]] * 2)
    assert [of.p_holm for of in made.comparisons] == pytest.approx(adjusted)
    assert made.comparisons[0].difference.mean == 0.375


def test_a_measure_that_one_system_lacks_is_not_compared() -> None:
    both = judged(WORTH, KINDS, quotes=True)
    mixed = replace(both, results={**judged(WORTH, KINDS).results, "hybrid": both.results["hybrid"]})
    assert {of.measure for of in report(mixed).comparisons} == {"nDCG@10", "R@5"}
    assert {of.measure for of in report(both).comparisons} == {"nDCG@10", "R@5", "first quote"}


def test_verdicts_are_counted() -> None:
    assert report(judged(WORTH, KINDS, ANSWERS)).no_answer == NoAnswer(2, 1, 2, 1)
    assert report(judged(WORTH, KINDS)).no_answer is None


def test_questions_keep_what_they_were_worth() -> None:
    made = report(judged(WORTH, KINDS, ANSWERS)).by_question
    assert made[0].values["hybrid"]["nDCG@10"] == 1.0
    assert [(of.id, bool(of.values)) for of in made][-2:] == [("u0", False), ("u1", False)]


def test_times_are_medians_and_tails() -> None:
    assert report(judged(WORTH)).latency == (
        Latency("lexical", 1.5, 1.5), Latency("hybrid", 1.5, 1.5), Latency("embedding", 3.0, 3.9),
    )  # fmt: skip


def test_the_same_judgings_give_the_same_report() -> None:
    assert asdict(report(judged(WORTH, KINDS))) == asdict(report(judged(WORTH, KINDS)))


def test_what_rounds_to_zero_has_no_sign() -> None:
    (of, *_) = report(judged({"hybrid": [0.5, 0.5], "dense": [0.5, 0.5]})).comparisons
    assert str(of.difference) == str(Estimate(0.0, 0.0, 0.0))


# -- what a set cannot tell -----------------------------------------------------------------------------------


def test_a_measure_that_is_nearly_full_is_saturated() -> None:
    full = judged({"hybrid": [1.0] * 40, "dense": [1.0] * 39 + [0.9]})
    assert [w for w in report(full).warnings if "saturated" in w] == [
        f"{measure} is saturated: hybrid has 1.000, so what is better can hardly show."
        for measure in ("nDCG@10", "R@5", "R@10", "R@100")
    ]
    assert not any("saturated" in warning for warning in report(judged(WORTH)).warnings)


def test_a_set_that_shows_large_differences_only_is_too_small() -> None:
    few = {"hybrid": [1.0, 0.0, 1.0, 0.0] * 4, "dense": [0.0, 1.0, 1.0, 0.0] * 4}
    (warning,) = [w for w in report(judged(few)).warnings if "too few" in w]
    spread = np.std([1, -1, 0, 0] * 4, ddof=1)
    assert warning.startswith(f"16 questions are too few: a difference of {2.8 * spread / 4:.3f} in nDCG@10")
    many = judged({name: values * 1000 for name, values in few.items()})
    assert not any("too few" in warning for warning in warnings(many, "hybrid"))


@pytest.mark.parametrize("others", [(), ("dense",), ("lexical", "dense")], ids=["alone", "one", "two"])
def test_fewer_than_six_questions_are_too_few_whatever_the_spread(others: tuple[str, ...]) -> None:
    """2 / 2**5 is 0.06: five questions that all agree are chance."""

    def too_few(questions: int) -> list[str]:
        worth = {"hybrid": [1.0] * questions, **{name: [0.5] * questions for name in others}}
        return [warning for warning in report(judged(worth)).warnings if "too few" in warning]

    said = "5 questions are too few: on fewer than 6 no difference is significant at the 5 % level."
    assert (too_few(5), too_few(6)) == ([said], [])


def test_questions_that_ask_the_same_are_named() -> None:
    made = judged(WORTH)
    asked = [
        replace(each, text=text)
        for each, text in zip(made.asked, ["Who digs?", "Who?", "who DIGS", "Who digs"], strict=False)
    ]
    said = "2 questions ask the same as an earlier one, which counts twice: q2 as q0, q3 as q0."
    assert said in report(replace(made, asked=(*asked, *made.asked[4:]))).warnings
    assert not any("ask the same" in warning for warning in report(made).warnings)


def test_ids_of_questions_without_words_are_not_compared() -> None:
    made = judged(WORTH)
    bare = tuple(replace(each, text=each.id) for each in made.asked)
    ids = tuple(Asked(name, name) for name in ("1.0", "1-0"))
    assert not any("ask the same" in w for w in report(replace(made, asked=(*bare, *ids))).warnings)


def test_leaks_are_named_up_to_five() -> None:
    made = report(replace(judged(WORTH), leaks=tuple(f"q{i}" for i in range(6))))
    assert "6 questions stand word for word in what answers them: q0, q1, q2, q3, q4, ...." in made.warnings


def test_a_set_of_unanswerable_questions_alone_has_a_report() -> None:
    nothing = Judged("none", (), {}, {"hybrid": {}, "dense": {}})
    made = report(nothing)
    assert made.warnings == ("No question has an answer, so no ranking was judged.",)
    assert "none: 0 questions" in tables(made)
    assert "<h1>none</h1>" in page(nothing, made, None)


# -- tables ---------------------------------------------------------------------------------------------------


def test_tables_show_figures_differences_and_warnings() -> None:
    made = report(judged(WORTH, KINDS, ANSWERS), Index(42, 1_500_000))
    lines = tables(made).splitlines()
    assert lines[0] == "insects: 8 questions"
    assert lines[1].split() == [
        "system",
        "n",
        "nDCG@10",
        "RR@10",
        "R@1",
        "R@5",
        "R@10",
        "R@100",
        "95",
        "%",
        "of",
        "nDCG@10",
    ]
    assert lines[3].split()[:3] == ["hybrid", "6", "0.708"]
    assert "fact     3    0.333   0.833          0.833" in lines
    assert "index: 42 passages, 1.5 MB" in lines
    assert any(line.startswith("1 of 2 unanswerable questions were answered") for line in lines)
    assert lines[-1].startswith("! 6 questions are too few")


# -- the page -------------------------------------------------------------------------------------------------


class Parsed(HTMLParser):
    """Tags that open and close, links and targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.tags.add(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.outside += [name for name in given if name == "src" or name.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(name: str) -> Shown:
    return Shown("A <title>", f"Words of {name} & more. " * 50)


SURE = Outcome(confidence=0.9, answered=True, right=True, answerable=True)
ABSTENTION = measure([SURE, Outcome(0.2, answered=False, right=False, answerable=False)])


def made_page(of: Judged, abstention: Mapping[str, Abstention] | None = None) -> tuple[Report, str]:
    made = report(of, Index(42, 1_500_000), abstention=abstention)
    return made, page(of, made, shown)


def test_a_page_stands_alone_and_every_link_leads_somewhere() -> None:
    _, text = made_page(judged({**WORTH, "no lexical": [0.0] * 6}, KINDS, ANSWERS))
    parsed = Parsed(text)
    assert parsed.open == []
    assert parsed.tags.isdisjoint({"script", "link", "img", "iframe"})
    assert parsed.outside == []
    assert parsed.links
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert "http" not in text.replace("http-equiv", "")


def test_a_page_escapes_what_articles_and_questions_say() -> None:
    _, text = made_page(judged(WORTH, KINDS))
    assert "<b>wrong</b>" not in text
    assert "A &lt;title&gt;" in text
    without_words = page(judged(WORTH, KINDS), report(judged(WORTH, KINDS)), None)
    assert "<code>q0.&lt;b&gt;wrong&lt;/b&gt;</code>" in without_words


def test_questions_that_differ_open_on_what_was_found() -> None:
    _, text = made_page(judged(WORTH, KINDS))
    assert text.count("<details>") == 4
    assert "4 questions better, 0 worse, 2 alike." in text
    assert "+1.00</b> What about q0?" in text
    assert "nothing relevant found" in text


def test_systems_that_rank_alike_have_no_questions_to_show() -> None:
    _, text = made_page(judged({"hybrid": [0.5], "dense": [0.5]}))
    assert "No question has another nDCG@10." in text


def test_a_page_draws_risk_by_coverage_when_there_is_a_calibration() -> None:
    of = judged(WORTH, KINDS, ANSWERS)
    assert "Risk by coverage" not in made_page(of)[1]
    assert 'aria-label="Risk by coverage"' in made_page(of, {"all": ABSTENTION})[1]
    assert report(of, abstention={"test": ABSTENTION, "x": measure([SURE])}).risk_coverage == ABSTENTION.curve


def test_the_table_shows_what_confidence_is_worth() -> None:
    shown = tables(report(judged(WORTH, KINDS, ANSWERS), abstention={"test": ABSTENTION})).splitlines()
    row = next(line for line in shown if line.startswith("test "))
    assert row.split() == [
        *("test", "2", "1", "0.500", "(<=", "0.987)", "0.000", "(<=", "0.975)", "0.000", "(<=", "0.975)"),
        *("1.000", "0.025", "0.150", "[0.100,", "0.200]"),
    ]


PLOTS = {
    "bars": svg.bars({"a & b": {"x": svg.Bar(0.5, 0.4, 0.6)}}, {"x": 0}, "t < u"),
    "no bars": svg.bars({}, {}, "t"),
    "scatter": svg.scatter({"x": (1.0, 0.7), "y": (1.0, 0.7)}, {"x": 0, "y": 1}, "t", "ms"),
    "one point at zero": svg.scatter({"x": (0.0, 1.0)}, {"x": 0}, "t", "ms"),
    "waterfall": svg.waterfall([svg.Win("q & a", 0.5, "there"), svg.Win("r", -1.0, None)], "t"),
    "steps": svg.steps([(0, 0), (1, 1)], "t", "x"),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_well_formed_and_within_its_box(name: str) -> None:
    (root,) = ElementTree.fromstring(PLOTS[name])
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in ("x", "x1", "x2", "cx"):
                assert 0 <= float(value) <= width
            if key in ("y", "y1", "y2", "cy"):
                assert 0 <= float(value) <= height
        if element.tag == "rect":
            assert float(element.attrib["width"]) > 0
            assert float(element.attrib["height"]) >= 0


def test_a_bar_is_as_high_as_its_value() -> None:
    groups = {"g": {"half": svg.Bar(0.5, 0.5, 0.5), "full": svg.Bar(1.0, 1.0, 1.0)}}
    (root,) = ElementTree.fromstring(svg.bars(groups, {"half": 0, "full": 1}, "t"))
    half, full = (float(rect.attrib["height"]) for rect in root.iter("rect"))
    assert full == pytest.approx(2 * half, abs=0.1)
