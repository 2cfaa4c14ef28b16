"""Checks of one row by itself: schema, offsets, surfaces, values. Pure functions from a row to issues."""

from __future__ import annotations

import datetime
import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from finextract.entities import LABELS, MODIFIERS, PERCENT_UNITS, Entity, format_decimal
from finextract.gold.markup import SHORT

LANGS = ("ja", "de", "ko", "zh", "en")
DECIMAL = re.compile(r"0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9]")
COMPANY_KEYS = ("name", "id", "ticker", "mic", "isin", "country", "qid", "linked_by")
QUOTE_FORMS = str.maketrans("“”„‟‘’‚«»＂＇´`", '""""\'\'\'"""\'\'\'')

Path = tuple["str | int", ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding inside one row: where in the JSON, and where in the text if it is about a piece of it."""

    code: str
    message: str
    path: Path
    span: tuple[int, int] | None = None
    meant: str | None = None


@functools.cache
def currencies() -> frozenset[str]:
    """The codes of ISO 4217, past ones included."""
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


def type_name(value: object) -> str:
    return {
        bool: "a truth value",
        int: "an integer",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
        type(None): "null",
    }.get(type(value), type(value).__name__)


def is_int(value: object) -> bool:
    return type(value) is int


def _has_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _string(row: Mapping[str, Any], key: str, required: bool, path: Path = ()) -> Iterator[Issue]:
    value = row.get(key)
    if key not in row:
        if required:
            close = get_close_matches(key, [str(k) for k in row], 1)
            yield Issue(
                "G201", f"the field {key!r} is missing", path, meant=f"{close[0]!r} was written" if close else None
            )
    elif not isinstance(value, str):
        yield Issue("G202", f"{key} is {type_name(value)}, a string is expected", (*path, key))
    elif not value and (key != "text" or path):
        yield Issue("G208", f"{key} is empty", (*path, key))
    elif not value.isascii() and _has_surrogate(value):
        yield Issue("G208", f"{key} holds half of a surrogate pair", (*path, key))


def check_schema(row: Mapping[str, Any]) -> Iterator[Issue]:
    """Fields of the row and their types; then each span's."""
    for key in ("id", "lang", "source", "text"):
        yield from _string(row, key, True)
    if isinstance(row.get("id"), str) and re.search(r"\s", row["id"]):
        yield Issue("G208", "the id holds white space", ("id",))
    lang = row.get("lang")
    if isinstance(lang, str) and lang and lang not in LANGS:
        meant = {
            "jp": "ja",
            "kr": "ko",
            "cn": "zh",
            "ger": "de",
            "deu": "de",
            "jpn": "ja",
            "kor": "ko",
            "zho": "zh",
            "tw": "zh",
        }.get(lang.lower()[:3]) or next((k for k in LANGS if lang.lower().startswith(k)), None)
        yield Issue("G203", f"lang {lang!r} is none of {', '.join(LANGS)}", ("lang",), meant=meant and repr(meant))
    if "date" in row:
        yield from _string(row, "date", False)
        if isinstance(row["date"], str) and row["date"]:
            yield from _date(row["date"])
    if "meta" in row and not isinstance(row["meta"], dict):
        yield Issue("G202", f"meta is {type_name(row['meta'])}, an object is expected", ("meta",))
    spans = row.get("spans")
    if "spans" not in row:
        yield Issue("G201", "the field 'spans' is missing", (), meant="[] where the text holds none")
    elif not isinstance(spans, list):
        yield Issue("G202", f"spans is {type_name(spans)}, a list is expected", ("spans",))
    else:
        for k, span in enumerate(spans):
            yield from _span_schema(span, ("spans", k))


def _date(date: str) -> Iterator[Issue]:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", date, re.ASCII):
            raise ValueError
        datetime.date.fromisoformat(date)
    except ValueError:
        meant = None
        if m := re.search(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})", unicodedata.normalize("NFKC", date)):
            meant = f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}"
        elif m := re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", date):
            meant = f"{m[3]}-{int(m[2]):02d}-{int(m[1]):02d}"
        yield Issue(
            "G204", f"{date!r} is no day in the form YYYY-MM-DD", ("date",), meant=meant if meant != date else None
        )


def _is_usual(span: object) -> bool:
    """A company with nothing wrong, by a short way: half of all spans are that."""
    return (
        well_formed(span)
        and isinstance(span, dict)
        and span.get("label") == "COMPANY"
        and isinstance(value := span.get("value"), dict)
        and value.keys() == {"name"}
        and isinstance(value["name"], str)
        and bool(value["name"])
        and bool(span["text"])
        and not _has_surrogate(value["name"] + span["text"])
    )


def _span_schema(span: object, path: Path) -> Iterator[Issue]:
    if _is_usual(span):
        return
    if not isinstance(span, dict):
        yield Issue("G202", f"a span is {type_name(span)}, an object is expected", path)
        return
    for key in ("start", "end"):
        value = span.get(key)
        if key not in span:
            yield Issue("G201", f"the span has no {key!r}", path)
        elif isinstance(value, float):
            yield Issue(
                "G205",
                f"{key} is the number {value!r}, an integer is expected",
                (*path, key),
                meant=str(int(value)) if value == int(value) else None,
            )
        elif not is_int(value):
            meant = value if isinstance(value, str) and value.isdecimal() else None
            yield Issue("G202", f"{key} is {type_name(value)}, an integer is expected", (*path, key), meant=meant)
    yield from _string(span, "text", True, path)
    label = span.get("label")
    if not isinstance(label, str):
        yield from _string(span, "label", True, path)
    elif label not in LABELS:
        close = get_close_matches(label.upper().strip(), LABELS, 1, 0.5)
        other = {"ORG": "COMPANY", "ORGANIZATION": "COMPANY", "PERCENTAGE": "PERCENT", "DATE": "QUARTER", **SHORT}.get(
            label.upper()
        )
        meant = other or (close[0] if close else None)
        yield Issue("G206", f"label {label!r} is none of {', '.join(LABELS)}", (*path, "label"), meant=meant)
    if "value" not in span:
        yield Issue("G201", "the span has no 'value'", path)
    elif not isinstance(span["value"], dict):
        yield Issue("G202", f"value is {type_name(span['value'])}, an object is expected", (*path, "value"))
    elif label in LABELS:
        yield from check_value(label, span["value"], (*path, "value"))


def _decimal(value: Mapping[str, Any], key: str, path: Path) -> Iterator[Issue]:
    raw = value[key]
    if isinstance(raw, str):
        if DECIMAL.fullmatch(raw):
            return
        try:
            number = Decimal(unicodedata.normalize("NFKC", raw).replace(",", "").replace("_", "").strip())
            meant = json_string(format_decimal(number)) if number.is_finite() else None
        except InvalidOperation:
            meant = None
        yield Issue("G207", f"{key} {raw!r} is no plain decimal string", (*path, key), meant=meant)
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        code = "G205" if isinstance(raw, float) else "G202"
        yield Issue(
            code,
            f"{key} is the number {raw!r}, a decimal string is expected",
            (*path, key),
            meant=json_string(format_decimal(Decimal(repr(raw)))),
        )
    else:
        yield Issue("G202", f"{key} is {type_name(raw)}, a decimal string is expected", (*path, key))


def json_string(text: str) -> str:
    return f'"{text}"'


def _keys(value: Mapping[str, Any], allowed: Sequence[str], path: Path) -> Iterator[Issue]:
    for key in value:
        if key not in allowed:
            close = get_close_matches(key, allowed, 1)
            yield Issue(
                "G207", f"a value of this label has no {key!r}", (*path, key), meant=repr(close[0]) if close else None
            )


def _one_of(value: Mapping[str, Any], choices: Sequence[tuple[str, ...]], path: Path) -> Iterator[Issue]:
    every = {k for c in choices for k in c}
    present = {k for k in value if k in every}
    if not any(present == set(c) for c in choices):
        forms = " or ".join(" and ".join(c) for c in choices)
        has = ", ".join(sorted(present)) or "none of them"
        yield Issue("G207", f"the value needs {forms}; it has {has}", path)


def _integer(value: Mapping[str, Any], key: str, low: int, high: int, path: Path) -> Iterator[Issue]:
    if key in value:
        number = value[key]
        if isinstance(number, float):
            yield Issue("G205", f"{key} is the number {number!r}, an integer is expected", (*path, key))
        elif not is_int(number):
            yield Issue("G202", f"{key} is {type_name(number)}, an integer is expected", (*path, key))
        elif not low <= number <= high:
            yield Issue("G207", f"{key} {number} is not between {low} and {high}", (*path, key))


def _choice(value: Mapping[str, Any], key: str, choices: Sequence[str], path: Path) -> Iterator[Issue]:
    if key in value and value[key] not in choices:
        close = get_close_matches(str(value[key]), choices, 1, 0.4)
        yield Issue(
            "G207",
            f"{key} {value[key]!r} is none of {', '.join(choices)}",
            (*path, key),
            meant=close[0] if close else None,
        )


def check_value(label: str, value: Mapping[str, Any], path: Path) -> Iterator[Issue]:
    """Whether a value has the form that the guidelines give for its label."""
    if label in ("MONEY", "PERCENT"):
        money = label == "MONEY"
        numbers = ("amount", "min", "max", "scale") if money else ("value", "min", "max")
        yield from _keys(value, ("currency", *numbers, "modifier") if money else (*numbers, "unit", "modifier"), path)
        yield from _one_of(
            value, (("amount",), ("min", "max"), ("scale",)) if money else (("value",), ("min", "max")), path
        )
        for key in numbers:
            if key in value:
                yield from _decimal(value, key, path)
        yield from _choice(value, "modifier", MODIFIERS, path)
        if money:
            yield from _currency(value, path)
        elif "unit" not in value:
            yield Issue("G207", "the value has no 'unit'", path, meant='"unit": "percent"')
        else:
            yield from _choice(value, "unit", PERCENT_UNITS, path)
        low, high = value.get("min"), value.get("max")
        if (
            isinstance(low, str)
            and isinstance(high, str)
            and DECIMAL.fullmatch(low)
            and DECIMAL.fullmatch(high)
            and Decimal(low) > Decimal(high)
        ):
            yield Issue(
                "G207", f"min {low} is greater than max {high}", (*path, "min"), meant="the two the other way round"
            )
    elif label == "COMPANY":
        yield from _keys(value, COMPANY_KEYS, path)
        yield from _string(value, "name", True, path)
        for key in COMPANY_KEYS[1:]:
            yield from _string(value, key, False, path)
    else:
        yield from _keys(value, ("year", "quarter", "fiscal", "start_month", "end_month", "relative"), path)
        yield from _one_of(value, (("quarter", "fiscal"), ("start_month", "end_month"), ("relative",)), path)
        yield from _integer(value, "year", 1000, 9999, path)
        yield from _integer(value, "quarter", 1, 4, path)
        yield from _integer(value, "start_month", 1, 12, path)
        yield from _integer(value, "end_month", 1, 12, path)
        yield from _integer(value, "relative", -99, 99, path)
        if "relative" in value and "year" in value:
            yield Issue("G207", "a relative quarter has no year", (*path, "year"))
        if "fiscal" in value and not isinstance(value["fiscal"], bool):
            yield Issue("G202", f"fiscal is {type_name(value['fiscal'])}, a truth value is expected", (*path, "fiscal"))


def _currency(value: Mapping[str, Any], path: Path) -> Iterator[Issue]:
    code = value.get("currency")
    if not isinstance(code, str):
        yield Issue(
            "G207" if code is None else "G202",
            "the value has no currency" if code is None else f"currency is {type_name(code)}, a string is expected",
            path if code is None else (*path, "currency"),
        )
    elif code not in currencies():
        meant = {"RMB": "CNY", "YEN": "JPY", "NTD": "TWD", "$": "USD", "€": "EUR", "WON": "KRW"}.get(code.upper())
        if meant is None and code.upper() in currencies():
            meant = code.upper()
        yield Issue("G207", f"currency {code!r} is no code of ISO 4217", (*path, "currency"), meant=meant)


def well_formed(span: object) -> bool:
    """Whether a span has integer offsets and a surface, so that it can be held against the text."""
    return (
        type(span) is dict
        and type(span.get("start")) is int
        and type(span.get("end")) is int
        and type(span.get("text")) is str
    )


def from_utf16(text: str) -> dict[int, int]:
    """Offset in UTF-16 code units -> offset in code points."""
    out, unit = {0: 0}, 0
    for k, char in enumerate(text, 1):
        unit += 2 if ord(char) > 0xFFFF else 1
        out[unit] = k
    return out


def occurrences(text: str, surface: str) -> list[int]:
    """Where the surface stands in the text, overlapping occurrences included."""
    out: list[int] = []
    at = text.find(surface)
    while at >= 0:
        out.append(at)
        at = text.find(surface, at + 1)
    return out


def check_spans(row: Mapping[str, Any]) -> Iterator[Issue]:
    """Offsets and surfaces of a row's spans."""
    text, spans = row.get("text"), row.get("spans")
    if not isinstance(text, str) or not isinstance(spans, list):
        return
    placed: list[tuple[int, int, int]] = []
    last = -1
    for k, span in enumerate(spans):
        if not well_formed(span):
            continue
        start, end, surface = span["start"], span["end"], span["text"]
        path: Path = ("spans", k)
        if start < last:
            yield Issue(
                "G306",
                f"the span at {start} stands after one at {last}",
                path,
                _clip(text, start, end),
                "finextract gold fix sorts them",
            )
        last = max(last, start)
        inside = 0 <= start < end <= len(text)
        if inside and text[start:end] == surface:
            placed.append((start, end, k))
            if surface != surface.strip():
                yield Issue(
                    "G305",
                    f"the span {surface!r} begins or ends with white space",
                    (*path, "text"),
                    (start, end),
                    repr(surface.strip()),
                )
            if broken := _splits_character(text, start, end):
                yield Issue(
                    "G308",
                    f"the {broken} of {surface!r} cuts a character off its combining part",
                    (*path, "start" if broken == "start" else "end"),
                    (start, end),
                )
            continue
        yield _mismatch(text, spans, k, inside)
        if inside:
            placed.append((start, end, k))
    placed.sort()
    for (s1, e1, k1), (s2, e2, k2) in zip(placed, placed[1:], strict=False):
        if s2 < e1:
            same = spans[k1] == spans[k2]
            message = f"the span {text[s2:e2]!r} {'repeats' if same else 'overlaps'} {text[s1:e1]!r} at {s1}..{e1}"
            yield Issue(
                "G304", message, ("spans", k2), (s2, e2), "one of the two" if same or (s1, e1) == (s2, e2) else None
            )


def _clip(text: str, start: int, end: int) -> tuple[int, int]:
    start = min(max(start, 0), len(text))
    return start, min(max(end, start), len(text))


def _splits_character(text: str, start: int, end: int) -> str:
    def joined(at: int) -> bool:
        return 0 < at < len(text) and (
            text[at] in "\u200d\ufe0e\ufe0f"
            or unicodedata.category(text[at]) in ("Mn", "Me")
            or text[at - 1] == "\u200d"
        )

    return "start" if joined(start) else "end" if joined(end) else ""


def _mismatch(text: str, spans: Sequence[Any], k: int, inside: bool) -> Issue:
    span = spans[k]
    start, end, surface = span["start"], span["end"], span["text"]
    path: Path = ("spans", k)
    where = _clip(text, start, end)
    found = occurrences(text, surface) if surface.strip() else []
    if inside:
        what = f"the text at {start}..{end} is {text[start:end]!r}, the span says {surface!r}"
    else:
        what = f"{start}..{end} is no range of this text of {len(text)} characters; the span says {surface!r}"
    if found:
        code = "G302" if inside else "G301"
        units = from_utf16(text)
        if len(units) <= len(text) + 1 and max(units) > len(text):
            at, to = units.get(start), units.get(end)
            if at is not None and to is not None and text[at:to] == surface:
                return Issue(
                    code,
                    what,
                    (*path, "start"),
                    where,
                    f"{at}..{to}; the offsets count UTF-16 units, code points are expected",
                )
        near = min(found, key=lambda at: (abs(at - start), at))
        if inside and near == start and len(surface) == end - start - 1:
            hint = (
                f"{near}..{near + len(surface)}; the end is exclusive"
                if text[end - 1].isspace() is False
                else f"{near}..{near + len(surface)}"
            )
        else:
            hint = f"{near}..{near + len(surface)}"
        return Issue(code, what, (*path, "end" if near == start else "start"), where, hint)
    if not inside:
        return Issue("G301", what, (*path, "start"), where)
    return Issue(
        "G303", f"{what}, which the text does not hold", (*path, "text"), where, _why_absent(text, start, end, surface)
    )


def _why_absent(text: str, start: int, end: int, surface: str) -> str | None:
    """The usual ways in which an editor changes a string behind one's back."""
    there = text[start:end]
    if surface.translate(QUOTE_FORMS) in text.translate(QUOTE_FORMS):
        return f"{there!r}; an editor has changed the quotation marks in one of the two"
    if surface.strip() and "".join(surface.split()) in "".join(text.split()):
        return f"{there!r}; the white space differs"
    for form in ("NFC", "NFKC"):
        if unicodedata.normalize(form, surface) in unicodedata.normalize(form, text):
            return f"{there!r}; the two differ by Unicode normalisation ({form}) only"
    if surface.casefold() in text.casefold():
        return f"{there!r}; the case differs"
    close = get_close_matches(surface, [there], 1, 0.5)
    return repr(there) if close else None


def check_against_grammar(row: Mapping[str, Any], entities: Sequence[Entity]) -> Iterator[Issue]:
    """The row's MONEY, PERCENT and QUARTER spans against what the grammar reads from the text."""
    text, spans = row["text"], row["spans"]
    meta = row.get("meta")
    reviewed = meta.get("reviewed", ()) if isinstance(meta, dict) else ()
    by_place = {(e.start, e.end, e.label): e for e in entities}
    taken: list[tuple[int, int]] = []
    for k, span in enumerate(spans):
        if not well_formed(span) or text[span["start"] : span["end"]] != span["text"]:
            return  # what is misplaced is reported as that; values make no sense before
        start, end, label, value = span["start"], span["end"], span.get("label"), span.get("value")
        taken.append((start, end))
        if label == "COMPANY" or span["text"] in reviewed or not isinstance(value, dict):
            continue
        path: Path = ("spans", k)
        entity = by_place.get((start, end, label))
        if entity is None or entity.value is None:
            for e in entities:
                if e.label == label and e.start < end and start < e.end:
                    yield Issue(
                        "G403",
                        f"the grammar's span here is {e.text!r} at {e.start}..{e.end}",
                        path,
                        (start, end),
                        repr(e.text),
                    )
                    break
            continue
        read = entity.value.to_dict()
        differ = [key for key in {**read, **value} if read.get(key) != value.get(key)]
        if differ:
            soft = all(key in ("modifier", "year", "fiscal") for key in differ)
            says = ", ".join(f"{key} {value.get(key, 'absent')}" for key in differ)
            reads = ", ".join(f"{key} {read.get(key, 'absent')}" for key in differ)
            yield Issue(
                "G402" if soft else "G401",
                f"{span['text']!r} reads as {reads}; the row says {says}",
                (*path, "value"),
                (start, end),
                reads,
            )
    for e in entities:
        if e.text not in reviewed and not any(s < e.end and e.start < t for s, t in taken):
            yield Issue(
                "G404",
                f"the grammar finds {e.label} {e.text!r}, the row does not",
                ("text",),
                (e.start, e.end),
                f"{e.start}..{e.end} {e.label}",
            )


def check_unmarked(row: Mapping[str, Any]) -> Iterator[Issue]:
    """Company surfaces that stand once marked and once unmarked in the same text."""
    text, spans = row.get("text"), row.get("spans")
    if not isinstance(text, str) or not isinstance(spans, list):
        return
    good = [s for s in spans if well_formed(s) and text[s["start"] : s["end"]] == s["text"]]
    if len(good) < len(spans):
        return  # first the misplaced ones, they may be the mentions in question
    for surface in dict.fromkeys(s["text"] for s in good if s.get("label") == "COMPANY" and len(s["text"]) > 1):
        if text.count(surface) <= sum(s["text"] == surface for s in good):
            continue
        for at in occurrences(text, surface):
            end = at + len(surface)
            if any(s["start"] < end and at < s["end"] for s in good):
                continue
            if (text[at - 1 : at].isalnum() and text[at - 1 : at].isascii()) or (
                text[end : end + 1].isalnum() and text[end : end + 1].isascii()
            ):
                continue
            yield Issue(
                "G406",
                f"{surface!r} is a COMPANY elsewhere in this text, and unmarked here",
                ("text",),
                (at, end),
                f"{at}..{end} COMPANY, if it is the firm here too",
            )
