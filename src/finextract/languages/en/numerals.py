"""English number words, for passages embedded in other languages."""

from __future__ import annotations

_SMALL = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def words() -> dict[str, int]:
    """Number word in lower case to its value: one to ninety-nine, and round hundreds."""
    table = {word: k for k, word in enumerate(_SMALL, 1)}
    for k, tens in enumerate(_TENS, 2):
        table[tens] = 10 * k
        for unit, word in enumerate(_SMALL[:9], 1):
            table[f"{tens}-{word}"] = table[f"{tens} {word}"] = 10 * k + unit
    for unit, word in enumerate(_SMALL[:9], 1):
        table[f"{word} hundred"] = 100 * unit
    table["a"] = table["an"] = 1
    table["a hundred"] = 100
    return table
