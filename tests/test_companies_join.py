"""Where the sure names of a document are found again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finextract import extract
from finextract.companies.join import _places
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
