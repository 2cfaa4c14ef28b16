"""finextract: money, percentages, companies and quarters in Japanese, German, Korean and Chinese financial news.

>>> from finextract import extract
>>> extract("메타의 이번 분기 자본 지출은 84억 7천만 달러", date="2024-08-05").entities[2].value.to_dict()
{'currency': 'USD', 'amount': '8470000000'}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finextract.entities import LABELS, Company, Entity, Extraction, Money, Percent, Quarter

if TYPE_CHECKING:
    from finextract.extractor import ExtractionError, extract, extract_batch, load
    from finextract.languages.identify import LanguageError

__all__ = [
    "LABELS",
    "Company",
    "Entity",
    "Extraction",
    "ExtractionError",
    "LanguageError",
    "Money",
    "Percent",
    "Quarter",
    "extract",
    "extract_batch",
    "load",
]

_LAZY = {
    "ExtractionError": "finextract.extractor",
    "LanguageError": "finextract.languages.identify",
    "extract": "finextract.extractor",
    "extract_batch": "finextract.extractor",
    "load": "finextract.extractor",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        value = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
