"""Text to terms."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.index.analysis import analyse


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("Running runners run", "en", ["run", "runner", "run"]),
        ("the price of it", "en", ["price"]),
        ("What does it cost?", "en", ["cost"]),
        ("Don’t stop OpenAI’s plan", "en", ["stop", "openai", "plan"]),
        ("De katten van de buren", "nl", ["kat", "buur"]),
        ("Die Häuser", "de", ["haus"]),
        ("Running the models", None, ["running", "the", "models"]),
        ("GPT-5.4 costs $1,250.50, 83.0%", "en", ["gpt", "5.4", "cost", "1250.50", "83.0"]),
        ("GPT\u20115.4", "en", ["gpt", "5.4"]),
        ("STRASSE Straße", None, ["strasse", "strasse"]),
        ("数据中心", None, ["数据", "据中", "中心"]),
        ("中", "zh", ["中"]),
        ("NVIDIA的芯片 2026", "zh", ["nvidia", "2026", "的芯", "芯片"]),
        ("カタカナ語", "ja", ["カタ", "タカ", "カナ", "ナ語"]),
        ("한국어", "ko", ["한국", "국어"]),
        ("\U0001f600 ... --- !", "en", []),
        ("", "en", []),
    ],
)
def test_terms_of_a_text(text: str, language: str | None, terms: list[str]) -> None:
    assert analyse(text, language) == terms


@given(st.text(max_size=200), st.sampled_from([None, "en", "nl", "zh", "xx"]))
def test_every_text_can_be_analysed_and_always_to_the_same_terms(text: str, language: str | None) -> None:
    terms = analyse(text, language)
    assert terms == analyse(text, language)
    assert all(terms)


def test_threads_do_not_disturb_each_other() -> None:
    """A stemmer is not safe to share: each thread has its own."""
    words = [f"running{i} walkers connections" for i in range(300)]
    expected = [analyse(text, "en") for text in words]
    results: list[list[list[str]]] = []
    threads = [
        threading.Thread(target=lambda: results.append([analyse(text, "en") for text in words]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


@pytest.mark.parametrize(("text", "terms"), [
    ("'into' 'town'", ["into", "town"]),
    ("(an ’eel’ 1'a)", ["an", "eel", "1", "a"]),
    ("'é'", ["é"]),
    ("l'eau d’or", ["l'eau", "d'or"]),
])  # fmt: skip
def test_no_word_is_lost_after_an_opening_quote(text: str, terms: list[str]) -> None:
    assert analyse(text, None) == terms


_PLAIN = [*(chr(code) for code in range(128) if chr(code) != "_"), *"’“”–—…\u00a0"]


@given(st.text(st.sampled_from([*_PLAIN, *"aeB1.,;:'’ " * 20]), max_size=60))
@settings(max_examples=300)
def test_plain_text_has_the_terms_that_it_has_beside_other_letters(text: str) -> None:
    """Plain text is read by another expression than ASCII beside a letter from elsewhere."""
    assert analyse(f"{text} \u00e9", None) == [*analyse(text, None), "\u00e9"]
