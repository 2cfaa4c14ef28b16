"""What speaks for a name and against it, as numbers, and how much each counts.

Witnesses are the model (its span, and how likely it holds a company at each character), the knowledge base (the hit and the cues around it), the
document (the same name elsewhere) and the surface itself. Their weights are those of a logistic regression, one for each
model, and stand in ``data/weights.json``: ``python -m finextract.training.joined`` sets them on the dev parts of gold and reviews.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, log
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from finextract.companies.legal import strip_legal
from finextract.companies.text import fold, script_of

if TYPE_CHECKING:
    from finextract.companies.encoder import Names, Scored
    from finextract.companies.index import Hit

Span = tuple[int, int]
"""Code points ``[start, end)``."""
ALONE = "alone"
"""The fast network before anything is read again."""
MODELS = ("encoder", ALONE, "fast", "small")
OWN = frozenset(
    ("bias", "belief", "model", "model_score", "known", "known_score", "known_unseen_score", "unlisted", "again", "two")
)
"""Features that weigh differently in each language."""


SURE = 0.6
"""A name of which the model is as sure as this at one place is looked for at the others."""
CLEAR = 0.9
"""The score of a known name that nothing speaks against."""
LONG = 120
"""From how many characters on a text that names companies names one of them beyond doubt; German takes twice as many."""
_DIGIT = re.compile(r"\d")


class _Placed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


S = TypeVar("S", bound=_Placed)


class Near(Generic[S]):
    """Spans by place, so that those over a stretch of a long text are found without looking at all of them."""

    def __init__(self, spans: Iterable[S]) -> None:
        self._spans = sorted(spans, key=lambda s: s.start)
        self._starts = [s.start for s in self._spans]
        self._longest = max((s.end - s.start for s in self._spans), default=0)

    def over(self, start: int, end: int) -> list[S]:
        """Those that share a character with ``[start, end)``."""
        low = bisect_left(self._starts, start - self._longest)
        return [s for s in self._spans[low : bisect_left(self._starts, end)] if start < s.end]


@dataclass(frozen=True, slots=True)
class Known:
    """A name of the knowledge base in the text, and the score that the cues around it give."""

    start: int
    end: int
    hit: Hit
    score: float


def _logit(p: float) -> float:
    return max(-6.0, min(6.0, log(max(p, 1e-4) / max(1 - p, 1e-4))))


class Document:
    """The witnesses of one text; ``model`` and ``again`` give each span the model's score, the latter that of the sure name elsewhere."""

    def __init__(
        self,
        text: str,
        lang: str,
        names: Names,
        model: Mapping[Span, Scored],
        known: Iterable[Known],
        again: Mapping[Span, float],
    ) -> None:
        self.text, self.lang = text, lang
        self._company = names.company
        self.model, self.again = model, again
        self.known = {(k.start, k.end): k for k in known}
        self._known, self._model = Near(self.known.values()), Near(model.values())
        self._other = Near([s for s in names if s.label != "COMPANY"])
        self._count = Counter(text[start:end] for start, end in self.spans())
        best: dict[str, list[float]] = {}
        for (start, end), s in model.items():
            best.setdefault(text[start:end], []).append(s.score)
        self._scores = best
        self._features: dict[Span, dict[str, float]] = {}

    def spans(self) -> set[Span]:
        """All candidates."""
        return {*self.model, *self.known, *self.again}

    def features(self, start: int, end: int) -> dict[str, float]:
        """The features of one candidate, those that are zero left out."""
        found = self._features.get((start, end))
        if found is None:
            found = self._features[start, end] = self._measure(start, end)
        return found

    def _measure(self, start: int, end: int) -> dict[str, float]:
        text, company = self.text, self._company
        surface = text[start:end]
        seen, known, again = self.model.get((start, end)), self.known.get((start, end)), self.again.get((start, end))
        inside = company[start:end]
        out = {
            "bias": 1.0,
            "belief": _logit(sum(inside) / len(inside)),
            "least_belief": _logit(min(inside)),
            "before": company[start - 1] if start else 0.0,
            "after": company[end] if end < len(text) else 0.0,
            f"script_{script_of(surface)}": 1.0,
            "count": min(3.0, log(self._count[surface])),
        }
        if seen:
            out |= {"model": 1.0, "model_score": _logit(seen.score)}
        self._beside(out, start, end)
        if known:
            hit = known.hit
            out |= {
                "known": 1.0,
                "known_score": known.score,
                f"rank_{hit.rank}": 1.0,
                "ambiguous": float(hit.ambiguous),
            }
            if seen:
                out["both"] = 1.0
            else:
                out |= {"known_unseen": 1.0, "known_unseen_score": known.score}
                if not hit.ambiguous:
                    out["clear_unseen"] = 1.0
        else:
            self._known_beside(out, start, end)
        if again is not None:
            out["again"] = again
            if not seen:
                out["again_unseen"] = again
        twins = self._scores.get(surface, [])
        if len(twins) > (seen is not None):
            out["elsewhere"] = max(twins)
        self._surface(out, surface)
        return out

    def probability(self, start: int, end: int, weights: Weights) -> float:
        """How likely a candidate is a company's name.

        A clear name of the knowledge base of which the model is sure at another place of the text needs no more of it here.
        """
        features = self.features(start, end)
        if is_clear(features) and features.get("elsewhere", 0.0) >= SURE:
            return max(weights.probability(features), weights.threshold)
        return weights.probability(features)

    def _beside(self, out: dict[str, float], start: int, end: int) -> None:
        """What else the model sees here."""
        for s in self._model.over(start, end):
            if (s.start, s.end) == (start, end):
                continue
            kind = (
                "within"
                if s.start <= start and end <= s.end
                else "holds"
                if start <= s.start and s.end <= end
                else "crosses"
            )
            out[kind] = max(out.get(kind, 0.0), s.score)
        rivals = self._other.over(start, end)
        if rivals:
            first = max(rivals, key=lambda s: s.score)
            out |= {"other": first.score, f"other_{first.label}": first.score}
            if (first.start, first.end) == (start, end):
                out["other_whole"] = first.score

    def _known_beside(self, out: dict[str, float], start: int, end: int) -> None:
        """Known names around or inside of a span that is none."""
        near = self._known.over(start, end)
        if not near:
            out["unlisted"] = 1.0
        for k in near:
            if start <= k.start and k.end <= end:
                out["holds_known"] = max(out.get("holds_known", 0.0), k.score)
                if k.start == start:
                    out["begins_known"] = 1.0
            elif k.start <= start and end <= k.end:
                out["within_known"] = max(out.get("within_known", 0.0), k.score)
            else:
                out["crosses_known"] = max(out.get("crosses_known", 0.0), k.score)

    def _surface(self, out: dict[str, float], surface: str) -> None:
        if len(surface) <= 3:
            out[("one", "two", "three")[len(surface) - 1]] = 1.0
        elif len(surface) > 12:
            out["long"] = 1.0
        if strip_legal(surface) != surface:
            out["legal_form"] = 1.0
        if _DIGIT.search(surface):
            out["digit"] = 1.0
        if self.lang == "de" and surface[0].islower():
            out["lower"] = 1.0
        if fold(surface) in services():
            out["service"] = 1.0


def is_clear(features: Mapping[str, float]) -> bool:
    """Whether a candidate is a name of the knowledge base that nothing speaks against, and no part of a longer one that the model sees."""
    known = features.get("known_score", 0.0) >= CLEAR
    return known and not features.get("ambiguous") and "within" not in features


@cache
def services() -> frozenset[str]:
    """Names that mostly stand for a network, a site or an app (``data/services.txt``)."""
    return frozenset(map(fold, words("services.txt")))


def words(name: str) -> list[str]:
    """The lines of a list in the package's data."""
    lines = files("finextract.companies").joinpath("data", name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature counts in one language, and the probability from which on a candidate is a company.

    ``surest``: what the likeliest candidate of a long text must reach, unless a clear one is likely at all; where none does, the text names no company.
    """

    weights: Mapping[str, float]
    threshold: float
    surest: float = 0.0

    def least(self, size: int, lang: str, judged: Iterable[tuple[float, Mapping[str, float]]]) -> float:
        """What a candidate must reach in a text of ``size`` characters; ``judged``: the probabilities and features of all."""
        if size < long_from(lang):
            return self.threshold
        sure = any(p >= self.surest or (p >= self.threshold and is_clear(features)) for p, features in judged)
        return self.threshold if sure else self.surest

    def probability(self, features: Mapping[str, float]) -> float:
        """How likely a candidate with these features is a company's name."""
        get = self.weights.get
        total = sum(value * get(name, 0.0) for name, value in features.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))

    def reasons(self, features: Mapping[str, float], most: int = 4) -> list[tuple[str, float]]:
        """The features that count most for or against a candidate, and what each adds to the logit."""
        parts = [(name, value * self.weights.get(name, 0.0)) for name, value in features.items()]
        return sorted(parts, key=lambda part: -abs(part[1]))[:most]


@cache
def trained() -> Mapping[str, Any]:
    """``data/weights.json``: for each model what :mod:`finextract.training.joined` set."""
    table: Mapping[str, Any] = json.loads(
        files("finextract.companies").joinpath("data", "weights.json").read_text("utf-8")
    )
    return table


def long_from(lang: str) -> int:
    """From how many characters on a text is long."""
    return 2 * LONG if trained_as(lang) == "de" else LONG


def trained_as(lang: str) -> str:
    """The language by whose figures a text is read: English is read as German is."""
    return "de" if lang == "en" else lang


@lru_cache(maxsize=16)
def load_weights(model: str, lang: str) -> Weights:
    """The weights of ``data/weights.json`` for what ``model`` finds in texts of ``lang``."""
    return weights_in(trained()[model], lang)


def weights_in(table: Mapping[str, Any], lang: str) -> Weights:
    """The weights of one model for texts of ``lang``."""
    of = trained_as(lang)
    every: dict[str, float] = table["weights"]
    own = {name: every.get(name, 0.0) + every.get(f"{name}@{of}", 0.0) for name in OWN}
    return Weights(
        {**{k: v for k, v in every.items() if "@" not in k}, **own},
        table["threshold"],
        table.get("surest", {}).get(of, 0.0),
    )
