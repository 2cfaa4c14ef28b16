"""Build the company knowledge base from the lists: ``python scripts/build_kb.py LISTS`` (the folder with the ``*.csv.gz``).

Reads the lists and what is edited by hand in ``knowledge`` (``world.tsv``, ``more.tsv``, ``names.tsv``, ``rare.tsv``, ``settled.tsv``, ``translated.tsv``, ``trades.tsv``), what comes from
the gold (``composed.tsv``, ``heard.tsv``), merges rows that are the same company, makes aliases, decides which of them
are ambiguous, and writes ``companies.tsv.gz``, ``aliases_*.tsv.gz``, ``keys_*.tsv.gz``, ``pinyin.tsv.gz``, ``translated.tsv.gz``, ``short.tsv.gz``, ``blockers.tsv.gz``,
``han.tsv`` and the share-alike files into ``src/finextract/companies/data``. The bytes depend on the input alone.

Needs, beyond the package's own dependencies: ``pip install wordfreq opencc-python-reimplemented pypinyin hanja``.
The rules are told in docs/knowledge-base.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import os
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from finextract.companies.hangul import pinyin_to_hangul
from finextract.companies.isin import isin_is_valid
from finextract.companies.legal import bare_key, read_toml, strip_group, strip_legal
from finextract.companies.linker import squeezed
from finextract.companies.text import fold, is_han, script_of, squeeze

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "finextract" / "companies" / "data"
SOURCES = ROOT / "knowledge"
LANGS = ("en", "ja", "de", "ko", "zh")

# The lists' exchange codes to ISO 10383.
MIC = {
    "NASDAQ": "XNAS", "NYSE": "XNYS", "TSE": "XTKS", "JPX": "XTKS", "SSE": "XSHG", "SZSE": "XSHE", "SHH": "XSHG",
    "SHZ": "XSHE", "SSE-B": "XSHG", "SZSE-B": "XSHE", "BSE": "XBSE", "HKEX": "XHKG", "HKG": "XHKG", "KRX": "XKRX",
    "KSC": "XKRX", "KOSDAQ": "XKOS", "KOE": "XKOS", "TWSE": "XTAI", "TAI": "XTAI", "TPEx": "ROCO", "TWO": "ROCO",
    "XETRA": "XETR", "GER": "XETR", "SIX": "XSWX", "EBS": "XSWX", "LSE": "XLON", "TOR": "XTSE", "NCM": "XNCM",
    "ASE": "XASE", "PAR": "XPAR", "VIE": "XWBO", "MIL": "MTAA", "AMS": "XAMS", "NSE": "XNSE", "ASX": "XASX",
    "Tadawul": "XSAU",
}  # fmt: skip
EURONEXT = {"FR": "XPAR", "NL": "XAMS", "CH": "XPAR", "BE": "XBRU", "PT": "XLIS", "IE": "XDUB"}
NORDIC = {"DK": "XCSE", "FI": "XHEL", "SE": "XSTO"}
# Markets where one code means one security, whichever segment a list names.
MARKET = {
    "XTKS": "JP", "XSHG": "CN", "XSHE": "CN", "BJSE": "CN", "XHKG": "HK", "XKRX": "KR", "XKOS": "KR", "XTAI": "TW", "ROCO": "TW",
    "XNAS": "US", "XNYS": "US", "XNCM": "US", "XASE": "US", "US": "US",
}  # fmt: skip
COUNTRY = {
    "Finland": "FI", "Bermuda": "BM", "Malaysia": "MY", "Greece": "GR", "Cayman Islands": "KY", "Indonesia": "ID", "Monaco": "MC",
    "Chile": "CL", "Mexico": "MX", "Jordan": "JO", "United Arab Emirates": "AE", "Thailand": "TH", "Brazil": "BR", "Norway": "NO",
    "Malta": "MT", "Kazakhstan": "KZ", "Colombia": "CO", "British Virgin Islands": "VG", "Vietnam": "VN", "Romania": "RO",
    "Poland": "PL", "Jersey": "JE", "Egypt": "EG", "Denmark": "DK",
}  # fmt: skip
# The lists in order of trust: file, rank (1 the most reported … 5), licence group.
LISTS = (
    ("handmade_multilingual", 1, "main"), ("sp500", 2, "main"), ("pytickersymbols_indices", 2, "main"), ("edinet_jp", 3, "main"),
    ("twstock_taiwan", 3, "main"), ("adata_ashares", 3, "main"), ("financedatabase_equities", 4, "main"),
    ("sudachi_company_synonyms", 4, "main"), ("nsi_brands", 5, "main"), ("jmnedict_companies", 4, "jmnedict"), ("cedict_companies", 4, "cedict"),
)  # fmt: skip
SHORT_SOURCE = {
    "handmade_multilingual": "general-knowledge", "sp500": "sp500", "pytickersymbols_indices": "pytickersymbols", "twstock_taiwan": "twstock",
    "adata_ashares": "adata", "financedatabase_equities": "FinanceDatabase", "sudachi_company_synonyms": "SudachiDict", "nsi_brands": "NSI",
    "edinet_jp": "EDINET", "jmnedict_companies": "JMnedict", "cedict_companies": "CC-CEDICT",
}  # fmt: skip
# Korean names of one syllable that are worth finding; all are ambiguous.
ONE_SYLLABLE = ("갭", "델", "줌", "쉘", "셸")
PLAIN_COMPANY = re.compile(r"^[\u4e00-\u9fff]{2,}(?<!有限)(?<!责任)(?<!責任)公司$")
NOT_COMPANY = re.compile(
    r"学校法人|財団法人|社団法人|宗教法人|医療法人|社会福祉法人|独立行政法人|国立大学|共済組合|健康保険組合|協同組合|連合会|組合$|政府$|共和国|"
    r"大学$|協会$|基金$|特定目的会社$|銀行券|Preferred Stock|Depositary|% ?(?:Series|Notes)|\d%|^EGB |/[A-Z]|TL\.Z|Warrant|\bUnits?\b|\bRights?$|\bETF\b|\bETN\b"
)
JP_FUND = re.compile(r"ファンド$|\d+号|^個人|信託$|SPC|マザーファンド")


_NEW = "亜悪圧囲為医壱稲飲営栄衛駅円塩縁艶応桜横欧黄温穏仮価画会壊懐絵拡殻覚学岳楽勧巻寛歓缶観関陥顔気帰犠旧拠挙峡強狭暁区駆勲薫径恵経軽継鶏芸撃県検険圏剣権献顕験厳効広鉱号国黒済砕斎剤桟参惨産賛残糸歯児辞湿実写釈寿収従渋獣縦縮粛処緒諸叙尚将渉焼証奨条状乗浄剰畳縄譲醸嘱触寝慎真尽図粋酔随髄数枢声斉静摂専浅戦践銭潜線繊禅双壮争荘捜挿総聡蔵臓即属続堕対体帯滞台滝択沢単担胆団弾断痴遅昼虫鋳庁聴鎮逓鉄転点伝灯当党盗稲闘徳独読届難弐悩脳覇拝廃売麦発髪抜蛮秘浜瓶仏払併並変辺弁宝豊褒墨没翻万満黙訳薬与予余誉揺様謡頼乱覧竜虜両猟緑塁励礼霊齢恋練炉労楼録湾亀弥毎戸戻涙窓瀬徴懲"
_OLD = "亞惡壓圍爲醫壹稻飮營榮衞驛圓鹽緣艷應櫻橫歐黃溫穩假價畫會壞懷繪擴殼覺學嶽樂勸卷寬歡罐觀關陷顏氣歸犧舊據擧峽強狹曉區驅勳薰徑惠經輕繼鷄藝擊縣檢險圈劍權獻顯驗嚴效廣鑛號國黑濟碎齋劑棧參慘產贊殘絲齒兒辭濕實寫釋壽收從澁獸縱縮肅處緖諸敍尙將涉燒證獎條狀乘淨剩疊繩讓釀囑觸寢愼眞盡圖粹醉隨髓數樞聲齊靜攝專淺戰踐錢潛線纖禪雙壯爭莊搜插總聰藏臟卽屬續墮對體帶滯臺瀧擇澤單擔膽團彈斷癡遲晝蟲鑄廳聽鎭遞鐵轉點傳燈當黨盜稻鬭德獨讀屆難貳惱腦霸拜廢賣麥發髮拔蠻祕濱甁佛拂倂竝變邊辨寶豐襃墨沒飜萬滿默譯藥與豫餘譽搖樣謠賴亂覽龍虜兩獵綠壘勵禮靈齡戀練爐勞樓錄灣龜彌每戶戾淚窗瀨徵懲"
SHINJITAI = str.maketrans(dict(zip(_NEW, _OLD, strict=True)))
KYUJITAI = str.maketrans(dict(zip(_OLD, _NEW, strict=True)))


@dataclass
class Rec:
    """One company while it is being put together."""

    rank: int
    order: int
    part: str = "main"
    names: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)  # alias -> language of the list's name column or ""
    country: str = ""
    listings: list[tuple[str, str]] = field(default_factory=list)
    isin: str = ""
    qid: str = ""
    sources: list[str] = field(default_factory=list)
    id: str = ""
    derived_zh: bool = False
    usual: bool = False  # the English name is the one that news uses
    loose: bool = False  # neither listing nor country: part of the firm that one of its names means, if there is one
    forms: set[str] = field(default_factory=set)  # for the linker alone


def clean(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("\t", " ")
    return re.sub(r"\s+", " ", text).strip().strip("|")


def normal_ticker(mic: str, symbol: str) -> str:
    symbol = symbol.upper()
    market = MARKET.get(mic, mic)
    if market != "US" and "." in symbol and not symbol.startswith("."):
        symbol = symbol.rsplit(".", 1)[0]
    if market == "HK":
        return symbol.zfill(4) if symbol.isdigit() else symbol
    if market == "US":
        return symbol.replace("-", ".").replace("/", ".")
    return symbol


def market_key(mic: str, ticker: str) -> tuple[str, str]:
    return MARKET.get(mic, mic), ticker.lstrip("0") if MARKET.get(mic) == "HK" else re.sub(r"[-. ]", "", ticker)


@cache
def cc(config: str) -> Any:
    from opencc import OpenCC

    return OpenCC(config)


@cache
def convert(config: str, text: str) -> str:
    if config in ("jp2t", "t2jp"):
        return text.translate(SHINJITAI if config == "jp2t" else KYUJITAI)
    return str(cc(config).convert(text))


def title_case(name: str) -> str:
    """``DAIWA HEAVY INDUSTRY`` to ``Daiwa Heavy Industry``; acronyms of up to three letters stay."""
    letters = [c for c in name if c.isalpha()]
    if len(letters) < 5 or not all(c.isupper() for c in letters) or " " not in name:
        if letters and all(c.islower() for c in letters) and " " in name:
            return " ".join(w[:1].upper() + w[1:] for w in name.split(" "))
        return name
    return " ".join(w if len(w) <= 3 and not w.isalpha() else w.capitalize() for w in name.split(" "))


def from_lists(folder: Path) -> Iterator[Rec]:
    order = 100_000
    for stem, rank, part in LISTS:
        with gzip.open(folder / f"{stem}.csv.gz", "rt", encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                order += 1
                rec = read_row(stem, rank, part, order, {k: clean(v or "") for k, v in row.items()})
                if rec and rec.names:
                    yield rec


def read_row(stem: str, rank: int, part: str, order: int, row: dict[str, str]) -> Rec | None:
    names = {lang: row[f"name_{lang}"] for lang in LANGS if row[f"name_{lang}"]}
    country = COUNTRY.get(row["country"], row["country"])
    if len(country) != 2:
        country = ""
    if any(NOT_COMPANY.search(name) for name in names.values()):
        return None
    rec = Rec(rank, order, part, {}, {}, country)
    aliases = [a for a in row["aliases"].split("|") if a]
    mic, symbol, isin = "", row["symbol"], row["isin"]
    exchange = row["exchange"]
    source = SHORT_SOURCE[stem]
    if stem == "handmade_multilingual":
        mic = (
            EURONEXT.get(country, "")
            if exchange == "Euronext"
            else NORDIC.get(country, "")
            if exchange == "OMX"
            else MIC.get(exchange, "")
        )
        if symbol == "TSM":
            mic, symbol = "XTAI", "2330"
        if symbol.endswith(".DE"):
            symbol, isin = symbol[:-3], "DE0006599905"
        elif symbol == "MRK":  # the list gives the ISIN of the German Merck
            isin = ""
    elif stem == "sp500":
        mic = "US"
    elif stem == "pytickersymbols_indices":
        if country == "US" and re.search("S&P|NASDAQ|DOW", exchange):
            mic = "US"
        elif country == "DE" and re.search("DAX", exchange):
            mic = "XETR"
        if isin and (not country or isin[:2] != country):  # known name/ISIN mix-ups
            isin = ""
        if "NIKKEI" in exchange and country != "JP":
            return None
    elif stem == "edinet_jp":
        source = row["source"]
        mic = "XTKS" if symbol else ""
        if not symbol and JP_FUND.search(names.get("ja", "")):
            return None
        rank_here = 3 if symbol else 4
        rec.rank = rank_here
    elif stem == "adata_ashares":
        mic = {"6": "XSHG", "9": "XSHG", "8": "BJSE", "4": "BJSE"}.get(symbol[:1], "XSHE")
        if re.search(r"退|^\*?ST|^[NC]\w", names.get("zh", "")):
            names["zh"] = re.sub(r"^(?:\*?ST|[NC](?=[\u4e00-\u9fff]))|退市?$|\(退\)", "", names["zh"])
        names["zh"] = re.sub(r"-?[AUWB]+$", "", names["zh"].replace(" ", "")) or names["zh"]
    elif stem == "twstock_taiwan":
        mic = MIC[exchange]
    elif stem == "financedatabase_equities":
        mic = MIC.get(exchange, "")
        if exchange == "VIE" and symbol.startswith("AT0000A"):
            return None
        if (
            exchange == "LSE"
            and symbol.startswith("0")
            or "^" in symbol
            or re.fullmatch(r"[A-Z]{2}\d{10}\.\w+", symbol)
        ):
            mic, symbol = "", ""
        if exchange == "NCM" and len(symbol) == 5 and symbol[-1] in "WRU":
            return None
        names = {
            k: re.sub(r"\s+(?:Class|Cl\.?|Series) [A-C]\b.*$|\s+Common Stock.*$|\s+Ordinary Shares.*$", "", v)
            for k, v in names.items()
        }
    elif stem == "nsi_brands":
        if country and "," in row["country"]:
            rec.country = ""
        aliases = [
            a
            for a in aliases
            if not re.search(r"[\u3040-\u9fff\uac00-\ud7a3] .*[A-Za-z]|[A-Za-z] .*[\u3040-\u9fff\uac00-\ud7a3]", a)
        ]
        if not names.get("en") and names.get("de"):
            names["en"] = names["de"]
    elif stem == "jmnedict_companies":
        aliases = [a for a in aliases if not re.fullmatch(r"[\u3041-\u309fー]+", a)]
        source = row["source"]
    rec.sources = [source]
    if symbol and mic:
        rec.listings = [(mic, normal_ticker(mic, symbol))]
    rec.isin = isin if isin and isin_is_valid(isin) else ""
    rec.qid = row["qid"] if re.fullmatch(r"Q\d+", row["qid"]) else ""
    for lang, name in names.items():
        if lang in ("en", "de"):
            short = title_case(strip_legal(name))
            rec.names[lang] = short if rank > 1 else name
            if short != name:
                rec.aliases.setdefault(title_case(name), lang)
        elif lang == "ja" and stem == "edinet_jp":
            rec.names[lang] = strip_legal(name)
            rec.aliases.setdefault(name.replace(" ", ""), lang)
        else:
            rec.names[lang] = name
    main_lang = (
        "zh"
        if stem in ("adata_ashares", "twstock_taiwan", "cedict_companies")
        else "ja"
        if part == "jmnedict" or "edinet" in stem or "sudachi" in stem
        else ""
    )
    for alias in aliases:
        rec.aliases.setdefault(alias, main_lang)
    return rec


COMPOSED = "composed-gold-train"


def from_world(path: Path, rank: int = 1, source: str = "general-knowledge") -> Iterator[Rec]:
    """``world.tsv`` (and, with lower ranks, ``more.tsv``, ``names.tsv`` and ``composed.tsv``): listing, country, en, ja, ko, zh, aliases, de; the most reported first."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [clean(cell) for cell in line.split("\t")]
        if not 3 <= len(cells) <= 8:
            raise SystemExit(f"{path.name}:{number}: {len(cells)} cells, three to eight are expected")
        cells += [""] * (8 - len(cells))
        listing, country, en, ja, ko, zh, aliases, de = cells
        rec = Rec(rank, number, country=country, sources=[source])
        rec.names = {k: v for k, v in (("en", en), ("ja", ja), ("de", de or en), ("ko", ko), ("zh", zh)) if v}
        for item in filter(None, listing.split(" ")):
            mic, colon, ticker = item.partition(":")
            if not colon or not re.fullmatch(r"[A-Z0-9]{4}", mic):
                raise SystemExit(f"{path.name}:{number}: listing {item!r} is no MIC:TICKER")
            rec.listings.append((mic, normal_ticker(mic, ticker) if mic in MARKET else ticker))
        rec.usual = rank == 3 and bool(rec.listings)
        rec.loose = source == COMPOSED
        for alias in aliases.split("|"):
            if alias.strip():
                rec.aliases.setdefault(alias.strip(), "")
        yield rec


def rare_rows(path: Path) -> Iterator[list[str]]:
    """``rare.tsv``: en, ja, ko, zh, and other forms of the name, that serve the linker alone."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != 5:
                raise SystemExit(f"{path.name}:{number}: {len(cells)} cells, five are expected")
            yield [clean(cell) for cell in cells]


def from_rare(path: Path) -> Iterator[Rec]:
    """``rare.tsv`` as companies of the last rank."""
    for number, (en, ja, ko, zh, forms) in enumerate(rare_rows(path), 1):
        rec = Rec(5, number, sources=["general-knowledge"], loose=True, forms=set(filter(None, forms.split("|"))))
        rec.names = {k: v for k, v in (("en", en), ("ja", ja), ("de", en), ("ko", ko), ("zh", zh)) if v}
        yield rec


def name_keys(rec: Rec) -> set[str]:
    keys = set()
    for lang, name in rec.names.items():
        key = squeeze(strip_legal(name))
        if len(key) >= (2 if script_of(name) == "han" else 3):
            keys.add(key)
            if lang == "zh":
                keys.add(squeeze(convert("t2s", key)))
    return keys


def short_keys(rec: Rec) -> set[str]:
    """Names without group words, and what a row of ``composed.tsv`` calls the firm besides: enough to find the firm it means."""
    names = [*rec.names.values(), *(rec.aliases if COMPOSED in rec.sources else ())]
    keys = {bare_key(name) for name in names}
    keys |= {squeeze(convert("t2s", key)) for key in keys if script_of(key) == "han"}
    return {key for key in keys if len(key) >= (5 if script_of(key) == "latin" else 2)}


def means(a: Rec, b: Rec, key: str) -> bool:
    """Does ``b``, of ``composed.tsv`` or ``rare.tsv`` (no country, no listing), mean the firm ``a`` that shares this name with it?"""
    if script_of(key) == "latin" or len(key) >= 3:
        return True
    mine, theirs = (
        squeeze(r.names.get("en", "")) for r in (a, b)
    )  # two characters: the English names must not speak against it
    return bool(theirs and mine.startswith(theirs[:4])) if mine else bool(a.listings)


def share_classes(mic: str, code: str, other_mic: str, other: str) -> bool:
    """Do the codes of one market say that two securities are shares of one company?

    Korea writes preferred shares with the same first five characters, Shenzhen B shares with 200 for 000, Taiwan preferred shares with a letter
    behind the code; on Xetra and in Zurich the shorter code begins the longer (SRT, SRT3; GEBN, GEBNE). Holds only where the names are the same too.
    """
    market = MARKET.get(mic, mic)
    if market != MARKET.get(other_mic, other_mic) or code == other:
        return False
    short, long = sorted((code, other), key=len)
    if market == "KR":
        return len(short) == len(long) == 6 and short[:5] == long[:5]
    if market == "CN":
        return {code[:3], other[:3]} == {"000", "200"} and code[3:] == other[3:]
    if market in ("TW", "XETR", "XSWX"):
        return len(long) == len(short) + 1 and long.startswith(short)
    return False


def compatible(a: Rec, b: Rec, key: str) -> bool:
    """May two rows with the same normalised name be one company?"""
    if any(share_classes(*x, *y) for x in a.listings for y in b.listings):
        return True
    markets = {market_key(m, t)[0] for m, t in a.listings} & {market_key(m, t)[0] for m, t in b.listings}
    if markets:  # same market, other code: a share class only if the full names agree
        mine = {squeeze(n) for n in [*a.names.values(), *a.aliases]}
        theirs = {squeeze(n) for n in [*b.names.values(), *b.aliases]}
        return (
            bool(mine & theirs)
            and (min(a.rank, b.rank) > 1 or a.rank == b.rank)
            and script_of(key) == "latin"
            and len(key) >= 5
        )
    if a.isin and b.isin and a.isin != b.isin and a.country and a.country == b.country:
        return False
    if a.country and b.country and a.country != b.country:
        greater = {a.country, b.country} <= {"CN", "HK", "TW", "KY", "BM", "SG"}
        return greater or len(key) >= 10
    if script_of(key) == "han" and len(key) <= 2:
        return bool(a.country and a.country == b.country)
    return len(key) >= 4 or min(a.rank, b.rank) == 1


class Settled:
    """``settled.tsv``: which rows are one firm, which only share a name, and whose name a shared name is."""

    def __init__(self, path: Path) -> None:
        self.group: dict[str, int] = {}
        self.owners: list[tuple[str, str, list[str]]] = []
        self.apart: set[tuple[str, str]] = set()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            kind, *cells = line.split("\t")
            if not line.strip() or line.startswith("#"):
                continue
            if kind == "same" and len(cells) > 1:
                keys = [self.key(cell) for cell in cells]
                joined = {self.group[key] for key in keys if key in self.group}
                keys += [key for key, group in self.group.items() if group in joined]
                self.group |= dict.fromkeys(keys, number)
            elif kind == "apart" and len(cells) == 2:
                self.apart.add((cells[0], self.key(cells[1])))
            elif kind in ("means", "either") and len(cells) == (3 if kind == "means" else 4):
                self.owners.append((cells[0], cells[1], cells[2:]))
            else:
                raise SystemExit(f"{path.name}:{number}: {line[:60]!r} is no same, apart, means or either")

    @staticmethod
    def key(cell: str) -> str:
        """A listing or QID as it is, a name squeezed."""
        return cell if re.fullmatch(r"[A-Z0-9]{2,4}:\S+", cell) else squeeze(strip_legal(cell))

    @staticmethod
    def codes(rec: Rec) -> list[str]:
        """The listings of a row as they are written there."""
        return [f"{mic}:{ticker}" for mic, ticker in rec.listings]

    def keys(self, rec: Rec) -> Iterator[str]:
        """How a row may be named there."""
        yield from self.codes(rec)
        if rec.qid:
            yield f"WD:{rec.qid}"
        if rec.names:
            yield self.key(rec.names.get("en") or next(iter(rec.names.values())))

    def firm(self, rec: Rec) -> int | None:
        """The number of the firm that a row is part of, where that was decided."""
        return next(
            (self.group[key] for key in self.keys(rec) if key in self.group and not self.parted(rec, key)), None
        )

    def parted(self, listed: Rec, key: str) -> bool:
        """Is this name, of a row without a listing, said to be another firm's than the ``listed`` one's?"""
        return any((code, key) in self.apart for code in self.codes(listed))

    def strangers(self, a: Rec, b: Rec) -> bool:
        """Do the names of the row ``b``, which has no listing, say that it is another firm than the listed ``a``?"""
        return not b.listings and any(self.parted(a, key) for key in self.keys(b))


def merge(records: Iterable[Rec], settled: Settled) -> list[Rec]:
    out: list[Rec] = []
    by_firm: dict[int, Rec] = {}
    by_listing: dict[tuple[str, str], Rec] = {}
    by_isin: dict[str, Rec] = {}
    by_name: dict[str, list[Rec]] = defaultdict(list)
    by_short: dict[str, list[Rec]] = defaultdict(list)
    for rec in records:
        target: Rec | None = None
        for mic, ticker in rec.listings:
            target = target or by_listing.get(market_key(mic, ticker))
        if target is None and rec.isin:
            target = by_isin.get(rec.isin)
        firm = settled.firm(rec) if rec.part == "main" else None
        if target is None and firm is not None:
            target = by_firm.get(firm)
        keys = name_keys(rec)
        if target is None:
            for key in sorted(keys):
                for other in by_name.get(key, ()):
                    if (
                        other.part in ("main", rec.part)
                        and compatible(other, rec, key)
                        and not settled.strangers(other, rec)
                    ):
                        target = other
                        break
                if target:
                    break
        if target is None and rec.loose:
            same = {
                key: [o for o in by_short.get(key, ()) if o.part == "main" and not settled.strangers(o, rec)]
                for key in sorted(short_keys(rec))
            }
            meant = [others[0] for key, others in same.items() if len(others) == 1 and means(others[0], rec, key)]
            if meant and all(o is meant[0] for o in meant):
                target = meant[0]
        if target is None or (rec.part != "main" and target.part == "main"):
            if target is not None:  # share-alike facts stay in their own file and point at the company
                rec.id = "=" + str(out.index(target))
            target = rec
            out.append(rec)
        else:
            absorb(target, rec)
        if firm is not None and target.part == "main":
            by_firm.setdefault(firm, target)
        for mic, ticker in target.listings:
            by_listing.setdefault(market_key(mic, ticker), target)
        if target.isin:
            by_isin.setdefault(target.isin, target)
        for key in keys:
            if target not in by_name[key]:
                by_name[key].append(target)
        for key in short_keys(rec):
            if target not in by_short[key]:
                by_short[key].append(target)
    return out


def absorb(a: Rec, b: Rec) -> None:
    for lang, name in b.names.items():
        if lang == "en" and b.usual and a.rank >= 3 and a.names.get(lang, name) != name:
            a.aliases.setdefault(a.names[lang], lang)  # a registered name goes behind the one that news uses
            a.names[lang] = name
        elif lang not in a.names:
            a.names[lang] = name
        elif a.names[lang] != name:
            a.aliases.setdefault(name, lang)
    for alias, lang in b.aliases.items():
        a.aliases.setdefault(alias, lang)
    a.forms |= b.forms
    known = {market_key(*item): i for i, item in enumerate(a.listings)}
    for mic, ticker in b.listings:
        at = known.get(market_key(mic, ticker))
        if at is None:
            a.listings.append((mic, ticker))
        elif a.listings[at][0] == "US":
            a.listings[at] = (mic, ticker)
    a.country = a.country or b.country
    a.isin = a.isin or b.isin
    a.qid = a.qid or b.qid
    a.sources += [s for s in b.sources if s not in a.sources]


def settle_isins(records: list[Rec]) -> None:
    """An ISIN that two lists give to different companies is not sure: it is dropped, or kept by the one of the same name."""
    holders: dict[str, list[Rec]] = defaultdict(list)
    for rec in records:
        if rec.isin:
            holders[rec.isin].append(rec)
    for several in holders.values():
        if len(several) > 1:
            several.sort(key=lambda r: (r.rank, r.order))
            same = all(name_keys(several[0]) & name_keys(other) for other in several[1:])
            for rec in several[1:] if same else several:
                rec.isin = ""


def give_ids(records: list[Rec]) -> None:
    used: set[str] = set()
    for rec in records:
        if rec.id.startswith("="):
            rec.id = "=" + records[int(rec.id[1:])].id
            continue
        if rec.listings:
            mic, ticker = rec.listings[0]
            base = f"{mic}:{ticker}"
        elif rec.qid:
            base = f"WD:{rec.qid}"
        elif edinet := [s for s in rec.sources if s.startswith("EDINET:")]:
            base = edinet[0]
        else:
            name = rec.names.get("en") or next(iter(rec.names.values()))
            base = "NAME:" + re.sub(r"[^\w]+", "-", name.casefold()).strip("-")
        rec.id = base
        number = 2
        while rec.id in used:
            rec.id = f"{base}#{number}"
            number += 1
        used.add(rec.id)


# --- aliases ---------------------------------------------------------------------------------------------------------


def alias_candidates(rec: Rec) -> Iterator[tuple[str, str, int]]:
    """``(alias, group file, kind)``; kind 0 own name, 1 given alias, 2 group word dropped, 3 derived."""
    pool: dict[tuple[str, str], int] = {}
    for lang, name in rec.names.items():
        pool.setdefault((name, lang), 0)
        if not (rec.rank == 1 and PLAIN_COMPANY.search(name)):  # 英国广播公司 is a name as a whole
            pool.setdefault((strip_legal(name), lang), 1 if rec.rank == 1 else 0)
    for alias, lang in rec.aliases.items():
        pool.setdefault((alias, lang), 1)
        pool.setdefault((strip_legal(alias), lang), 1)
    for (name, lang), kind in list(pool.items()):
        script = script_of(name)
        short = strip_group(name)
        if short != name and len(short) >= {"latin": 5, "kana": 4, "han": 3, "hangul": 3}[script_of(short)]:
            pool.setdefault((short, lang), 2)
        if script == "kana" and "・" in name:
            pool.setdefault((name.replace("・", ""), lang), max(kind, 1))
        if script in ("kana", "hangul", "han") and " " in name:
            pool.setdefault((name.replace(" ", ""), lang), max(kind, 1))
        if script == "latin" and rec.rank <= 2 and len(name) >= 4 and " " not in name and name.upper() != name:
            pool.setdefault((name.upper(), lang), 3)
        if script == "latin" and rec.rank <= 2 and " " in name and len(name) >= 7:
            pool.setdefault((name.replace(" ", "-"), lang), 3)
    for (name, lang), kind in pool.items():
        alias = fold(name).strip(" .,;:'\"・")
        if alias in ONE_SYLLABLE and rec.rank == 1:
            yield alias, "ko", kind
            continue
        if not 2 <= len(alias) <= 60 or alias.isdigit():
            continue
        if re.search(r"(?<!有限)(?<!责任)(?<!責任)公司$|(?<=[가-힣])측$", alias) and (
            kind or rec.rank > 1 or not PLAIN_COMPANY.search(alias)
        ):  # these words stay outside a span
            continue
        if re.search(r"[()\[\]\"<>;:?!*]", alias) and not re.search(r"㈜|\(주\)", alias):
            continue
        script = script_of(alias)
        if script == "latin":
            if (
                not re.search(r"[A-Za-zÀ-ÿ]", alias)
                or (not alias[0].isalnum())
                or (alias.islower() and (rec.rank > 1 or len(alias) < 4 and kind > 0))
            ):
                continue
            if len(alias) == 2 and rec.rank > 1:
                continue
            yield alias, "latin", kind
        elif script == "hangul":
            yield alias, "ko", kind
        elif script == "kana":
            if re.fullmatch(r"[\u3041-\u309f]{2,3}", alias) and rec.rank > 2:
                continue
            yield alias, "ja", kind
        else:
            japanese = lang == "ja" or (not lang and rec.rank == 1) or (rec.country == "JP" and lang != "zh")
            if japanese:
                yield alias, "ja", kind
            if lang != "ja":
                yield from chinese(alias, kind, rec)
                if lang == "zh" and rec.country in ("CN", "HK", "TW") and len(alias) >= 4 and not japanese:
                    yield convert("t2jp", convert("s2t", alias)), "ja", 3
            elif rec.country == "JP" and len(alias) >= 4 and rec.listings:
                yield from chinese(convert("jp2t", alias), 3, rec)


def chinese(alias: str, kind: int, rec: Rec) -> Iterator[tuple[str, str, int]]:
    simplified = convert("t2s", alias)
    traditional = convert("s2t", alias)
    yield alias, "zh", kind
    if simplified != alias:
        yield simplified, "zh", kind
    if traditional != alias:
        yield traditional, "zh", max(kind, 1)


class Words:
    """Is an alias an ordinary word? Decided by dictionaries at build time, so that nothing of them is shipped."""

    def __init__(self) -> None:
        import jieba.posseg
        import sudachipy

        jieba.setLogLevel(60)
        jieba.initialize()
        self.jieba = jieba
        self.tags: dict[str, str] = {}
        with jieba.get_dict_file() as handle:
            for raw in handle:
                word, _, tag = raw.decode("utf-8").split()
                self.tags[word] = tag
        self.sudachi = sudachipy.Dictionary().tokenizer()
        table = read_toml("ambiguous.toml")
        self.listed = {group: set(map(fold, table[group]["ambiguous"])) for group in ("latin", "ja", "ko", "zh")}
        self.certain = {group: set(map(fold, table[group]["certain"])) for group in ("latin", "ja", "ko", "zh")}
        self.dropped = {group: set(map(fold, table[group]["drop"])) for group in ("latin", "ja", "ko", "zh")}

    def flag(self, alias: str, group: str, rank: int, kind: int) -> str:
        """``a`` ambiguous, ``d`` ambiguous in German and English only, ``-`` neither."""
        if alias in self.certain[group]:
            return "-"
        if alias in self.listed[group]:
            return "d" if group == "latin" and len(alias) > 2 else "a"
        return str(getattr(self, group)(alias, rank, kind))

    def latin(self, alias: str, rank: int, kind: int) -> str:
        from wordfreq import zipf_frequency

        words = re.findall(r"[A-Za-zÀ-ÿ0-9']+", alias)
        if len(words) <= 1:
            if rank == 1 and kind == 0:
                return "-" if len(alias) > 2 else "a"
            if rank == 1 and len(alias) <= 3:
                return "a"
            if len(alias) <= 3:
                return "a"
            limit = {1: 3.3, 2: 3.6, 3: 3.0}.get(rank, 2.2)
            common = max(zipf_frequency(alias.lower(), "en"), zipf_frequency(alias.lower(), "de"))
            if rank >= 3 and common >= 3.0:
                return "a"
            return "d" if common >= limit else "-"
        if rank >= 2:
            common = [max(zipf_frequency(w.lower(), "en"), zipf_frequency(w.lower(), "de")) for w in words]
            if rank >= 3 and min(common) >= 4.2:
                return "d"
            if min(common) >= 5.0:
                return "d"
        return "-"

    def ja(self, alias: str, rank: int, kind: int) -> str:
        if rank > 1 and len(alias) <= 2:
            return "a"
        if rank > 2 and (
            kind >= 1 and len(alias) <= 3 or re.fullmatch(r"[\u3041-\u309fー]+", alias) and len(alias) <= 4
        ):
            return "a"
        if script_of(alias) == "han" and len(alias) <= 2 and kind == 3:
            return "a"
        if len(alias) <= 10:
            tokens = self.sudachi.tokenize(alias)
            if len(tokens) == 1 and not tokens[0].is_oov():
                pos = tokens[0].part_of_speech()
                if pos[0] != "名詞" or pos[1] != "固有名詞" or pos[2] in ("人名", "地名"):
                    return "-" if rank == 1 and len(alias) >= 4 and pos[1] == "固有名詞" else "a"
            elif (
                rank > 2
                and len(tokens) == 2
                and len(alias) <= 4
                and all(t.part_of_speech()[1] == "普通名詞" for t in tokens)
            ):
                return "a"
        return "-"

    def ko(self, alias: str, rank: int, kind: int) -> str:
        # A tagger calls most foreign names common nouns, so Korean words are judged by hand (ambiguous.toml).
        return "a" if rank > 1 and len(alias) <= 3 else "-"

    def zh(self, alias: str, rank: int, kind: int) -> str:
        if len(alias) <= 2 and rank > 1:
            return "a"
        word = convert("t2s", alias)
        if word in self.certain["zh"]:
            return "-"
        if word in self.listed["zh"]:
            return "a"
        if rank == 1 and len(word) >= 3:
            return "-"
        tag = self.tags.get(word)
        if (
            tag is not None
            and len(word) <= 4
            and not tag.startswith(("nt", "nz", "nrt"))
            and not (rank == 1 and tag in ("nrfg", "nr", "x"))
        ):
            return "a"
        if rank > 2 and kind == 3 and len(alias) <= 3:
            return "a"
        return "-"


def make_aliases(
    records: list[Rec], words: Words
) -> tuple[dict[str, dict[str, tuple[str, int, list[int], str]]], list[str]]:
    """For each group file ``alias -> (flag, rank, rows, part)``; and what the rules decided, for the log."""
    main_row = {rec.id: i for i, rec in enumerate(records) if not rec.id.startswith("=")}
    found: dict[str, dict[str, dict[int, tuple[int, int, int, str]]]] = defaultdict(lambda: defaultdict(dict))
    for i, rec in enumerate(records):
        row = main_row[rec.id[1:]] if rec.id.startswith("=") else i
        for alias, group, kind in alias_candidates(rec):
            if alias in words.dropped[group] or (
                group == "latin" and len(alias) > 3 and alias.isupper() and alias.title() in words.dropped[group]
            ):
                continue
            key = (rec.rank, kind, rec.order, rec.part)
            old = found[group][alias].get(row)
            if old is None or key < old:
                found[group][alias][row] = key
    out: dict[str, dict[str, tuple[str, int, list[int], str]]] = {}
    log: list[str] = []
    for group, table in found.items():
        out[group] = {}
        for alias, rows in table.items():
            ranked = sorted((key, row) for row, key in rows.items())
            best = ranked[0][0]
            # The rule for a shared alias: the more reported company has it; among listed equals nobody, all are kept and it is ambiguous.
            if best[0] == 1:
                winners = [ranked[0][1]]
            else:
                winners = [
                    row
                    for key, row in ranked
                    if key[0] == best[0] and (key[1] == best[1] or key[1] >= 1 and best[1] >= 1)
                ]
            part = ranked[0][0][3]
            flag = words.flag(alias, group, best[0], best[1])
            if len(winners) > 1:
                flag = "a"
                if len(winners) > 6:
                    continue
            out[group][alias] = (flag, best[0], sorted(winners), part)
            if len(ranked) > len(winners):
                log.append(f"{group}\t{alias}\t{records[winners[0]].id}")
    return out, log


def rows_by_key(records: list[Rec], settled: Settled) -> dict[str, int]:
    """The row of a firm by its listing, QID, squeezed English name or id; share-alike rows are left out."""
    rows: dict[str, int] = {}
    for i, rec in enumerate(records):
        if rec.part == "main":
            for key in (*settled.keys(rec), rec.id):
                rows.setdefault(key, i)
    return rows


def give_to_owners(
    aliases: dict[str, dict[str, tuple[str, int, list[int], str]]], records: list[Rec], settled: Settled, words: Words
) -> None:
    """Names that ``settled.tsv`` gives to one firm, or to two."""
    rows = rows_by_key(records, settled)
    groups = {"hangul": "ko", "kana": "ja", "latin": "latin"}
    unknown = 0
    for lang, name, firms in settled.owners:
        group = groups.get(script_of(name)) or ("ja" if lang == "ja" else "zh")
        winners = sorted({rows[key] for key in map(settled.key, firms) if key in rows})
        if len(winners) < len(firms) or (name not in aliases[group] and len(firms) > 1):
            unknown += 1
            continue
        rank = min(records[row].rank for row in winners)
        if len(winners) > 1:
            aliases[group][name] = ("a", max(rank, 2), winners, "main")  # rank 1 is for names that are one firm's alone
        else:
            aliases[group][name] = (words.flag(name, group, rank, 1), rank, winners, "main")
    if unknown:
        print(f"settled.tsv: {unknown} names left as they are, for a firm that no list names")


def pinyin_table(records: list[Rec]) -> dict[str, set[int]]:
    """Pinyin and Hangul spellings of the Chinese names of the most reported companies, for the linker."""
    from pypinyin import Style, lazy_pinyin

    table: dict[str, set[int]] = defaultdict(set)
    for i, rec in enumerate(records):
        if rec.rank > 1:
            continue
        names = [rec.names.get("zh", ""), *(a for a in rec.aliases if script_of(a) == "han")]
        for name in names:
            name = convert("t2s", strip_group(strip_legal(name)))
            if len(name) < 2 or not all(map(is_han, name)):
                continue
            syllables = lazy_pinyin(name, style=Style.NORMAL, v_to_u=False)
            if len(name) == 2 and len("".join(syllables)) < 6:
                continue
            table["".join(syllables)].add(i)
            hangul = pinyin_to_hangul(syllables)
            if hangul:
                table[hangul].add(i)
    return table


@cache
def trades() -> dict[str, tuple[list[str], list[str]]]:
    """``trades.tsv``: what a trade adds to a Chinese name, with its German and English, and its Korean forms."""
    lines = (SOURCES / "trades.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {zh: (latin.split("|"), korean.split("|")) for zh, latin, korean in rows}


def head_of(name: str, tags: dict[str, str]) -> str:
    """The part of a Chinese short name that news uses alone: 卧龙 of 卧龙电驱, 恒宝 of 恒宝股份; empty where there is none."""
    for size in (2, 3):
        if len(name) > size + 1 and name[size:] in trades():
            return name[:size]
    return name[:2] if len(name) == 4 and tags.get(name[:2]) != "ns" else ""


def short_forms(whole: str, tags: dict[str, str]) -> Iterator[str]:
    """What news and translation make of a simplified Chinese short name: its head, pinyin, Hangul, Korean reading, translated trades."""
    import hanja
    from pypinyin import Style, lazy_pinyin

    name = strip_group(whole)
    head = head_of(name, tags) or (name if name != whole and len(name) <= 3 else "")
    if len(name) <= 6:
        yield head
    for han in {name, head} - {""}:
        syllables = lazy_pinyin(han, style=Style.NORMAL, v_to_u=False)
        if len("".join(syllables)) >= 6:
            yield "".join(syllables)
        yield pinyin_to_hangul(syllables)
        if len(han) >= 3:
            yield str(hanja.translate(convert("s2t", han), "substitution"))
    if head and whole[len(head) :] in trades():
        latin, korean = trades()[whole[len(head) :]]
        syllables = lazy_pinyin(head, style=Style.NORMAL, v_to_u=False)
        yield from ("".join(syllables) + squeeze(word) for word in latin)
        if hangul := pinyin_to_hangul(syllables):
            yield from (hangul + squeeze(word) for word in korean)


def short_table(records: list[Rec], aliases: set[str], tags: dict[str, str]) -> dict[str, int]:
    """For the linker alone: :func:`short_forms` of the names of Chinese firms.

    A form is kept where one firm alone can be meant, or one that is better known than all others.
    """
    meant: dict[str, dict[int, int]] = defaultdict(dict)
    for i, rec in enumerate(records):
        if rec.country not in ("CN", "HK", "TW") or rec.part != "main" or not (rec.listings or rec.rank <= 2):
            continue
        for name in {rec.names.get("zh", ""), *(a for a in rec.aliases if script_of(a) == "han")}:
            whole = convert("t2s", strip_legal(name))
            if len(whole) >= 2 and all(map(is_han, whole)):
                for form in short_forms(whole, tags):
                    if len(form) >= 2:
                        meant[form][i] = min(rec.rank, 3)
    table: dict[str, int] = {}
    for form, rows in meant.items():
        best = min(rows.values())
        winners = [row for row, rank in rows.items() if rank == best]
        if script_of(form) == "hangul" and len(form) < 3 and best > 2:  # two syllables can be too many names
            continue
        place = tags.get(form) == "ns"
        if len(winners) == 1 and (len(rows) == 1 or best <= 2 and not place) and form not in aliases:
            table[form] = winners[0]
    return table


def translated_table(paths: Iterable[Path], records: list[Rec], settled: Settled) -> dict[str, set[int]]:
    """``translated.tsv`` and ``heard.tsv``: firm, English name, and forms of its name that serve the linker alone; and those of ``rare.tsv``."""
    rows = rows_by_key(records, settled)
    table: dict[str, set[int]] = defaultdict(set)
    for i, rec in enumerate(records):
        for form in rec.forms:
            if len(key := squeeze(form)) > 1:
                table[key].add(i)
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            cells = line.split("\t")
            if len(cells) != 3:
                raise SystemExit(f"{path.name}:{number}: {len(cells)} cells, three are expected")
            firm, name, forms = cells
            row = rows.get(firm, rows.get(settled.key(name)))
            for form in forms.split("|") if row is not None else ():
                if len(key := squeeze(form)) > 1:
                    table[key].add(row)
    return table


def blockers(aliases: dict[str, dict[str, tuple[str, int, list[int], str]]], words: dict[str, str]) -> list[str]:
    """Dictionary words of Chinese that hold a short name (平安夜, 小米粥): found longest first, they keep the name quiet."""
    short = {a for a, (_, rank, _, _) in aliases["zh"].items() if len(a) <= 3 and rank <= 3}
    out = set()
    for word, tag in words.items():
        if len(word) < 3 or len(word) > 6 or word in aliases["zh"] or tag.startswith("nt"):
            continue
        if re.search(r"(?:公司|集团|控股|银行|证券|保险|汽车|电器|电子|科技|股份)$", word):
            continue
        if any(word[i : i + n] in short for n in (2, 3) if n < len(word) for i in range(len(word) - n + 1)):
            out.add(word)
            out.add(convert("s2t", word))
    return sorted(out)


# --- output ----------------------------------------------------------------------------------------------------------


def write_gz(path: Path, lines: Iterable[str]) -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as handle:
        handle.write("".join(line + "\n" for line in lines).encode("utf-8"))
    write(path, buffer.getvalue())


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def company_line(rec: Rec) -> str:
    own = set(rec.names.values())
    aliases = [a for a in sorted(rec.aliases) if a not in own and "|" not in a]
    mic, ticker = rec.listings[0] if rec.listings else ("", "")
    more = "|".join(f"{m}:{t}" for m, t in rec.listings[1:])
    cells = [
        rec.id,
        *(rec.names.get(lang, "") for lang in LANGS),
        "|".join(aliases),
        rec.country,
        "" if mic == "US" else mic,
        ticker,
        more,
    ]
    return "\t".join([*cells, rec.isin, rec.qid, "|".join(rec.sources)])


HEADER = "\t".join(
    ["id", "en", "ja", "de", "ko", "zh", "aliases", "country", "mic", "ticker", "listings", "isin", "qid", "source"]
)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", type=Path, help="folder with the company lists (*.csv.gz)")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args(argv)
    world = list(from_world(SOURCES / "world.tsv")) if (SOURCES / "world.tsv").exists() else []
    more = list(from_world(SOURCES / "more.tsv", 2))
    composed = list(from_world(SOURCES / "composed.tsv", 4, COMPOSED))
    names = list(from_world(SOURCES / "names.tsv", 3))
    settled = Settled(SOURCES / "settled.tsv")
    rare = from_rare(SOURCES / "rare.tsv")
    every = [*world, *more, *from_lists(options.lists), *names, *composed, *rare]
    # share-alike rows last: they can point at the others, not the others at them
    every.sort(key=lambda r: r.part != "main")
    records = merge(every, settled)
    # main rows first, then the share-alike parts, so that row numbers run through the files in the order of loading
    order = {"main": 0, "jmnedict": 1, "cedict": 2}
    settle_isins(records)
    give_ids(records)
    records.sort(key=lambda r: (order[r.part], r.id.startswith("="), r.rank, r.order))
    records = [r for r in records if not r.id.startswith("=")] + [r for r in records if r.id.startswith("=")]
    words = Words()
    aliases, log = make_aliases(records, words)
    give_to_owners(aliases, records, settled, words)
    for part in order:
        folder = options.out if part == "main" else options.out / "share_alike"
        stem = "companies" if part == "main" else f"{part}.companies"
        rows = [company_line(r) for r in records if r.part == part and not r.id.startswith("=")]
        write_gz(folder / f"{stem}.tsv.gz", [HEADER, *rows])
        lines: dict[str, list[str]] = defaultdict(list)
        for group, table in aliases.items():
            for alias, (flag, rank, winners, source) in table.items():
                if source == part:
                    lines[group].append(f"{alias}\t{flag}{rank}\t{','.join(map(str, winners))}")
        for group in ("latin", "ja", "ko", "zh"):
            name = f"aliases_{group}.tsv.gz" if part == "main" else f"{part}.aliases_{group}.tsv.gz"
            if part == "main" or lines[group]:
                write_gz(folder / name, sorted(lines[group]))
            if part == "main":
                keys = squeezed(sorted(lines[group]))
                write_gz(folder / f"keys_{group}.tsv.gz", sorted(f"{key}\t{rest}" for key, rest in keys.items()))
    pinyin = pinyin_table(records)
    write_gz(options.out / "pinyin.tsv.gz", sorted(f"{k}\t{','.join(map(str, sorted(v)))}" for k, v in pinyin.items()))
    known = {squeeze(alias) for group in aliases.values() for alias in group}
    short = short_table(records, known | set(pinyin), words.tags)
    write_gz(options.out / "short.tsv.gz", sorted(f"{k}\t{row}" for k, row in short.items()))
    translated = translated_table([SOURCES / "translated.tsv", SOURCES / "heard.tsv"], records, settled)
    write_gz(
        options.out / "translated.tsv.gz", sorted(f"{k}\t{next(iter(v))}" for k, v in translated.items() if len(v) == 1)
    )
    write_gz(options.out / "blockers.tsv.gz", blockers(aliases, words.tags))
    chars = sorted({c for table in (aliases["zh"], aliases["ja"]) for alias in table for c in alias if is_han(c)})
    pairs = [(c, convert("t2s", convert("jp2t", c))) for c in chars]  # 比亜迪 in Japanese print is 比亚迪
    write(options.out / "han.tsv", "".join(f"{a}\t{b}\n" for a, b in pairs if a != b and len(b) == 1).encode("utf-8"))
    companies = [r for r in records if not r.id.startswith("=")]
    print(
        f"{len(companies)} companies, {sum(r.rank == 1 for r in companies)} of rank 1,",
        {g: len(t) for g, t in aliases.items()},
        f"{len(log)} shared aliases given to one",
    )
    print(
        "with",
        {
            k: sum(bool(f(r)) for r in companies)
            for k, f in {"isin": lambda r: r.isin, "ticker": lambda r: r.listings, "qid": lambda r: r.qid}.items()
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
