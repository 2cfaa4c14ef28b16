"""Value-first tables of the quantity grammars: many ways to write one value, and what must not be read at all.

``tests/data/quantities/LANG/TABLE.tsv`` holds one case a row; ``\\n``, ``\\t`` and ``\\\\`` stand for the characters. ``limitations.tsv`` beside the
tables names rows (table and id) that are known to fail, with the reason; such a row has to fail.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from finextract.gold.markup import parse_value
from finextract.quantities import readings

ROOT = Path(__file__).parent / "data" / "quantities"
LANGUAGES = sorted(path.name for path in ROOT.iterdir() if path.is_dir())
LABELS = {"money": "MONEY", "percent": "PERCENT", "quarter": "QUARTER"}
COLUMNS = ["id", "value", "date", "surface", "context"]
NEGATIVE_COLUMNS = ["id", "label", "date", "text", "why"]
FEWEST = {"money": 150, "percent": 60, "quarter": 80, "negative": 100}
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


def _rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip() and not line.startswith("#")]
    rows = []
    for line in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        cells = [re.sub(r"\\[nt\\]", lambda m: _ESCAPES[m[0]], cell) for cell in line]
        rows.append(dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True)))
    assert list(rows[0].values()) == columns, f"{path}: the header is {list(rows[0].values())}"
    return rows[1:]


def _limitations(lang: str) -> dict[tuple[str, str], str]:
    path = ROOT / lang / "limitations.tsv"
    if not path.exists():
        return {}
    return {(row["table"], row["id"]): row["why"] for row in _rows(path, ["table", "id", "why"])}


def _cases(tables: list[str], columns: list[str]) -> Iterator[object]:
    for lang in LANGUAGES:
        known = _limitations(lang)
        for table in tables:
            path = ROOT / lang / f"{table}.tsv"
            for row in _rows(path, columns) if path.exists() else []:
                why = known.get((table, row["id"]))
                marks = [pytest.mark.xfail(strict=True, reason=why)] if why else []
                yield pytest.param(lang, table, row, id=f"{lang}-{table}-{row['id']}", marks=marks)


@pytest.mark.parametrize(("lang", "table", "row"), list(_cases(list(LABELS), COLUMNS)))
def test_a_surface_is_read_as_its_value(lang: str, table: str, row: dict[str, str]) -> None:
    head, _, tail = (row["context"] or "{}").partition("{}")
    start, end = len(head), len(head) + len(row["surface"])
    label = LABELS[table]
    found = [
        (r.start, r.end, r.label, r.value.to_dict())
        for r in readings(head + row["surface"] + tail, lang, row["date"] or None)
        if r.start < end and r.end > start
    ]
    assert found == [(start, end, label, parse_value(label, row["value"], row["surface"]))]


@pytest.mark.parametrize(("lang", "table", "row"), list(_cases(["negative"], NEGATIVE_COLUMNS)))
def test_what_only_looks_like_one_is_not_read(lang: str, table: str, row: dict[str, str]) -> None:
    found = [r for r in readings(row["text"], lang, row["date"] or None) if row["label"] in ("*", r.label)]
    assert not found


@pytest.mark.parametrize("table", FEWEST)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_tables_are_large_and_their_ids_unique(lang: str, table: str) -> None:
    rows = _rows(ROOT / lang / f"{table}.tsv", NEGATIVE_COLUMNS if table == "negative" else COLUMNS)
    ids = [row["id"] for row in rows]
    assert len(ids) >= FEWEST[table] and len(set(ids)) == len(ids)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_known_limitations_are_few_and_name_rows(lang: str) -> None:
    known = _limitations(lang)
    ids = {
        (table, row["id"])
        for table in FEWEST
        for row in _rows(ROOT / lang / f"{table}.tsv", NEGATIVE_COLUMNS if table == "negative" else COLUMNS)
    }
    assert len(known) <= 6 and set(known) <= ids
