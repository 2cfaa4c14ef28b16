"""Money, percentages and quarters, found and read in one step on the raw text."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from finextract.entities import Entity

if TYPE_CHECKING:
    from finextract.quantities.amounts import Reading, Trace


def parse_date(date: str | datetime.date | None) -> datetime.date | None:
    """``YYYY-MM-DD`` to a date; raises ValueError with code X102 for anything else."""
    if date is None or isinstance(date, datetime.date):
        return date
    try:
        return datetime.date.fromisoformat(date[:10])
    except (ValueError, TypeError):
        raise ValueError(f"[X102] date: {date!r} is not of the form YYYY-MM-DD") from None


def readings(
    text: str, lang: str, date: str | datetime.date | None = None, trace: Trace | None = None
) -> list[Reading]:
    """Spans with values and the names of the rules that read them, in order and without overlaps.

    ``trace(start, end, reason)`` is called for each near miss.
    """
    from finextract.quantities import amounts, quarters
    from finextract.quantities.normalize import fold

    folded = fold(text)
    day = parse_date(date)
    found = quarters.grammar(lang).read(folded, day, trace)
    out, k = [], 0
    for reading in amounts.grammar(lang).read(folded, trace):
        while k < len(found) and found[k].end <= reading.start:
            k += 1
        if k == len(found) or found[k].start >= reading.end:
            out.append(reading)
    return sorted([*found, *out], key=lambda r: r.start)


def read(text: str, lang: str, date: str | datetime.date | None = None) -> list[Entity]:
    """MONEY, PERCENT and QUARTER entities of a text in a known language; ``date`` is the document's (YYYY-MM-DD)."""
    return [
        Entity(r.start, r.end, r.label, text[r.start : r.end], r.value, "grammar") for r in readings(text, lang, date)
    ]
