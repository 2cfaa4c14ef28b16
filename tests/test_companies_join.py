"""Evidence joined: how far the model is asked where it named nothing, and where the sure names of a document are found again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finextract import extract
from finextract.companies.encoder import Names, Scored
from finextract.companies.join import _places, choose
from finextract.companies.trim import trim
from finextract.companies.weigh import Weights
from finextract.quantities.lexicon import literal

WORDS = st.text(alphabet="ab& .", min_size=2, max_size=5).map(str.strip).filter(lambda w: len(w) > 1)
NAMES = st.lists(WORDS.map(lambda w: " ".join(w.split())).filter(lambda w: len(w) > 1), max_size=5)


@given(NAMES, st.text(alphabet="ab& .\n", max_size=30))
def test_places_are_those_that_an_expression_finds(names: list[str], text: str) -> None:
    text = re.sub(r"\s{2,}", "  ", text)
    names = [name for name in names if name.count(" ") < 2]
    wanted = [(m.start(), m.end()) for m in re.finditer(literal(names), text)] if names else []
    assert [(start, end) for start, end, _ in _places(text, names)] == wanted


@pytest.mark.parametrize("model", ["fast", "encoder"])
def test_a_name_at_the_end_of_a_text_is_found_with_its_stop(model: str) -> None:
    text = "Die Maschinen, geleast bei der Lavanttaler Leasing & Co."
    found = [e for e in extract(text, lang="de", model=model) if e.label == "COMPANY"]
    assert [text[e.start : e.end] for e in found] == ["Lavanttaler Leasing & Co."]


def chosen(
    text: str, lang: str, names: list[Scored], half: tuple[int, int, float], model: str
) -> list[tuple[int, int, str]]:
    """What is chosen where the model sees ``names``, and a company with some probability at one place more."""
    company = [0.001] * len(text)
    company[half[0] : half[1]] = [half[2]] * (half[1] - half[0])
    for name in names:
        company[name.start : name.end] = [name.score] * (name.end - name.start)
    return sorted((c.start, c.end, c.source) for c in choose(text, lang, Names(names, company), model))


# The encoder was told of the known name before it doubted, so that its half belief says less for it.
@pytest.mark.parametrize(("model", "belief"), [("fast", 0.3), ("encoder", 0.55)])
def test_a_known_name_counts_only_where_the_model_half_sees_one(model: str, belief: float) -> None:
    text = "贵州茅台昨日上涨。"
    assert chosen(text, "zh", [], (0, 4, 0.001), model) == []
    assert chosen(text, "zh", [], (0, 4, belief), model) == [(0, 4, "kb")]


@pytest.mark.parametrize("model", ["fast", "encoder"])
def test_a_sure_name_is_found_again_only_where_the_model_half_sees_one(model: str) -> None:
    text = "Rauhfels baut um. Neben dem Tor von Rauhfels steht ein Kran."
    sure = Scored(0, 8, "COMPANY", 0.99)
    assert chosen(text, "de", [sure], (36, 44, 0.01), model) == [(0, 8, "model")]
    assert chosen(text, "de", [sure], (36, 44, 0.75), model) == [(0, 8, "model"), (36, 44, "document")]


def test_a_long_text_whose_surest_name_is_doubtful_names_none() -> None:
    weights = Weights({}, threshold=0.4, surest=0.8)
    clear, doubtful = {"known": 1.0, "known_score": 0.95}, {"known": 1.0, "known_score": 0.95, "ambiguous": 1.0}
    assert weights.least(119, "ko", [(0.6, {})]) == 0.4  # a sentence
    assert weights.least(120, "ko", [(0.6, {})]) == 0.8
    assert weights.least(239, "de", [(0.6, {})]) == 0.4  # German takes twice the characters
    assert weights.least(240, "de", [(0.6, {})]) == 0.8
    assert weights.least(120, "ko", [(0.6, {}), (0.8, {})]) == 0.4  # one is sure
    assert weights.least(120, "ko", [(0.6, clear)]) == 0.4  # a known name that nothing speaks against
    assert weights.least(120, "ko", [(0.3, clear)]) == 0.8
    assert weights.least(120, "ko", [(0.6, doubtful)]) == 0.8


def test_a_doubtful_name_in_a_long_text_needs_a_sure_one_beside_it() -> None:
    dull = "마을에는 비가 오래 내렸고 강물은 천천히 불어났다. " * 8
    text = "도라넥스와 하늘빛은 이름이 곱다. " + dull
    sure, doubtful = Scored(0, 4, "COMPANY", 0.9999), Scored(6, 9, "COMPANY", 0.92)
    assert chosen(text, "ko", [sure, doubtful], (6, 9, 0.92), "encoder") == [(0, 4, "model"), (6, 9, "model")]
    assert chosen(text, "ko", [doubtful], (6, 9, 0.92), "encoder") == []
    assert chosen(text[:30], "ko", [doubtful], (6, 9, 0.92), "encoder") == [(6, 9, "model")]


@pytest.mark.parametrize(
    ("lang", "surface", "name"),
    [
        ("zh", "宁安盐业总公司", "宁安盐业总公司"),
        ("zh", "中金公司", "中金公司"),
        ("zh", "沐禾公司", "沐禾"),
        ("zh", "沐禾有限公司", "沐禾有限公司"),
        ("ko", "인텔사", "인텔"),
        ("ko", "도라사", "도라사"),
    ],
)
def test_what_stays_of_a_span_of_the_model(lang: str, surface: str, name: str) -> None:
    start, end = trim(surface, 0, len(surface), lang)
    assert surface[start:end] == name


@pytest.mark.parametrize("mark", ["ST", "*ST"])
def test_special_treatment_belongs_to_the_name(mark: str) -> None:
    text = f"昨日{mark}河化跌停。"
    size = len(mark)
    assert chosen(text, "zh", [Scored(2 + size, 4 + size, "COMPANY", 0.99)], (0, 0, 0.0), "encoder") == [
        (2, 4 + size, "model")
    ]
