"""Numbers as they are written: digits with either decimal mark, words, and scales such as million or mld."""

from decimal import Decimal

import regex

_SMALL = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
}
_JOINED = {"en": "{ten}-{one}", "nl": "{one}en{ten}"}  # twenty-one; vierendertig
_ONES = {"en": ("one", "a", "an"), "nl": ("één", "een")}  # no figures unless a scale follows


def _words(language: str) -> dict[str, int]:
    small = {word: value for value, word in enumerate(_SMALL[language].split(), 2)}
    tens = {word: 10 * value for value, word in enumerate(_TENS[language].split(), 2)}
    ones = {"one" if language == "en" else "een": 1, **{word: n for word, n in small.items() if n < 10}}
    joined = {
        _JOINED[language].format(ten=ten, one=one).replace("eeen", "eeën").replace("ieen", "ieën"): value + n
        for ten, value in tens.items()
        for one, n in ones.items()
    }
    return {**small, **tens, **joined}


_VALUES = {language: _words(language) for language in _SMALL}
_SCALES = {
    "hundred": 100, "thousand": 10**3, "k": 10**3, "K": 10**3, "million": 10**6, "mn": 10**6, "mln": 10**6, "mio": 10**6,
    "m": 10**6, "M": 10**6, "billion": 10**9, "bn": 10**9, "b": 10**9, "B": 10**9, "trillion": 10**12, "tn": 10**12,
    "T": 10**12, "honderd": 100, "duizend": 10**3, "miljoen": 10**6, "miljard": 10**9, "mld": 10**9, "mrd": 10**9,
    "biljoen": 10**12, "dozen": 12, "dozijn": 12,
}  # fmt: skip
_LONG = "|".join(sorted((word for word in _SCALES if len(word) > 1), key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:(?P<mark>[.,’\u00a0\u202f])\d{3})(?:(?P=mark)\d{3})*(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_EDGE = r"(?<!\d:|[\p{L}\d_#]|[\p{L}\d][-‑.,/’'])"  # GPT-5.4, H100 and 12/3 are no figures
_ORDINAL = r"(?:st|nd|rd|th|e|de|ste)(?![\p{L}\d])"


def _pattern(language: str) -> str:
    words = "|".join(sorted(_VALUES.get(language, ()), key=len, reverse=True))
    ones = "|".join(_ONES.get(language, ()))
    spelt = rf"|(?i:(?P<word>{words})|(?P<one>{ones})(?=\s(?:{_LONG})\b))(?![\p{{L}}\d])" if words else ""
    return (
        rf"(?:(?P<digits>{_DIGITS})(?!{_ORDINAL}){spelt})"
        rf"(?:[ \u00a0-]?(?P<scale>(?i:{_LONG}))\b|(?P<letter>[kKmMbBT])(?![\p{{L}}\d²³/]))?"
    )


_PATTERNS = {language: _pattern(language) for language in ("en", "nl", "")}  # "": digits only
NUMBER = {language: regex.compile(_EDGE + pattern) for language, pattern in _PATTERNS.items()}
SECOND = {language: regex.compile(pattern) for language, pattern in _PATTERNS.items()}  # of a range: 10-12
SCALE = regex.compile(rf"\b(?P<scale>(?i:{_LONG}))\b")
DECIMAL_COMMA = frozenset(("nl", "de", "fr", "es", "it", "pt", "da", "sv", "no", "fi"))


def number(match: regex.Match[str], language: str, lettered: bool = True) -> tuple[Decimal, Decimal]:
    """Value and step, which is one in its last place as said: (4.2 billion, 0.1 billion), (12,400, 100).

    Whole numbers below 100 are said to the unit; in larger ones zeros at the end may come from rounding. A letter
    behind the digits is a scale only where `lettered`: 5m may be five metres.
    """
    groups = match.groupdict()
    factor = scale(match, lettered)
    if groups["digits"] is None:
        word = groups["word"]
        value = Decimal(_VALUES[language][word.casefold()]) if word else Decimal(1)
        return value * factor, factor
    value = decimal(groups["digits"], language)
    return value * factor, _step(value) * factor


def scale(match: regex.Match[str], lettered: bool = True) -> Decimal:
    """What the number is multiplied by: a million in 3.1 million; 1 if nothing is said."""
    groups = match.groupdict()
    said = groups["scale"] or (groups.get("letter") if lettered else None) or ""
    return Decimal(_SCALES.get(said, _SCALES.get(said.casefold(), 1)))


def decimal(digits: str, language: str) -> Decimal:
    """1,200 is a thousand and more in English, 1,2 and 1.2 are not; in Dutch the marks change places."""
    marks = [character for character in digits if not character.isdigit()]
    point = ""
    if marks:
        last = marks[-1]
        thousands = "." if language in DECIMAL_COMMA else ","
        grouped = len(digits) - digits.rindex(last) == 4 and not digits.startswith("0")
        is_single = len(marks) == 1 and last in ".," and not (grouped and last == thousands)
        point = last if is_single or len(set(marks)) > 1 else ""
    whole, _, fraction = digits.rpartition(point) if point else (digits, "", "")
    return Decimal("".join(filter(str.isdigit, whole)) + (f".{fraction}" if fraction else ""))


def _step(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent < 0:
        return Decimal(1).scaleb(exponent)
    whole = int(value)
    step = 1
    while whole >= 100 and whole % (10 * step) == 0:
        step *= 10
    return Decimal(step)
