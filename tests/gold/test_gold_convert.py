"""Conversion: nothing is lost on the way there and back, and what other tools write can be read."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finextract.entities import MODIFIERS, PERCENT_UNITS, format_decimal
from finextract.gold import convert
from finextract.gold.convert.common import native_line, ordered
from finextract.gold.markup import parse, render

ALPHABET = st.sampled_from(
    list("aZ9 .,%-|[]\\#\t\n\r\"'?_")
    + list("億円約社の億ドル삼성전자는ßü€￥％")
    + [
        "\u3000",
        "\u00a0",
        "\u2028",
        "\x85",
        "\u200b",
        "e\u0301",
        "\U0001f680",
        "\U0002000b",
        "👩\u200d💻",
        "\n\n",
        "### ",
        "\\### ",
        "[[",
        "]]",
        "\r\n",
        "\x00",
        "\x1f",
        "\ufeff",
    ]
)
TEXTS = st.lists(ALPHABET, max_size=40).map("".join)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15), max_value=10**15).map(
    format_decimal
)
NAMES = (
    st.text(min_size=1, max_size=12)
    .filter(lambda s: max(s) < "\ud800" or max(s) > "\udfff")
    .filter(lambda s: not any("\ud800" <= c <= "\udfff" for c in s))
)


def _without_none(**fields):
    return {k: v for k, v in fields.items() if v is not None}


MODIFIER = st.none() | st.sampled_from(MODIFIERS)
VALUES = {
    "MONEY": st.one_of(
        st.builds(_without_none, currency=st.sampled_from(["USD", "JPY", "KRW"]), amount=NUMBERS, modifier=MODIFIER),
        st.builds(_without_none, currency=st.just("CNY"), min=NUMBERS, max=NUMBERS, modifier=MODIFIER),
        st.builds(_without_none, currency=st.just("EUR"), scale=st.just("1000000000")),
    ),
    "PERCENT": st.one_of(
        st.builds(_without_none, value=NUMBERS, unit=st.sampled_from(PERCENT_UNITS), modifier=MODIFIER),
        st.builds(_without_none, min=NUMBERS, max=NUMBERS, unit=st.sampled_from(PERCENT_UNITS)),
    ),
    "COMPANY": st.builds(
        _without_none, name=NAMES, isin=st.none() | st.just("US67066G1040"), qid=st.none() | st.just("Q182477")
    ),
    "QUARTER": st.one_of(
        st.builds(
            _without_none, year=st.none() | st.integers(1990, 2030), quarter=st.integers(1, 4), fiscal=st.booleans()
        ),
        st.builds(
            _without_none,
            year=st.none() | st.integers(1990, 2030),
            start_month=st.integers(1, 12),
            end_month=st.integers(1, 12),
        ),
        st.builds(_without_none, relative=st.integers(-3, 3)),
    ),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.printable, max_size=5),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.text(string.ascii_letters, max_size=3), x, max_size=2),
    max_leaves=4,
)


@st.composite
def row(draw, number=0):
    text = draw(TEXTS)
    spans = []
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        surface = text[start:end]
        if not surface or surface != surface.strip():
            continue
        label = draw(st.sampled_from(list(VALUES)))
        span = {"start": start, "end": end, "label": label, "text": surface}
        if draw(st.integers(0, 9)):
            span["value"] = draw(VALUES[label])
        if not draw(st.integers(0, 5)):
            span["comment"] = draw(JSON)
        spans.append(span)
    out = {
        "id": f"r{number}",
        "lang": draw(st.sampled_from(["ja", "de", "ko", "zh"])),
        "source": "composed",
        "text": text,
        "spans": spans,
    }
    if draw(st.booleans()):
        out["date"] = "2025-03-14"
    if draw(st.booleans()):
        out["meta"] = draw(st.dictionaries(st.text(string.ascii_letters, max_size=4), JSON, max_size=2))
    if not draw(st.integers(0, 3)):
        out["added by somebody"] = draw(JSON)
    return ordered(out)


ROWS = st.lists(st.integers(), max_size=3).flatmap(lambda ns: st.tuples(*(row(k) for k in range(len(ns))))).map(list)


@pytest.mark.parametrize("form", list(convert.FORMATS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=ROWS)
def test_there_and_back_gives_the_same_rows(form, rows):
    data = convert.write(rows, form)
    back = convert.read("file", data, form)
    assert back == rows
    assert convert.write(back, form) == data


@settings(max_examples=200, deadline=None)
@given(one=row())
def test_markup_is_inverse(one):
    spans = [{k: s[k] for k in ("start", "end", "label", "text")} for s in one["spans"]]
    assert parse(render(one["text"], spans)) == (one["text"], spans)


ROW = {
    "id": "de-1",
    "lang": "de",
    "date": "2025-03-14",
    "source": "composed",
    "text": "🚀🚀 Nvidias Umsatz: 32,5 Milliarden US-Dollar\r\n(+16,1 %)",
    "spans": [
        {"start": 3, "end": 10, "label": "COMPANY", "text": "Nvidias", "value": {"name": "NVIDIA"}},
        {
            "start": 19,
            "end": 44,
            "label": "MONEY",
            "text": "32,5 Milliarden US-Dollar",
            "value": {"currency": "USD", "amount": "32500000000"},
        },
        {"start": 48, "end": 54, "label": "PERCENT", "text": "16,1 %", "value": {"value": "16.1", "unit": "percent"}},
    ],
}


def test_label_studio_counts_utf16_units():
    task = json.loads(convert.write([ROW], "label-studio"))[0]
    values = [r["value"] for r in task["annotations"][0]["result"]]
    assert [(v["start"], v["end"], v["labels"]) for v in values] == [
        (5, 12, ["COMPANY"]),
        (21, 46, ["MONEY"]),
        (50, 56, ["PERCENT"]),
    ]
    assert task["data"]["text"].encode("utf-16-le")[21 * 2 : 46 * 2].decode("utf-16-le") == "32,5 Milliarden US-Dollar"


def test_label_studio_export_of_another_program():
    export = [
        {
            "id": 7,
            "data": {"text": "🚀 LG그룹", "lang": "ko"},
            "annotations": [
                {"was_cancelled": True, "result": []},
                {
                    "result": [
                        {"type": "labels", "value": {"start": 3, "end": 7, "text": "LG그룹", "labels": ["COMPANY"]}}
                    ]
                },
            ],
        },
        {
            "id": 8,
            "data": {"text": "🚀 LG그룹", "lang": "ko"},
            "predictions": [
                {
                    "result": [
                        {"type": "labels", "value": {"start": 2, "end": 6, "text": "LG그룹", "labels": ["COMPANY"]}}
                    ]
                }
            ],
        },
        {
            "id": 9,
            "text": "LG그룹",
            "lang": "ko",
            "label": [{"start": 0, "end": 4, "text": "LG그룹", "labels": ["COMPANY"]}],
        },
    ]
    rows = convert.read("export.json", json.dumps(export).encode())
    assert [(r["id"], r["spans"][0]["text"]) for r in rows] == [("7", "LG그룹"), ("8", "LG그룹"), ("9", "LG그룹")]
    export[0]["annotations"][1]["result"][0]["value"]["text"] = "SK그룹"
    with pytest.raises(ValueError, match="item 1: the text at 3..7 is not 'SK그룹'"):
        convert.read("export.json", json.dumps(export).encode())


def test_doccano_both_forms():
    one = json.loads(convert.write([ROW], "doccano"))
    assert one["label"] == [[3, 10, "COMPANY"], [19, 44, "MONEY"], [48, 54, "PERCENT"]]
    two = json.loads(convert.write([ROW], "doccano-relations"))
    assert two["entities"][0] == {"id": 0, "start_offset": 3, "end_offset": 10, "label": "COMPANY"}
    exported = '{"id": 12, "text": "LG그룹 강세", "label": [[0, 4, "COMPANY"]], "Comments": []}\n'
    assert convert.detect("x.jsonl", exported.encode()) == "doccano"
    rows = convert.read("x.jsonl", exported.encode())
    assert rows == [
        {
            "id": "12",
            "source": "import",
            "text": "LG그룹 강세",
            "spans": [{"start": 0, "end": 4, "label": "COMPANY", "text": "LG그룹"}],
        }
    ]
    with pytest.raises(ValueError, match=r"x.jsonl:1: 0..99 is no range of the text of 7 characters"):
        convert.read("x.jsonl", exported.replace("4,", "99,").encode())


def test_a_span_edited_elsewhere_loses_its_value_and_only_it():
    item = json.loads(convert.write([ROW], "doccano"))
    item["label"][0] = [3, 9, "COMPANY"]
    back = convert.read("x", json.dumps(item).encode(), "doccano")[0]
    assert back["spans"][0] == {"start": 3, "end": 9, "label": "COMPANY", "text": "Nvidia"}
    assert back["spans"][1:] == ROW["spans"][1:]
    assert back["date"] == ROW["date"]


def test_prodigy_drops_its_own_fields_and_keeps_foreign_ones():
    task = {**ROW, "_input_hash": 1, "_task_hash": 2, "tokens": [], "answer": "accept", "reviewer": "m"}
    task["spans"] = [{**s, "token_start": 0, "token_end": 0} for s in ROW["spans"]]
    assert convert.read("p.jsonl", json.dumps(task).encode()) == [{**ROW, "reviewer": "m"}]


def test_prodigy_rejected_rows_are_left_out_and_said(tmp_path):
    tasks = [{**ROW, "answer": "accept"}, {**ROW, "id": "de-2", "answer": "reject"}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(t) + "\n" for t in tasks))
    said = []
    assert convert.convert_file(tmp_path / "p.jsonl", tmp_path / "n.jsonl", warn=said.append) == 1
    assert said == ["row 'de-2' is left out: its answer is 'reject'"]
    assert (tmp_path / "n.jsonl").read_text() == native_line({**ROW, "answer": "accept"}).replace(
        ', "answer": "accept"', ""
    )


def test_iob_columns():
    text = convert.write([ROW], "iob").decode()
    assert "\nNvidias\tNVIDIA\tB-COMPANY\n" in text
    assert "\n32\tUSD 32500000000\tB-MONEY\n,\t-\tI-MONEY\n5\t-\tI-MONEY\nMilliarden\t-\tI-MONEY\n" in text


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        (["B-COMPANY", "I-COMPANY", "O", "B-PERCENT"], ["Siemens AG", "3%"]),
        (["I-COMPANY", "I-COMPANY", "O", "I-PERCENT"], ["Siemens AG", "3%"]),
        (["B-COMPANY", "E-COMPANY", "O", "S-PERCENT"], ["Siemens AG", "3%"]),
        (["B-COMPANY", "L-COMPANY", "O", "U-PERCENT"], ["Siemens AG", "3%"]),
        (["B-COMPANY", "B-COMPANY", "O", "O"], ["Siemens", "AG"]),
    ],
)
def test_iob_of_other_programs(tags, spans):
    data = "\n".join(f"{form} X {tag}" for form, tag in zip(["Siemens", "AG", "steigt", "3%"], tags, strict=True))
    (got,) = convert.read("x.conll", data.encode())
    assert got["text"] == "Siemens AG steigt 3%"
    assert [s["text"] for s in got["spans"]] == spans


def test_iob_error_has_a_line():
    with pytest.raises(ValueError, match=r"x.conll:2: 'Q-MONEY' is no tag"):
        convert.read("x.conll", b"Siemens B-COMPANY\nAG Q-MONEY\n")


def test_docbin_of_spacy():
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("de")
    doc = nlp("Siemens steigt um 3 Prozent.")
    doc.ents = [doc.char_span(0, 7, "COMPANY"), doc.char_span(18, 27, "PERCENT")]
    rows = convert.read("x.spacy", DocBin(docs=[doc]).to_bytes())
    assert [(s["start"], s["end"], s["label"], s["text"]) for s in rows[0]["spans"]] == [
        (0, 7, "COMPANY", "Siemens"),
        (18, 27, "PERCENT", "3 Prozent"),
    ]
    docs = list(DocBin().from_bytes(convert.write([ROW], "docbin")).get_docs(nlp.vocab))
    assert docs[0].text == ROW["text"]
    assert [(e.text, e.label_) for e in docs[0].ents] == [(s["text"], s["label"]) for s in ROW["spans"]]
    with pytest.raises(ValueError, match="no DocBin"):
        convert.read("x.spacy", b"nonsense")


def test_inline_markup_by_hand():
    draft = "### date=2025-03-14 genre=wire traps=1 lang=ja\n[[高砂精機|C|]]は約[[440億ドル|M|USD 44e9 approx]]。\n\n### \n数字なし\n"
    rows = convert.read("a.txt", draft.encode())
    assert rows[0]["lang"] == "ja" and rows[0]["meta"] == {"genre": "wire", "traps": True}
    assert rows[0]["text"] == "高砂精機は約440億ドル。"
    assert rows[0]["spans"][1]["value"] == {"currency": "USD", "amount": "44000000000", "modifier": "approx"}
    assert rows[1]["text"] == "数字なし"
    with pytest.raises(ValueError, match=r"a.txt:3: .*a span is not closed"):
        convert.read("a.txt", "### lang=ja\nx\n[[高砂精機|C|".encode())


def test_a_value_edited_in_the_markup_wins():
    one = {
        "id": "1",
        "lang": "de",
        "source": "x",
        "text": "Meta und Meta",
        "spans": [
            {
                "start": 0,
                "end": 4,
                "label": "COMPANY",
                "text": "Meta",
                "value": {"name": "Meta Platforms", "qid": "Q380"},
            },
            {
                "start": 9,
                "end": 13,
                "label": "COMPANY",
                "text": "Meta",
                "value": {"name": "Meta Platforms", "qid": "Q380"},
            },
        ],
    }
    shown = convert.write([one], "inline").decode()
    edited = shown.replace("[[Meta|C|Meta Platforms]] und", "[[Meta|C|Meta AG]] und")
    assert edited != shown
    values = [s["value"] for s in convert.read("x.txt", edited.encode())[0]["spans"]]
    assert values == [{"name": "Meta AG"}, {"name": "Meta Platforms", "qid": "Q380"}]


def test_unsound_rows_are_refused_with_their_place(tmp_path):
    broken = json.loads(json.dumps(ROW))
    broken["spans"][1]["end"] = 43
    path = tmp_path / "a.jsonl"
    path.write_text(native_line(ROW) + native_line({**broken, "id": "de-2"}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"a.jsonl:2:\d+: G302: "):
        convert.convert_file(path, tmp_path / "b.conll")
    assert not (tmp_path / "b.conll").exists()
    with pytest.raises(ValueError, match="'de-2': G302"):
        convert.write([{**broken, "id": "de-2"}], "doccano")


def test_labels_may_be_renamed_and_the_language_given(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": 1, "text": "Siemens steigt", "label": [[0, 7, "ORG"]]}\n')
    with pytest.raises(convert.UsageError, match="names no language"):
        convert.convert_file(tmp_path / "d.jsonl", tmp_path / "n.jsonl")
    said = []
    convert.convert_file(
        tmp_path / "d.jsonl", tmp_path / "n.jsonl", lang="de", rename={"ORG": "COMPANY"}, warn=said.append
    )
    row_ = json.loads((tmp_path / "n.jsonl").read_text())
    assert (row_["lang"], row_["spans"][0]["label"]) == ("de", "COMPANY")
    assert said == ["1 spans have no value; --fill-values lets the grammar read them"]


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("a.jsonl", b'{"id": "1", "text": "", "spans": []}\n', "native"),
        ("a.jsonl", b'{"text": "", "spans": [], "answer": "accept"}\n', "prodigy"),
        ("a.jsonl", b'{"text": "", "label": []}\n', "doccano"),
        ("a.jsonl", b'{"text": "", "entities": []}\n', "doccano-relations"),
        ("a.json", b'[{"data": {"text": ""}}]', "label-studio"),
        ("a.conll", b"x O\n", "iob"),
        ("a.spacy", b"...", "docbin"),
        ("a.txt", b"### lang=ja\n", "inline"),
    ],
)
def test_formats_are_told_apart(name, data, form):
    assert convert.detect(name, data) == form
