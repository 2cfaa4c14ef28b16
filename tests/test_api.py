"""The public surface: names, types, errors. A rename breaks a test, not a user."""

import datetime
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import finextract
from finextract import Extraction, LanguageError, extract, extract_batch, load

ROOT = Path(__file__).parent.parent


def test_exported_names():
    assert sorted(finextract.__all__) == [
        "Company",
        "Entity",
        "Extraction",
        "ExtractionError",
        "LABELS",
        "LanguageError",
        "Money",
        "Percent",
        "Quarter",
        "extract",
        "extract_batch",
        "load",
    ]
    for name in finextract.__all__:
        assert getattr(finextract, name) is not None


def test_import_brings_nothing_heavy():
    code = "import sys, finextract; print(sorted(m for m in ('spacy', 'onnxruntime', 'babel', 'pyarrow', 'numpy', 'kiwipiepy', 'sudachipy', 'rich') if m in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_seeds_are_unchanged():
    lines = (ROOT / "seeds" / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    assert len(lines) == 5
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((ROOT / "seeds" / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        ({"text": 5}, TypeError, "X103"),
        ({"text": "\udc80 5%"}, ValueError, "X104"),
        ({"text": "5%", "lang": "xx"}, LanguageError, "LANG004"),
        ({"text": "5%", "lang": "de", "date": "5.8.2024"}, ValueError, "X102"),
        ({"text": "5%", "lang": "de", "date": "2024-13-01"}, ValueError, "X102"),
        ({"text": "5%", "lang": "de", "model": "big"}, ValueError, "X105"),
        ({"text": "Привет, мир! Как дела сегодня?"}, LanguageError, "LANG002"),
        ({"text": "12345 !!"}, LanguageError, "LANG001"),
    ],
)
def test_errors_have_codes(arguments, error, code):
    with pytest.raises(error, match=code):
        extract(**arguments)


def test_dates_as_strings_and_as_dates():
    text = "올해 1분기 매출"
    for date in ("2024-08-05", datetime.date(2024, 8, 5), "2024-08-05T10:00:00"):
        assert extract(text, date=date, model="none").entities[0].value.year == 2024
    assert extract(text, model="none").entities[0].value.year is None


def test_json_is_as_the_guidelines_say():
    found = extract("約500億ドル以上、16.1%–19.5%、前四半期、数千億ドル", lang="ja", model="none").to_dict()
    assert [s["value"] for s in found["spans"]] == [
        {"currency": "USD", "amount": "50000000000", "modifier": "equal_or_more"},
        {"min": "16.1", "max": "19.5", "unit": "percent"},
        {"relative": -1},
        {"currency": "USD", "scale": "100000000000"},
    ]
    assert [set(s) for s in found["spans"]] == [{"start", "end", "label", "text", "value", "source"}] * 4


def test_the_navigation_line_of_a_dozen_languages_does_no_harm():
    line = "한어Русский языкEnglishFrançaisIndonesianSanskrit日本語DeutschPortuguêsΕλληνικάespañolItalianoSuomalainenLatina"
    for lang, sentence in (
        ("ja", "売上高は440億ドルだった。"),
        ("de", "Der Umsatz der Firma stieg auf 25 Milliarden US-Dollar."),
        ("ko", "매출은 84억 달러였다."),
    ):
        found = extract(line + "\n\n" + f"{sentence}\n" * 8, model="none")
        assert found.lang == lang
        assert [e.label for e in found] == ["MONEY"] * 8


@pytest.mark.parametrize("lang", ["ja", "de", "ko", "zh"])
def test_the_pipeline_finds_what_extract_finds(lang):
    text = {
        "ja": "NVIDIAの第1四半期の売上高は440億ドル、5%増。",
        "de": "Siemens steigerte im ersten Quartal 2024 den Umsatz um 5 Prozent auf 3 Mrd. Euro.",
        "ko": "삼성전자는 1분기에 84억 7천만 달러를 벌었다.",
        "zh": "腾讯控股第一季度营收500亿元，增长5%。",
    }[lang]
    doc = load(lang, model="none")(text)
    assert doc.text == text
    expected = extract(text, lang=lang, model="none")
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [(e.start, e.end, e.label) for e in expected]
    assert [e._.value for e in doc.ents] == [e.value for e in expected]


def test_batch_is_lazy_and_ordered():
    taken = []

    def texts():
        for k in range(100):
            taken.append(k)
            yield f"Gewinn von {k + 1} Mio. Euro"

    stream = extract_batch(texts(), lang="de", model="none", batch_size=10)
    first = next(stream)
    assert isinstance(first, Extraction)
    assert len(taken) == 10
    assert [int(e.entities[0].value.amount) // 1_000_000 for e in stream] == list(range(2, 101))
