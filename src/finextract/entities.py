"""The types that extraction returns, and their JSON.

Offsets are Unicode code points into the text exactly as given, half-open ``[start, end)``. Numbers are
:class:`decimal.Decimal`; in JSON they are decimal strings, never floats. This module imports nothing of
the rest of the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Label = Literal["MONEY", "PERCENT", "COMPANY", "QUARTER"]
LABELS: tuple[Label, ...] = ("MONEY", "PERCENT", "COMPANY", "QUARTER")
MODIFIERS = ("approx", "more_than", "equal_or_more", "less_than", "equal_or_less")
PERCENT_UNITS = ("percent", "percentage_point", "basis_point")


def format_decimal(number: Decimal) -> str:
    """Plain decimal string: no exponent, no superfluous zeros after the decimal point."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _read_decimal(data: Mapping[str, Any], key: str) -> Decimal | None:
    raw = data.get(key)
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise ValueError(f"{key}: a decimal string is expected, not {type(raw).__name__} {raw!r}")
    try:
        return Decimal(raw)
    except InvalidOperation:
        raise ValueError(f"{key}: {raw!r} is no decimal number") from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency (ISO 4217): ``amount``, or ``min`` and ``max``, or ``scale`` for a vague amount."""

    currency: str
    amount: Decimal | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    scale: Decimal | None = None
    modifier: str | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"currency": self.currency}
        for key in ("amount", "min", "max", "scale"):
            number = getattr(self, key)
            if number is not None:
                out[key] = format_decimal(number)
        if self.modifier:
            out["modifier"] = self.modifier
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Money:
        return cls(
            str(data["currency"]),
            amount=_read_decimal(data, "amount"),
            min=_read_decimal(data, "min"),
            max=_read_decimal(data, "max"),
            scale=_read_decimal(data, "scale"),
            modifier=data.get("modifier"),
        )


@dataclass(frozen=True, slots=True)
class Percent:
    """A rate: ``value`` or ``min`` and ``max``, in ``percent``, ``percentage_point`` or ``basis_point``."""

    value: Decimal | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str = "percent"
    modifier: str | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in ("value", "min", "max"):
            number = getattr(self, key)
            if number is not None:
                out[key] = format_decimal(number)
        out["unit"] = self.unit
        if self.modifier:
            out["modifier"] = self.modifier
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Percent:
        return cls(
            value=_read_decimal(data, "value"),
            min=_read_decimal(data, "min"),
            max=_read_decimal(data, "max"),
            unit=str(data.get("unit", "percent")),
            modifier=data.get("modifier"),
        )


@dataclass(frozen=True, slots=True)
class Company:
    """A business: its usual English ``name`` where it is known, else its surface; identifiers where the knowledge base has them."""

    name: str
    id: str | None = None
    ticker: str | None = None
    mic: str | None = None
    isin: str | None = None
    country: str | None = None
    qid: str | None = None
    linked_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"name": self.name}
        for key in ("id", "ticker", "mic", "isin", "country", "qid", "linked_by"):
            value = getattr(self, key)
            if value:
                out[key] = value
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Company:
        return cls(
            str(data["name"]),
            **{k: data.get(k) for k in ("id", "ticker", "mic", "isin", "country", "qid", "linked_by")},
        )


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter: ``year`` and ``quarter`` (1 to 4) with ``fiscal``, or a span of months, or ``relative`` to now."""

    year: int | None = None
    quarter: int | None = None
    fiscal: bool | None = None
    start_month: int | None = None
    end_month: int | None = None
    relative: int | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in ("year", "quarter", "fiscal", "start_month", "end_month", "relative"):
            value = getattr(self, key)
            if value is not None:
                out[key] = value
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Quarter:
        return cls(**{k: data.get(k) for k in ("year", "quarter", "fiscal", "start_month", "end_month", "relative")})


Value = Money | Percent | Company | Quarter
VALUE_TYPES: dict[str, type[Money] | type[Percent] | type[Company] | type[Quarter]] = {
    "MONEY": Money,
    "PERCENT": Percent,
    "COMPANY": Company,
    "QUARTER": Quarter,
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One span. ``source`` names the part that found it: ``grammar``, ``kb``, ``model``, ``document`` or a mix of them."""

    start: int
    end: int
    label: Label
    text: str
    value: Value | None = None
    source: str = "grammar"

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"start": self.start, "end": self.end, "label": self.label, "text": self.text}
        if self.value is not None:
            out["value"] = self.value.to_dict()
        out["source"] = self.source
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entity:
        label = data["label"]
        if label not in VALUE_TYPES:
            raise ValueError(f"label: {label!r} is none of {', '.join(LABELS)}")
        value = data.get("value")
        return cls(
            int(data["start"]),
            int(data["end"]),
            label,
            str(data["text"]),
            None if value is None else VALUE_TYPES[label].from_dict(value),
            str(data.get("source", "grammar")),
        )


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything found in one text, in order of position, without overlaps."""

    text: str
    lang: str
    entities: tuple[Entity, ...] = field(default_factory=tuple)
    date: str | None = None

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.entities)

    def __len__(self) -> int:
        return len(self.entities)

    def to_dict(self) -> dict[str, Any]:
        """JSON object ``{"text", "lang", "date"?, "spans": [...]}``, each span as in the gold files plus ``source``."""
        out: dict[str, Any] = {"text": self.text, "lang": self.lang}
        if self.date:
            out["date"] = self.date
        out["spans"] = [entity.to_dict() for entity in self.entities]
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Extraction:
        return cls(
            str(data["text"]),
            str(data["lang"]),
            tuple(Entity.from_dict(s) for s in data.get("spans", ())),
            data.get("date"),
        )
