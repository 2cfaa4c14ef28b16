"""Sentences of the open corpora annotated again by our guidelines, kept without the sentences (``reviews/LANG.jsonl``).

A row names the corpus (``ner/ko/klue_ner_dev``, ``raw/ntrex128:kor`` where a file has columns), the row in it (from 1),
the beginning of the text's SHA-256, ``train`` or ``dev``, and the spans. ``scripts/review_sheets.py`` makes them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from finextract.companies.encoder import CLASSES
from finextract.training.encoder.data import LANGUAGES, DataError, Example

LEAD = 320  # of an article of Wikinews as many characters are read, to the last full stop


def fingerprint(text: str) -> str:
    """What a row keeps of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def corpus_rows(data: Path, corpus: str) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """Row number, text and annotated spans of ``NAME`` or ``NAME:COLUMN`` under ``data``."""
    name, _, column = corpus.partition(":")
    path = data / f"{name}.jsonl.gz"
    if not path.is_file():
        raise DataError(f"{path}: there is no such corpus")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            row = json.loads(line)
            text = row.get(column or "text")
            if not text:
                continue
            if name.endswith("wikinews"):
                text = text[:LEAD]
                text = text[: text.rfind("。") + 1] or text
            yield number, text, row.get("spans", [])


@dataclass(frozen=True)
class Review:
    """A sentence with the spans of the review (all labels, with values where they are no companies)."""

    text: str
    language: str
    split: str
    spans: tuple[dict[str, Any], ...]

    def example(self) -> Example:
        """For training: the companies."""
        spans = tuple((s["start"], s["end"], "COMPANY", 1.0) for s in self.spans if s["label"] == "COMPANY")
        return Example(self.text, spans, self.language, "reviews", CLASSES[1:], id=fingerprint(self.text))


def read_reviews(folder: Path, data: Path) -> list[Review]:
    """All reviews of ``folder`` with their sentences out of ``data``; a text that has changed is an error."""

    @cache
    def texts(corpus: str) -> dict[int, str]:
        return {number: text for number, text, _ in corpus_rows(data, corpus)}

    out = []
    for lang in LANGUAGES:
        path = folder / f"{lang}.jsonl"
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            row = json.loads(line)
            text = texts(row["corpus"]).get(row["row"])
            if text is None or fingerprint(text) != row["sha256"]:
                raise DataError(f"{path}:{number}: row {row['row']} of {row['corpus']} is another text now")
            out.append(Review(text, lang, row["split"], tuple(row["spans"])))
    return out
