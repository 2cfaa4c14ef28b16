"""Counting by hand on small rows, so that a change of what counts as right shows."""

from __future__ import annotations

import pytest

from finextract.entities import Company, Entity, Extraction
from finextract.evaluation import find_errors, score, surfaces

TEXT = "Siemens AG zahlt 5 Euro an Bosch."


def span(surface: str, label: str, value: dict[str, object] | None = None, text: str = TEXT) -> dict[str, object]:
    start = text.index(surface)
    out: dict[str, object] = {"start": start, "end": start + len(surface), "label": label, "text": surface}
    return {**out, "value": value} if value is not None else out


GOLD = {
    "id": "de-1",
    "lang": "de",
    "text": TEXT,
    "spans": [
        span("Siemens AG", "COMPANY", {"name": "Siemens"}),
        span("5 Euro", "MONEY", {"currency": "EUR", "amount": "5"}),
        span("Bosch", "COMPANY", {"name": "Bosch"}),
    ],
}
EMPTY = {"id": "de-2", "lang": "de", "text": "Der Umsatz stieg deutlich." * 4, "spans": []}


def test_strict_relaxed_and_values_are_counted_apart() -> None:
    found = [
        span("Siemens", "COMPANY"),
        span("5 Euro", "MONEY", {"currency": "EUR", "amount": "5.00"}),
        span("Bosch", "COMPANY", {"name": "bosch"}),
    ]
    report = score([GOLD], [found])
    company, money = report.scores["de", "COMPANY"], report.scores["de", "MONEY"]
    assert (company.tp, company.fp, company.fn, company.relaxed_tp) == (1, 1, 1, 2)
    assert (company.precision, company.recall, company.f1, company.relaxed_f1) == (0.5, 0.5, 0.5, 1.0)
    assert (company.values, company.values_right, company.value_recall) == (1, 1, 0.5)
    assert (money.f1, money.value_accuracy) == (1.0, 1.0)
    assert report.scores["de", "ALL"].support == 3


def test_a_wrong_currency_is_found_but_not_right() -> None:
    money = score([GOLD], [[span("5 Euro", "MONEY", {"currency": "USD", "amount": "5"})]]).scores["de", "MONEY"]
    assert (money.f1, money.value_accuracy) == (1.0, 0.0)


def test_names_seen_in_training_and_unseen_ones() -> None:
    train = {"text": "bosch wächst", "spans": [{"start": 0, "end": 5, "label": "COMPANY"}]}
    report = score([GOLD], [[span("Bosch", "COMPANY")]], seen=surfaces([train]))
    assert report.scores["de", "COMPANY seen"].f1 == 1.0
    assert (report.scores["de", "COMPANY unseen"].f1, report.scores["de", "COMPANY unseen"].support) == (0.0, 1)


def test_false_alarms_are_counted_where_no_company_is() -> None:
    alarm = {"start": 0, "end": 3, "label": "COMPANY", "text": "Der"}
    assert score([GOLD, EMPTY], {"de-1": [], "de-2": [alarm]}).false_alarms["de"] == pytest.approx(1000 / 104, abs=1e-3)
    assert score([GOLD], [[]]).false_alarms == {}


def test_nothing_to_find_has_no_score() -> None:
    assert score([EMPTY], [[]]).scores["de", "MONEY"].f1 is None


def test_perfect_predictions_have_an_interval_of_one_point() -> None:
    whole = score([GOLD, EMPTY], [GOLD["spans"], []]).scores["de", "ALL"]
    assert (whole.low, whole.f1, whole.high) == (1.0, 1.0, 1.0)


def test_intervals_are_the_same_each_time_and_hold_the_score() -> None:
    rows = [dict(GOLD, id=str(k)) for k in range(30)]
    predictions = [GOLD["spans"] if k % 3 else [] for k in range(30)]
    first, second = (score(rows, predictions).scores["de", "ALL"] for _ in range(2))
    assert first == second
    assert first.low is not None and first.high is not None and first.f1 is not None
    assert first.low < first.f1 < first.high


def test_languages_are_scored_apart_and_together() -> None:
    other = dict(GOLD, id="zh-1", lang="zh")
    report = score([GOLD, other], [GOLD["spans"], []])
    assert [report.scores[lang, "ALL"].recall for lang in ("de", "zh", "all")] == [1.0, 0.0, 0.5]


def test_extractions_and_entities_count_like_json() -> None:
    entity = Entity(0, 10, "COMPANY", "Siemens AG", Company("Siemens"))
    for found in (Extraction(TEXT, "de", (entity,)), [entity]):
        assert score([GOLD], [found]).scores["de", "COMPANY"].values_right == 1


def test_a_missing_prediction_is_an_error() -> None:
    with pytest.raises(ValueError, match="de-1"):
        score([GOLD], {})
    with pytest.raises(ValueError, match="0 predictions"):
        score([GOLD], [])


def test_errors_are_told_apart_by_kind() -> None:
    found = [
        span("Siemens", "COMPANY"),
        span("5 Euro", "MONEY", {"currency": "USD", "amount": "5"}),
        span("Bosch", "QUARTER"),
        span("zahlt", "COMPANY"),
    ]
    errors = list(find_errors(GOLD, found))
    assert [(e.kind, e.surface) for e in errors] == [
        ("boundary", "Siemens AG"),
        ("spurious", "zahlt"),
        ("value", "5 Euro"),
        ("label", "Bosch"),
    ]
    assert errors[3].before.endswith("Euro an ") and errors[3].after == "."
    assert [e.kind for e in find_errors(GOLD, [])] == ["missed"] * 3
    assert list(find_errors(GOLD, GOLD["spans"])) == []
