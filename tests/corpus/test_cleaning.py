"""Page leftovers: the lines that each rule takes, and near lines that it must leave."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.cleaning import excluded_spans

PROSE = (
    "The compute backlog is a moat, the article says, and whoever secures the systems of the next two years will "
    "have advantages that are difficult to close through software alone, however good that software may become."
)
SHORT = "A short paragraph of prose."


def removed(text: str) -> list[tuple[str, str]]:
    return [(excluded.rule, excluded.span.of(text)) for excluded in excluded_spans(text)]


TAKEN = [
    ("comment prompt", "Comments"),
    ("comment prompt", "## Comments (12)"),
    ("comment prompt", "No comments"),
    ("comment prompt", "3 replies"),
    ("comment prompt", "Leave a comment"),
    ("comment prompt", "Leave a reply"),
    ("comment prompt", "Want to join the conversation?"),
    ("comment prompt", "Be the first to join the discussion"),
    ("comment prompt", "Please log in to comment."),
    ("comment prompt", "Sign in to join the conversation"),
    ("comment prompt", "Did you like this post?"),
    ("comment prompt", "*Did you enjoy this article? Subscribe!*"),
    ("comment prompt", "Did you like this post? Please let me know if you have any comments or suggestions."),
    ("comment prompt", "Let us know what you think in the comments"),
    ("comment prompt", "Reacties (4)"),
    ("comment prompt", "Plaats een reactie"),
    ("comment prompt", "Kommentar schreiben"),
    ("loading", "Loading..."),
    ("loading", "Loading…"),
    ("loading", "Loading comments..."),
    ("loading", "LOADING MORE"),
    ("loading", "Laden reacties"),
    ("sharing", "Share"),
    ("sharing", "Share this article"),
    ("sharing", "Share this post on LinkedIn"),
    ("sharing", "Facebook | Twitter | LinkedIn"),
    ("sharing", "- Share · Tweet · Copy link"),
    ("sharing", "Deel dit artikel"),
    ("sharing", "Artikel teilen"),
    ("subscription", "Subscribe"),
    ("subscription", "Sign up today!"),
    ("subscription", "Subscribe to our weekly newsletter"),
    ("subscription", "Sign up to get the best stories in your inbox every morning"),
    ("cookies", "We use cookies to improve your experience."),
    ("cookies", "This website uses cookies"),
    ("cookies", "Accept all cookies"),
    (
        "language prompt",
        "The article body is currently shown in English by default. You can generate the full version in this "
        "language on demand.",
    ),
    ("navigation", "Skip to main content"),
    ("navigation", "Back to top"),
    ("navigation", "Advertisement"),
    ("navigation", "Read more…"),
    ("navigation", "Log in"),
    ("navigation", "Archive: April 2026"),
    ("navigation", "AI infrastructureArchive: April 2026"),
]

LEFT = [
    "Comments on the draft are due in May.",
    "The comments",
    "Commentary",
    "Reply to the minister",
    "The conversation",
    "We join the conversation late, as the article itself admits.",
    "They log in to comment on prices, which the regulator then reads.",
    "Did you like history at school, the author asks.",
    "Did you find the page that lists the fees? It decides the whole case.",
    "Tell us what it costs, the buyers said.",
    "Loading the rail cars took four days.",
    "Loading bay",
    "Download",
    "Share prices fell",
    "Share of wind power in 2026",
    "Facebook",
    "Facebook and Twitter lost users.",
    "Subscribers",
    "Subscribe to a theory and you will see it everywhere.",
    "Sign up numbers doubled in March.",
    "Cookies",
    "The site uses cookies to follow its readers, the complaint says.",
    "We use cookies to follow 12 million readers, the firm told the court.",
    "Articles are shown in English, because the body of evidence is English.",
    "Menu prices rose by 4 %.",
    "Read more books, the teachers say.",
    "The archive: a history",
    "Archive",
    "Inside the Stasi archive: November 1989",
    "Advertisement revenue",
    "Blog",  # only at the very top is it a menu
    "Home",
    "| Share | Tweet |",
    "| Comments | 12 |",
]


@pytest.mark.parametrize(("rule", "line"), TAKEN)
def test_a_leftover_is_excluded_with_its_whole_line(rule: str, line: str) -> None:
    assert removed(f"{PROSE}\n{line}\n{PROSE}\n") == [(rule, line + "\n")]


@pytest.mark.parametrize("line", LEFT)
def test_a_line_that_is_merely_like_a_leftover_is_kept(line: str) -> None:
    assert removed(f"{PROSE}\n{line}\n{PROSE}\n") == []


@pytest.mark.parametrize(("rule", "line"), TAKEN)
def test_a_leftover_inside_a_sentence_is_kept(rule: str, line: str) -> None:
    assert removed(f"{PROSE} It said: {line} {PROSE}\n") == []


def test_a_prompt_of_more_than_forty_words_is_an_article() -> None:
    begin = "Did you like this post?"
    assert removed(f"{PROSE}\n{begin} {'word ' * 35}\n{PROSE}\n") == [
        ("comment prompt", f"{begin} {'word ' * 35}\n")
    ]
    assert removed(f"{PROSE}\n{begin} {'word ' * 36}\n{PROSE}\n") == []


@pytest.mark.parametrize("leftover", ["Menu", "Loading...", "Comments", "Back to top"])
def test_code_is_not_cleaned(leftover: str) -> None:
    assert removed(f"{PROSE}\n\n```\nprint(1)\n{leftover}\nprint(2)\n```\n\n{PROSE}\n") == []


# -- the menu at the top ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "menu", ["Blog", "Home\nNews\nArticles", "Blog\n\nMenu", "Nieuws", "# Blog", "\n\nBlog"]
)
def test_menu_words_above_everything_else_are_excluded(menu: str) -> None:
    text = f"{menu}\nThe title\n\n{PROSE}\n"
    assert removed(text) == [("navigation", f"{menu}\n")]


def test_a_menu_word_below_the_title_is_kept() -> None:
    assert removed(f"The title\nBlog\n\n{PROSE}\n") == []


def test_a_title_that_begins_with_a_menu_word_is_kept() -> None:
    assert removed(f"News from the factory\n\n{PROSE}\n") == []


# -- related links at the end -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "Related topics",
        "## Related articles",
        "Further Reading",
        "Recommended for you",
        "More from this author",
        "You might also like",
        "Read next",
        "Most read",
        "Lees ook:",
        "Verwandte Artikel",
    ],
)
def test_a_related_links_heading_in_the_second_half_ends_the_article(heading: str) -> None:
    links = f"{heading}\n\nOther news\nChips177 related articles\nArchive\n"
    assert removed(f"{PROSE}\n\n{links}") == [("related links", links)]


@pytest.mark.parametrize("heading", ["Related topics", "## Further reading", "Read next"])
def test_a_related_links_heading_in_the_first_half_is_kept(heading: str) -> None:
    assert removed(f"{SHORT}\n\n{heading}\n\nA link\n\n{PROSE}\n") == []


@pytest.mark.parametrize(
    "heading",
    [
        "Related work",
        "Related topics in physics",
        "Further reading is needed",
        "Recommended dose",
        "More from less",
    ],
)
def test_a_heading_that_is_merely_like_one_is_kept(heading: str) -> None:
    assert removed(f"{PROSE}\n\n{heading}\n\n{SHORT}\n") == []


def test_real_prose_ends_the_related_links() -> None:
    links = "Related topics\nOther news\n"
    assert removed(f"{PROSE}\n{PROSE}\n{links}{PROSE}\n{SHORT}\n") == [("related links", links)]


def test_a_markdown_heading_ends_the_related_links() -> None:
    links = "Related topics\nOther news\n\n"
    assert removed(f"{PROSE}\n{links}## Epilogue\n{SHORT}\n") == [("related links", links)]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("word " * 30 + "end.", True),
        ("word " * 29 + "end.", True),  # thirty in all
        ("word " * 28 + "end.", False),
        ("word " * 40 + "without a full stop", False),
        ("word " * 40 + "teased …", False),
        ("word " * 40 + "“end.”", True),
        ("人工智能" * 15 + "。", True),
        ("人工智能" * 14 + "。", False),
    ],
)
def test_prose_is_thirty_words_that_end_in_a_full_stop(line: str, kept: bool) -> None:
    links = "Related topics\nOther news\n"
    expected = links if kept else f"{links}{line}\n"
    assert removed(f"{PROSE}\n{PROSE}\n{PROSE}\n{links}{line}\n") == [("related links", expected)]


def test_a_prompt_among_related_links_keeps_its_own_rule() -> None:
    assert removed(f"{PROSE}\nRelated topics\nOther news\nLoading...\nMore news\n") == [
        ("related links", "Related topics\nOther news\n"),
        ("loading", "Loading...\n"),
        ("related links", "More news\n"),
    ]


# -- teasers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ellipsis", ["…", "...", " …", "...."])
def test_a_line_that_breaks_off_and_repeats_the_text_is_excluded(ellipsis: str) -> None:
    teaser = PROSE[:60].strip() + ellipsis
    assert removed(f"{PROSE}\n{teaser}\n{SHORT}\n") == [("teaser", teaser + "\n")]


@pytest.mark.parametrize(
    "line",
    [
        PROSE[:60],  # does not break off
        PROSE[:20].strip() + " …",  # too short to tell
        "Words that the text has not said before, and there are many of them …",
    ],
)
def test_a_line_that_is_merely_like_a_teaser_is_kept(line: str) -> None:
    assert removed(f"{PROSE}\n{line}\n{SHORT}\n") == []


def test_what_comes_before_its_repetition_is_kept() -> None:
    """A teaser above the text cannot be told from a beginning."""
    assert removed(f"{PROSE[:60].strip()}…\n{PROSE}\n") == []


# -- spans ------------------------------------------------------------------------------------------------------


def test_blank_lines_belong_to_the_leftover_above_them() -> None:
    assert removed(f"{PROSE}\n\nLoading...\n\n\n{PROSE}\n") == [("loading", "Loading...\n\n\n")]


def test_neighbours_with_one_rule_are_one_span() -> None:
    assert removed(f"{PROSE}\nComments\n\nWant to join the conversation?\nLoading...") == [
        ("comment prompt", "Comments\n\nWant to join the conversation?\n"),
        ("loading", "Loading..."),
    ]


def test_blanks_and_indents_around_a_leftover_go_with_it() -> None:
    assert removed(f"{PROSE}\n   Loading...  \n{PROSE}\n") == [("loading", "   Loading...  \n")]


def test_spans_are_right_behind_emoji_and_cjk() -> None:
    assert removed("🙂👩‍👩‍👧 你好。\nLoading...\n再见。\n") == [("loading", "Loading...\n")]


@pytest.mark.parametrize("text", ["", "\n \n", PROSE, f"{PROSE}\n{PROSE}\n"])
def test_a_clean_text_loses_nothing(text: str) -> None:
    assert removed(text) == []


def test_a_page_of_leftovers_is_excluded_whole() -> None:
    text = "\nMenu\n\nLoading...\n\n"
    assert removed(text) == [("navigation", "\nMenu\n\n"), ("loading", "Loading...\n\n")]


lines = st.lists(
    st.sampled_from(
        [
            "",
            " ",
            "Blog",
            "Comments",
            "Loading...",
            "Related topics",
            "## Part",
            "🙂 Hm.",
            PROSE,
            PROSE[:60] + "…",
        ]
    ),
    max_size=15,
)


@settings(max_examples=200, deadline=None)
@given(lines)
def test_excluded_spans_are_whole_lines_in_order_and_as_few_as_can_be(page: list[str]) -> None:
    text = "\n".join(page)
    spans = excluded_spans(text)
    for excluded in spans:
        start, end = excluded.span.start, excluded.span.end
        assert start < end
        assert start == 0 or text[start - 1] == "\n"
        assert end == len(text) or text[end - 1] == "\n"
    for one, following in pairwise(spans):
        assert one.span.end <= following.span.start
        assert one.span.end < following.span.start or one.rule != following.rule
