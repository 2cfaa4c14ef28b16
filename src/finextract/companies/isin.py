"""ISIN (ISO 6166): the check digit."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


def isin_is_valid(isin: str) -> bool:
    """Two letters, nine letters or digits, and a check digit that fits (Luhn over letters read as 10 to 35)."""
    if not _SHAPE.fullmatch(isin):
        return False
    digits = "".join(str(int(char, 36)) for char in isin)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number // 10 + number % 10
    return total % 10 == 0
