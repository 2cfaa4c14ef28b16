"""Reviewed sentences: kept without their text, put together again, and refused where the text has changed."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from finextract.training.encoder.data import DataError
from finextract.training.encoder.reviews import fingerprint, read_reviews

ROOT = Path(__file__).resolve().parent.parent
TEXT = "한빛정밀은 [속보] 매출 3억 원을 올렸다."


def corpus(folder: Path, text: str) -> None:
    path = folder / "ner" / "ko" / "tiny.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps({"text": "첫 줄", "spans": []}) + "\n" + json.dumps({"text": text, "spans": []}) + "\n")


def review_sheets(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "review_sheets.py"), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def sheets(folder: Path, reviewed: str) -> None:
    folder.mkdir()
    ref = {"id": 1, "corpus": "ner/ko/tiny", "row": 2, "text": TEXT}
    (folder / "ko.ref.jsonl").write_text(json.dumps(ref) + "\n", encoding="utf-8")
    (folder / "ko.01.txt").write_text("@1 한빛정밀은 \\[속보\\] 매출 3억 원을 올렸다.\n", encoding="utf-8")
    (folder / "ko.01.out.txt").write_text(f"@1 {reviewed}\n@done\n", encoding="utf-8")


def test_a_review_goes_round(tmp_path: Path) -> None:
    corpus(tmp_path / "data", TEXT)
    sheets(tmp_path / "sheets", "[[한빛정밀|C]]은 \\[속보\\] 매출 [[3억 원|M|KRW 3e8]]을 올렸다.")
    places = ("--data", tmp_path / "data", "--lang", "ko", "--sheets", tmp_path / "sheets", "--out", tmp_path / "out")
    done = review_sheets("read", *places)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = (tmp_path / "out" / "ko.jsonl").read_text(encoding="utf-8")
    assert "한빛정밀" not in kept and fingerprint(TEXT) in kept
    (review,) = read_reviews(tmp_path / "out", tmp_path / "data")
    assert review.text == TEXT and review.split in ("train", "dev")
    assert [(TEXT[s["start"] : s["end"]], s["label"]) for s in review.spans] == [
        ("한빛정밀", "COMPANY"),
        ("3억 원", "MONEY"),
    ]
    assert review.spans[1]["value"] == {"currency": "KRW", "amount": "300000000"}
    assert review.example().spans == ((0, 4, "COMPANY", 1.0),)


@pytest.mark.parametrize(
    ("reviewed", "message"),
    [
        ("[[한빛정밀|C]]은 매출 3억 원을 올렸다.", "ko.01.out.txt:1: @1: the text is not the corpus's"),
        ("[[한빛정밀|X]]은 \\[속보\\] 매출 3억 원을 올렸다.", "ko.01.out.txt:1: @1: label 'X' is none of"),
        ("[[한빛정밀|C은 \\[속보\\] 매출 3억 원을 올렸다.", "ko.01.out.txt:1: @1: [[ without ]]"),
    ],
)
def test_what_a_reviewer_breaks_is_named_and_nothing_written(tmp_path: Path, reviewed: str, message: str) -> None:
    corpus(tmp_path / "data", TEXT)
    sheets(tmp_path / "sheets", reviewed)
    places = ("--data", tmp_path / "data", "--lang", "ko", "--sheets", tmp_path / "sheets", "--out", tmp_path / "out")
    done = review_sheets("read", *places)
    assert done.returncode != 0 and message in done.stdout
    assert not (tmp_path / "out" / "ko.jsonl").exists()


def test_a_text_that_has_changed_is_refused(tmp_path: Path) -> None:
    corpus(tmp_path / "data", TEXT + " ")
    row = {"corpus": "ner/ko/tiny", "row": 2, "sha256": fingerprint(TEXT), "split": "dev", "spans": []}
    (tmp_path / "ko.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"ko\.jsonl:1: row 2 of ner/ko/tiny"):
        read_reviews(tmp_path, tmp_path / "data")


def test_the_reviews_in_the_repository_hold_no_sentence() -> None:
    for lang in ("ja", "de", "ko", "zh"):
        for line in (ROOT / "reviews" / f"{lang}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert set(row) == {"corpus", "row", "sha256", "split", "spans"} and row["split"] in ("train", "dev")
            assert all(set(s) <= {"start", "end", "label", "value"} for s in row["spans"])
            ends = [s["end"] for s in row["spans"]]
            assert all(a <= b["start"] for a, b in zip(ends, row["spans"][1:], strict=False))
