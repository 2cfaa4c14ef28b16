"""Telling the language, down to a headline, and refusing to guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.languages import LANGUAGES, LanguageError, identify

SEEDS = sorted((Path(__file__).resolve().parent.parent / "seeds").glob("*.txt"))
NAVIGATION = (
    "한어Русский языкEnglishFrançaisIndonesianSanskrit日本語DeutschPortuguêsΕλληνικάespañolItalianoSuomalainenLatina"
)

HEADLINES = [
    ("ja", "トヨタ自動車、純利益3割増"),
    ("ja", "日銀、政策金利据え置き"),
    ("ja", "任天堂株急落"),
    ("ja", "日本製鉄、USスチール買収完了"),
    ("ja", "NVIDIA, AMD, TSMCの株価"),
    ("ja", "三井物産 上方修正"),
    ("ja", "伊藤忠商事、前年同期比増益"),
    ("ja", "メルカリ"),
    ("de", "Siemens steigert Gewinn"),
    ("de", "SAP übernimmt Qualtrics"),
    ("de", "Rheinmetall-Aktie auf Rekordhoch"),
    ("de", "NVIDIA und AMD: Kurse fallen um 7 %"),
    ("de", "Die 腾讯-Beteiligung der Prosus"),
    ("ko", "삼성전자 3분기 영업이익"),
    ("ko", "BYD 판매량"),
    ("ko", "SK하이닉스, HBM4 공급…NVIDIA·AMD 수혜"),
    ("ko", "美 금리 인하"),
    ("zh", "中国石油股价上涨"),
    ("zh", "贵州茅台"),
    ("zh", "腾讯 Q3 财报"),
    ("zh", "台積電第三季營收創新高"),
    ("zh", "小米集團業績"),
    ("zh", "中芯國際第三季度業績"),
    ("zh", "优衣库母公司业绩"),
    ("en", "Apple beats estimates"),
    ("en", "Tesla Q3 revenue $25bn"),
    ("en", "The bank said on Monday that profit fell."),
]


@pytest.mark.parametrize(("lang", "text"), HEADLINES, ids=[t for _, t in HEADLINES])
def test_headlines(lang: str, text: str) -> None:
    assert identify(text) == lang


@pytest.mark.parametrize(
    ("path", "lang"), list(zip(SEEDS, ["ja", "ja", "ja", "de", "ko"], strict=True)), ids=[p.stem[:3] for p in SEEDS]
)
def test_seeds(path: Path, lang: str) -> None:
    assert identify(path.read_text(encoding="utf-8")) == lang


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        (
            "ja",
            "今週は米国株が下落し、エヌビディアやメタなどテクノロジー大手が次々と売られ、投資家は様子を見ている。市場では先行きを懸念する声が多い。",
        ),
        (
            "de",
            "Die Aktie des Konzerns fiel am Dienstag um sieben Prozent, weil die Anleger am Nutzen der hohen Ausgaben zweifeln und Gewinne mitnehmen.",
        ),
        (
            "ko",
            "이번 주 미국 주식은 하락했고 엔비디아와 메타를 비롯한 대형 기술주가 잇따라 떨어지면서 투자자들은 관망하고 있다.",
        ),
        (
            "zh",
            "本周美股下跌，英伟达和元宇宙等大型科技公司接连走低，投资者正在观望，市场上担忧前景的声音很多，资金继续流出。",
        ),
    ],
)
def test_the_line_of_languages_does_no_harm(lang: str, text: str) -> None:
    assert identify(f"{NAVIGATION}\n\n{text}") == lang
    assert identify(f"{text}\n{NAVIGATION}\n") == lang


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("LANG001", ""),
        ("LANG001", " \n"),
        ("LANG001", "123 456,78 % €"),
        ("LANG001", "😀 → 🚀"),
        ("LANG002", "Газпром увеличил прибыль на 7 %"),
        ("LANG002", "Le bénéfice de Renault a augmenté de 7 % au troisième trimestre"),
        ("LANG002", "Las ganancias de Telefónica suben un 7 % en el trimestre"),
        ("LANG002", "Η Εθνική Τράπεζα ανακοίνωσε κέρδη"),
        ("LANG002", "أرباح أرامكو تتراجع"),
        ("LANG002", "De winst van Philips is in het kwartaal met 7 procent gestegen"),
        ("LANG003", "KDDI"),
        ("LANG003", "日本銀行"),
        ("LANG003", "SAP, BASF, BMW"),
    ],
)
def test_no_guess(code: str, text: str) -> None:
    with pytest.raises(LanguageError, match=f"^{code}: ") as caught:
        identify(text)
    assert caught.value.code == code
    assert isinstance(caught.value, ValueError)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_language_or_an_error(text: str) -> None:
    try:
        assert identify(text) in LANGUAGES
    except LanguageError as error:
        assert error.code in ("LANG001", "LANG002", "LANG003")


def test_of_a_long_text_samples_are_read() -> None:
    assert identify("円高で株価が下落した。\n" * 400_000) == "ja"
    assert identify("英文 title\n" + "Der Umsatz stieg um drei Prozent. " * 50_000) == "de"
