"""What becomes of characters before they are stored, how a text is named, and what counts as a word."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.text import as_source, count_words, escaped, normalise, text_sha

# Everything that normalise has a rule for, often side by side, among any other character.
awkward = st.builds(
    str.__add__,
    st.sampled_from(["", "\ufeff", "\ufeff\ufeff", "\ufeff\r"]),
    st.text(st.sampled_from("\ufeff\r\n\0\ud800\udfffe\u0301\u1100\u1161a ") | st.characters(), max_size=30),
)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("", ""),
        ("plain\n", "plain\n"),
        ("cafe\u0301", "caf\u00e9"),  # NFC
        ("\u212b", "\u00c5"),  # the sign for ångström is the letter
        ("ﬁne", "ﬁne"),  # a ligature is a compatibility character: NFC leaves it
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        ("one\r\n\r\ntwo", "one\n\ntwo"),
        ("\r\r\n", "\n\n"),
        ("\ufeffmarked", "marked"),
        ("\ufeff\ufefftwice", "twice"),
        ("in\ufeffside", "in\ufeffside"),
        ("nul\0", "nul\ufffd"),
        ("\ud83d", "\ufffd"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("🙂", "🙂"),
        ("tab\tand\x0cfeed", "tab\tand\x0cfeed"),
    ],
)
def test_characters_are_stored_as(raw: str, stored: str) -> None:
    assert normalise(raw) == stored


@settings(max_examples=200, deadline=None)
@given(awkward)
def test_normalising_twice_changes_nothing_more(raw: str) -> None:
    once = normalise(raw)
    assert normalise(once) == once


@settings(max_examples=200, deadline=None)
@given(awkward)
def test_a_normalised_text_can_be_stored_and_named(raw: str) -> None:
    text = normalise(raw)
    assert text.encode("utf-8").decode("utf-8") == text
    assert not {"\r", "\0"} & set(text)
    assert not text.startswith("\ufeff")
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    ("text", "sha"),
    [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("é🙂\n", "7deb57a48aeb957f8a3685e3bc27c04c9ab41b0cdf230090a7cd0b554ebb0912"),
    ],
)
def test_a_text_is_named_by_the_sha_256_of_its_utf8_bytes(text: str, sha: str) -> None:
    """The first two are published test vectors (FIPS 180), the third is what sha256sum says."""
    assert text_sha(text) == sha


def test_ways_of_writing_one_text_have_one_name() -> None:
    ways = ["Café\n", "Cafe\u0301\n", "\ufeffCafé\r\n", "Café\r"]
    assert {text_sha(normalise(way)) for way in ways} == {text_sha("Café\n")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("One two,  three.\n", 3),
        ("It's 3.14 or 1,000", 4),
        ("l’été de Zoë", 3),
        ("Straße naïveté Ελλάδα Москва", 4),
        ("|---|---|", 0),
        ("- • … 🙂 $ %", 0),
        ("你好世界", 2),
        ("日本語", 1.5),
        ("ひらカタ", 2),
        ("한국", 1),
        ("NVIDIA发布GPT", 3),
        ("你好 world", 2),
    ],
)
def test_words_are_counted_and_two_cjk_characters_are_one(text: str, words: float) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize("control", ["\x1b", "\n", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800"])
def test_what_is_shown_cannot_steer_a_terminal(control: str) -> None:
    """A name that reads backwards, or takes a second line, would look like another."""
    said = escaped(f"a{control}txt.md")
    assert said.startswith("a\\")
    assert said.endswith("txt.md")
    assert escaped("שלום مرحبا 潮汐 é 🐜") == "שלום مرحبا 潮汐 é 🐜"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a\nb\x1b\x9b.md", "a\\nb\\x1b\\x9b.md"),
        ("a\udce9.md", "a\\udce9.md"),
        ("a\u2028\u2029\u202a\u202e\u2066\u2069.md", "a\u2028\u2029\u202a\u202e\u2066\u2069.md"),
        ("שלום 潮汐 é.md", "שלום 潮汐 é.md"),
    ],
)
def test_a_path_names_the_same_article_whatever_is_shown_of_it(path: str, source: str) -> None:
    """Ids are made of sources: escaping more in them would make a second article of each such file."""
    assert as_source(path) == source
    assert escaped(source) == escaped(path)
