"""The language of a text, told by its beginning; none is named where it would be a guess."""

import pytest

from citewell.corpus.language import FUNCTION_WORDS, guess_language

SENTENCES = [
    ("en", "The company that makes the chips has more orders than it can fill."),
    ("nl", "Het bedrijf dat de chips maakt, heeft meer opdrachten dan het aan kan."),
    ("de", "Die Firma, die die Chips herstellt, hat mehr Aufträge, als sie schaffen kann."),
    ("fr", "L'entreprise qui fabrique les puces a plus de commandes qu'elle ne peut en remplir."),
    ("es", "La empresa que fabrica los chips tiene más pedidos de los que puede atender."),
    ("it", "L'azienda che produce i chip ha più ordini di quanti ne possa evadere."),
    ("pt", "A empresa que fabrica os chips tem mais encomendas do que consegue atender."),
    ("sv", "Företaget som tillverkar kretsarna har fler beställningar än det kan klara av."),
    ("pl", "Firma, która produkuje układy, ma więcej zamówień, niż może zrealizować w tym roku."),
    ("tr", "Yongaları üreten şirketin karşılayabileceğinden daha fazla siparişi var ve bekliyor."),
    ("ru", "Компания, которая выпускает чипы, получила больше заказов, чем может выполнить."),
    ("el", "Η εταιρεία που κατασκευάζει τα τσιπ έχει περισσότερες παραγγελίες από όσες μπορεί να καλύψει."),
    ("ar", "الشركة التي تصنع الرقائق لديها طلبات أكثر مما تستطيع تلبيته هذا العام."),
    ("he", "לחברה שמייצרת את השבבים יש יותר הזמנות ממה שהיא יכולה למלא השנה."),
    ("hi", "चिप बनाने वाली कंपनी के पास जितने ऑर्डर हैं उतने वह पूरे नहीं कर सकती।"),
    ("zh", "生产芯片的公司收到的订单超过了它的生产能力，今年无法全部交付。"),
    ("ja", "チップを製造する会社は、対応できる以上の注文を受けています。"),
    ("ko", "칩을 만드는 회사는 처리할 수 있는 것보다 더 많은 주문을 받았습니다."),
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
        "1,000 2,000 3,000 4,000 5,000 6,000 7,000 8,000",
        "| 1 |\n|---|\n| 2 |",
        "Spring tide.",
        "人工智能正在改变世界。",
    ],
)
def test_too_few_words_name_no_language(text: str) -> None:
    assert guess_language(text) is None


def test_names_are_in_no_language() -> None:
    assert guess_language("NVIDIA Blackwell Rubin Vera Groq AMD Intel TSMC ASML Synopsys") is None


def test_eight_words_are_enough() -> None:
    """Of Chinese, Japanese and Korean two characters count as one."""
    assert guess_language("The tide comes in two days after") is None
    assert guess_language("The tide comes in two days after that") == "en"
    assert guess_language("潮汐在新月之后两天到来而且很高") is None
    assert guess_language("潮汐在新月之后两天到来而且很高大") == "zh"


def test_the_beginning_of_a_long_text_decides() -> None:
    """A long appendix in another language neither counts nor costs time."""
    texts = dict(SENTENCES)
    assert guess_language(500 * texts["de"] + 5000 * texts["en"]) == "de"


@pytest.mark.parametrize("language", sorted(FUNCTION_WORDS))
def test_function_words_are_lower_case_words(language: str) -> None:
    assert {word for word in FUNCTION_WORDS[language] if not word.isalpha() or word != word.lower()} == set()
