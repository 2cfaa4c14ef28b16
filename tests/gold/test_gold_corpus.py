"""The schema, the splits, the data card, and the corpus that the repository ships."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from gold_corpus import DE, JA, dump, make_row

from finextract.gold import splits
from finextract.gold.rows import check_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "annotations/schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_valid_and_shipped():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads((files("finextract.gold") / "schema.json").read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize("case", JA + DE, ids=lambda c: c[0])
def test_sound_rows_are_valid(case):
    row = make_row(*case)
    row["anything"] = row["spans"] and {**row["spans"][0], "token_start": 0}
    assert list(VALIDATOR.iter_errors(row)) == [] == list(check_schema(row))


def changed(path, value):
    row = make_row(*JA[0])
    target = row
    for step in path[:-1]:
        target = target[step]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return row


# what both the schema and the check refuse
REFUSED = [
    (("id",), ...),
    (("id",), ""),
    (("id",), "a b"),
    (("lang",), "jp"),
    (("source",), ...),
    (("text",), None),
    (("spans",), ...),
    (("spans",), {}),
    (("date",), "2025-3-1"),
    (("date",), None),
    (("meta",), []),
    (("spans", 0), "x"),
    (("spans", 0, "start"), "0"),
    (("spans", 0, "end"), 4.5),
    (("spans", 0, "label"), "ORG"),
    (("spans", 0, "label"), ...),
    (("spans", 0, "text"), ...),
    (("spans", 0, "text"), ""),
    (("spans", 0, "value"), ...),
    (("spans", 0, "value"), None),
    (("spans", 0, "value"), {}),
    (("spans", 0, "value", "name"), ""),
    (("spans", 0, "value", "nmae"), "x"),
    (("spans", 1, "value", "amount"), 44000000000),
    (("spans", 1, "value", "amount"), "4.4e10"),
    (("spans", 1, "value", "amount"), "44,000"),
    (("spans", 1, "value", "amount"), "1.50"),
    (("spans", 1, "value", "amount"), "-0"),
    (("spans", 1, "value", "amount"), "007"),
    (("spans", 1, "value", "min"), "1"),
    (("spans", 1, "value", "amount"), ...),
    (("spans", 1, "value", "currency"), "usd"),
    (("spans", 1, "value", "currency"), ...),
    (("spans", 1, "value", "modifier"), "about"),
    (("spans", 2, "value", "unit"), ...),
    (("spans", 2, "value", "unit"), "per cent"),
    (("spans", 2, "value", "value"), ...),
]


@pytest.mark.parametrize(("path", "value"), REFUSED, ids=lambda x: str(x))
def test_schema_and_check_refuse_the_same(path, value):
    row = changed(path, value)
    assert list(VALIDATOR.iter_errors(row)) != []
    assert list(check_schema(row)) != []


QUARTERS = [
    ({"year": 2024, "quarter": 1, "fiscal": False}, True),
    ({"quarter": 1, "fiscal": True}, True),
    ({"start_month": 8, "end_month": 10}, True),
    ({"relative": -1}, True),
    ({"quarter": 5, "fiscal": False}, False),
    ({"quarter": 1}, False),
    ({"quarter": 1, "fiscal": 0}, False),
    ({"year": 2024}, False),
    ({"start_month": 8}, False),
    ({"start_month": 0, "end_month": 3}, False),
    ({"relative": -1, "year": 2024}, False),
    ({"relative": 0.5}, False),
    ({"year": "2024", "quarter": 1, "fiscal": False}, False),
]


@pytest.mark.parametrize(("value", "good"), QUARTERS)
def test_quarters(value, good):
    row = make_row(*JA[1])
    row["spans"][2]["value"] = value
    assert VALIDATOR.is_valid(row) is good
    assert (list(check_schema(row)) == []) is good


def rows_with(names):
    return [
        {
            "id": f"r{k}",
            "text": str(k),
            "spans": [{"start": 0, "end": 1, "label": "COMPANY", "text": n, "value": {"name": n}} for n in ns],
        }
        for k, ns in enumerate(names)
    ]


def test_splits_have_their_shares_and_do_not_depend_on_order():
    rows = rows_with([[f"n{k}"] for k in range(200)])
    assigned = splits.assign(rows)
    sizes = {s: list(assigned.values()).count(s) for s in ("train", "dev", "test")}
    assert sizes["train"] > 120 and 8 <= sizes["dev"] <= 32 and 25 <= sizes["test"] <= 55
    assert all(assigned[row["id"]] == splits.split_of(row["id"]) for row in rows)
    assert splits.assign(rows[::-1]) == assigned


def test_at_most_half_of_the_names_in_test_are_seen():
    # three of four passages name the same few companies
    rows = rows_with([[f"own{k}"] if k % 4 == 0 else [f"common{k % 7}", f"common{k % 5}"] for k in range(200)])
    assigned = splits.assign(rows)
    by_split = {s: [r for r in rows if assigned[r["id"]] == s] for s in ("train", "dev", "test")}
    seen, total = splits.seen_share(by_split["train"], by_split["test"])
    assert 0 < 2 * seen <= total
    dealt = [splits.split_of(r["id"]) for r in rows]
    # passages change places, so that the shares stay
    assert {s: len(r) for s, r in by_split.items()} == {s: dealt.count(s) for s in by_split}
    fixed = {r["id"]: assigned[r["id"]] for r in rows[:150]}
    again = splits.assign(rows, fixed=fixed)
    assert all(again[i] == s for i, s in fixed.items())


def test_no_split_is_better_than_a_wrong_one():
    with pytest.raises(ValueError, match="no exchange"):
        splits.assign(rows_with([["same"]] * 20))


def test_a_name_is_known_by_surface_or_by_usual_name():
    one = [{"spans": [{"label": "COMPANY", "text": "엔비디아", "value": {"name": "NVIDIA"}}]}]
    two = [
        {
            "spans": [
                {"label": "COMPANY", "text": t, "value": {"name": n}}
                for t, n in [("Nvidias", "Nvidia"), ("엔비디아", "x"), ("AMD", "AMD")]
            ]
        }
    ]
    assert splits.seen_share(one, two) == (2, 3)


def test_the_data_card_loads_offline_with_types(tmp_path, monkeypatch):
    import datetime

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "cards/ja").mkdir(parents=True)
    (tmp_path / "cards/README.md").write_text(
        (ROOT / "annotations/README.md").read_text(encoding="utf-8"), encoding="utf-8"
    )
    rows = [make_row(*r) for r in JA]
    del rows[1]["date"]
    for split, part in (("train", rows[:3]), ("dev", rows[2:3]), ("test", rows[3:])):
        (tmp_path / f"cards/ja/{split}.jsonl").write_text(dump(part), encoding="utf-8")
    from datasets import ClassLabel, load_dataset

    loaded = load_dataset(str(tmp_path / "cards"), "ja", cache_dir=str(tmp_path / "cache"))
    assert {s: len(d) for s, d in loaded.items()} == {"train": 3, "dev": 1, "test": 1}
    spans = loaded["train"].features["spans"].feature
    assert isinstance(spans["label"], ClassLabel) and spans["label"].names == ["MONEY", "PERCENT", "COMPANY", "QUARTER"]
    for got, row in zip(loaded["train"], rows, strict=False):
        assert got["text"] == row["text"]
        assert got["date"] == (datetime.date(2024, 8, 3) if "date" in row else None)
        for span, original in zip(got["spans"], row["spans"], strict=True):
            assert {k: v for k, v in span["value"].items() if v is not None} == original["value"]
            assert spans["label"].int2str(span["label"]) == original["label"]
            assert row["text"][span["start"] : span["end"]] == span["text"]
    assert loaded["dev"][0]["spans"] == []


def test_the_corpus_has_no_errors_and_every_boundary_is_a_token_boundary():
    from finextract.gold.check import check
    from finextract.gold.neighbours import tokenizer_names

    report = check(sorted((ROOT / "annotations").rglob("*.jsonl")), tokenizers=tokenizer_names())
    assert report.rows > 0 and report.boundaries
    assert [f.to_text() for f in report.findings if f.severity == "error"] == []


@pytest.mark.parametrize("lang", ["ja", "de", "ko", "zh"])
def test_the_corpus_loads_as_a_dataset(lang, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    loaded = load_dataset(str(ROOT / "annotations"), lang, cache_dir=str(tmp_path))
    manifest = splits.load(ROOT / "annotations/splits.json")
    for split in ("train", "dev", "test"):
        assert loaded[split]["id"] == list(manifest[lang][split])


def test_the_seeds_are_whole():
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "annotations").glob("*/seeds.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    assert {r["source"] for r in rows} == {f"seeds/{p.name}" for p in (ROOT / "seeds").glob("*.txt")}
    for row in rows:
        assert row["text"].encode() == (ROOT / row["source"]).read_bytes()
