"""What fix repairs, what it leaves alone, and that neither it nor fmt loses anything."""

import json
import os
import random

import pytest
from gold_corpus import dump, make_row
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.gold.check import check_bytes
from finextract.gold.fix import accept_values, fix, fmt
from finextract.gold.jsonl import parse_lines, replace_file, scan

TEXT = "米エヌビディアとAMD、AMDとTSMC。エヌビディアは350億ドル、AMDは3割減。"
SPANS = [
    ("COMPANY", "エヌビディア"),
    ("COMPANY", "AMD"),
    ("COMPANY", "AMD"),
    ("COMPANY", "TSMC"),
    ("COMPANY", "エヌビディア"),
    ("MONEY", "350億ドル"),
    ("COMPANY", "AMD"),
    ("PERCENT", "3割"),
]
VALUE = {
    "COMPANY": {"name": "x"},
    "MONEY": {"currency": "USD", "amount": "35000000000"},
    "PERCENT": {"value": "30", "unit": "percent"},
}
SOUND = make_row("ja-1", TEXT, [(label, surface, VALUE[label]) for label, surface in SPANS])


def repaired(row):
    result = fix(parse_lines("a.jsonl", dump([row]).encode()))
    return json.loads(result.after), result


def places(row):
    return [(s["start"], s["end"]) for s in row["spans"]]


@pytest.mark.parametrize("shift", [-2, -1, 1, 2, 5])
def test_all_offsets_moved_by_an_edit_before_them(shift):
    row = json.loads(json.dumps(SOUND))
    for span in row["spans"]:
        span["start"] += shift
        span["end"] += shift
    assert repaired(row)[0] == SOUND


@pytest.mark.parametrize("inserted", ["", "今朝、", "🚀 "])
@pytest.mark.parametrize("at", [0, 7, 20, 21])
def test_words_put_into_the_text(inserted, at):
    row = json.loads(json.dumps(SOUND))
    row["text"] = TEXT[:at] + inserted + TEXT[at:]
    fixed, _ = repaired(row)
    assert places(fixed) == [(s + len(inserted) * (s >= at), e + len(inserted) * (s >= at)) for s, e in places(SOUND)]


def test_offsets_in_utf16_units():
    text = "🚀🚀🚀 AMD AMD AMD"
    sound = make_row("de-1", text, [("COMPANY", "AMD", {"name": "AMD"})] * 3)
    row = json.loads(json.dumps(sound))
    for span in row["spans"]:
        span["start"] += 3
        span["end"] += 3
    assert repaired(row)[0] == sound


def test_off_by_one_at_one_end():
    for key, shift in (("start", -1), ("start", 1), ("end", -1), ("end", 1)):
        row = json.loads(json.dumps(SOUND))
        row["spans"][5][key] += shift
        fixed, result = repaired(row)
        assert fixed == SOUND
        assert result.changes[0].notes == [
            f"'350億ドル' {row['spans'][5]['start']}..{row['spans'][5]['end']} to 28..34"
        ]


def test_nearest_free_place_is_taken():
    row = json.loads(json.dumps(SOUND))
    row["spans"][2]["start"], row["spans"][2]["end"] = 10, 13  # nearest is 8, but that is annotated already
    assert repaired(row)[0] == SOUND


def test_two_places_equally_near_are_left_alone():
    row = make_row("de-1", "AMD oder AMD", [("COMPANY", "AMD", {"name": "AMD"})])
    row["spans"][0].update(start=4, end=8)
    row["text"] = "AMD xAMD"
    row["spans"][0].update(start=2, end=5)
    row["text"] = "AMD AMD"
    before = dump([row]).encode()
    assert fix(parse_lines("a", before)).after == before


def test_a_surface_that_is_nowhere_is_left_alone():
    row = json.loads(json.dumps(SOUND))
    row["spans"][3]["text"] = "TSMCC"
    before = dump([row]).encode()
    assert fix(parse_lines("a", before)).after == before


def test_white_space_order_and_missing_surfaces():
    text = "  Siemens AG\u3000 steigt, BASF auch. "
    row = make_row("de-1", text, [])
    row["spans"] = [
        {"start": 22, "end": 26, "label": "COMPANY", "value": {"name": "BASF"}, "extra": [1.50, {"b": None}]},
        {"start": 0, "end": 14, "label": "COMPANY", "text": text[0:14], "value": {"name": "Siemens"}},
    ]
    fixed, _ = repaired(row)
    assert fixed["spans"] == [
        {"start": 2, "end": 12, "label": "COMPANY", "text": "Siemens AG", "value": {"name": "Siemens"}},
        {
            "start": 22,
            "end": 26,
            "label": "COMPANY",
            "text": "BASF",
            "value": {"name": "BASF"},
            "extra": [1.5, {"b": None}],
        },
    ]


def test_only_the_digits_change():
    line = '{ "spans":[ {"end":9,"extra":1.50,  "start" : 1,"label":"COMPANY","text":"\\u0041MD","value":{"name":"AMD"}}] ,"id":"1","text":"AMD \\/ x","lang":"de","source":"y","later":1e3}'
    after = fix(parse_lines("a", line.encode())).after.decode()
    assert after == line.replace('"end":9', '"end":3').replace('"start" : 1', '"start" : 0') + "\n"


def test_broken_lines_keep_their_bytes():
    good = dump([SOUND]).encode()
    data = (
        b"\xef\xbb\xbf"
        + good[:100]
        + b"\r\n"
        + good.replace(b"\n", b"\r\n")
        + b"<<<<<<< HEAD\r\n\xff\xfe\r\n\r\n"
        + good.rstrip(b"\n")
    )
    for act in (fix, fmt):
        assert (
            act(parse_lines("a", data)).after
            == good[:100] + b"\r\n" + good + b"<<<<<<< HEAD\r\n\xff\xfe\r\n\r\n" + good
        )


def test_fmt_orders_keys_and_keeps_what_it_does_not_know():
    line = '{"zz":[1.50,1E3,{"b":null,"a":"\\u00e9\\ud83d"}],"spans":[{"value":{"name":"BASF"},"mine":true,"text":"BASF","label":"COMPANY","end":12,"start":8},{"text":"AMD","start":0,"value":{"amount":"1","currency":"USD"},"end":3,"label":"MONEY"}],"text":"AMD und BASF","source":"x","lang":"de","id":"1"}'
    result = fmt(parse_lines("a", line.encode()))
    assert result.after.decode() == (
        '{"id": "1", "lang": "de", "source": "x", "text": "AMD und BASF", "spans": [{"start": 0, "end": 3, "label": "MONEY", "text": "AMD", "value": {"currency": "USD", "amount": "1"}}, '
        '{"start": 8, "end": 12, "label": "COMPANY", "text": "BASF", "value": {"name": "BASF"}, "mine": true}], "zz": [1.50, 1E3, {"b": null, "a": "\\u00e9\\ud83d"}]}\n'
    )


def test_the_diff_is_a_patch(tmp_path):
    import subprocess

    row = json.loads(json.dumps(SOUND))
    row["spans"][5]["end"] += 1
    data = dump([SOUND, row, SOUND, row]).encode()
    (tmp_path / "a.jsonl").write_bytes(data)
    result = fix(parse_lines("a.jsonl", data))
    assert result.diff().startswith("--- a.jsonl\n+++ a.jsonl\n@@ -2 +2 @@ '350億ドル' 28..35 to 28..34\n-{")
    subprocess.run(
        ["git", "apply", "-p0", "--unidiff-zero", "-"], input=result.diff().encode(), cwd=tmp_path, check=True
    )
    assert (tmp_path / "a.jsonl").read_bytes() == result.after == dump([SOUND] * 4).encode()


def test_confirmed_values_are_recorded():
    rows = [
        {**SOUND},
        {k: v for k, v in SOUND.items() if k != "meta"},
        {**SOUND, "meta": {}},
        {**SOUND, "meta": {"reviewed": ["a"], "x": 1}},
    ]
    data = b"\xef\xbb\xbf" + dump(rows).encode()
    after = accept_values(parse_lines("a", data), {n: ["3割", "3割"] for n in (1, 2, 3, 4)}).after
    assert after.startswith(b"\xef\xbb\xbf")
    assert [json.loads(x)["meta"] for x in after[3:].splitlines()] == [
        {"genre": "wire", "reviewed": ["3割"]},
        {"reviewed": ["3割"]},
        {"reviewed": ["3割"]},
        {"reviewed": ["a", "3割"], "x": 1},
    ]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_mangled_nothing_is_lost(data):
    rows = [json.loads(json.dumps(SOUND)) for _ in range(data.draw(st.integers(1, 3)))]
    rng = random.Random(data.draw(st.integers()))
    for row in rows:
        for span in row["spans"]:
            for key in ("start", "end"):
                if rng.random() < 0.3:
                    span[key] += rng.randint(-9, 9)
        if rng.random() < 0.5:
            rng.shuffle(row["spans"])
        row["unknown"] = {"deep": [1.0, None, "\u2028"]}
    raw = bytearray(dump(rows).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        at = rng.randrange(len(raw))
        raw[at : at + rng.randint(0, 2)] = rng.choice(
            [b"", b'"', b"\n", b"{", b"}", b",", b"\r", b"\xff", "“".encode(), b"0"]
        )
    file = parse_lines("a", bytes(raw))
    for act in (fix, fmt):
        result = act(file)
        after = parse_lines("a", result.after)
        assert len(after.lines) == len(file.lines)
        for one, two in zip(file.lines, after.lines, strict=True):
            if one.row is None:
                assert one.raw == two.raw
                continue
            assert two.row is not None
            assert {**one.row, "spans": 0} == {**two.row, "spans": 0}
            assert _contents(one.row) == _contents(two.row)
        assert not act(after).changed


def _contents(row):
    spans = row.get("spans")
    if not isinstance(spans, list):
        return spans
    return sorted(
        json.dumps(
            {k: v for k, v in s.items() if k not in ("start", "end", "text")} if isinstance(s, dict) else s,
            sort_keys=True,
        )
        for s in spans
    )


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet='{}[]",:0\\un1.eE- tfalse', max_size=30))
def test_both_parsers_agree(text):
    def theirs():
        return json.loads(
            text,
            parse_constant=lambda name: 1 / 0,
            object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else 1 / 0,
        )

    def ours():
        return scan(text).value

    def outcome(read):
        try:
            return "read", read()
        except (ValueError, ZeroDivisionError, RecursionError):
            return "refused", None

    assert outcome(ours) == outcome(theirs)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "id",
                        "lang",
                        "date",
                        "text",
                        "spans",
                        "source",
                        "start",
                        "end",
                        "label",
                        "value",
                        "name",
                        "amount",
                        "meta",
                    ]
                ),
                x,
                max_size=6,
            )
        ),
        max_leaves=25,
    )
)
def test_no_row_is_too_strange_to_check(value):
    data = json.dumps(value).encode() + b"\n"
    check_bytes("a", data)
    fix(parse_lines("a", data))
    fmt(parse_lines("a", data))


def test_files_are_replaced_in_one_step(tmp_path):
    target = tmp_path / "a.jsonl"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(target)
    replace_file(link, b"new", expected=b"old")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    with pytest.raises(RuntimeError, match="was changed by somebody else"):
        replace_file(target, b"newer", expected=b"old")
    assert target.read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "link.jsonl"]
