"""Text to terms: words by UAX #29, case folded, function words out, stemmed for the text's language.

Chinese, Japanese and Korean have no blanks between words: there every two neighbouring characters are a term.
"""

import re
import threading

import regex
import Stemmer

from citewell.corpus.language import FUNCTION_WORDS

ANALYSIS_RECIPE = "analysis-1"

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u30fc"
_TOKEN = regex.compile(rf"(?w)(?P<cjk>[{_CJK}]+)|\b[\p{{L}}\p{{N}}--[{_CJK}]][^{_CJK}]*?\b", regex.V1)
# the same words, three times as fast, in ASCII without apostrophes and underscores
_PLAIN_TOKEN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9]|(?<=[A-Za-z])[.:](?=[A-Za-z])|(?<=[0-9])[.,;](?=[0-9]))*"
)
_DIGIT_COMMA = regex.compile(r"(?<=\d),(?=\d{3})")
_CLITIC = regex.compile(r"(?<=\w)'(?:s|t|d|m|ll|re|ve)$")  # of English
_CUT_OFF = frozenset({"s", "t", "d", "m", "ll", "re", "ve"})  # the same as a word of its own: GPT-5.4's
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_local = threading.local()


def analyse(text: str, language: str | None) -> list[str]:
    """The terms of a text, repeated as they occur. Without a language nothing is stemmed or left out."""
    stop = FUNCTION_WORDS.get(language or "", frozenset())
    if text.isascii() and "'" not in text and "_" not in text:
        return _stem(_plain_words(text, stop | _CUT_OFF if language == "en" else stop), language)
    text = text.replace("’", "'")
    words: list[str] = []
    terms: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["cjk"]:
            terms += _bigrams(match["cjk"])
        else:
            word = match[0].casefold()
            if "," in word:
                word = _DIGIT_COMMA.sub("", word)
            if language == "en":
                word = "" if word in _CUT_OFF else _CLITIC.sub("", word) if "'" in word else word
            if word and word not in stop:
                words.append(word)
    return _stem(words, language) + terms


def _plain_words(text: str, without: frozenset[str]) -> list[str]:
    words = _PLAIN_TOKEN.findall(text.lower())
    if "," in text:
        words = [_DIGIT_COMMA.sub("", word) if "," in word else word for word in words]
    return [word for word in words if word not in without]


def _bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _stem(words: list[str], language: str | None) -> list[str]:
    algorithm = _STEMMERS.get(language or "")
    if algorithm is None:
        return words
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__  # a stemmer serves one thread only
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm)
    stemmed: list[str] = stemmers[algorithm].stemWords(words)
    return stemmed
