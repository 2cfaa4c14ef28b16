"""What the extraction and the checks have to say of a row: suggestions with their sources, findings, readings of values."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finextract.annotate.lines import Style, Units, edit_field, short_value
from finextract.entities import Entity
from finextract.gold.check import check_row, usable
from finextract.gold.codes import CODES
from finextract.gold.jsonl import Line
from finextract.gold.neighbours import GRAMMAR_LANGS, TOKENIZERS, cutter
from finextract.gold.rows import Issue, check_against_grammar, well_formed

UNSEEN = 0.5
"""The confidence given to an annotated span of which the extraction sees nothing: nobody knows."""


@dataclass(frozen=True, slots=True)
class Found:
    """A span that somebody proposes: the extraction, or another annotator's file."""

    start: int
    end: int
    label: str
    text: str
    value: Mapping[str, Any] | None
    source: str
    score: float = 1.0


@dataclass
class Reading:
    """What is found in one text, whatever is annotated in it."""

    found: list[Found] = field(default_factory=list)
    grammar: list[Entity] = field(default_factory=list)


@dataclass
class View:
    """All there is to show about a row beside its spans; offsets in code points."""

    findings: list[Issue]
    suggestions: list[dict[str, Any]]
    confidence: float


class Analyst:
    """Reads texts, one at a time, and remembers what it read. ``model`` None leaves the extraction's suggestions out."""

    def __init__(self, model: str | None = "none") -> None:
        self.model = model
        self._lock = threading.Lock()
        self._readings: dict[tuple[str, str | None, str], Reading] = {}
        self._tokens: dict[tuple[str, str], list[int]] = {}
        self._cutters: dict[str, Any] = {}

    def read(self, row: Mapping[str, Any]) -> Reading:
        """What is found in the row's text; nothing where its language or text cannot be read."""
        text, lang, date = row.get("text"), row.get("lang"), row.get("date")
        if not isinstance(text, str) or lang not in GRAMMAR_LANGS:
            return Reading()
        key = (str(lang), date if isinstance(date, str) else None, text)
        with self._lock:
            if key not in self._readings:
                self._readings[key] = _read(text, key[0], key[1], self.model)
            return self._readings[key]

    def known(self, row: Mapping[str, Any]) -> bool:
        """Whether the row's text has been read already."""
        date = row.get("date")
        key = (str(row.get("lang")), date if isinstance(date, str) else None, str(row.get("text")))
        return key in self._readings

    def guess(self, row: Mapping[str, Any], start: int, end: int, label: str) -> dict[str, Any] | None:
        """The value that stands at a place: as read in its context, else from the surface alone."""
        text = row["text"]
        for f in self.read(row).found:
            if (f.start, f.end, f.label) == (start, end, label) and f.value is not None:
                return dict(f.value)
        reading = self.read(row)
        for e in reading.grammar:
            if (e.start, e.end, e.label) == (start, end, label) and e.value is not None:
                return e.value.to_dict()
        surface, lang = text[start:end], row.get("lang")
        if label == "COMPANY":
            return {"name": _name(surface, lang)}
        if lang in GRAMMAR_LANGS:
            from finextract.quantities import read

            with self._lock:
                for e in read(surface, str(lang), _date(row.get("date"))):
                    if (e.start, e.end, e.label) == (0, len(surface), label) and e.value is not None:
                        return e.value.to_dict()
        return None

    def tokens(self, row: Mapping[str, Any]) -> list[int] | None:
        """Token boundaries of the text by the tokenizer that its language's pipeline is trained on."""
        lang, text = str(row.get("lang")), row.get("text")
        names = list(TOKENIZERS.get(lang, {}))
        if not names or not isinstance(text, str):
            return None
        with self._lock:
            if (lang, text) not in self._tokens:
                if lang not in self._cutters:
                    self._cutters[lang] = cutter(names[0], lang)
                pieces = self._cutters[lang](text)
                self._tokens[lang, text] = sorted({at for piece in pieces for at in piece} | {0, len(text)})
            return self._tokens[lang, text]

    def view(
        self, line: Line, refused: Iterable[str], sides: Mapping[str, Mapping[str, Any] | None] | None = None
    ) -> View:
        """Findings and open suggestions of a row. ``sides`` are other annotators' rows by the name of their file."""
        row = line.row or {}
        reading = self.read(row)
        findings = check_row(row) if row else []
        if usable(row) and row.get("lang") in GRAMMAR_LANGS:
            findings += check_against_grammar(row, reading.grammar)
        if not usable(row):
            return View(findings, [], 1.0)
        text, no = row["text"], set(refused)
        raws = [line.text[n.start : n.end] for n in (line.node().fields or {})["spans"].items or ()]
        suggestions: list[dict[str, Any]] = []
        confidence = 1.0
        if self.model is not None:
            suggestions += compare(row, raws, reading.found, "extract", Style(line.text))
            confidence = min((f.score for f in reading.found), default=1.0)
            if any(s["kind"] == "remove" for s in suggestions):
                confidence = min(confidence, UNSEEN)
        for name, other in (sides or {}).items():
            if other is not None and usable(other) and other.get("text") == text:
                theirs = [
                    Found(s["start"], s["end"], str(s.get("label")), s["text"], s.get("value"), name)
                    for s in other["spans"]
                    if 0 <= s["start"] < s["end"] <= len(text)
                ]
                suggestions += compare(row, raws, theirs, None, Style(line.text))
        suggestions = [s for s in suggestions if s["sid"] not in no]
        suggestions.sort(key=lambda s: (s["start"], s["end"]))
        return View(findings, suggestions, round(confidence, 4))


def compare(
    row: Mapping[str, Any], raws: Sequence[str], found: Sequence[Found], remover: str | None, style: Style
) -> list[dict[str, Any]]:
    """What somebody else found against what is annotated.

    Kinds: ``add``, ``change`` (other boundaries or label), ``value``, and, with a ``remover``'s name, ``remove`` for what only the
    annotation has.
    """
    spans = [s if well_formed(s) else None for s in row["spans"]]
    out = []
    met = set[int]()
    for f in found:
        touched = [k for k, s in enumerate(spans) if s and s["start"] < f.end and f.start < s["end"]]
        met.update(touched)
        same = [
            k
            for k in touched
            if (row["spans"][k]["start"], row["spans"][k]["end"], row["spans"][k].get("label"))
            == (f.start, f.end, f.label)
        ]
        if same:
            value = row["spans"][same[0]].get("value")
            if f.value is None or _agree(f.label, value, f.value):
                continue
            new = f.value if f.label != "COMPANY" or not isinstance(value, dict) else {**value, "name": f.value["name"]}
            raw = edit_field(raws[same[0]], "value", dict(new), style)
            out.append(_suggestion("value", f, raw, same))
            continue
        span: dict[str, Any] = {"start": f.start, "end": f.end, "label": f.label, "text": f.text}
        if f.value is not None:
            span["value"] = dict(f.value)
        out.append(_suggestion("change" if touched else "add", f, style.dumps(span), touched))
    if remover is not None:
        for k, s in enumerate(spans):
            if s is not None and k not in met:
                gone = Found(s["start"], s["end"], str(s.get("label")), s["text"], s.get("value"), remover, UNSEEN)
                out.append(_suggestion("remove", gone, raws[k], [k]))
    return out


def _agree(label: str, mine: object, theirs: Mapping[str, Any]) -> bool:
    if label == "COMPANY":  # identifiers and how it was linked are no part of the annotation's question
        return isinstance(mine, dict) and mine.get("name") == theirs.get("name")
    return mine == theirs


def _suggestion(kind: str, f: Found, raw: str, spans: Sequence[int]) -> dict[str, Any]:
    short = short_value(f.label, f.value, f.text)
    return {
        "sid": json.dumps(["remove" if kind == "remove" else "put", f.start, f.end, f.label, short, f.source]),
        "kind": kind,
        "start": f.start,
        "end": f.end,
        "label": f.label,
        "text": f.text,
        "short": short,
        "raw": raw,
        "source": f.source,
        "score": round(f.score, 4),
        "spans": list(spans),
    }


def _name(surface: str, lang: object) -> str:
    from finextract.companies.linker import link

    try:
        linked = link(surface, str(lang))
    except (ValueError, KeyError):
        return surface
    return linked.name if linked is not None else surface


def _date(date: object) -> str | None:
    from finextract.quantities import parse_date

    try:
        return date if isinstance(date, str) and parse_date(date) else None
    except ValueError:
        return None


def _read(text: str, lang: str, date: str | None, model: str | None) -> Reading:
    from finextract.extractor import check_text
    from finextract.quantities import read

    try:
        check_text(text)
    except ValueError:
        return Reading()
    grammar = list(read(text, lang, _date(date)))
    if model is None:
        return Reading([], grammar)
    from finextract.extractor import extract

    entities = extract(text, lang=lang, date=_date(date), model=model).entities
    scores = _scores(text, lang, model)
    found = [
        Found(
            e.start,
            e.end,
            e.label,
            e.text,
            _gold_value(e),
            e.source,
            scores.get((e.start, e.end), 1.0) if e.label == "COMPANY" else 1.0,
        )
        for e in entities
    ]
    return Reading(found, grammar)


def _gold_value(entity: Entity) -> dict[str, Any] | None:
    """The value as annotations hold it: of a company nothing but the name."""
    if entity.value is None:
        return None
    value = entity.value.to_dict()
    return {"name": value["name"]} if entity.label == "COMPANY" else value


def _scores(text: str, lang: str, model: str) -> dict[tuple[int, int], float]:
    """How sure the extraction is of each company."""
    from finextract.companies.join import choose
    from finextract.extractor import resolve_model

    encoded = None
    if resolve_model(model, lang) == "encoder":
        from finextract.companies.reread import names_by

        (encoded,) = names_by("encoder", [text], [lang])
    return {(c.start, c.end): min(c.score, 1.0) for c in choose(text, lang, encoded, "encoder")}


def wire_issue(issue: Issue, units: Units) -> dict[str, Any]:
    """A finding for the browser: at a piece of the text, at a span, or at the row."""
    at = issue.path[1] if len(issue.path) > 1 and issue.path[0] == "spans" else None
    span = issue.span or (None, None)
    return {
        "code": issue.code,
        "severity": CODES[issue.code].severity,
        "message": issue.message,
        "meant": issue.meant,
        "start": units.units(span[0]),
        "end": units.units(span[1]),
        "span": at,
    }
