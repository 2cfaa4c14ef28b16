"""``finextract explain``: why a span was found, and why a near miss was none."""

from __future__ import annotations

import enum
import json
import sys
from typing import Annotated

import typer

from finextract.cli._output import USAGE, fail
from finextract.cli.extract import Lang, Model

app = typer.Typer(add_completion=False)


class Format(str, enum.Enum):
    text = "text"
    json = "json"


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The text, or - for stdin.")],
    lang: Annotated[Lang | None, typer.Option(help="Its language; else it is told from the text.")] = None,
    date: Annotated[str | None, typer.Option(help="Its date, YYYY-MM-DD.")] = None,
    model: Annotated[Model, typer.Option(help="Who finds companies that are not listed.")] = Model.auto,
    form: Annotated[Format, typer.Option("--format", "-f", help="What to print.")] = Format.text,
) -> None:
    """Show which rule, name or model found each span, and what nearly became one."""
    from finextract.explanation import explain as why
    from finextract.io.results import describe, visible

    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        told = why(text, lang=lang.value if lang else None, date=date, model=model.value)
    except ValueError as error:
        fail(str(error), USAGE)
    if form is Format.json:
        print(json.dumps(told.to_dict(), ensure_ascii=False, indent=1))
        return
    print(f"language {told.lang}, model {told.model}")
    for reason in told.found:
        assert reason.entity is not None
        value = visible(describe(reason.entity.value))
        print(f"{reason.start}–{reason.end} {reason.entity.label} {visible(reason.text)} = {value}")
        for line in reason.because:
            print(f"    {visible(line)}")
    if told.missed:
        print("near misses")
    for reason in told.missed:
        print(f"{reason.start}–{reason.end} {visible(reason.text)}")
        for line in reason.because:
            print(f"    {visible(line)}")
