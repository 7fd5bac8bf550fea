"""Units of measure: how they are written, what they measure, and how many of the base unit they are.

Money of different currencies is never converted. Factors are those of the SI brochure and of NIST Handbook 44; a month
is a twelfth of 365.25 days.
"""

from dataclasses import dataclass
from decimal import Decimal

import regex


@dataclass(frozen=True, slots=True)
class Unit:
    """`name` is the base unit: two figures can be compared when they have the same."""

    name: str
    factor: Decimal = Decimal(1)


_CURRENCIES = {
    "USD": "$ US$ USD dollar dollars", "EUR": "€ EUR euro euros euro's", "GBP": "£ GBP", "JPY": "¥ JPY yen",
    "CHF": "CHF francs", "CNY": "CNY RMB yuan", "INR": "₹ INR rupees", "AUD": "A$ AUD", "CAD": "C$ CAD",
}  # fmt: skip
_MEASURES = {  # base unit: factor and ways to write it
    "%": {"1": "% percent procent"},
    "pp": {"1": "percentage-points percentage-point procentpunt procentpunten"},
    "m": {
        "0.001": "mm millimetre millimeter millimetres millimeters", "0.01": "cm centimetre centimeter centimetres centimeters",
        "1": "m metre meter metres meters", "1000": "km kilometre kilometer kilometres kilometers",
        "1609.344": "mile miles mijl", "0.3048": "ft foot feet voet", "0.0254": "inch inches", "0.9144": "yard yards",
    },
    "m²": {
        "1": "m² m2 square-metres square-meters vierkante-meter", "10000": "ha hectare hectares",
        "1000000": "km² km2 square-kilometres square-kilometers square-kilometre square-kilometer vierkante-kilometer",
        "2589988.110336": "square-miles square-mile sq-mi", "4046.8564224": "acre acres",
    },
    "m³": {
        "1": "m³ m3 cubic-metres cubic-meters kubieke-meter", "0.001": "litre liter litres liters",
        "1000000000": "cubic-kilometres cubic-kilometers km³",
    },
    "kg": {
        "0.001": "g gram grams gramme grammes", "1": "kg kilo kilos kilogram kilograms kilogrammes",
        "1000": "tonne tonnes ton tons", "0.45359237": "lb lbs", "0.000001": "mg milligram milligrams",
    },
    "W": {
        "1": "W watt watts", "1000": "kW kilowatt kilowatts", "1000000": "MW megawatt megawatts",
        "1000000000": "GW gigawatt gigawatts", "1000000000000": "TW terawatt terawatts",
    },
    "Wh": {
        "1000": "kWh kilowatt-hours kilowattuur", "1000000": "MWh megawatt-hours megawattuur",
        "1000000000": "GWh gigawatt-hours gigawattuur", "1000000000000": "TWh terawatt-hours terawattuur",
    },
    "s": {
        "1": "s second seconds seconde seconden", "60": "min minute minutes minuut minuten",
        "3600": "h hour hours uur uren", "86400": "day days dag dagen", "604800": "week weeks weken",
        "2629800": "month months maand maanden", "31557600": "year years jaar jaren",
        "315576000": "decade decades decennium decennia", "3155760000": "century centuries eeuw eeuwen",
    },
    "byte": {"1000": "kB", "1000000": "MB", "1000000000": "GB", "1000000000000": "TB", "1000000000000000": "PB"},
    "km/h": {"1": "km/h kph", "1.609344": "mph"},
    "°C": {"1": "°C"},
    "°F": {"1": "°F"},
    "×": {"1": "x × times keer"},
}  # fmt: skip
_UNITS = {
    **{word: Unit(name) for name, words in _CURRENCIES.items() for word in words.split()},
    **{
        word.replace("-", " "): Unit(name, Decimal(factor))
        for name, ways in _MEASURES.items()
        for factor, words in ways.items()
        for word in words.split()
    },
    "per cent": Unit("%"),
    "dollar cents": Unit("USD", Decimal("0.01")),
}
MONEY = frozenset(_CURRENCIES)
_SPELT = [word for word in _UNITS if len(word) > 3 and word.isascii() and word.replace(" ", "").isalpha()]
_SHORT = [word for word in _UNITS if word not in _SPELT]


def _either(words: list[str]) -> str:
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True))


_CURRENCY = _either([word for word in _SHORT if _UNITS[word].name in MONEY])
CURRENCY = regex.compile(rf"(?:(?:{_CURRENCY})\s?)?")
BEFORE = regex.compile(rf"(?<![\p{{L}}\d])(?:{_CURRENCY})\s?$")
AFTER = regex.compile(
    rf"(?:[ \u00a0-]?(?:(?i:{_either(_SPELT)})|(?:{_either(_SHORT)})))(?![\p{{L}}\d²³])", regex.V1
)


def unit(written: str) -> Unit:
    """Of words that BEFORE or AFTER matched."""
    words = written.strip().lstrip("-")
    return _UNITS[words] if words in _UNITS else _UNITS[words.casefold()]
