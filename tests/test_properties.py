"""What holds for every text: kept text, exact offsets, equal values however a number is written, batch equal to single, JSON round trip, linear work."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finextract import Extraction, extract, extract_batch
from finextract.quantities import read

SENTENCES = {
    "ja": "売上高は約500億ドル、前年比16.1%増、2024年第2四半期は▲8億円だった。",
    "de": "Der Umsatz stieg im zweiten Quartal 2024 um 2,5 Prozent auf rund 32,5 Milliarden Euro.",
    "ko": "이번 분기 매출은 84억 7천만 달러로 33.4% 늘었고 30억 ~ 40억 위안을 썼다.",
    "zh": "二季度营收约500亿元，同比增长三成，至少投入5亿至5.5亿美元。",
}
LANGS = sorted(SENTENCES)
# nothing that can be part of an amount: no digits, numerals, units, signs or letters
neutral = st.text(st.sampled_from("「」『』《》♪☆★🚀👩‍🔬𠮷\u0301\ufe0f\u200b\r\n。！？…"), max_size=12)
settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")


def spans(text, lang):
    return [(e.start, e.end, e.label, e.value) for e in read(text, lang, "2024-08-05")]


@pytest.mark.parametrize("lang", LANGS)
@given(prefix=neutral, suffix=neutral)
def test_offsets_move_with_any_prefix(lang, prefix, suffix):
    sentence = SENTENCES[lang]
    moved = spans(f"{prefix}\n{sentence}\n{suffix}", lang)
    shift = len(prefix) + 1
    assert [(s - shift, e - shift, label, value) for s, e, label, value in moved] == spans(sentence, lang)


@pytest.mark.parametrize("lang", LANGS)
@given(text=st.text(max_size=200))
def test_entities_are_slices_of_the_text_in_order(lang, text):
    if any("\ud800" <= c <= "\udfff" for c in text):
        return
    found = extract(text, lang=lang, model="none")
    assert found.text == text
    end = 0
    for e in found:
        assert end <= e.start < e.end <= len(text)
        assert text[e.start : e.end] == e.text
        assert not e.text[0].isspace() and not e.text[-1].isspace()
        end = e.end


@pytest.mark.parametrize("lang", ["ja", "ko", "zh"])
def test_full_width_digits_change_nothing(lang):
    sentence = SENTENCES[lang]
    wide = sentence.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    assert spans(wide, lang) == spans(sentence, lang)


UNITS = {
    "ja": [("億", 8), ("万", 4), ("兆", 12)],
    "ko": [("억", 8), ("만", 4), ("조", 12)],
    "zh": [("亿", 8), ("万", 4), ("億", 8)],
}
CURRENCY = {"ja": ("円", "JPY"), "ko": ("원", "KRW"), "zh": ("元", "CNY")}


@pytest.mark.parametrize("lang", sorted(UNITS))
@given(number=st.integers(1, 9999), unit=st.integers(0, 2))
def test_scale_words_equal_plain_digits(lang, number, unit):
    word, power = UNITS[lang][unit]
    currency, code = CURRENCY[lang]
    expected = Decimal(number) * Decimal(10) ** power
    for text in (
        f"{number}{word}{currency}",
        f"{number:,}{word}{currency}",
        f"{expected:,f}{currency}",
        f"{expected:f}{currency}",
    ):
        (found,) = read(text, lang)
        assert (found.start, found.end) == (0, len(text))
        assert (found.value.currency, found.value.amount) == (code, expected)


@given(number=st.integers(1, 999_999), cents=st.integers(0, 99))
def test_german_separators(number, cents):
    plain = f"{number:,}".replace(",", ".")
    for text in (
        f"{plain},{cents:02d} Euro",
        f"EUR {plain},{cents:02d}",
        f"{plain.replace('.', chr(39))}.{cents:02d} Euro",
    ):
        (found,) = read(text, "de")
        assert found.text == text
        if "'" in text or number < 1000 or "," in text:
            assert found.value.amount == Decimal(number) + Decimal(cents) / 100


@given(number=st.integers(10_000, 10**16 - 1))
def test_cjk_numerals_read_back(number):
    digits, small = "零一二三四五六七八九", ["", "十", "百", "千"]

    def group(n):
        out, gap = "", False
        for k in range(3, -1, -1):
            d = n // 10**k % 10
            if d:
                out += ("零" if gap and out else "") + digits[d] + small[k]
            gap = gap or not d
            gap = not d if d else gap
        return out

    text, rest = "", number
    for scale, word in ((10**12, "兆"), (10**8, "億"), (10**4, "万"), (1, "")):
        if rest // scale:
            text += group(rest // scale) + word
            rest %= scale
    (found,) = read(text + "円", "ja")
    assert found.value.amount == number


def test_batch_equals_single_and_json_comes_back():
    texts = [SENTENCES[lang] for lang in LANGS] * 3
    batch = list(extract_batch(texts, date="2024-08-05", batch_size=5, model="none"))
    single = [extract(text, date="2024-08-05", model="none") for text in texts]
    assert batch == single
    for extraction in single:
        assert Extraction.from_dict(extraction.to_dict()) == extraction


def test_a_bad_text_stands_in_its_place():
    out = list(extract_batch(["Der Umsatz stieg um 5 Prozent.", "\ud800", 7, "ok 5%"], lang="de", model="none"))
    assert [type(o).__name__ for o in out] == ["Extraction", "ExtractionError", "ExtractionError", "Extraction"]
    assert [getattr(o, "code", "") for o in out] == ["", "X104", "X103", ""]


HOSTILE = json.loads((Path(__file__).parent / "data/quantities/hostile.json").read_text("utf-8"))


def calls(text, lang):
    """How many Python and C functions are called to read a text: work that no clock and no other process disturbs."""
    count = 0

    def profile(frame, event, arg):
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(profile)
    try:
        read(text, lang, "2024-08-05")
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("lang", LANGS)
def test_work_grows_linearly_on_hostile_input(lang, name):
    unit = HOSTILE[name]
    small, large = ((unit * (size // len(unit) + 1))[:size] for size in (3_000, 30_000))
    calls(small, lang)
    assert calls(large, lang) <= 12 * calls(small, lang) + 100
