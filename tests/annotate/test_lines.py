"""One line: what the browser gets, and what an edit changes in the bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import ASTRAL, LINES, MONEY, PLAIN, ROWS, row

from finextract.annotate.lines import (
    EditError,
    Style,
    Units,
    build_line,
    edit_field,
    read_value,
    short_value,
    wire_spans,
)
from finextract.gold.jsonl import parse_lines


def line_of(text):
    return parse_lines("f", text.encode()).lines[0]


def nothing(start, end, label):
    return None


def wire(line):
    return wire_spans(line, Units.of(line.row["text"]))


def test_offsets_are_utf16_units_in_the_browser():
    (span,) = wire(line_of(LINES[1]))
    assert (span["start"], span["end"]) == (2, 6)  # a rocket and an ideograph of two units each
    assert ASTRAL.encode("utf-16-le")[4:12].decode("utf-16-le") == "𠮷野家" == span["text"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_units_round_trip(text):
    units = Units.of(text)
    for at in range(len(text) + 1):
        there = units.units(at)
        assert there == len(text[:at].encode("utf-16-le")) // 2
        assert units.code_points(there) == at


def test_half_of_a_pair_is_no_offset():
    with pytest.raises(EditError, match="no offset of a character"):
        Units.of("🚀").code_points(1)
    with pytest.raises(EditError):
        Units.of("ab").code_points(True)


@pytest.mark.parametrize("text", [x for x in LINES if "half a li" not in x])
def test_nothing_changed_is_nothing_written(text):
    line = line_of(text)
    assert build_line(line, wire(line), nothing) == text


def test_a_moved_boundary_changes_three_fields_and_keeps_the_rest():
    line = line_of(LINES[1])
    (span,) = wire(line)
    after = build_line(line, [{**span, "start": 4}], nothing)
    assert after == LINES[1].replace('"start": 1,', '"start": 2,').replace('"text": "𠮷野家"', '"text": "野家"')
    assert '"score": 0.10' in after and "12345678901234567890" in after and '"label"  :' in after


def test_a_deleted_span_comes_back_byte_for_byte():
    line = line_of(LINES[1])
    spans = wire(line)
    gone = build_line(line, [], nothing)
    assert json.loads(gone)["spans"] == []
    assert json.loads(build_line(line_of(gone), spans, nothing)) == json.loads(LINES[1])
    assert spans[0]["raw"] in build_line(line_of(gone), spans, nothing)


def test_a_new_span_stands_in_its_place_in_the_lines_own_style():
    line = line_of(LINES[3])
    new = {"raw": "", "start": 0, "end": 2, "label": "COMPANY"}
    after = build_line(line, [new], lambda s, e, lab: {"name": "X"})
    assert after == LINES[3].replace(
        '"spans":[]', '"spans":[{"start":0,"end":2,"label":"COMPANY","text":"特筆","value":{"name":"X"}}]'
    )
    escaped = line_of(LINES[2])
    assert build_line(escaped, [{**new, "start": 44, "end": 46}], nothing).isascii()


def test_spans_are_put_in_order():
    line = line_of(LINES[0])
    first, second = wire(line)
    new = {"raw": "", "start": PLAIN.index("16.1"), "end": PLAIN.index("増"), "label": "PERCENT"}
    spans = json.loads(build_line(line, [new, second, first], nothing))["spans"]
    assert [s["start"] for s in spans] == sorted(s["start"] for s in spans)
    assert spans[2]["text"] == "16.1%" and "value" not in spans[2]


def test_another_label_gets_another_value():
    line = line_of(LINES[0])
    first, second = wire(line)
    after = json.loads(build_line(line, [first, {**second, "label": "COMPANY"}], lambda s, e, lab: {"name": lab}))
    assert after["spans"][1]["value"] == {"name": "COMPANY"}


def test_a_value_follows_its_boundaries_unless_it_was_typed():
    line = line_of(LINES[0])
    first, second = wire(line)

    def guess(start, end, label):
        return MONEY if end - start == 6 else {"currency": "USD", "amount": "4"}

    moved = {**second, "end": second["end"] - 1}
    assert json.loads(build_line(line, [first, moved], guess))["spans"][1]["value"] == {
        "currency": "USD",
        "amount": "4",
    }
    typed = {"currency": "EUR", "amount": "7"}
    other = line_of(LINES[0].replace(json.dumps(MONEY), json.dumps(typed)))
    moved = {**wire(other)[1], "end": second["end"] - 1}
    assert json.loads(build_line(other, [first, moved], guess))["spans"][1]["value"] == typed


def test_spans_without_a_place_are_kept():
    bad = row("x", "abc", [{"start": 5, "end": 9, "label": "COMPANY", "text": "zz"}, "no span", {"label": "ORG"}])
    line = line_of(json.dumps(bad))
    spans = wire(line)
    assert [s["start"] for s in spans] == [None, None, None]
    assert build_line(line, spans, nothing) == line.text
    kept = json.loads(build_line(line, [spans[1]], nothing))["spans"]
    assert kept == ["no span"]


def test_a_missing_field_is_added_and_a_wrong_one_refused():
    line = line_of('{"id": "x", "text": "abc"}')
    new = {"raw": "", "start": 0, "end": 1, "label": "COMPANY"}
    after = json.loads(build_line(line, [new], nothing))
    assert after == {"id": "x", "text": "abc", "spans": [{"start": 0, "end": 1, "label": "COMPANY", "text": "a"}]}
    for text in ('{"id": "x", "text": "abc", "spans": {}}', '{"id": "x", "text": 3}'):
        with pytest.raises(EditError):
            build_line(line_of(text), [new], nothing)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"raw": "", "start": 0, "end": 0, "label": "COMPANY"}, "A202"),
        ({"raw": "", "start": 0, "end": 99, "label": "COMPANY"}, "A202"),
        ({"raw": "", "start": 0, "end": 1, "label": "ORG"}, "A203"),
        ({"raw": "[1]", "start": 0, "end": 1, "label": "COMPANY"}, "A204"),
        ({"raw": "{", "start": 0, "end": 1, "label": "COMPANY"}, "A204"),
        ({"raw": 7, "start": 0, "end": 1, "label": "COMPANY"}, "A204"),
    ],
)
def test_bad_edits_are_refused(span, code):
    with pytest.raises(EditError) as error:
        build_line(line_of(LINES[0]), [span], nothing)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("label", "typed", "value"),
    [
        (
            "MONEY",
            "USD 35e9..40e9 approx",
            {"currency": "USD", "min": "35000000000", "max": "40000000000", "modifier": "approx"},
        ),
        ("PERCENT", "0.4 pp", {"value": "0.4", "unit": "percentage_point"}),
        ("QUARTER", "FY2024Q2", {"year": 2024, "quarter": 2, "fiscal": True}),
        ("COMPANY", "Nvidia", {"name": "Nvidia", "ticker": "NVDA"}),
        ("COMPANY", '{"name": "Nvidia"}', {"name": "Nvidia"}),
    ],
)
def test_values_are_read_as_text(label, typed, value):
    assert read_value(label, typed, "s", {"name": "x", "ticker": "NVDA"} if label == "COMPANY" else None) == value
    assert read_value(label, short_value(label, value, "s"), "s") == value


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("MONEY", "44"),
        ("MONEY", "XXQ 5"),
        ("MONEY", "USD 9..5"),
        ("PERCENT", "much"),
        ("QUARTER", "2024Q5"),
        ("MONEY", '{"a": 1}'),
        ("MONEY", "{"),
    ],
)
def test_wrong_values_are_named(label, typed):
    with pytest.raises(EditError) as error:
        read_value(label, typed, "s")
    assert error.value.code == "A301" and str(error.value)


def test_fields_are_cut_out_with_their_commas():
    style = Style('{"a": 1}')
    assert edit_field('{"a": 1, "b": 2}', "a", None, style) == '{"b": 2}'
    assert edit_field('{"a": 1, "b": 2}', "b", None, style) == '{"a": 1}'
    assert edit_field('{"a": 1}', "a", None, style) == "{}"
    assert edit_field("{}", "a", "x", style) == '{"a": "x"}'
    assert edit_field('{"a": 1 }', "b", 2, style) == '{"a": 1, "b": 2 }'


def test_rows_of_the_test_file_are_what_they_say():
    assert [json.loads(x) for x in LINES[:4]] == ROWS
