"""What only looks like an amount in Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone kanji numeral behind a currency belongs to the next word: ドル一辺倒, ユーロ一強, ドル三極."""
    number = group[0].number
    lone = number.end - number.start == 1 and text[number.start] in "一二三四五六七八九"
    return not (lone and group[0].before and not holder.after)
