"""Agreement, on an example whose figures were worked out by hand."""

import json

import pytest

from finextract.gold.agree import Score, agree, cohen_kappa, pair_by_overlap


def span(start, end, label, value=None):
    return {"start": start, "end": end, "label": label, "text": "x" * (end - start), "value": value or {}}


def row(row_id, length, *spans):
    return {"id": row_id, "text": "x" * length, "spans": list(spans)}


A = [
    row("1", 20, span(0, 4, "COMPANY", {"name": "a"}), span(5, 10, "MONEY"), span(12, 14, "PERCENT")),
    row("2", 10, span(0, 3, "COMPANY")),
    row("3", 10),
    row("only a", 3),
]
B = [
    row("1", 20, span(0, 4, "COMPANY", {"name": "b"}), span(5, 9, "MONEY"), span(12, 14, "QUARTER")),
    row("2", 10, span(0, 3, "COMPANY"), span(5, 7, "PERCENT")),
    row("3", 10),
    row("only b", 3),
]


@pytest.fixture
def result():
    return agree(A, B)


def test_strict_and_relaxed_f1(result):
    # the same in both: two companies of 4 spans in A and 5 in B
    assert result.strict["all"] == Score(both=2, only_a=2, only_b=3)
    assert result.strict["all"].f1 == pytest.approx(2 * 2 / 9)
    assert (result.strict["all"].precision, result.strict["all"].recall) == (2 / 5, 2 / 4)
    assert result.strict["COMPANY"].f1 == 1
    assert result.strict["MONEY"].f1 == 0
    # touching counts: the shorter amount too, the percentage called a quarter not
    assert result.relaxed["all"] == Score(both=3, only_a=1, only_b=2)
    assert result.relaxed["MONEY"].f1 == 1
    assert result.relaxed["PERCENT"] == Score(both=0, only_a=1, only_b=1)
    assert result.strict["QUARTER"].recall is None


def test_kappa(result):
    # 40 characters. A: C 7, M 5, P 2, O 26. B: C 7, M 4, Q 2, P 2, O 25.
    # alike: C 7, M 4, O 24 (26 less 2 that B calls P); 35 of 40
    expected = (7 * 7 + 5 * 4 + 2 * 2 + 26 * 25) / 40**2
    assert result.kappa["all"] == pytest.approx((35 / 40 - expected) / (1 - expected))
    assert result.kappa["COMPANY"] == 1
    # MONEY or not: A 5, B 4, both 4, neither 35
    chance = (5 * 4 + 35 * 36) / 40**2
    assert result.kappa["MONEY"] == pytest.approx((39 / 40 - chance) / (1 - chance))


def test_kappa_of_a_textbook_table():
    assert cohen_kappa({("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}) == pytest.approx(0.4)
    assert cohen_kappa({("O", "O"): 7}) is None
    assert cohen_kappa({}) is None


def test_values_and_rows(result):
    assert result.values["all"] == (1, 2)
    assert result.values["COMPANY"] == (1, 2)
    assert (result.rows, result.only_a, result.only_b) == (3, ["only a"], ["only b"])


def test_disagreements(result):
    assert [
        (
            d.id,
            d.kind,
            d.a and (d.a["start"], d.a["end"], d.a["label"]),
            d.b and (d.b["start"], d.b["end"], d.b["label"]),
        )
        for d in result.disagreements
    ] == [
        ("1", "value", (0, 4, "COMPANY"), (0, 4, "COMPANY")),
        ("1", "boundary", (5, 10, "MONEY"), (5, 9, "MONEY")),
        ("1", "label", (12, 14, "PERCENT"), (12, 14, "QUARTER")),
        ("2", "extra", None, (5, 7, "PERCENT")),
    ]
    json.dumps(result.to_dict())


def test_agreement_does_not_depend_on_who_is_first(result):
    other = agree(B, A)
    assert other.strict["all"].f1 == result.strict["all"].f1
    assert other.relaxed["all"].f1 == result.relaxed["all"].f1
    assert other.kappa == pytest.approx(result.kappa)


def test_with_itself_everything_agrees():
    result = agree(A, A)
    assert result.strict["all"].f1 == 1 and result.kappa["all"] == 1 and result.disagreements == []


def test_another_text_is_named_not_compared():
    result = agree([row("1", 4, span(0, 2, "MONEY"))], [row("1", 5, span(0, 2, "MONEY"))])
    assert (result.rows, result.other_text) == (0, ["1"])
    assert result.strict["all"].f1 is None


def test_each_span_is_paired_once():
    a, b = [span(0, 10, "MONEY")], [span(0, 4, "MONEY"), span(4, 10, "MONEY")]
    assert pair_by_overlap(a, b) == [(0, 1)]
    assert agree([row("1", 10, *a)], [row("1", 10, *b)]).relaxed["all"] == Score(both=1, only_a=0, only_b=1)
