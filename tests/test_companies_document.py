"""Names that only the document explains: short forms and glosses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.companies.document import link_all, shortens


def linked(marked: str, lang: str) -> dict[str, tuple[str | None, str | None]]:
    """``[name]`` marks the names; id and ``linked_by`` of each."""
    spans, text = [], ""
    for part in re.split(r"(\[[^\]]*\])", marked):
        if part.startswith("["):
            spans.append((len(text), len(text) + len(part) - 2))
            part = part[1:-1]
        text += part
    found = link_all(text, lang, spans)
    return {text[start:end]: (c.id, c.linked_by) for (start, end), c in zip(spans, found, strict=True)}


@pytest.mark.parametrize(
    ("lang", "text", "name", "company"),
    [
        ("zh", "[东方财富]称，[东富]的份额上升。", "东富", "XSHE:300059"),
        ("zh", "[东富]先涨，[东方财富]随后公告。", "东富", "XSHE:300059"),
        ("ko", "[비테스코 뮤직] ([Spotify])가 올랐다. [비테스코 뮤직]은", "비테스코 뮤직", "XNYS:SPOT"),
        ("de", "[音海] ([Spotify]) wächst, sagt [音海].", "音海", "XNYS:SPOT"),
        ("ja", "[スポチファイ]（[Spotify]）は", "スポチファイ", "XNYS:SPOT"),
    ],
)
def test_the_document_tells(lang: str, text: str, name: str, company: str) -> None:
    assert linked(text, lang)[name] == (company, "document")


@pytest.mark.parametrize(
    ("lang", "text", "name"),
    [
        ("zh", "[东风汽车]和[东方财富]都涨，[东七]没有。", "东七"),  # not in order in either
        (
            "de",
            "[Brennhofer Pumpen] ([Siemens])",
            "Brennhofer Pumpen",
        ),  # two names of one script: an owner, not a gloss
        ("de", "[Siemens] lieferte, [Siem] nicht.", "Siem"),  # half a word
        ("de", "[Brennhofer Pumpen], [Siemens]", "Brennhofer Pumpen"),
        ("ko", "[비테스코 뮤직] ([Spotify]와 합병)", "비테스코 뮤직"),  # not alone in the brackets
    ],
)
def test_an_unknown_name_stays_unknown(lang: str, text: str, name: str) -> None:
    assert linked(text, lang)[name] == (None, None)


def test_two_firms_may_be_meant() -> None:
    assert linked("[四川长虹]与[四川路桥]签约，[四川]的股价。", "zh")["四川"] == (None, None)


@pytest.mark.parametrize(
    ("short", "full", "yes"),
    [
        ("东财", "东方财富", True),
        ("财东", "东方财富", False),
        ("Brennhof", "Brennhof Antriebstechnik AG", True),
        ("Brennhof", "Brennhofer AG", False),
        ("マグナ", "マグナ・インターナショナル", True),
        ("현차", "현대차", True),
        ("东方财富", "东财", False),
        ("Br", "Br AG", False),
    ],
)
def test_shortens(short: str, full: str, yes: bool) -> None:
    assert shortens(short, full) is yes


@given(st.text(alphabet="东方财富银行 ()（）SAPab", max_size=40), st.data())
@settings(deadline=None, max_examples=100)
def test_one_company_for_each_span(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    assert len(link_all(text, "zh", spans)) == len(spans)
