"""The knowledge base's data: complete, valid, unambiguous where it says so, and share-alike parts kept apart."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finextract.companies
from finextract.companies import KnowledgeBase
from finextract.companies.index import GROUPS, alias_group, share_alike
from finextract.companies.isin import isin_is_valid
from finextract.companies.legal import read_toml, strip_group, strip_legal
from finextract.companies.linker import squeezed
from finextract.companies.records import CompanyRecord, SortedLines, parse_record, read_lines
from finextract.companies.text import fold, script_of

DATA = Path(finextract.companies.__file__).parent / "data"
SOURCES = Path(__file__).parent.parent / "knowledge"
FILES = ("latin", "ja", "ko", "zh")


@pytest.fixture(scope="module")
def records() -> list[CompanyRecord]:
    base = KnowledgeBase.load()
    return [base.row(number) for number in range(len(base))]


def test_size_and_languages(records: list[CompanyRecord]) -> None:
    assert len(records) >= 25_000
    complete = [r for r in records if r.en and r.ja and r.de and r.ko and r.zh]
    assert len(complete) >= 1_500


def test_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 8_000_000


def test_ids_are_unique(records: list[CompanyRecord]) -> None:
    assert [i for i, n in Counter(r.id for r in records).items() if n > 1] == []


def test_isins_have_a_valid_check_digit(records: list[CompanyRecord]) -> None:
    assert [r.isin for r in records if r.isin and not isin_is_valid(r.isin)] == []
    assert sum(bool(r.isin) for r in records) > 5_000


def test_an_isin_belongs_to_one_company(records: list[CompanyRecord]) -> None:
    assert [i for i, n in Counter(r.isin for r in records if r.isin).items() if n > 1] == []


def test_codes_have_their_shape(records: list[CompanyRecord]) -> None:
    assert {r.mic for r in records if r.mic and not re.fullmatch(r"[A-Z]{4}", r.mic)} == set()
    assert {r.country for r in records if r.country and not re.fullmatch(r"[A-Z]{2}", r.country)} == set()
    assert {r.qid for r in records if r.qid and not re.fullmatch(r"Q\d+", r.qid)} == set()
    assert [r.id for r in records if r.mic and not r.ticker] == []


def test_a_listing_belongs_to_one_company(records: list[CompanyRecord]) -> None:
    listings = Counter(f"{r.mic}:{r.ticker}" for r in records if r.mic)
    assert [i for i, n in listings.items() if n > 1] == []


def test_every_row_names_its_source_and_a_name(records: list[CompanyRecord]) -> None:
    assert [r.id for r in records if not r.sources or not r.name] == []


def test_share_alike_sources_lie_in_their_own_files() -> None:
    lines = gzip.decompress((DATA / "companies.tsv.gz").read_bytes()).decode().splitlines()[1:]
    assert [line for line in lines if re.search("JMnedict|CC-CEDICT", line.rsplit("\t", 1)[1])] == []
    for path in (DATA / "share_alike").glob("*.companies.tsv.gz"):
        rows = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        assert rows
        assert all(re.fullmatch(r"(?:JMnedict|CC-CEDICT).*", parse_record(row).sources[0]) for row in rows)


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.gz")), ids=lambda p: p.name)
def test_compressed_files_hold_no_time(path: Path) -> None:
    assert path.read_bytes()[4:8] == b"\0\0\0\0"


@pytest.mark.parametrize("group", FILES)
def test_an_alias_of_several_companies_is_ambiguous(group: str) -> None:
    wrong = [line for line in alias_group(group) if "," in line.split("\t")[2] and line.split("\t")[1][0] != "a"]
    assert wrong == []


@pytest.mark.parametrize("group", FILES)
def test_a_reported_company_shares_no_alias(group: str) -> None:
    """Rank 1: the more reported company alone has the alias."""
    assert [line for line in alias_group(group) if line.split("\t")[1][1] == "1" and "," in line.split("\t")[2]] == []


@pytest.mark.parametrize("group", FILES)
def test_aliases_are_folded_and_point_at_rows(group: str) -> None:
    rows = len(KnowledgeBase.load())
    for line in alias_group(group):
        alias, flag, numbers = line.split("\t")
        assert alias == fold(alias).strip() and (len(alias) > 1 or group == "ko")
        assert re.fullmatch("[ad-][1-5]", flag)
        assert all(int(number) < rows for number in numbers.split(","))


@pytest.mark.parametrize("group", FILES)
def test_words_judged_by_hand_are_marked_so(group: str) -> None:
    table = read_toml("ambiguous.toml")[group]
    flags = {line.split("\t")[0]: line.split("\t")[1][0] for line in alias_group(group)}
    assert [w for w in table["ambiguous"] if flags.get(w, "a") not in "ad"] == []
    assert [w for w in table["drop"] if w in flags] == []
    assert [w for w in table["certain"] if flags.get(w, "-") == "d"] == []


def test_no_word_is_judged_twice() -> None:
    for group, table in read_toml("ambiguous.toml").items():
        words = [word for key in ("ambiguous", "certain", "drop") for word in table[key]]
        assert [w for w, n in Counter(words).items() if n > 1] == [], group


def test_short_names_of_listed_firms_are_ambiguous() -> None:
    for line in alias_group("zh"):
        alias, flag, _ = line.split("\t")
        if len(alias) == 2 and flag[1] != "1" and flag[0] != "a":
            assert alias in read_toml("ambiguous.toml")["zh"]["certain"], alias


def test_world_names_are_written_in_their_scripts() -> None:
    scripts = {3: {"kana", "han", "latin"}, 4: {"hangul", "latin"}, 5: {"han", "latin"}}
    for number, line in enumerate((SOURCES / "world.tsv").read_text("utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        for column, allowed in scripts.items():
            if len(cells) > column and cells[column]:
                assert script_of(cells[column]) in allowed, f"world.tsv:{number}: {cells[column]}"


@pytest.mark.parametrize(
    ("isin", "valid"),
    [
        ("US0378331005", True),
        ("US0378331006", False),
        ("DE0007164600", True),
        ("JP3633400001", True),
        ("KR7005930003", True),
    ]
    + [("US037833100", False), ("us0378331005", False), ("", False), ("TW0002330008", True)],
)
def test_isin(isin: str, valid: bool) -> None:
    assert isin_is_valid(isin) is valid


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Siemens AG", "Siemens"), ("Henkel AG & Co. KGaA", "Henkel"), ("Daiwa Heavy Industry Co.,Ltd.", "Daiwa Heavy Industry"),
        ("ASML Holding N.V.", "ASML Holding"), ("Banco X S.A.", "Banco X"), ("株式会社日立製作所", "日立製作所"), ("㈱トライ", "トライ"),
        ("주식회사 한들", "한들"), ("한들㈜", "한들"), ("腾讯控股有限公司", "腾讯"), ("贵州茅台酒股份有限公司", "贵州茅台酒"), ("AG", "AG"),
        ("Novo Nordisk A/S", "Novo Nordisk"), ("BP p.l.c.", "BP"),
    ],
)  # fmt: skip
def test_legal_forms_are_stripped(name: str, short: str) -> None:
    assert strip_group(strip_legal(name)) == strip_group(short)


def test_group_words_are_stripped() -> None:
    assert [strip_group(n) for n in ("ソニーグループ", "LG그룹", "Alibaba Group", "万达集团")] == [
        "ソニー",
        "LG",
        "Alibaba",
        "万达",
    ]


def test_a_record_of_the_wrong_width_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns, 14 are expected"):
        parse_record("a\tb")


def test_every_language_has_its_groups() -> None:
    assert set(GROUPS) == {"ja", "de", "ko", "zh", "en"}


@given(
    st.dictionaries(
        st.text(alphabet="ab가家é", min_size=1, max_size=6), st.text(alphabet="01,a\t", min_size=1, max_size=4)
    ),
    st.text(alphabet="ab가家é", min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_sorted_lines_answer_as_a_dictionary_does(table: dict[str, str], asked: str) -> None:
    lines = SortedLines("".join(f"{key}\t{rest}\n" for key, rest in sorted(table.items())).encode())
    for key in (*table, asked):
        assert lines.get(key) == table.get(key)
    if len(asked.encode()) >= 3:
        assert list(lines.beginning(asked)) == [(k, v) for k, v in sorted(table.items()) if k.startswith(asked)]


@pytest.mark.parametrize("group", ["latin", "ja", "ko", "zh"])
def test_the_keys_are_those_of_the_aliases(group: str) -> None:
    """``keys_*.tsv.gz`` was made from the aliases that lie beside it."""
    whole = alias_group(group)
    own = squeezed(whole[: len(whole) - len(share_alike(group))])
    assert read_lines(f"keys_{group}.tsv.gz") == sorted(f"{key}\t{rest}" for key, rest in own.items())
