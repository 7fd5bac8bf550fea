"""Text to terms: words by UAX #29, case folded, function words out, stemmed for the text's language.

Chinese, Japanese and Korean have no blanks between words: there every two neighbouring characters are a term.
"""

import re
import threading

import regex
import Stemmer

from citewell.corpus.language import FUNCTION_WORDS

ANALYSIS_RECIPE = "analysis-2"

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u30fc"
_TOKEN = regex.compile(rf"(?w)(?P<cjk>[{_CJK}]+)|\b[\p{{L}}\p{{N}}--[{_CJK}]][^{_CJK}]*?\b", regex.V1)
# before a vowel regex sees no boundary, for the sake of elisions: a word after an opening quote would be lost
_OPENING = regex.compile(rf"(?<![\p{{L}}\p{{M}}--[{_CJK}]])['’](?=\p{{L}})", regex.V1)
# the same words, many times as fast, in lower-case ASCII without underscores
_PLAIN_WORD = re.compile(r"[a-z0-9]+(?:(?:(?<=[a-z])[.:'](?=[a-z])|(?<=[0-9])[.,;'](?=[0-9]))[a-z0-9]+)*")
_PLAIN = str.maketrans("’“”–—…\u00a0", "'      ")  # marks that make no other words than these
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
_NONE: frozenset[str] = frozenset()
_local = threading.local()


def analyse(text: str, language: str | None) -> list[str]:
    """The terms of a text, repeated as they occur. Without a language nothing is stemmed or left out."""
    pairs: list[str] = []
    plain = text if text.isascii() else text.translate(_PLAIN)
    if plain.isascii() and "_" not in plain:
        words = _PLAIN_WORD.findall(plain.lower())
    else:
        words = []
        for match in _TOKEN.finditer(_OPENING.sub(" ", text)):
            if match["cjk"]:
                pairs += _bigrams(match["cjk"])
            else:
                words.append(match[0].replace("’", "'").casefold())
    if "," in text:
        words = [_DIGIT_COMMA.sub("", word) if "," in word else word for word in words]
    left_out = FUNCTION_WORDS.get(language or "", _NONE)
    if language == "en":
        words = [_CLITIC.sub("", word) if "'" in word else word for word in words if word not in _CUT_OFF]
    return _stem([word for word in words if word and word not in left_out], language) + pairs


def _bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _stem(words: list[str], language: str | None) -> list[str]:
    algorithm = _STEMMERS.get(language or "")
    if algorithm is None:
        return words
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__  # a stemmer serves one thread only
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0)  # its cache takes longer than stemming
    stemmed: list[str] = stemmers[algorithm].stemWords(words)
    return stemmed
