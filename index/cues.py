"""Words that say how a figure is meant: foreseen or done, a part or a sum, a change or a level, then or now.

English and Dutch in one list each: few of these words mean something else in the other language.
"""

import regex


def _any(words: str) -> regex.Pattern[str]:
    """Any of them as a whole word; a hyphen stands for a blank."""
    return regex.compile(rf"(?<![\p{{L}}\-])(?:{'|'.join(words.split()).replace('-', ' ')})(?!\p{{L}})")


FORECAST = _any(
    "expect(?:s|ed|ing)? forecasts? foresees? predict(?:s|ed|ion)? plan(?:s|ned)? target(?:s|ed)? aim(?:s|ed)? hope[sd]? due "
    "designed originally budgeted project(?:ed|ion) would could might should meant-to intends? proposed "
    "verwacht(?:te|en)? rekende-op gepland begroot raming hoopten? beoogd zou(?:den)? moet doel streeft"
)
FUTURE = _any("will shall opens starts zal zullen gaat opent")
PAST = _any(
    "was were had did been came took cost lost won beat fell rose grew paid sold bought became began went held made left put "
    "[a-z]{2,}ed werd(?:en)? waren kosten? kostte trok kwam ging duurde [a-z]{3,}(?:rde|lde|kte|tte|nde|pte|fde|gde|sde)n?"
)
NOW = _any("now today currently nowadays nu thans momenteel vandaag")
THEN = _any(
    "when-it at-first initially originally at-the-time once formerly used-to still toen destijds ooit aanvankelijk nog"
)
PART = _any(
    "further additional extra another each (?:first|second|third|initial|pilot)-(?:phase|stage|part) partly part-of elke? iedere? "
    "nog-eens (?:eerste|tweede)-fase deels"
)
SUM = _any("together combined jointly altogether samen gezamenlijk bij-elkaar")
OF_WHOLE = regex.compile(r"\s(?:of|van)\s(?:the|its|their|de|het|zijn|haar|hun)\s")
PART_OF_THEM = regex.compile(r"(?:of|van)\s(?:the|its|these|those|de|deze)\s")
OF_THEM = regex.compile(r"\s(?:of|van)\s(?:the|these|those|de|het|deze)\s")
MORE = regex.compile(r"\s(?:more|extra|meer)\b(?!\s(?:than|dan))")
CHANGE = _any(
    "rise[sn]? rose rising grow(?:s|n|th)? grew increas(?:e|es|ed|ing) decreas(?:e|es|ed|ing) falls? fallen fell drop(?:s|ped)? "
    "declin(?:e|es|ed) gain(?:s|ed)? add(?:s|ed|ing)? cut(?:s|ting)? shr[iau]nk lowered reduc(?:e|es|ed) up down jump(?:s|ed)? "
    "surge[sd]? climb(?:s|ed)? expand(?:s|ed)? stijgt stegen steeg groei(?:t|de|den)? daal(?:t|de|den) kromp toename afname stijging "
    "daling verhoogd verlaagd schrapt"
)
BY = regex.compile(r"\b(?:by|met)\s$")
TO = regex.compile(r"\b(?:to|at|naar|tot|op)\s$")
FROM = regex.compile(r"\b(?:from|van)\s$")
CHANGED = regex.compile(
    r"\s(?:points?\s)?(?:higher|lower|more|less|fewer|increase|decrease|rise|growth|decline|drop|cut|hoger|lager|meer|minder)\b"
)

_WEEK = ("monday tuesday wednesday thursday friday saturday sunday", "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag")  # fmt: skip
WEEKDAYS = {word: number for days in _WEEK for number, word in enumerate(days.split())}

PEOPLE = frozenset(("people", "persons", "mensen", "personen"))
_ROLES = (
    "president minister mayor king queen emperor empress prince princess pope saint sir lord lady judge professor doctor dr mr mrs ms "
    "captain coach striker goalkeeper candidate senator governor chancellor director general painter composer writer chairman "
    "burgemeester koning koningin keizer prins prinses paus rechter hoogleraar voorzitter directeur schilder kandidaat"
)
ROLES = frozenset(_ROLES.split())  # before a name, and no part of it

_CONTRASTS = (
    "men/man/men's/male/males/boys/mannen women/woman/women's/female/females/girls/vrouwen children/kinderen adults/volwassenen",
    "input output", "first/eerste second/tweede third/derde fourth/vierde", "imports/import exports/export", "gross/bruto net/netto",
    "urban rural", "minimum/lowest/low/laagste maximum/highest/high/hoogste average/gemiddeld", "summer winter", "north/northern/noord south/southern/zuid "
    "east/eastern/oost west/western", "brother sister father mother son daughter", "domestic foreign", "retail wholesale",
    "indoor outdoor", "junior senior", "upper lower", "infections/infection admissions/admission deaths/death", "internal external",
    "morning evening", "home away",
)  # fmt: skip
WHO = 0  # men, women, children, adults: who is named on one side only may be a part
CONTRASTS = {
    word: (number, kind)
    for number, kinds in enumerate(_CONTRASTS)
    for kind, words in enumerate(kinds.split())
    for word in words.split("/")
}
