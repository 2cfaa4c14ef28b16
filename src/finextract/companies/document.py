"""Who is who in one document: names that the knowledge base lacks take the firm of a fuller name, or of a gloss, beside them.

News names a firm in full once and in short afterwards (常熟银行 … 常熟; Brennhof Antriebstechnik … Brennhof), and puts the
original in brackets behind a translated name. Neither short form nor translation need stand in any list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from finextract.companies.linker import link
from finextract.companies.text import script_of, squeeze
from finextract.entities import Company

_OPEN = re.compile(r"\s?[(（\[［【]\s?")
_CLOSE = re.compile(r"\s?[)）\]］】]")
_WORD_END = re.compile(r"[\s\-&・·.,(（]")
SHORTEST = {"han": 2, "hangul": 2, "kana": 2, "latin": 3}
"""How many characters a short form has at least."""


def link_all(text: str, lang: str, spans: Sequence[tuple[int, int]]) -> list[Company]:
    """The company of each name, ``spans`` being code points ``[start, end)`` in order.

    Each is linked by itself first (:func:`~finextract.companies.linker.link`). A name that stays unknown is then the firm that a name
    in brackets beside it means, or that of the one fuller name in the text that it shortens; ``linked_by`` is ``document``.
    """
    surfaces = [text[start:end] for start, end in spans]
    found = {surface: link(surface, lang) for surface in surfaces}
    if all(map(_sure, found.values())) or not any(map(_sure, found.values())):
        return [found[surface] for surface in surfaces]
    for one, other in _glosses(text, spans):
        for unknown, known in ((one, other), (other, one)):
            if not _sure(found[unknown]) and _sure(found[known]) and _may_be_one(unknown, known):
                found[unknown] = replace(found[known], linked_by="document")
    fuller = [surface for surface, company in found.items() if _sure(company)]
    for surface, company in list(found.items()):
        if not _sure(company):
            alike = [full for full in fuller if full[0].casefold() == surface[0].casefold()]
            firms = {found[full].id: found[full] for full in alike if shortens(surface, full)}
            if len(firms) == 1:
                found[surface] = replace(next(iter(firms.values())), linked_by="document")
    return [found[surface] for surface in surfaces]


def _sure(company: Company) -> bool:
    """Linked, and not by a head that other firms may bear in another text."""
    return company.id is not None and company.linked_by != "short"


def _glosses(text: str, spans: Sequence[tuple[int, int]]) -> Iterable[tuple[str, str]]:
    """Pairs of names of which the second stands alone in brackets behind the first."""
    for (start, end), (next_start, next_end) in zip(spans, spans[1:], strict=False):
        if _OPEN.fullmatch(text, end, next_start) and _CLOSE.match(text, next_end):
            yield text[start:end], text[next_start:next_end]


def _may_be_one(a: str, b: str) -> bool:
    """A gloss is in another script, or one shortens the other; two names of one script are mostly two firms."""
    return script_of(a) != script_of(b) or shortens(a, b) or shortens(b, a)


def shortens(short: str, full: str) -> bool:
    """Whether ``short`` is how a text may go on to call ``full``: its beginning, or the first and later characters of it (东财 for 东方财富)."""
    script = script_of(short)
    a, b = squeeze(short), squeeze(full)
    if len(a) < SHORTEST[script] or len(a) >= len(b):
        return False
    if script == "latin":
        at = len(short)
        return full[:at].casefold() == short.casefold() and bool(_WORD_END.match(full, at))
    if b.startswith(a):
        return True
    return script != "kana" and len(a) <= 3 and a[0] == b[0] and _in_order(a, b)


def _in_order(short: str, full: str) -> bool:
    rest = iter(full)
    return all(char in rest for char in short)
