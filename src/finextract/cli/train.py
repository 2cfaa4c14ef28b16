"""``finextract train LANG``: train a language's small pipeline on its gold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finextract.cli._output import USAGE, fail, note

app = typer.Typer(add_completion=False)


@app.command()
def train(
    lang: Annotated[str, typer.Argument(help="ja, de, ko or zh.")],
    gold: Annotated[Path, typer.Option(help="Folder with LANG/train.jsonl, dev.jsonl and test.jsonl.")] = Path(
        "annotations"
    ),
    config: Annotated[Path | None, typer.Option(help="spaCy config (default: configs/LANG.cfg).")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: models/LANG_fin_news_sm.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn.")] = 7,
    steps: Annotated[int | None, typer.Option(min=1, help="At most so many steps (default: the config's).")] = None,
    extra: Annotated[
        list[str] | None,
        typer.Option(
            help="FILE or FILE:ROWS, a corpus in which names alone are annotated (JSON lines, may be gzipped)."
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Licence of the result; share-alike corpora ask for theirs.")
    ] = "Apache-2.0",
) -> None:
    """Train a pipeline and write it with its scores, sources and fingerprint."""
    from finextract.evaluation.report import print_table
    from finextract.training.reader import GoldError
    from finextract.training.train import Plan
    from finextract.training.train import train as run

    config = config or Path("configs") / f"{lang}.cfg"
    if not config.is_file():
        fail(f"{config}: no such config; --config names another", USAGE)
    folder = gold / lang
    drawn: dict[str, int] = {}
    for item in extra or ():
        file, colon, number = item.rpartition(":")
        if not colon or not number.isdigit():
            file, number = item, "0"
        if not Path(file).is_file():
            fail(f"{file}: no such file", USAGE)
        drawn[file] = int(number)
    plan = Plan(
        lang=lang,
        config=config,
        train=folder / "train.jsonl",
        dev=folder / "dev.jsonl",
        test=folder / "test.jsonl",
        output=output or Path("models") / f"{lang}_fin_news_sm",
        seed=seed,
        steps=steps,
        extra=drawn,
        licence=licence,
        sources=[
            {"name": f"finextract gold ({lang})", "license": "Apache-2.0"},
            *({"name": Path(f).name, "license": licence} for f in drawn),
        ],
    )
    try:
        summary = run(plan)
    except GoldError as error:
        fail(str(error))
    print_table({f"{lang}, {split}": report for split, report in summary.reports.items()})
    note(
        f"{summary.folder}: {summary.size / 1e6:.1f} MB, trained on {summary.spans:,} gold spans in {summary.seconds / 60:.1f} minutes"
    )
