"""German number words: eins to neunhundertneunundneunzigtausend, with the inflected forms of eins."""

from __future__ import annotations

_UNITS = ["", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
_TEENS = ["zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"]
_TENS = ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]


def _below_hundred() -> dict[str, int]:
    words = {unit: k for k, unit in enumerate(_UNITS) if k > 1}
    words.update({teen: 10 + k for k, teen in enumerate(_TEENS)})
    for tens in range(2, 10):
        words[_TENS[tens]] = 10 * tens
        for unit in range(1, 10):
            words[f"{_UNITS[unit]}und{_TENS[tens]}"] = 10 * tens + unit
    for word, value in list(words.items()):
        for plain, other in (("ß", "ss"), ("ü", "ue"), ("ö", "oe"), ("zwei", "zwo")):
            if plain in word:
                words.setdefault(word.replace(plain, other), value)
    return words


def words() -> dict[str, int]:
    """Number word in lower case to its value; compounds with hundert and tausend are listed up to 9,900 in hundreds and round thousands."""
    below = _below_hundred()
    table = {form: 1 for form in ("ein", "eine", "einen", "einem", "einer", "eines", "eins")}
    table.update(below)
    table["null"] = 0
    for prefix, base in [("", 1), *((u, k) for k, u in enumerate(_UNITS) if k)]:
        table[f"{prefix}hundert"] = 100 * base
        for word, value in below.items():
            table[f"{prefix}hundert{word}"] = 100 * base + value
            table[f"{prefix}hundertund{word}"] = 100 * base + value
    thousands = {
        "": 1,
        "ein": 1,
        **below,
        **{f"{u}hundert": 100 * k for k, u in enumerate(_UNITS) if k},
        "hundert": 100,
    }
    thousands |= {
        f"{u}hundert{w}": 100 * k + v for k, u in enumerate(_UNITS) if k for w, v in below.items() if v % 10 == 0
    }
    for word, value in thousands.items():
        table[f"{word}tausend"] = 1000 * value
    for prefix, base in (("ein", 1), ("", 1), *((u, k) for k, u in enumerate(_UNITS) if k > 1)):
        for hundreds in range(1, 10):
            table[f"{prefix}tausend{_UNITS[hundreds]}hundert"] = 1000 * base + 100 * hundreds
    table["dutzend"] = 12
    return table
