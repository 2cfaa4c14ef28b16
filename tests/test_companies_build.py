"""The script that builds the knowledge base: what was settled by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "build_kb.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_kb", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_kb"] = module
    spec.loader.exec_module(module)
    return module


def settled(build: ModuleType, path: Path, lines: str) -> object:
    path.write_text(lines, encoding="utf-8")
    return build.Settled(path)


def test_lines_that_share_a_firm_are_one_firm(build: ModuleType, tmp_path: Path) -> None:
    table = settled(
        build,
        tmp_path / "settled.tsv",
        "# a comment\n\nsame\tXSHG:601012\tLONGi\nsame\tNovak\tNovak Group\nsame\tNovak Ltd\tLongi\tNovak\nsame\tOther\tOthers\n",
    )
    numbers = {table.group[build.Settled.key(name)] for name in ("XSHG:601012", "LONGi", "Novak", "Novak Group")}
    assert len(numbers) == 1
    assert table.group[build.Settled.key("Other")] not in numbers


def test_rows_of_one_firm_are_joined(build: ModuleType, tmp_path: Path) -> None:
    table = settled(build, tmp_path / "settled.tsv", "same\tXSHG:601012\tLONGi\n")
    listed = build.Rec(1, 1, names={"en": "Longi Green Energy"}, listings=[("XSHG", "601012")])
    named = build.Rec(4, 2, names={"en": "LONGi", "de": "Longji"})
    other = build.Rec(4, 3, names={"en": "Longevity"})
    assert build.merge([listed, named, other], table) == [listed, other]
    assert "Longji" in {*listed.names.values(), *listed.aliases}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("XKRX", "005930"), ("XKRX", "005935"), True),
        (("XKRX", "004990"), ("XKRX", "00499K"), True),
        (("XKRX", "005930"), ("XKOS", "005290"), False),
        (("XSHE", "000418"), ("XSHE", "200418"), True),
        (("XSHE", "000418"), ("XSHE", "200419"), False),
        (("XSHG", "600418"), ("XSHE", "200418"), False),
        (("XTAI", "2881"), ("XTAI", "2881A"), True),
        (("XETR", "SRT"), ("XETR", "SRT3"), True),
        (("XETR", "SRT"), ("XSWX", "SRT3"), False),
        (("XNAS", "AB"), ("XNAS", "ABC"), False),
        (("XETR", "SRT"), ("XETR", "SRT"), False),
    ],
)
def test_share_classes_are_told_by_their_codes(
    build: ModuleType, one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    assert build.share_classes(*one, *other) is same
    assert build.share_classes(*other, *one) is same


def test_a_share_alike_row_points_at_a_row_that_comes_from_another_list(build: ModuleType, tmp_path: Path) -> None:
    table = settled(build, tmp_path / "settled.tsv", "")
    named = build.Rec(3, 1, names={"en": "Cadbury", "ko": "캐드버리"})
    foreign = build.Rec(4, 2, part="cedict", names={"en": "Cadbury"})
    assert build.merge([named, foreign], table) == [named, foreign]
    assert foreign.id == "=0"


def test_rows_that_only_share_a_name_stay_apart(build: ModuleType, tmp_path: Path) -> None:
    table = settled(build, tmp_path / "settled.tsv", "apart\tXTKS:3632\tGree\nsame\tGree\tXSHE:000651\n")
    games = build.Rec(3, 1, names={"en": "Gree"}, listings=[("XTKS", "3632")], country="JP")
    coolers = build.Rec(3, 2, names={"en": "Gree Electric"}, listings=[("XSHE", "000651")], country="CN")
    named = build.Rec(4, 3, names={"en": "Gree", "ko": "격력"}, loose=True)
    assert build.merge([games, coolers, named], table) == [games, coolers]
    assert coolers.names["ko"] == "격력"
    assert "ko" not in games.names
    lonely = build.Rec(4, 4, names={"en": "Gree"}, loose=True)
    table = settled(build, tmp_path / "settled.tsv", "apart\tXTKS:3632\tGree\n")
    assert build.merge([games, lonely], table) == [games, lonely]


@pytest.mark.parametrize(
    "line", ["same\tone", "apart\tXTKS:3632", "means\tja\tname", "either\tja\tname\tone firm", "what\ta\tb"]
)
def test_a_line_that_says_nothing_stops_the_build(build: ModuleType, tmp_path: Path, line: str) -> None:
    with pytest.raises(SystemExit, match=r"settled\.tsv:1"):
        settled(build, tmp_path / "settled.tsv", line + "\n")


def test_rare_rows_join_the_firm_they_mean_and_their_forms_serve_the_linker_alone(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the real one looks for words in a dictionary that users do not need
    monkeypatch.setattr(build, "convert", lambda _, text: text)
    path = tmp_path / "rare.tsv"
    path.write_text(
        "# a comment\nNovak\tノヴァク\t노바크\t\tNowak Stahl|ノバク\nTerz\t\t\t特尔兹\t\n", encoding="utf-8"
    )
    table = settled(build, tmp_path / "settled.tsv", "")
    listed = build.Rec(1, 1, names={"en": "Novak Steel", "ja": "ノヴァク"}, listings=[("XPRA", "NVK")])
    firms = build.merge([listed, *build.from_rare(path)], table)
    assert [firm.names["en"] for firm in firms] == ["Novak Steel", "Terz"]
    assert firms[0].names["ko"] == "노바크"
    assert firms[0].forms == {"Nowak Stahl", "ノバク"}
    assert not firms[0].forms & {*firms[0].names.values(), *firms[0].aliases}
    assert build.translated_table([], firms, table) == {"nowakstahl": {0}, "ノバク": {0}}


def test_a_rare_row_without_five_cells_stops_the_build(build: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "rare.tsv"
    path.write_text("# en\nNovak\tノヴァク\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"rare\.tsv:2: 2 cells"):
        list(build.from_rare(path))
