"""Linking a surface to a company, and leaving unknown ones alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.companies import CompanyIndex, link
from finextract.companies.hangul import pinyin_to_hangul
from finextract.entities import Company

FOLDER = Path(__file__).parent / "data" / "companies"


def table(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("lang", "surface", "name", "company", "how"), table("links.tsv"), ids=lambda v: v)
def test_link(lang: str, surface: str, name: str, company: str, how: str) -> None:
    found = link(surface, lang)
    assert (found.name, found.id, found.linked_by) == (name, company, how)


@pytest.mark.parametrize(("lang", "surface", "name"), table("unknown.tsv"), ids=lambda v: v)
def test_an_unknown_surface_keeps_its_name(lang: str, surface: str, name: str) -> None:
    assert link(surface, lang) == Company(name)


def test_identifiers_come_along() -> None:
    found = link("Siemens", "de")
    assert (found.ticker, found.mic, found.isin, found.country) == ("SIE", "XETR", "DE0007236101", "DE")


def test_hits_decide_for_the_whole_surface() -> None:
    hits = CompanyIndex.load().find("ソニー", "ja")
    assert link("ソニー", "ja", hits=hits).id == "XTKS:6758"


@pytest.mark.parametrize(
    ("pinyin", "hangul"),
    [
        ("ying wei da", "잉웨이다"),
        ("teng xun", "텅쉰"),
        ("bi ya di", "비야디"),
        ("xiao mi", "샤오미"),
        ("bai du", "바이두"),
    ]
    + [("jing dong", "징둥"), ("zhong xin", "중신"), ("chang cheng", "창청"), ("hua wei", "화웨이"), ("qq", "")],
)
def test_pinyin_in_hangul(pinyin: str, hangul: str) -> None:
    assert pinyin_to_hangul(pinyin.split()) == hangul


@given(st.text(min_size=1, max_size=40), st.sampled_from(["ja", "de", "ko", "zh"]))
@settings(deadline=None, max_examples=200)
def test_link_takes_any_surface(surface: str, lang: str) -> None:
    found = link(surface, lang)
    assert isinstance(found, Company)
    assert found.id is None or found.linked_by in {"exact", "alias", "stripped", "transliteration", "short"}
