"""The language of a text, told by its function words."""

import pytest

from citewell.corpus.language import FUNCTION_WORDS, guess_language

SENTENCES = [
    ("en", "The company that makes the chips has more orders than it can fill."),
    ("nl", "Het bedrijf dat de chips maakt, heeft meer opdrachten dan het aan kan."),
    ("de", "Die Firma, die die Chips herstellt, hat mehr Aufträge, als sie schaffen kann."),
    ("fr", "L'entreprise qui fabrique les puces a plus de commandes qu'elle ne peut en remplir."),
    ("es", "La empresa que fabrica los chips tiene más pedidos de los que puede atender."),
]


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_one_sentence_tells_its_language(language: str, sentence: str) -> None:
    assert guess_language(sentence) == language


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_capitals_do_not_hide_a_language(language: str, sentence: str) -> None:
    assert guess_language(sentence.upper()) == language


def test_a_quotation_in_another_language_does_not_decide() -> None:
    texts = dict(SENTENCES)
    assert guess_language(3 * texts["nl"] + texts["en"]) == "nl"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "1,000 2,000 3,000",
        "人工智能正在改变世界。",
        "Компания выпускает новые чипы.",
        "NVIDIA Blackwell Rubin Vera Groq AMD Intel TSMC ASML Synopsys",
        "|---|---|",
    ],
)
def test_no_language_is_named_where_function_words_are_too_few(text: str) -> None:
    assert guess_language(text) is None


def test_the_share_of_function_words_must_reach_eight_in_a_hundred() -> None:
    assert guess_language("the " * 8 + "chip " * 92) == "en"
    assert guess_language("the " * 7 + "chip " * 93) is None


def test_the_beginning_of_a_long_text_decides() -> None:
    """A long appendix in another language neither counts nor costs time."""
    texts = dict(SENTENCES)
    assert guess_language(500 * texts["de"] + 5000 * texts["en"]) == "de"


@pytest.mark.parametrize("language", sorted(FUNCTION_WORDS))
def test_function_words_are_lower_case_words(language: str) -> None:
    assert {word for word in FUNCTION_WORDS[language] if not word.isalpha() or word != word.lower()} == set()
