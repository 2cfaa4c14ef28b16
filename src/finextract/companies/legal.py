"""Legal forms (AG, Inc., 株式会社, ㈜, 有限公司 …): stripped from names, and taken into a span beside one."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

from finextract.companies.text import script_of, squeeze


def read_toml(name: str) -> dict[str, Any]:
    """One TOML file of the package's data folder."""
    return tomllib.loads(files("finextract.companies").joinpath("data", name).read_text("utf-8"))


@lru_cache(maxsize=1)
def legal_forms() -> dict[str, dict[str, list[str]]]:
    """The tables of ``data/legal_forms.toml``: for ``latin``, ``ja``, ``ko``, ``zh`` the lists before, after, group, extend."""
    return read_toml("legal_forms.toml")


def _alternatives(forms: list[str]) -> str:
    return "|".join(re.escape(form) for form in sorted(set(forms), key=lambda f: (-len(f), f)))


@lru_cache(maxsize=1)
def _strippers() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    forms = legal_forms()
    cjk = [forms[lang] for lang in ("ja", "ko", "zh")]
    before = _alternatives([form for table in cjk for form in table["before"]])
    after = _alternatives([form for table in cjk for form in table["after"]])
    latin = _alternatives(forms["latin"]["after"])
    return (
        re.compile(rf"(?:{before})\s*"),
        re.compile(rf"\s*(?:{after})$"),
        re.compile(rf"(?:\s*,\s*|\s+)(?:{latin})[.,]?$", re.IGNORECASE),
    )


@lru_cache(maxsize=4096)
def strip_legal(name: str) -> str:
    """The name without its legal forms; unchanged where nothing would be left."""
    before, after, latin = _strippers()
    out = name.strip()
    for _ in range(4):
        short = out
        if script_of(out) != "latin":
            short = after.sub("", short)
            if found := before.match(short):
                short = short[found.end() :]
        short = latin.sub("", short).rstrip(" ,&")
        if len(short) < 2 or short == out:
            break
        out = short
    return out


@lru_cache(maxsize=1)
def _groups() -> re.Pattern[str]:
    forms = legal_forms()
    cjk = _alternatives([form for lang in ("ja", "ko", "zh") for form in forms[lang]["group"]])
    return re.compile(rf"(?:[\s・]*(?:{cjk})|\s+(?:{_alternatives(forms['latin']['group'])}))$")


def strip_group(name: str) -> str:
    """The name without a trailing group word (Holdings, グループ, 集团, 그룹), or unchanged."""
    short = _groups().sub("", name).strip()
    return short if len(short) >= 2 else name


def bare_key(name: str) -> str:
    """The key of a name without legal form and group word: two names with one key are mostly one firm."""
    return squeeze(strip_group(strip_legal(name)))


@lru_cache(maxsize=8)
def extensions(lang: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """What a span takes in behind and before a name: ``(after, before)``; ``before`` is anchored at its end."""
    forms = legal_forms()
    latin = rf"(?:,? (?:{_alternatives(forms['latin']['extend'])})(?![A-Za-z0-9]))"
    parts = [latin, r"(?:-(?:Gruppe|Group|Holding)(?![a-zäöüß]))"]
    table = forms.get(lang)
    if table is None:
        return re.compile("(?:" + "|".join(parts) + ")+"), None
    guard = {"zh": r"(?![股子权權方人])", "ko": r"(?!웨어)"}.get(lang, "")
    gap = " ?" if lang == "ko" else ""
    own = _alternatives(table["extend"])
    if lang == "ko":  # "LG 그룹" may be spaced; 통신 (블룸버그통신) only when written on to the name
        own = _alternatives([f for f in table["extend"] if f != "통신"])
        parts.append("통신(?!사|망|업|비|기|주|장)")
    parts.append(rf"(?:{gap}(?:{own}){guard})")
    before = table["before"]
    anchored = re.compile(rf"(?:{_alternatives(before)}) ?$") if before else None
    return re.compile("(?:" + "|".join(parts) + ")+"), anchored
