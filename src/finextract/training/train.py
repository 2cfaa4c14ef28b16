"""Training one language's pipeline: ``spacy train`` from a config, then scores, sources and fingerprints into ``meta.json``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

    from finextract.evaluation import Report

LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train on, and where the result goes."""

    lang: str
    config: Path
    train: Path
    dev: Path
    test: Path | None
    output: Path
    seed: int = 7
    steps: int | None = None
    extra: Mapping[str, int] = field(default_factory=dict)
    """Files in which names alone are annotated, each with how many of its rows are drawn (0 is all)."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    licence: str = "Apache-2.0"
    sources: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out."""

    folder: Path
    size: int
    seconds: float
    spans: int
    reports: dict[str, Report]


def train(plan: Plan, log: IO[str] | None = None) -> Summary:
    """Train, score on dev and test, and write the pipeline; the folder appears only when it is complete."""
    import spacy
    from spacy import util
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train as loop
    from thinc.api import fix_random_seed

    from finextract.evaluation import score, spans_of, surfaces
    from finextract.training.reader import misaligned, read_rows

    log = log or sys.stderr
    begun = time.monotonic()
    overrides: dict[str, Any] = {"paths.train": str(plan.train), "paths.dev": str(plan.dev), "system.seed": plan.seed}
    if plan.steps:
        overrides["training.max_steps"] = plan.steps
        overrides["training.eval_frequency"] = max(1, min(300, plan.steps // 4))
    overrides.update(plan.overrides)
    config = util.load_config(plan.config, overrides=overrides, interpolate=False)
    if plan.extra:
        config["corpora"]["train"]["extra"] = dict(plan.extra)
    with tempfile.TemporaryDirectory(prefix="finextract-train-") as folder:
        fix_random_seed(plan.seed)
        nlp = init_nlp(config, use_gpu=-1)
        train_rows = read_rows(plan.train)
        lost = misaligned(nlp, train_rows)
        if lost:
            row, span = lost[0]
            print(
                f"{len(lost)} gold spans have no token boundaries, the first in {row.get('id')}: {span['text']!r}",
                file=log,
            )
        loop(nlp, Path(folder), use_gpu=-1, stdout=log, stderr=log)
        best = Path(folder) / "model-best"
        trained = spacy.load(best if best.is_dir() else Path(folder) / "model-last")
    reports: dict[str, Report] = {}
    for split, path in (("dev", plan.dev), ("test", plan.test)):
        if path is not None and path.is_file():
            rows = read_rows(path)
            found = [spans_of(entities(trained, row)) for row in rows]
            reports[split] = score(rows, found, seen=surfaces(train_rows))
    spans = sum(len(row["spans"]) for row in train_rows)
    _describe(trained, plan, reports, spans, round(time.monotonic() - begun))
    size = save(trained, plan.output)
    return Summary(plan.output, size, time.monotonic() - begun, spans, reports)


def entities(nlp: Language, row: Mapping[str, Any]) -> Any:
    """The entities that a pipeline finds in a gold row, its date given."""
    doc = nlp.make_doc(row["text"])
    doc._.date = row.get("date")
    return nlp(doc)._.entities


def _describe(nlp: Language, plan: Plan, reports: Mapping[str, Report], spans: int, seconds: int) -> None:
    from finextract.pipeline.tokenizing import version

    def block(report: Report) -> dict[str, Any]:
        return {label: score.to_dict() for (lang, label), score in report.scores.items() if lang == plan.lang}

    first = next(iter(reports.values()), None)
    performance: dict[str, Any] = {}
    if first is not None:
        whole = first.scores[plan.lang, "ALL"]
        performance = {"ents_p": whole.precision, "ents_r": whole.recall, "ents_f": whole.f1, "ents_per_type": {}}
        for (lang, label), score in first.scores.items():
            if lang == plan.lang and score.support:
                performance["ents_per_type"][label] = {
                    "p": score.precision,
                    "r": score.recall,
                    "f": score.f1,
                    "support": score.support,
                }
    nlp.meta.update(
        name="fin_news_sm",
        version=version("finextract"),
        description="Money, percentages, companies and quarters in financial news: grammar, knowledge base and a small trained recogniser.",
        author="finextract",
        email="",
        url="",
        license=plan.licence,
        sources=[dict(source) for source in plan.sources] or [{"name": "finextract gold", "license": "Apache-2.0"}],
        requirements=["finextract>=" + version("finextract")],
        performance=performance,
        scores={split: block(report) for split, report in reports.items()},
        fingerprint=getattr(nlp.tokenizer, "fingerprint", dict)(),
        training={
            "seed": plan.seed,
            "gold_spans": spans,
            "seconds": seconds,
            "extra": {Path(k).name: v for k, v in plan.extra.items()},
        },
    )
    # The paths of the machine that trained say nothing to the one that loads.
    nlp.config["paths"] = dict.fromkeys(nlp.config["paths"])
    for corpus in nlp.config.get("corpora", {}).values():
        corpus.pop("extra", None)


def save(nlp: Language, folder: Path) -> int:
    """Write a pipeline beside ``folder`` and rename it into place; returns its size in bytes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        nlp.to_disk(temporary)
        size = sum(file.stat().st_size for file in temporary.rglob("*") if file.is_file())
        if size > LARGEST:
            raise ValueError(f"the pipeline has {size:,} bytes, at most {LARGEST:,} are allowed")
        json.loads((temporary / "meta.json").read_text(encoding="utf-8"))
        os.chmod(temporary, 0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
            os.replace(folder, old / "m")
            os.replace(temporary, folder)
            shutil.rmtree(old)
        else:
            os.replace(temporary, folder)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)
    return size
