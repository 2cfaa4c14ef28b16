"""Set the weights by which evidence for companies is joined (``data/weights.json``), on the dev parts of gold and reviews.

    python -m finextract.training.joined --gold annotations --reviews reviews --data DATA

For each model (``--models``) a logistic regression over the candidates of :mod:`finextract.companies.join`, by Newton's method; numpy
is all it needs. The threshold is the one that was best in five folds over the texts; their F1 for each language and
part, whose texts took no part in the weights that judged them, is printed. Run it again when a model, the knowledge base or the features change.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from finextract.companies.encoder import names_of, read_by
from finextract.companies.join import as_names, gathered, known_names, witnesses
from finextract.companies.reread import Rereader, doubts, names_by
from finextract.companies.weigh import ALONE, MODELS, OWN, Span, Weights, weights_in
from finextract.evaluation.files import write
from finextract.taken import Taken
from finextract.training.encoder.data import LANGUAGES

if TYPE_CHECKING:
    from finextract.companies.encoder import Names

    Floats = np.ndarray[Any, np.dtype[np.float64]]

THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)
SUREST = (0.0, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""Of these the highest is taken that costs a language no more than :data:`SUREST_COST` of F1."""
SUREST_COST = 0.002
FOLDS = 5
REREAD = {"ja": 0.1, "de": 0.4, "ko": 0.13, "zh": 0.12}
"""How much of the gold's dev part the fast tier reads twice: where it has speed to spare beside ja_ginza (``benchmarks/speed.py``)."""
Text = tuple[str, str, str, frozenset[Span]]
"""Language, part, text and companies."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A text's candidates with their features, and the companies that the gold has in it."""

    lang: str
    part: str
    size: int
    gold: frozenset[Span]
    candidates: tuple[Span, ...]
    features: tuple[dict[str, float], ...]


def texts(gold: Path, reviews: Path, data: Path) -> Iterator[Text]:
    """The texts of the dev parts of gold and reviews."""
    from finextract.training.encoder.reviews import read_reviews
    from finextract.training.reader import read_rows

    def companies(spans: Any) -> frozenset[Span]:
        return frozenset((s["start"], s["end"]) for s in spans if s["label"] == "COMPANY")

    for lang in LANGUAGES:
        for row in read_rows(gold / lang / "dev.jsonl"):
            yield lang, "gold", row["text"], companies(row["spans"])
    for review in read_reviews(reviews, data):
        if review.split == "dev":
            yield review.language, "reviews", review.text, companies(review.spans)


def reread_limits(rows: Sequence[Text], fast: Rereader) -> dict[str, float]:
    """For each language the doubt above which the sentences make up its share of :data:`REREAD`."""
    out = {}
    for lang, share in REREAD.items():
        texts = [text for of, part, text, _ in rows if (of, part) == (lang, "gold")]
        found = []
        for text, logp in zip(texts, fast.first(texts, [lang] * len(texts)), strict=True):
            document = witnesses(text, lang, names_of(text, logp), known_names(text, lang))
            found += [(doubt, end - start) for start, end, doubt in doubts(text, logp, fast.judge(document, lang))]
        left = share * sum(map(len, texts))
        for doubt, size in sorted(found, reverse=True):
            left -= size
            if left < 0:
                out[lang] = round(doubt, 5)
                break
    return out


def fast_tier(rows: Sequence[Text], alone: Mapping[str, Any]) -> Rereader:
    """The two networks, with the weights of the first one alone, and the limits that follow from them."""
    network = Rereader(partial(read_by, "fast"), partial(read_by, "model"), {}, lambda lang: weights_in(alone, lang))
    network.limits = reread_limits(rows, network)
    return network


def found_by(model: str, rows: Sequence[Text], fast: Rereader | None) -> Iterator[Names]:
    """What a model finds in each text."""
    if model == "small":
        from finextract.extractor import _small
        from finextract.pipeline.small import small_model_companies
        from finextract.quantities import read

        for lang, _, text, _ in rows:
            yield as_names(small_model_companies(_small(lang), text, read(text, lang, None)), len(text))
    else:
        texts, langs = [text for _, _, text, _ in rows], [lang for lang, *_ in rows]
        if fast:
            yield from fast.predict(texts, langs)
        elif model == ALONE:
            yield from map(names_of, texts, read_by("fast", texts, langs))
        else:
            yield from names_by("encoder", texts, langs)


def judge(model: str, rows: Sequence[Text], fast: Rereader | None) -> list[Judged]:
    """All candidates of all texts with their features; those that differ by language stand twice."""
    out = []
    for (lang, part, text, gold), names in zip(rows, found_by(model, rows, fast), strict=True):
        document = gathered(text, lang, names)
        spans = tuple(sorted(document.spans()))
        features = []
        for start, end in spans:
            plain = document.features(start, end)
            features.append({**plain, **{f"{name}@{lang}": value for name, value in plain.items() if name in OWN}})
        out.append(Judged(lang, part, len(text), gold, spans, tuple(features)))
    return out


def matrix(judged: Sequence[Judged], names: Sequence[str]) -> tuple[Floats, Floats]:
    """Features ``[candidates, features]``, and 1 for each candidate that is in the gold."""
    column = {name: k for k, name in enumerate(names)}
    x = np.zeros((sum(len(j.candidates) for j in judged), len(names)))
    y = np.zeros(len(x))
    at = 0
    for j in judged:
        for span, features in zip(j.candidates, j.features, strict=True):
            for name, value in features.items():
                if name in column:
                    x[at, column[name]] = value
            y[at] = span in j.gold
            at += 1
    return x, y


def probabilities(x: Floats, w: Floats) -> Floats:
    """What the regression with weights ``w`` gives each candidate."""
    p: Floats = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
    return p


def fit(x: Floats, y: Floats, ridge: float) -> Floats:
    """The weights of a logistic regression with a ridge penalty."""
    w = np.zeros(x.shape[1])
    for _ in range(15):
        p = probabilities(x, w)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(w))
        w -= np.linalg.solve(hessian, x.T @ (p - y) + ridge * w)
    return w


def count(j: Judged, p: Floats, threshold: float) -> tuple[int, int]:
    """How many candidates of a text are taken at a threshold, and how many of these are right."""
    taken, found = Taken(j.size), []
    for k in sorted(range(len(p)), key=lambda k: -p[k]):
        if p[k] >= threshold and taken.take(*j.candidates[k]):
            found.append(j.candidates[k])
    return len(found), len(j.gold & set(found))


def held_out(judged: Sequence[Judged], names: Sequence[str], ridge: float) -> list[Floats]:
    """The probabilities of each text's candidates by weights that did not see it."""
    order = list(range(len(judged)))
    random.Random(5).shuffle(order)
    out: dict[int, Floats] = {}
    for fold in range(FOLDS):
        rest = [judged[k] for other in range(FOLDS) if other != fold for k in order[other::FOLDS]]
        w = fit(*matrix(rest, names), ridge)
        for k in order[fold::FOLDS]:
            out[k] = probabilities(matrix([judged[k]], names)[0], w)
    return [out[k] for k in range(len(judged))]


def scores(
    judged: Sequence[Judged], found: Sequence[Floats], threshold: float, surest: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """F1 by language and part, at a threshold and with what the surest name of a long text must reach in each language."""
    totals: dict[tuple[str, str], list[int]] = {}
    for j, (taken, right) in zip(judged, counts(judged, found, threshold, surest), strict=True):
        total = totals.setdefault((j.lang, j.part), [0, 0])
        total[0] += right
        total[1] += taken + len(j.gold)
    return {key: 2 * right / max(1, both) for key, (right, both) in totals.items()}


def alarms(
    judged: Sequence[Judged], found: Sequence[Floats], threshold: float, surest: Mapping[str, float]
) -> dict[str, float]:
    """Names per 1,000 characters of those texts of the gold that have none, by language."""
    out = {}
    for lang in LANGUAGES:
        taken = size = 0
        for j, (n, _) in zip(judged, counts(judged, found, threshold, surest), strict=True):
            if (j.lang, j.part) == (lang, "gold") and not j.gold:
                taken, size = taken + n, size + j.size
        out[lang] = 1000 * taken / max(1, size)
    return out


def counts(
    judged: Sequence[Judged], found: Sequence[Floats], threshold: float, surest: Mapping[str, float]
) -> Iterator[tuple[int, int]]:
    """:func:`count` of each text."""
    for j, p in zip(judged, found, strict=True):
        weights = Weights({}, threshold, surest.get(j.lang, 0.0))
        yield count(j, p, weights.least(j.size, j.lang, zip(p, j.features, strict=True)))


def mean(f1: Mapping[tuple[str, str], float]) -> float:
    """Over languages and parts."""
    return sum(f1.values()) / len(f1)


def set_surest(judged: Sequence[Judged], found: Sequence[Floats], threshold: float) -> dict[str, float]:
    """For each language the highest of :data:`SUREST` that its F1 allows."""
    out = {}
    for lang in LANGUAGES:
        pairs = [(j, p) for j, p in zip(judged, found, strict=True) if j.lang == lang]
        texts, own = [j for j, _ in pairs], [p for _, p in pairs]
        f1 = {level: mean(scores(texts, own, threshold, {lang: level})) for level in SUREST}
        out[lang] = max(level for level in SUREST if f1[level] >= max(f1.values()) - SUREST_COST)
    return out


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--reviews", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--ridge", type=float, default=2.0)
    options = parser.parse_args(argv)
    target = Path(str(files("finextract.companies").joinpath("data", "weights.json")))
    table = json.loads(target.read_text("utf-8")) if target.is_file() else {}
    rows = list(texts(options.gold, options.reviews, options.data))
    for model in options.models:
        fast = fast_tier(rows, table[ALONE]) if model == "fast" else None
        judged = judge(model, rows, fast)
        names = sorted({name for j in judged for features in j.features for name in features})
        found = held_out(judged, names, options.ridge)
        means = {threshold: mean(scores(judged, found, threshold, {})) for threshold in THRESHOLDS}
        best = max(means, key=means.__getitem__)
        surest = set_surest(judged, found, best)
        w = fit(*matrix(judged, names), options.ridge)
        weights = {n: round(float(v), 3) for n, v in zip(names, w, strict=True)}
        table[model] = {"threshold": best, "surest": surest, "weights": weights}
        if fast:
            table[model]["reread"] = fast.limits
        print(f"{model}: mean F1 by threshold", {t: round(100 * m, 2) for t, m in means.items()})
        print("  surest", surest)
        for key, f1 in sorted(scores(judged, found, best, surest).items()):
            print(f"  {key[0]} {key[1]}: {100 * f1:.1f}")
        told = {lang: round(n, 2) for lang, n in alarms(judged, found, best, surest).items()}
        print("  false alarms per 1,000 characters of the gold's texts without companies", told)
    write(target, json.dumps(table, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
