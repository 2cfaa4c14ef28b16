"""``finextract annotate``: the annotators' page. No logic of its own; see :mod:`finextract.annotate`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from finextract.cli._output import USAGE, fail, note
from finextract.cli.extract import Model

app = typer.Typer(add_completion=False)


@app.command()
def annotate(
    paths: Annotated[
        list[Path],
        typer.Argument(help="The gold file to edit; or two annotators' files, with --into.", show_default=False),
    ],
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", "-o", help="The file in which what the two disagree on is settled; made if there is none."
        ),
    ] = None,
    model: Annotated[
        Model | None,
        typer.Option(
            help="Who finds unlisted companies for the suggestions; none by default, which is fastest.",
            show_default=False,
        ),
    ] = None,
    suggestions: Annotated[bool, typer.Option(help="Show what the extraction finds beside the annotation.")] = True,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes any free one.", min=0, max=65535)] = 8127,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve the annotators' page for a gold file on this machine, and print its link."""
    if len(paths) != (2 if into else 1):
        fail("one file is edited; two files need --into FILE to be settled in", USAGE)
    for path in paths:
        if not path.is_file():
            fail(f"{path}: no such file", USAGE)
    target = into or paths[0]
    if into and any(into.exists() and into.samefile(p) for p in paths):
        fail(f"{into}: the third file is one of the two", USAGE)

    from finextract.annotate.adjudicate import Side, begin
    from finextract.annotate.journal import Busy
    from finextract.annotate.server import Desk, serve
    from finextract.annotate.store import Store
    from finextract.annotate.suggest import Analyst

    store = Store(target)
    try:
        if into:
            begin(paths[0], paths[1], into)
        store.open()
    except (Busy, ValueError) as error:
        fail(str(error))
    # of two annotators' files the question is where they differ; the extraction joins in when asked for
    chosen = model.value if model else ("none" if not into else None)
    desk = Desk(store, Analyst(chosen if suggestions else None), [Side(p) for p in paths] if into else ())

    def ready(link: str) -> None:
        print(link, flush=True)
        note(
            f"{target}: {len(store.keys)} lines; the link is good for one use. Ctrl+C ends; everything is written as you go."
        )
        if store.unsaved:
            note(f"{store.unsaved} rows taken over from the journal of an interrupted session")
        if store.conflicts:
            note(f"{len(store.conflicts)} rows were changed both here and on disk: the page asks which to keep")
        if browser:
            webbrowser.open(link)

    try:
        serve(desk, port, ready)
    except OSError as error:
        fail(f"port {port} on 127.0.0.1: {error.strerror}; --port chooses another")
    except KeyboardInterrupt:
        pass
