"""Counting right, wrong and missing links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from finextract.companies import link
from finextract.evaluation.linking import bears, main, measure, shares


def row(text: str, names: dict[str, str]) -> dict[str, Any]:
    spans = [
        {"start": text.index(s), "end": text.index(s) + len(s), "label": "COMPANY", "text": s, "value": {"name": name}}
        for s, name in names.items()
    ]
    return {"id": "x", "lang": "zh", "text": text, "spans": spans}


def test_each_name_counts_once() -> None:
    names = {"腾讯": "Tencent", "茅台": "Tencent", "沐禾": "Tencent", "百度": "Muhe Unheard Of", "小米": "小米"}
    found = measure([row("腾讯、茅台、沐禾、百度、小米", names)], "zh")
    assert (found.known, found.right, found.others) == (3, 1, 2)
    assert [key[:2] for key in found.wrong] == [("茅台", "Tencent")]
    assert list(found.missed) == [("沐禾", "Tencent")]


@pytest.mark.parametrize(
    ("company", "name", "yes"),
    [
        ("XHKG:0700", "Tencent", True),
        ("XHKG:0700", "Tencent Holdings Ltd.", True),
        ("XHKG:0700", "Baidu", False),
        ("NO:SUCH", "Tencent", False),
    ],
)
def test_a_company_bears_its_names(company: str, name: str, yes: bool) -> None:
    assert bears(company, name) is yes


@pytest.mark.parametrize(
    ("surface", "name", "yes"),
    [
        ("奇鋐", "AVC", True),  # Asia Vital Components; the AVC of the lists is another firm
        ("世界先進", "Vanguard", True),
        ("六福", "Luk Fook", False),  # linked to Leofoo
        ("金洋", "Golden Ocean", False),
    ],
)
def test_of_firms_with_one_short_name_the_one_of_the_surface_is_meant(surface: str, name: str, yes: bool) -> None:
    found, other = link(surface, "zh"), link(name, "en")
    assert found.id and other.id and found.id != other.id
    assert shares(found.id, other.id, name, surface) is yes
    assert measure([row(surface, {surface: name})], "zh").right == yes


def test_the_command_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lang in ("ja", "de", "ko", "zh"):
        (tmp_path / lang).mkdir()
        line = json.dumps(row("腾讯、茅台", {"腾讯": "Tencent", "茅台": "Tencent"}), ensure_ascii=False)
        (tmp_path / lang / "dev.jsonl").write_text(line + "\n" if lang == "zh" else "", encoding="utf-8")
    assert main(["--gold", str(tmp_path), "--show", "5"]) == 0
    out = capsys.readouterr().out
    assert "| zh | 2 | 50.0 % | 50.0 % | 0.0 % | 0 |" in out
    assert "zh\twrong\t茅台\tTencent\tKweichow Moutai\t1" in out
