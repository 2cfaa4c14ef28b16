"""The fast tier: the fast network reads everything, the encoder reads again the sentences that left it in doubt.

A sentence's doubt is how often, by its own probabilities, the fast network errs there on what belongs to a company: the sum of ``p (1 - p)``
over its characters, by the character. The limits above which a sentence is read again stand in ``data/weights.json``, one a language, and
are set with the weights (:mod:`finextract.training.joined`) so that a fixed share of the text is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from finextract.companies.encoder import CompanyEncoder, company_probability, names_of
from finextract.companies.weigh import trained, trained_as

if TYPE_CHECKING:
    from finextract.companies.encoder import Floats, Names

_END = re.compile(r"[。！？!?．\n…]+[」』”\"’）)]*\s*|(?<=[a-zäöüß0-9%)]{2})[.]\s+|(?<=[가-힣])[.]\s*")
_SHORTEST = 12
"""A shorter sentence is read with the one before it."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text lie; together they are the whole text."""
    cuts = [0]
    for m in _END.finditer(text):
        if m.end() - cuts[-1] >= _SHORTEST:
            cuts.append(m.end())
    if len(text) - cuts[-1] < _SHORTEST and len(cuts) > 1:
        cuts.pop()
    return [*zip(cuts, [*cuts[1:], len(text)], strict=True)]


def doubts(text: str, company: Floats) -> list[tuple[int, int, float]]:
    """The sentences of a text, each with its doubt, from how likely each character belongs to a company."""
    import numpy as np

    sums = np.concatenate([[0.0], np.cumsum(company * (1 - company), dtype=np.float64)]).tolist()
    return [(start, end, (sums[end] - sums[start]) / (end - start)) for start, end in sentences(text) if start < end]


class Rereader:
    """Two networks as one: both give log probabilities for every character, the second those of the doubtful sentences."""

    def __init__(self, first: CompanyEncoder, second: CompanyEncoder, limits: Mapping[str, float]) -> None:
        """``limits``: for each language the doubt above which a sentence is read again."""
        self.first, self.second, self.limits = first, second, limits

    def predict(self, texts: Sequence[str], langs: Sequence[str]) -> list[Names]:
        """The names in each text, as :meth:`CompanyEncoder.predict` gives them."""
        out = []
        for text, lang, logp in zip(texts, langs, self.first.log_probabilities(texts), strict=True):
            limit = self.limits[trained_as(lang)]
            company = company_probability(logp)
            again = [(start, end) for start, end, doubt in doubts(text, company) if doubt > limit]
            if again:  # read together, so that they tell of each other
                (found,) = self.second.log_probabilities(["".join(text[start:end] for start, end in again)])
                at = 0
                for start, end in again:
                    logp[start:end] = found[at : at + end - start]
                    at += end - start
                company = company_probability(logp)
            out.append(names_of(text, logp, company))
        return out


def load_limits() -> Mapping[str, float]:
    """The limits of ``data/weights.json``."""
    limits: Mapping[str, float] = trained()["fast"]["reread"]
    return limits


@lru_cache(maxsize=1)
def load_rereader() -> Rereader:
    """The fast tier that comes with the package."""
    return Rereader(CompanyEncoder.load(name="fast"), CompanyEncoder.load(), load_limits())


def names_by(tier: str, texts: Sequence[str], langs: Sequence[str]) -> list[Names]:
    """What the networks of a tier, ``encoder`` or ``fast``, find in each text."""
    return load_rereader().predict(texts, langs) if tier == "fast" else CompanyEncoder.load().predict(texts)
