"""What can be scored: the grammar alone, the trained model alone, both together, or any function of yours.

A predictor takes gold rows (it may read ``text``, ``lang`` and ``date`` of each) and returns one prediction a row.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from itertools import groupby

from finextract.entities import Entity
from finextract.evaluation.scores import Prediction, Row

Predictor = Callable[[Sequence[Row]], list[Prediction]]

SYSTEMS = ("grammar", "model", "hybrid", "small", "fast", "encoder")


def grammar(rows: Sequence[Row]) -> list[Prediction]:
    """The grammar for quantities and the knowledge base for names; nothing that was trained."""
    from finextract.pipeline.resolve import known_companies, resolve
    from finextract.quantities import read

    return [
        resolve(
            row["text"],
            row["lang"],
            quantities=read(row["text"], row["lang"], row.get("date")),
            companies=known_companies(row["text"], row["lang"]),
        )
        for row in rows
    ]


def model(rows: Sequence[Row]) -> list[Prediction]:
    """The trained pipeline's recogniser alone, without grammar, knowledge base or resolution. It reads no values."""
    from finextract.pipeline.assembly import trained

    out: list[Prediction] = []
    for lang, group in groupby(rows, key=lambda row: str(row["lang"])):
        nlp = trained(lang)
        with nlp.select_pipes(disable=["finextract_resolver"]):
            for doc in nlp.pipe(row["text"] for row in group):
                out.append([Entity(e.start_char, e.end_char, e.label_, e.text, None, "model") for e in doc.ents])
    return out


def hybrid(rows: Sequence[Row]) -> list[Prediction]:
    """Everything together: what ``finextract.extract`` gives."""
    from finextract import extract

    return [extract(row["text"], lang=row["lang"], date=row.get("date")) for row in rows]


def small(rows: Sequence[Row]) -> list[Prediction]:
    """``finextract.extract`` with the small pipeline."""
    return _tier(rows, "small")


def fast(rows: Sequence[Row]) -> list[Prediction]:
    """``finextract.extract`` with the fast network."""
    return _tier(rows, "fast")


def encoder(rows: Sequence[Row]) -> list[Prediction]:
    """``finextract.extract`` with the encoder."""
    return _tier(rows, "encoder")


def _tier(rows: Sequence[Row], model: str) -> list[Prediction]:
    from finextract import extract

    return [extract(row["text"], lang=row["lang"], date=row.get("date"), model=model) for row in rows]


def system(name: str) -> Predictor:
    """One of :data:`SYSTEMS` by its name, or ``module:function``."""
    if name in SYSTEMS:
        found: Predictor = globals()[name]
        return found
    module, colon, function = name.partition(":")
    if not colon:
        raise ValueError(f"system: {name!r} is none of {', '.join(SYSTEMS)}, nor of the form module:function")
    predictor: Predictor = getattr(importlib.import_module(module), function)
    return predictor
