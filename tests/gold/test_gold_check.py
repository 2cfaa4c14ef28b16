"""A file is broken as an annotator breaks it by hand; each fault is named at its place, and fix and fmt lose nothing."""

import json
import re

import pytest
from gold_corpus import DE, JA, dump, make_row

from finextract.gold.check import check, check_bytes
from finextract.gold.codes import CODES
from finextract.gold.findings import Finding, caret, visible
from finextract.gold.fix import fix, fmt
from finextract.gold.jsonl import parse_lines, scan

LINES = dump([make_row(*r) for r in JA]).encode().split(b"\n")[:-1]


def line_with(number, old, new, count=1):
    """The sound file with one line edited; and the column at which the edit begins."""
    lines = list(LINES)
    text = lines[number - 1].decode()
    assert old in text
    lines[number - 1] = text.replace(old, new, count).encode("utf-8", "surrogatepass")
    return b"\n".join(lines) + b"\n"


def column(number, part, data=None):
    """Column, from 1, where the part stands in the line."""
    lines = data.split(b"\n") if data else LINES
    return lines[number - 1].decode().index(part) + 1


def found(data, **options):
    return [(f.code, f.line, f.column) for f in check_bytes("a.jsonl", data, **options)]


def test_the_sound_corpus_has_no_finding(corpus):
    report = check(sorted(corpus.rglob("*.jsonl")))
    assert [f.to_text() for f in report.findings] == []
    assert (report.files, report.rows, report.spans) == (3, 5, 11)


# (what the annotator did, the file after it, [(code, line, column)], what was probably meant)
def by_hand():
    whole = b"\n".join(LINES) + b"\n"
    lines = list(LINES)
    yield "end one too far", line_with(1, '"end": 16', '"end": 17'), [("G302", 1, column(1, '16, "label"'))], "10..16"
    yield (
        "start one too early",
        line_with(4, '"start": 1,', '"start": 0,'),
        [("G302", 4, column(4, '1, "end": 7'))],
        "1..7",
    )
    yield "CRLF", whole.replace(b"\n", b"\r\n"), [("G102", 1, len(LINES[0].decode()) + 1)], "LF"
    yield (
        "CRLF in one line",
        whole.replace(b"\n", b"\r\n", 2).replace(b"\r\n", b"\n", 1),
        [("G102", 2, len(LINES[1].decode()) + 1)],
        "LF",
    )
    yield "byte-order mark", b"\xef\xbb\xbf" + whole, [("G101", 1, 1)], "without it"
    yield "smart quotes for a key", line_with(2, '"lang"', "“lang”"), [("G108", 2, column(2, '"lang"'))], "straight"
    yield (
        "smart quote at the end of a string",
        line_with(2, '"composed"', '"composed”'),
        [("G106", 2, column(2, 'text":'))],
        None,
    )
    cut = LINES[0].decode()[:60].encode()
    yield "half a line", b"\n".join([cut, *lines[1:]]) + b"\n", [("G107", 1, 60)], "the rest of the row is missing"
    text = LINES[1].decode()
    yield (
        "a line broken in two",
        b"\n".join([lines[0], text[:70].encode(), text[70:].encode(), *lines[2:]]) + b"\n",
        [("G107", 2, 70), ("G107", 3, 1)],
        "line 3: join",
    )
    yield (
        "merge conflict",
        b"\n".join(
            [lines[0], b"<<<<<<< HEAD", lines[1], b"||||||| 1a2b3c", b"=======", lines[2], b">>>>>>> feature", lines[3]]
        )
        + b"\n",
        [("G104", 2, 1), ("G104", 4, 1), ("G104", 5, 1), ("G104", 7, 1)],
        "keep one side",
    )
    yield (
        "a line pasted twice",
        b"\n".join([*lines, lines[1]]) + b"\n",
        [("G501", 5, column(2, '"ja-2"')), ("G502", 5, column(2, '"「🚀'))],
        "alike",
    )
    yield (
        "NaN",
        line_with(3, '"genre": "wire"', '"score": NaN'),
        [("G110", 3, column(3, '"genre"') + len('"score": '))],
        "leave the key out",
    )
    yield (
        "a key twice",
        line_with(3, '"lang": "ja"', '"lang": "ja", "lang": "ja"'),
        [("G109", 3, column(3, '"date"'))],
        "one of the two",
    )
    yield (
        "an amount as a number",
        line_with(4, '"35000000000"', "3.5e10"),
        [("G205", 4, column(4, '"35000000000"'))],
        '"35000000000"',
    )
    yield (
        "an integer amount",
        line_with(4, '"35000000000"', "35000000000"),
        [("G202", 4, column(4, '"35000000000"'))],
        '"35000000000"',
    )
    yield "offsets as floats", line_with(4, '"end": 7', '"end": 7.0'), [("G205", 4, column(4, '"end": 7') + 7)], "7"
    yield (
        "thousands separators",
        line_with(4, '"35000000000"', '"35,000,000,000"'),
        [("G207", 4, column(4, '"35000000000"'))],
        '"35000000000"',
    )
    yield "a label misspelt", line_with(1, "PERCENT", "PERCNT"), [("G206", 1, column(1, '"PERCENT"'))], "PERCENT"
    yield "a label of another scheme", line_with(4, "COMPANY", "ORG"), [("G206", 4, column(4, '"COMPANY"'))], "COMPANY"
    yield (
        "a key misspelt",
        line_with(1, '"amount"', '"ammount"'),
        [("G207", 1, column(1, '{"currency"')), ("G207", 1, column(1, '"amount"') + len('"ammount": '))],
        None,
    )
    yield "a field misspelt", line_with(3, '"spans"', '"span"'), [("G201", 3, 1)], "[]"
    yield "no field", line_with(3, '"source": "composed", ', ""), [("G201", 3, 1)], None
    yield "a date by hand", line_with(3, "2024-08-03", "2024/8/3"), [("G204", 3, column(3, '"2024-08'))], "2024-08-03"
    yield "a date that is none", line_with(3, "2024-08-03", "2024-02-30"), [("G204", 3, column(3, '"2024-08'))], None
    yield (
        "a language code",
        line_with(3, '"lang": "ja"', '"lang": "jp"'),
        [("G203", 3, column(3, '"ja", "date'))],
        "'ja'",
    )
    yield "a currency", line_with(4, '"USD"', '"RMB"'), [("G207", 4, column(4, '"USD"'))], "CNY"
    yield (
        "white space selected too",
        line_with(
            4,
            '"start": 8, "end": 14, "label": "MONEY", "text": "350億ドル"',
            '"start": 8, "end": 14, "label": "MONEY", "text": "350億ドル "',
        ),
        [("G303", 4, column(4, '"350億ドル"'))],
        "the white space differs",
    )
    yield "spans out of order", _swapped(), [("G306", 1, column(1, '{"start": 10'))], "fix sorts"
    yield (
        "overlap",
        line_with(
            1,
            '"start": 0, "end": 4, "label": "COMPANY", "text": "高砂精機"',
            '"start": 0, "end": 12, "label": "COMPANY", "text": "高砂精機の売上高は約44"',
        ),
        [("G304", 1, column(1, '{"start": 10') + 9)],
        None,
    )
    yield (
        "UTF-16 offsets",
        line_with(2, '"start": 4, "end": 8', '"start": 5, "end": 9'),
        [("G302", 2, column(2, '4, "end": 8'))],
        "4..8; the offsets count UTF-16 units",
    )
    yield (
        "the text edited, the surface not",
        line_with(4, "350億ドルを", "360億ドルを"),
        [("G303", 4, column(4, '"350億ドル", "v'))],
        "'360億ドル'",
    )
    yield "a blank line", b"\n".join([lines[0], b"", *lines[1:]]) + b"\n", [("G105", 2, 1)], None
    yield "no line feed at the end", b"\n".join(lines), [("G112", 4, len(LINES[3].decode()) + 1)], None
    yield "trailing comma", line_with(3, '"wire"}', '"wire",}'), [("G106", 3, column(3, '"wire"}') + 6)], "no comma"
    yield "full-width colon", line_with(3, '"lang":', '"lang"："'[:-1]), [("G106", 3, column(3, '"lang"') + 6)], "':'"
    yield "a Python literal", line_with(3, '"wire"', "None"), [("G106", 3, column(3, '"wire"'))], "null"
    yield "single quotes", line_with(3, '"lang"', "'lang'"), [("G106", 3, column(3, '"lang"'))], None
    yield "a tab in a string", line_with(3, "数字", "\t数字"), [("G106", 3, column(3, "数字"))], "\\t"
    yield (
        "two rows on a line",
        lines[0] + b" " + lines[1] + b"\n",
        [("G106", 1, len(LINES[0].decode()) + 2)],
        "a line break",
    )
    yield "a list", b"[1]\n", [("G111", 1, 1)], None
    yield (
        "Shift-JIS",
        b"\n".join([lines[0], lines[2].decode().encode("cp932")]) + b"\n",
        [("G103", 2, column(3, "特筆"))],
        "cp932",
    )
    yield "UTF-16", whole.decode().encode("utf-16"), [("G103", 1, 1)], "UTF-8"
    yield "half a surrogate pair", line_with(2, "🚀", "\\ud83d"), [("G208", 2, column(2, '"「🚀'))], None
    yield "an id with a blank", line_with(3, '"ja-3"', '"ja 3"'), [("G208", 3, column(3, '"ja-3"'))], None
    yield "a modifier", line_with(1, "approx", "about"), [("G207", 1, column(1, '"approx"'))], None


def _swapped():
    row = make_row(*JA[0])
    row["spans"] = [row["spans"][1], row["spans"][0], row["spans"][2]]
    data = dump([row]).encode() + b"\n".join(LINES[1:]) + b"\n"
    # the span that stands too late is the second one
    global column_of_second
    column_of_second = data.decode().index('{"start": 0') + 1
    return data


CASES = list(by_hand())


@pytest.mark.parametrize(("data", "expected", "meant"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_fault_is_named_at_its_place(data, expected, meant):
    findings = check_bytes("a.jsonl", data)
    got = [(f.code, f.line, f.column) for f in findings]
    if expected[0][0] == "G306":
        expected = [("G306", 1, column_of_second)]
    assert got == expected
    if meant:
        assert meant in (findings[0].meant or "")


@pytest.mark.parametrize("data", [c[1] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("act", [fix, fmt])
def test_fix_and_fmt_lose_nothing(data, act):
    before = parse_lines("a.jsonl", data)
    result = act(before)
    after = parse_lines("a.jsonl", result.after)
    assert len(before.lines) == len(after.lines)
    for one, two in zip(before.lines, after.lines, strict=True):
        if one.row is None:
            assert two.raw == one.raw
        else:
            assert two.row is not None
            bare = [
                {**r, "spans": sorted(json.dumps(_bare(s), sort_keys=True) for s in r.get("spans", []))}
                for r in (one.row, two.row)
            ]
            assert bare[0] == bare[1]
    again = act(parse_lines("a.jsonl", result.after))
    assert not again.changed


def _bare(span):
    return {k: v for k, v in sorted(span.items()) if k not in ("start", "end", "text")}


def test_a_deleted_line_is_named_where_it_stood(corpus):
    path = corpus / "ja/train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    (finding,) = check([path], grammar=False).findings
    assert (finding.code, finding.line, finding.column, finding.id) == ("G504", 2, 1, "ja-2")
    assert "it stood after 'ja-1'" in finding.message


def test_a_broken_line_is_not_called_missing_too(corpus):
    path = corpus / "ja/train.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"lang"', b"lang", 1))
    assert [f.code for f in check([path], grammar=False).findings] == ["G106"]


def test_a_row_moved_to_another_split(corpus):
    train, test = corpus / "ja/train.jsonl", corpus / "ja/test.jsonl"
    lines = train.read_bytes().splitlines(keepends=True)
    train.write_bytes(b"".join(lines[:2]))
    test.write_bytes(test.read_bytes() + lines[2])
    (finding,) = check([train, test], grammar=False).findings
    assert (finding.code, finding.file, finding.line) == ("G506", str(test), 2)


def test_an_edited_text_and_a_row_of_unknown_origin(corpus):
    path = corpus / "ja/train.jsonl"
    row = make_row("ja-9", "追加の行。", [])
    path.write_bytes(path.read_bytes().replace("特筆すべき".encode(), "特記すべき".encode()) + dump([row]).encode())
    assert [(f.code, f.line) for f in check([path], grammar=False).findings] == [("G505", 3), ("G503", 4)]


def test_names_seen_in_train(corpus):
    path = corpus / "ja/test.jsonl"
    rows = [make_row("ja-4", "米エヌビディアは350億ドルを投じる。", JA[3][2][:1])]
    path.write_bytes(dump(rows).encode())
    train = corpus / "ja/train.jsonl"
    seen = make_row("ja-3", "特筆すべきエヌビディア。", [("COMPANY", "エヌビディア", {"name": "NVIDIA"})])
    train.write_bytes(b"".join(train.read_bytes().splitlines(keepends=True)[:2]) + dump([seen]).encode())
    codes = {f.code for f in check([path, train], grammar=False).findings}
    assert "G507" in codes


def test_a_manifest_that_cannot_be_read(corpus):
    (corpus / "splits.json").write_text("{")
    (finding,) = check([corpus / "ja/test.jsonl"], grammar=False).findings
    assert finding.code == "G508"


VALUES = [
    (
        "ko",
        "매출은 84억 7천만 달러였다.",
        ("MONEY", "84억 7천만 달러", {"currency": "USD", "amount": "8400000000"}),
        "G401",
        "amount 8470000000",
    ),
    (
        "de",
        "Es kostet 1 Billion US-Dollar.",
        ("MONEY", "1 Billion US-Dollar", {"currency": "USD", "amount": "1000000000"}),
        "G401",
        "amount 1000000000000",
    ),
    (
        "zh",
        "市值440億美元。",
        ("MONEY", "440億美元", {"currency": "CNY", "amount": "44000000000"}),
        "G401",
        "currency USD",
    ),
    (
        "ko",
        "점유율이 8% 포인트 올랐다.",
        ("PERCENT", "8% 포인트", {"value": "8", "unit": "percent"}),
        "G401",
        "unit percentage_point",
    ),
    (
        "ja",
        "2024年第2四半期に赤字。",
        ("QUARTER", "2024年第2四半期", {"year": 2024, "quarter": 3, "fiscal": False}),
        "G401",
        "quarter 2",
    ),
    (
        "ja",
        "売上高は約500億ドル。",
        ("MONEY", "500億ドル", {"currency": "USD", "amount": "50000000000"}),
        "G402",
        "modifier approx",
    ),
    (
        "ja",
        "2024年第2四半期に赤字。",
        ("QUARTER", "2024年第2四半期", {"year": 2023, "quarter": 2, "fiscal": False}),
        "G402",
        "year 2024",
    ),
    (
        "ja",
        "売上高は500億ドル。",
        ("MONEY", "500億", {"currency": "USD", "amount": "50000000000"}),
        "G403",
        "'500億ドル'",
    ),
    (
        "ja",
        "売上高は500億ドル、利益は16.1%。",
        ("PERCENT", "16.1%", {"value": "16.1", "unit": "percent"}),
        "G404",
        "4..10 MONEY",
    ),
]


@pytest.mark.parametrize(("lang", "text", "span", "code", "meant"), VALUES)
def test_values_are_held_against_the_surface(lang, text, span, code, meant):
    row = make_row(f"{lang}-1", text, [span])
    (finding,) = check_bytes("a.jsonl", dump([row]).encode(), grammar=True)
    assert finding.code == code
    assert meant in finding.meant
    assert finding.severity == ("error" if code == "G401" else "warning")
    row["meta"]["reviewed"] = [span[1], "500億ドル"]
    assert check_bytes("a.jsonl", dump([row]).encode(), grammar=True) == []


def test_many_rows_are_read_by_several_processes(tmp_path):
    rows = [make_row(f"de-{k}", f"{k}: {DE[0][1]}", DE[0][2]) for k in range(801)]
    rows[800]["spans"][2]["value"]["amount"] = "1"
    rows[3]["spans"][1]["value"]["unit"] = "basis_point"
    (tmp_path / "a.jsonl").write_text(dump(rows))
    findings = check([tmp_path / "a.jsonl"], jobs=2).findings
    assert [(f.code, f.line) for f in findings] == [("G401", 4), ("G401", 801)]


def test_one_surface_with_two_names_and_an_unmarked_mention():
    rows = [
        make_row(f"de-{k}", f"Meta {k}", [("COMPANY", "Meta", {"name": name})])
        for k, name in enumerate(["Meta Platforms", "Meta Platforms", "Metta"])
    ]
    rows.append(make_row("de-9", "Siemens und Siemens und Siemensstadt", [("COMPANY", "Siemens", {"name": "Siemens"})]))
    from finextract.gold.check import _name_variants

    lines = [(line, row) for line, row in parse_lines("a", dump(rows).encode()).rows()]
    (variant,) = _name_variants(lines)
    assert (variant.code, variant.line, variant.meant) == ("G405", 3, "'Meta Platforms'")
    (unmarked,) = check_bytes("a", dump(rows).encode())
    assert (unmarked.code, unmarked.line, unmarked.start, unmarked.end) == ("G406", 4, 12, 19)


def test_a_cut_character():
    row = make_row("de-1", "Cafe\u0301 Meier", [("COMPANY", "Cafe", {"name": "Cafe"})])
    assert [f.code for f in check_bytes("a", dump([row]).encode())] == ["G308"]


def test_boundaries_inside_tokens(monkeypatch, corpus):
    from finextract.gold import neighbours

    def cutter(name, lang):
        return (lambda text: [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]) if lang == "de" else None

    monkeypatch.setattr(neighbours, "cutter", cutter)
    report = check([corpus / "de/train.jsonl"], grammar=False, tokenizers=["blanks"])
    (finding,) = report.findings
    assert (finding.code, finding.context[finding.start : finding.end]) == ("G601", "US-Dollar.")
    assert "the end of '32,5 Milliarden US-Dollar'" in finding.message
    assert report.boundaries == {"blanks de": 6}


def test_carets_stand_under_wide_characters():
    assert caret("売上高は約440億ドル、前年比", 5, 11) == ("売上高は約440億ドル、前年比", " " * 10 + "^" * 9)
    line, marks = caret("a" * 100 + "億円" + "b" * 100, 100, 102)
    assert line == "…" + "a" * 36 + "億円" + "b" * 36 + "…" and marks == " " * 37 + "^^^^"
    assert caret("a\nb\t億", 4, 5) == ("a␊b␉億", "    ^^")
    assert caret("e\u0301x", 2, 3) == ("e\u0301x", " ^")
    assert caret("abc", 3, 3) == ("abc", "   ^")
    assert visible("\x1b[31m\u202e\ud800") == "␛[31m��"


def test_a_finding_in_three_forms():
    finding = Finding("G302", "a.jsonl", 3, 12, "50 % off\n", "xy", 1, 2, "1..2", "id-1")
    assert finding.to_text() == "a.jsonl:3:12: error G302: 50 % off␊\n    xy\n     ^\n    meant: 1..2"
    assert json.loads(finding.to_json()) == {
        "code": "G302",
        "severity": "error",
        "file": "a.jsonl",
        "line": 3,
        "column": 12,
        "message": "50 % off\n",
        "meant": "1..2",
        "id": "id-1",
    }
    assert finding.to_github() == "::error file=a.jsonl,line=3,col=12,title=G302::50 %25 off%0A (meant: 1..2)"


def test_every_code_is_documented(request):
    page = (request.config.rootpath / "docs/gold.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| (G\d{3}) \| (?:error|warning) \| (.*) \|$", page, re.MULTILINE))
    assert documented == {code: c.meaning for code, c in CODES.items()}


@pytest.mark.parametrize("text", ["{}", '{"a": [1, -2.5e3, "x\\u00e9", null, true, {"b": []}]}', ' { "a" : 0 } '])
def test_the_scanner_reads_what_json_reads(text):
    node = scan(text)
    assert node.value == json.loads(text)
    assert text[node.start : node.end] == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        "{,}",
        "01",
        "1.",
        "-",
        "+1",
        "tru",
        '"\\x"',
        '"',
        "[1 2]",
        '{"a" 1}',
        '{"a":}',
        "{1: 2}",
        '{"a": 1,}',
        "\x0c1",
        "[" * 100000,
    ],
)
def test_the_scanner_refuses_what_json_refuses(text):
    with pytest.raises(ValueError):
        scan(text)
    with pytest.raises((ValueError, RecursionError)):
        json.loads(text)
