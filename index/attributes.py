"""What figures are figures of: revenue, height, birth. Words of English and Dutch, one group for each attribute.

Of two figures with different attributes nothing can be said; without a known attribute shared words have to do.
"""

from citewell.index.quantity import COUNT, DATE, SCORE
from citewell.index.units import MONEY

_WORDS = {
    "money": {
        "revenue": "revenue revenues sales omzet",
        "profit": "profit profits earnings winst",
        "loss": "loss losses lost lose verlies",
        "price": "cost costs price prices priced sell sells sold pay pays paid fee charge charges buy buys bought acquire acquired "
        "acquisition takeover purchase kost kostte kosten prijs betaalt betaalde gekocht verkocht",
        "value": "valued valuation worth waard waarde",
        "damage": "damage damages schade",
        "budget": "budget budgets begroting",
        "investment": "invest invests invested investing investment investments stake spend spends spent spending expenditure "
        "expenditures capex commitment commits committed investeert investeerde investering investeringen uitgaven kapitaaluitgaven",
        "funding": "raise raises raised raising funding haalde opgehaald",
        "settlement": "settlement settle settles settled schikking",
        "wage": "salary salaries wage wages earns salaris loon",
        "debt": "debt debts owes schuld schulden",
        "fine": "fine fined fines boete",
        "prize": "prize award prijzengeld",
    },
    "count": {
        "dead": "killed kills kill died dead deaths death dies toll doden omgekomen gedood stierf overleden",
        "injured": "injured injures wounded injuries gewonden gewond",
        "staff": "employees employee staff workers workforce employs employ employed jobs work works medewerkers werknemers banen "
        "personeel werken werkt",
        "customers": "customers clients subscribers klanten abonnees",
        "users": "users gebruikers",
        "inhabitants": "inhabitants population residents live inwoners bevolking wonen",
        "visitors": "visitors attendance attended audience bezoekers",
        "capacity": "seats seat holds hold capacity",
        "patients": "patients participants volunteers enrolled patiënten deelnemers proefpersonen",
        "votes": "votes stemmen",
        "missing": "missing vermist",
    },
    "m": {
        "length": "long length longest lang lengte",
        "height": "high height tall rises highest elevation peak hoog hoogte",
        "width": "wide width breed breedte",
        "depth": "deep depth diep diepte",
        "diameter": "diameter doorsnee",
        "distance": "drove driven travelled traveled covered distance ran flew afstand",
        "range": "range bereik",
    },
    "s": {
        "term": "sentenced sentence prison jail jailed veroordeeld cel gevangenisstraf",
        "duration": "last lasts lasted take takes took duration duurde duurt duur",
        "age": "age aged old oud leeftijd",
    },
    "date": {
        "birth": "born birth geboren",
        "death": "died death dead overleden stierf",
        "founding": "founded founding established formed opgericht gesticht",
        "opening": "open opens opened opening geopend opende opening",
        "start": "start starts started starting begin begins began begun begon begint",
        "completion": "completed completes complete completion finished voltooid afgerond",
        "release": "launch launches launched launching release releases released introduced brought came debuted uitgebracht gelanceerd",
        "approval": "approve approves approved passed adopted ratified goedgekeurd",
        "signing": "signed signs ondertekend",
        "closing": "closed closes closing deadline sloot gesloten",
        "listing": "listed ipo beursgang",
        "discovery": "discovered discovers discovery ontdekt ontdekte",
        "building": "built erected constructed gebouwd",
        "destruction": "destroyed demolished burned verwoest gesloopt",
        "wedding": "married wed trouwde getrouwd",
        "sinking": "sank sunk gezonken",
        "invention": "invented patented uitgevonden",
        "crowning": "crowned gekroond",
        "abolition": "abolished dissolved afgeschaft opgeheven",
    },
}  # fmt: skip
_ATTRIBUTES = {
    kind: {word: name for name, words in groups.items() for word in words.split()}
    for kind, groups in _WORDS.items()
}
_KINDS = {**dict.fromkeys(MONEY, "money"), COUNT: "count", "m": "m", "s": "s", DATE: "date", SCORE: ""}


def attribute_of(word: str, unit: str) -> str | None:
    """What a word, in lower case, makes of a figure in that unit."""
    return _ATTRIBUTES.get(_KINDS.get(unit, ""), {}).get(word)
