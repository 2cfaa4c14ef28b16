"""Folds of an article: every paragraph and span once, places right, neighbours together."""

from __future__ import annotations

from finextract.evaluation.folds import folds, paragraphs

TEXT = "".join(f"Absatz {k} nennt Firma{k} und\n\nmehr.\n\n" for k in range(20))
SPANS = [
    {
        "start": TEXT.index(f"Firma{k} "),
        "end": TEXT.index(f"Firma{k} ") + len(f"Firma{k}"),
        "label": "COMPANY",
        "text": f"Firma{k}",
    }
    for k in range(20)
]
ROW = {"id": "a", "lang": "de", "text": TEXT, "spans": SPANS}


def test_each_paragraph_and_span_is_in_one_fold() -> None:
    parts = folds([ROW], 5)
    assert "".join(piece["text"] for part in parts for piece in part) == TEXT
    found = [s for part in parts for piece in part for s in piece["spans"]]
    assert [s["text"] for s in found] == [s["text"] for s in SPANS]
    assert all(
        piece["text"][s["start"] : s["end"]] == s["text"] for part in parts for piece in part for s in piece["spans"]
    )
    assert all(3 <= sum(len(piece["spans"]) for piece in part) <= 5 for part in parts)


def test_a_gap_inside_a_span_is_no_cut() -> None:
    row = {"text": "eins\n\n5\n\nEuro\n\nzwei", "spans": [{"start": 6, "end": 13, "label": "MONEY"}]}
    assert [piece["text"] for piece in paragraphs(row)] == ["eins\n\n", "5\n\nEuro\n\n", "zwei"]
