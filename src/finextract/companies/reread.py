"""The fast tier: the fast network reads everything, the encoder reads again the sentences that left it in doubt, and counts for more there.

A sentence's doubt is how much one must expect to be wrong there, by the character: the sum of ``p (1 - p)`` over the probabilities of the fast
network that a company's name begins, or ends, at each character, and over those of the candidates once all evidence is joined
(the weights ``alone``). The limits above which a sentence is read again stand in ``data/weights.json``, one a language, and
are set with the weights (:mod:`finextract.training.joined`) so that a fixed share of the text is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from finextract.companies.encoder import edge_tags, names_of, read_by
from finextract.companies.join import known_names, witnesses
from finextract.companies.weigh import ALONE, Span, Weights, load_weights, trained, trained_as

if TYPE_CHECKING:
    from finextract.companies.encoder import Floats, Names
    from finextract.companies.weigh import Document

_END = re.compile(r"[。！？!?．\n…]+[」』”\"’）)]*\s*|(?<=[a-zäöüß0-9%)]{2})[.]\s+|(?<=[가-힣])[.]\s*")
_BEGINS, _ENDS = edge_tags(0)  # of companies
_SHORTEST = 12
"""A shorter sentence is read with the one before it."""
FIRST_SHARE = 0.25
"""How much the first reading of a sentence still counts beside the second: the networks err at other places."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text lie; together they are the whole text."""
    cuts = [0]
    for m in _END.finditer(text):
        if m.end() - cuts[-1] >= _SHORTEST:
            cuts.append(m.end())
    if len(text) - cuts[-1] < _SHORTEST and len(cuts) > 1:
        cuts.pop()
    return [*zip(cuts, [*cuts[1:], len(text)], strict=True)]


def doubts(text: str, logp: Floats, judged: Mapping[Span, float]) -> list[tuple[int, int, float]]:
    """The sentences of a text, each with its doubt, from log probabilities ``[characters, tags]`` and how likely each candidate is a name."""
    import numpy as np

    edges = np.exp(logp[:, [*_BEGINS, *_ENDS]])
    begins, ends = edges[:, : len(_BEGINS)].sum(1), edges[:, len(_BEGINS) :].sum(1)
    doubt = (begins * (1 - begins) + ends * (1 - ends)).astype(np.float64)
    for (start, _), p in judged.items():
        doubt[start] += 2 * p * (1 - p)  # as much as for the two edges
    sums = np.concatenate([[0.0], np.cumsum(doubt)]).tolist()
    return [(start, end, (sums[end] - sums[start]) / (end - start)) for start, end in sentences(text) if start < end]


def mixed(first: Floats, second: Floats) -> Floats:
    """What two readings say of the same characters: the mean of their probabilities, in which the first counts :data:`FIRST_SHARE`."""
    import numpy as np

    mean: Floats = np.log(FIRST_SHARE * np.exp(first) + (1 - FIRST_SHARE) * np.exp(second))
    return mean


Reader = Callable[[Sequence[str], Sequence[str]], Iterable["Floats"]]
"""Texts and their languages to the log probabilities of each."""


class Rereader:
    """Two networks as one: the second reads again what leaves the first in doubt."""

    def __init__(
        self,
        first: Reader,
        second: Reader,
        limits: Mapping[str, float],
        weights: Callable[[str], Weights],
    ) -> None:
        """``limits``: for each language the doubt above which a sentence is read again; ``weights``: what counts how much for the first network."""
        self.first, self.second, self.limits, self.weights = first, second, limits, weights

    def predict(self, texts: Sequence[str], langs: Sequence[str]) -> list[Names]:
        """The names in each text, as :meth:`CompanyEncoder.predict` gives them, with the evidence that was gathered for them."""
        out = []
        for text, lang, logp in zip(texts, langs, self.first(texts, langs), strict=True):
            names = names_of(text, logp)
            document = witnesses(text, lang, names, known_names(text, lang))
            limit = self.limits[trained_as(lang)]
            again = [
                (start, end) for start, end, doubt in doubts(text, logp, self.judge(document, lang)) if doubt > limit
            ]
            if again:  # read together, so that they tell of each other
                (found,) = self.second(["".join(text[start:end] for start, end in again)], [lang])
                at = 0
                for start, end in again:
                    logp[start:end] = mixed(logp[start:end], found[at : at + end - start])
                    at += end - start
                names = names_of(text, logp)
                document = witnesses(text, lang, names, document.known.values())
            names.document = document
            out.append(names)
        return out

    def judge(self, document: Document, lang: str) -> dict[Span, float]:
        """How likely each candidate is a name as far as the first network tells."""
        weights = self.weights(lang)
        return {span: weights.probability(document.features(*span)) for span in document.spans()}


def load_limits() -> Mapping[str, float]:
    """The limits of ``data/weights.json``."""
    limits: Mapping[str, float] = trained()["fast"]["reread"]
    return limits


@lru_cache(maxsize=1)
def load_rereader() -> Rereader:
    """The fast tier that comes with the package."""
    return Rereader(partial(read_by, "fast"), partial(read_by, "model"), load_limits(), partial(load_weights, ALONE))


def names_by(tier: str, texts: Sequence[str], langs: Sequence[str]) -> list[Names]:
    """What the networks of a tier, ``encoder`` or ``fast``, find in each text, with the evidence that was gathered for it."""
    if tier == "fast":
        return load_rereader().predict(texts, langs)
    known = [known_names(text, lang) for text, lang in zip(texts, langs, strict=True)]
    out = []
    for text, lang, there, logp in zip(texts, langs, known, read_by("model", texts, langs, known), strict=True):
        names = names_of(text, logp)
        names.document = witnesses(text, lang, names, there)
        out.append(names)
    return out
