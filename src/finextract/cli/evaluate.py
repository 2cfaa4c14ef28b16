"""``finextract evaluate``: scores per language and label, with intervals, errors and floors."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer

from finextract.cli._output import FOUND, OK, USAGE, fail, note

app = typer.Typer(add_completion=False)


class Format(str, enum.Enum):
    table = "table"
    json = "json"
    md = "md"
    junit = "junit"


@app.command()
def evaluate(
    lang: Annotated[
        list[str] | None, typer.Option("--lang", "-l", help="Only these languages (default: all that have gold).")
    ] = None,
    split: Annotated[str, typer.Option("--split", "-s", help="train, dev or test.")] = "test",
    system: Annotated[
        list[str] | None,
        typer.Option(help="grammar, model, hybrid (the default) or module:function; several are compared."),
    ] = None,
    gold: Annotated[Path, typer.Option(help="Folder with LANG/SPLIT.jsonl, or one gold file.")] = Path("annotations"),
    form: Annotated[Format, typer.Option("--format", "-f", help="What to print.")] = Format.table,
    floors: Annotated[Path | None, typer.Option(help="Fail when a score is below this file's floor.")] = None,
    raise_floors: Annotated[bool, typer.Option(help="Raise the floors' file to just below these scores.")] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the last system's errors as an HTML page; - prints a table.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=0, help="Draws for the 95 % intervals; 0 leaves them out.")] = 1000,
) -> None:
    """Score systems against gold: strict P, R and F1, names seen and unseen in training, values, relaxed boundaries."""
    from finextract.evaluation import find_errors, report, score, spans_of, surfaces
    from finextract.evaluation.floors import FloorError, check_floors, raised, read_floors, to_csv
    from finextract.evaluation.systems import system as find_system
    from finextract.training.reader import GoldError, read_rows

    if floors is None and (form is Format.junit or raise_floors):
        fail(f"--{'raise-floors' if raise_floors else 'format junit'} needs --floors", USAGE)
    try:
        limits = read_floors(floors) if floors and (floors.is_file() or not raise_floors) else []
        rows, known = [], None
        if gold.is_file():
            rows = [row for row in read_rows(gold) if not lang or row.get("lang") in lang]
        else:
            for folder in sorted(p for p in gold.iterdir() if p.is_dir()) if gold.is_dir() else []:
                if (lang and folder.name not in lang) or not (folder / f"{split}.jsonl").is_file():
                    continue
                rows += read_rows(folder / f"{split}.jsonl")
                train = folder / "train.jsonl"
                known = (known or frozenset()) | (surfaces(read_rows(train)) if train.is_file() else frozenset())
        predictors = {name: find_system(name) for name in system or ["hybrid"]}
    except (GoldError, FloorError, ValueError, OSError, ImportError, AttributeError) as error:
        fail(str(error), USAGE)
    if not rows:
        fail(f"{gold}: no gold there for the split {split!r}" + (f" in {', '.join(lang)}" if lang else ""), USAGE)
    reports, last = {}, []
    for name, predict in predictors.items():
        if sys.stderr.isatty():
            note(f"{name}: {len(rows)} passages …")
        found = [spans_of(p) for p in predict(rows)]
        reports[f"{name}, {split}"] = score(rows, found, seen=known, rounds=rounds)
        last = [error for row, spans in zip(rows, found, strict=True) for error in find_errors(row, spans)]
    final = list(reports.values())[-1]
    if raise_floors and floors is not None:
        from finextract.evaluation.files import write

        limits = raised(limits, final, split)
        write(floors, to_csv(limits))
    gates = check_floors(limits, final, split)
    if form is Format.table:
        report.print_table(reports)
    else:
        shown = {Format.json: report.to_json, Format.md: report.to_markdown}
        print(report.to_junit(gates) if form is Format.junit else shown[form](reports, gates))
    if errors is not None and str(errors) == "-":
        report.print_errors(last)
    elif errors is not None:
        from finextract.evaluation.files import write

        write(errors, report.errors_page(last, reports))
    for gate in gates:
        if not gate.passed:
            note(f"{gate.lang} {gate.label} ({gate.split}): {gate.why}")
    if floors is not None and not gates:
        fail(f"{floors}: no floor for the split {split!r} and these languages", USAGE)
    raise typer.Exit(OK if all(gate.passed for gate in gates) else FOUND)
