"""What only looks like an amount in German."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom


_WORDS = ("Rand", "Krone", "Pfund", "Real", "Lira", "Mark", "Won", "Dinar", "Kronen")


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """20 Euro-Länder is a count; in 1000 CHF heads a table; ein Rand, eine Krone, ein Pfund are words; 45-Millionen-Euro-Kredit is an amount."""
    number = group[-1].number
    end = group[-1].end
    if number.value == 1000 and text[max(0, group[0].start - 3) : group[0].start].lower() == "in ":
        return False
    compound = text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha()
    if compound and not number.joined and not number.has_scale:
        return False
    article = number.article and (compound or not number.has_scale)  # eine Milliarde Kronen is an amount
    return not (article and holder.after and (compound or holder.after.word in _WORDS))
