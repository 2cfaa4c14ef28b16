"""Names in raw text: where they begin and end, and where they are no names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.companies import CompanyIndex
from finextract.companies.text import fold, is_han, is_hangul, is_hiragana, is_katakana, script_of

TABLE = Path(__file__).parent / "data" / "companies" / "boundaries.tsv"
ROWS = [
    tuple(line.split("\t")[:2]) for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#")
]


def unmark(marked: str) -> tuple[str, list[tuple[int, int]]]:
    text, spans = "", []
    for piece in marked.split("[["):
        inside, closed, rest = piece.partition("]]")
        if closed:
            spans.append((len(text), len(text) + len(inside)))
        text += inside + rest
    return text, spans


@pytest.mark.parametrize(("lang", "marked"), ROWS, ids=[f"{lang}-{marked}" for lang, marked in ROWS])
def test_boundaries(lang: str, marked: str) -> None:
    text, spans = unmark(marked)
    found = [(hit.start, hit.end) for hit in CompanyIndex.load().find(text, lang)]
    assert [text[a:b] for a, b in found] == [text[a:b] for a, b in spans]
    assert found == spans


@pytest.mark.parametrize(("lang", "marked"), ROWS, ids=[f"{lang}-{marked}" for lang, marked in ROWS])
@pytest.mark.parametrize("prefix", ["😀😀 ", "\r\n\t", "é\u0301 "], ids=["emoji", "crlf", "combining"])
def test_offsets_move_with_what_stands_before(lang: str, marked: str, prefix: str) -> None:
    text, _ = unmark(marked)
    index = CompanyIndex.load()
    plain = [(h.start + len(prefix), h.end + len(prefix), h.ids) for h in index.find(text, lang)]
    assert [(h.start, h.end, h.ids) for h in index.find(prefix + text, lang)] == plain


@given(st.text(max_size=200), st.sampled_from(["ja", "de", "ko", "zh", "en"]))
@settings(deadline=None, max_examples=200)
def test_any_text_gives_ordered_spans_inside_it(text: str, lang: str) -> None:
    end = 0
    for hit in CompanyIndex.load().find(text, lang):
        assert end <= hit.start < hit.end <= len(text)
        assert hit.alias in fold(text[hit.start : hit.end])
        assert hit.ids
        end = hit.end


@given(st.text())
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr' is none of ja, de, ko, zh, en"):
        CompanyIndex.load().find("Renault", "fr")


def test_the_longest_name_wins() -> None:
    (hit,) = CompanyIndex.load().find("ソニーフィナンシャルグループの上場", "ja")
    assert hit.ids == ("XTKS:8729",)


def test_lookup() -> None:
    index = CompanyIndex.load()
    found = index.lookup("エヌビディア", "ja")
    assert found is not None and found[0] == ("XNAS:NVDA",) and found[1] is False
    assert index.lookup("ほにゃらら商会", "ja") is None
    assert index.lookup("Apple Watch", "de") is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8))
def test_the_script_of_a_name_is_that_of_its_characters(name: str) -> None:
    kinds = (("hangul", (is_hangul,)), ("kana", (is_katakana, is_hiragana)), ("han", (is_han,)))
    wanted = next((kind for kind, tests in kinds if any(t(c) for c in name for t in tests)), "latin")
    assert script_of(name) == wanted
