"""Gold as a spaCy corpus: ``finextract.GoldReader.v1`` reads the JSON lines of ``annotations/`` directly.

A span that no token boundary fits is not dropped in silence: its tokens are marked as unknown, and the count is logged.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finextract.entities import LABELS

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

log = logging.getLogger(__name__)
_UNKNOWN = frozenset(("ORG_ANY",))


class GoldError(ValueError):
    """A gold file that cannot be read for training; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to learn from. ``spans`` may hold labels of other schemes; ``complete`` says that all four labels are annotated."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    lang: str
    id: str
    complete: bool = True


def read_rows(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a gold file (``.jsonl`` or ``.jsonl.gz``), or of all in a folder."""
    path = Path(path)
    if path.is_dir():
        return [row for file in sorted(path.glob("*.jsonl")) for row in read_rows(file)]
    if not path.is_file():
        raise GoldError(f"{path}: no such file")
    rows = []
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.rstrip())
            except json.JSONDecodeError as error:
                raise GoldError(f"{path}:{number}:{error.colno}: G106 not JSON ({error.msg})") from None
            if (
                not isinstance(row, dict)
                or not isinstance(row.get("text"), str)
                or not isinstance(row.get("spans"), list)
            ):
                raise GoldError(f"{path}:{number}: G201 a row needs text and spans")
            for k, span in enumerate(row["spans"]):
                try:
                    inside = 0 <= span["start"] < span["end"] <= len(row["text"]) and isinstance(span["label"], str)
                except (KeyError, TypeError):
                    inside = False
                if not inside:
                    raise GoldError(f"{path}:{number}: spans[{k}]: G301 no start, end and label that fit the text")
            rows.append(row)
    return rows


def passages(path: str | Path, lang: str, *, complete: bool = True) -> list[Passage]:
    """A file's rows in one language as passages. A row without ``lang`` is taken to be in it."""
    return [
        Passage(
            row["text"],
            tuple(sorted((s["start"], s["end"], s["label"]) for s in row["spans"])),
            lang,
            str(row.get("id", f"{Path(path).name}:{number}")),
            complete,
        )
        for number, row in enumerate(read_rows(path), 1)
        if row.get("lang", lang) == lang
    ]


def silver_quantities(passage: Passage) -> Passage:
    """A passage in which only names are annotated, with the quantities that the grammar finds beside them."""
    from finextract.quantities import read

    names = [s for s in passage.spans if s[2] == "COMPANY" or s[2] in _UNKNOWN]
    found = [
        (e.start, e.end, str(e.label))
        for e in read(passage.text, passage.lang)
        if not any(a < e.end and e.start < b for a, b, _ in names)
    ]
    return replace(passage, spans=tuple(sorted([*names, *found])))


class KnownNames:
    """The knowledge base's names, to put into sentences; a share of them is recombined, so that unknown names are met too."""

    def __init__(self) -> None:
        from finextract.companies import KnowledgeBase

        self.by_language: dict[str, list[str]] = {lang: [] for lang in ("ja", "de", "ko", "zh", "en")}
        base = KnowledgeBase.load()
        for number in range(len(base)):
            record = base.row(number)
            for lang, names in self.by_language.items():
                name = getattr(record, lang)
                if 2 <= len(name) <= 40:
                    names.append(name)

    def draw(self, lang: str, rng: Any) -> str:
        """A name as a text in ``lang`` might have it: its own, an English one now and then, or a new one made of two."""
        own = self.by_language[lang] if rng.random() > 0.2 else self.by_language["en"]
        names = own or self.by_language["en"]
        first, second = (names[int(k)] for k in rng.integers(len(names), size=2))
        if rng.random() < 0.5:
            return first
        if " " in first or first.isascii():
            return " ".join([*first.split()[:1], *second.split()[-1:]]) if first != second else first
        return first[: max(2, len(first) // 2)] + second[max(1, len(second) // 2) :]


@lru_cache(maxsize=1)
def _names() -> KnownNames:
    return KnownNames()


def changed(passage: Passage, rng: Any, *, swap: float) -> Passage:
    """A copy with other companies' names put in and, now and then, other widths or spacing."""
    from finextract.training.encoder.augment import noise, swap_names
    from finextract.training.encoder.data import Example

    example = Example(passage.text, tuple((*span, 1.0) for span in passage.spans), passage.lang, "gold")
    names: Any = _names()
    example = noise(swap_names(example, names, rng, swap), rng)
    return replace(passage, text=example.text, spans=tuple(span[:3] for span in example.spans))


def to_doc(doc: Doc, passage: Passage) -> tuple[Doc, int]:
    """Set a passage's spans on its tokens; returns the number of spans that no token boundaries fit."""
    from spacy.util import filter_spans

    known, unknown, misaligned = [], [], 0
    for start, end, label in passage.spans:
        span = doc.char_span(start, end, label=label) if label in LABELS else None
        if span is not None:
            known.append(span)
        elif label in LABELS or label in _UNKNOWN:
            misaligned += label in LABELS
            wide = doc.char_span(start, end, alignment_mode="expand")
            if wide is not None:
                unknown.append(wide)
    taken = {token.i for span in known for token in span}
    unknown = filter_spans(span for span in unknown if not any(token.i in taken for token in span))
    doc.set_ents(known, missing=unknown, default="outside")
    return doc, misaligned


def gold_reader(
    path: str | Path,
    copies: int = 0,
    swap: float = 0.6,
    extra: dict[str, int] | None = None,
    limit: int = 0,
    seed: int = 0,
) -> Callable[[Language], Iterator[Example]]:
    """``finextract.GoldReader.v1``

    path: a gold file or a folder of them. copies: how many changed copies stand beside each passage. swap: the share of
    names replaced in a copy. extra: files in which names alone are annotated, each with how many of its rows are drawn (0
    is all). limit: at most so many passages of the gold, for learning curves.
    """

    made: list[
        tuple[Language, list[Example]]
    ] = []  # spaCy reads a corpus several times: for labels, for shapes, to train

    def read(nlp: Language) -> Iterator[Example]:
        if not (made and made[0][0] is nlp):
            made[:] = [(nlp, list(make(nlp)))]
        yield from made[0][1]

    def make(nlp: Language) -> Iterator[Example]:
        import numpy as np
        from spacy.training import Example

        rng = np.random.default_rng(seed)
        gold = passages(path, str(nlp.lang))
        if limit:
            gold = [gold[k] for k in rng.permutation(len(gold))[:limit]]
        whole = [*gold, *(changed(p, rng, swap=swap) for _ in range(copies) for p in gold)]
        for file, wanted in (extra or {}).items():
            others = passages(file, str(nlp.lang), complete=False)
            drawn = rng.permutation(len(others))[: wanted or None]
            whole += [silver_quantities(others[k]) for k in drawn]
        # What the parts without training find is the same in every epoch: it is marked once, here, not at each step.
        hints = [
            component for name, component in nlp.pipeline if name in ("finextract_quantities", "finextract_companies")
        ]
        misaligned = 0
        for passage in whole:
            if not passage.text.strip():
                continue
            predicted = nlp.make_doc(passage.text)
            reference, lost = to_doc(predicted.copy(), passage)
            for component in hints:
                predicted = component(predicted)
            predicted.user_data.clear()
            misaligned += lost
            yield Example(predicted, reference)
        total = sum(len(p.spans) for p in whole)
        log.info("%s: %d passages, %d spans, %d of them misaligned", path, len(whole), total, misaligned)

    return read


def misaligned(nlp: Language, rows: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The rows and spans whose boundaries are no token boundaries."""
    out = []
    for row in rows:
        doc = nlp.make_doc(row["text"])
        out += [(row, span) for span in row["spans"] if doc.char_span(span["start"], span["end"]) is None]
    return out
