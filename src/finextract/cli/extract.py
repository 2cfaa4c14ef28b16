"""``finextract extract``: texts and files in, typed and valued spans out."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finextract.cli._output import FOUND, OK, USAGE, fail, note

if TYPE_CHECKING:
    from finextract.io.documents import Document
    from finextract.io.results import Form, Result

app = typer.Typer(add_completion=False)
INTERRUPTED = 130


class Lang(str, enum.Enum):
    ja = "ja"
    de = "de"
    ko = "ko"
    zh = "zh"
    en = "en"


class Model(str, enum.Enum):
    auto = "auto"
    encoder = "encoder"
    fast = "fast"
    small = "small"
    none = "none"


class Format(str, enum.Enum):
    table = "table"
    jsonl = "jsonl"
    json = "json"
    csv = "csv"
    parquet = "parquet"


class Input(str, enum.Enum):
    text = "text"
    jsonl = "jsonl"
    parquet = "parquet"


@app.command()
def extract(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Files (.txt, .jsonl, .jsonl.gz, .parquet), folders, or - for stdin.", show_default=False),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option(help="Language of texts that name none; else it is told from the text.")
    ] = None,
    date: Annotated[str | None, typer.Option(help="Date of texts that have none, YYYY-MM-DD.")] = None,
    model: Annotated[Model, typer.Option(help="Who finds companies that are not listed.")] = Model.auto,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="Default: by --output's name, else table on a terminal and jsonl elsewhere."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write here; the file appears when it is complete.")
    ] = None,
    kind: Annotated[
        Input | None, typer.Option("--input", help="How to read all the inputs, whatever their names.")
    ] = None,
    processes: Annotated[int, typer.Option("--processes", "-p", min=1, help="Worker processes.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run into --output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Find and read money, percentages, companies and quarters.

    A JSON line has `text` and optionally `id`, `lang`, `date`; it comes out with all its fields and `spans`, one line for
    each line, in order. What cannot be read is named on stderr, gets `error` in place of its spans, and makes the exit code 1.
    """
    from finextract.io.documents import STDIN, InputError, find_files, read
    from finextract.io.results import form_of
    from finextract.io.run import run
    from finextract.quantities import parse_date

    if not files and sys.stdin.isatty():
        fail("nothing to read: name files or folders, or - for stdin", USAGE)
    if resume and (output is None or STDIN in (files or [STDIN])):
        fail("--resume needs --output and files to read: stdin cannot be read again", USAGE)
    try:
        parse_date(date)
        inputs = find_files(files or [STDIN])
    except ValueError as error:
        fail(str(error), USAGE)
    chosen = form.value if form else form_of(str(output)) if output else None
    if chosen is None:
        chosen = "table" if output is None and sys.stdout.isatty() else "jsonl"
    if chosen == "parquet" and output is None:
        fail("--format parquet needs --output", USAGE)
    if output is not None and any(
        name != STDIN and os.path.exists(output) and os.path.samefile(name, output) for name in inputs
    ):
        fail(f"{output}: this is one of the inputs", USAGE)
    shape = _form(chosen, output)
    options: dict[str, Any] = {"lang": lang.value if lang else None, "date": date, "model": model.value}
    watch = Watch(inputs, quiet)
    try:
        with watch:
            documents = read(inputs, kind.value if kind else None)
            if output is None:
                _stream(watch.results(run(documents, processes=processes, **options)), shape)
            else:
                _into(
                    output,
                    shape,
                    {**options, "input": kind.value if kind else None},
                    inputs,
                    documents,
                    watch,
                    processes,
                    resume,
                )
    except InputError as error:
        fail(str(error), FOUND)
    except ValueError as error:
        fail(str(error), USAGE)
    except KeyboardInterrupt:
        kept = output is not None and output.with_name(output.name + ".partial").exists()
        fail("interrupted" + ("; --resume goes on from here" if kept else ""), INTERRUPTED)
    except BrokenPipeError:  # the reader of stdout, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(FOUND) from None
    if watch.failed:
        what = "document" if watch.failed == 1 else "documents"
        note(f"finextract: {watch.failed:,} {what} of {watch.documents:,} could not be read")
    raise typer.Exit(FOUND if watch.failed else OK)


def _form(name: str, output: Path | None) -> Form:
    from finextract.io.results import FORMS, JsonLines, Table

    if name == "jsonl":
        return JsonLines(compressed=output is not None and output.name.lower().endswith(".gz"))
    if name == "table":
        on_terminal = output is None and sys.stdout.isatty()
        return Table(None if on_terminal else 140, on_terminal and "NO_COLOR" not in os.environ)
    return FORMS[name]()


def _stream(results: Iterator[Result], form: Form) -> None:
    """Results to stdout, each chunk as soon as it is there."""
    out = sys.stdout.buffer
    out.write(form.begin)
    first = True
    for result in results:
        data = form.encode([result])
        if not data:
            continue
        out.write(data if first else form.between + data)
        first = False
        if sys.stdout.isatty():
            out.flush()
    out.write(form.end)
    out.flush()


def _into(
    output: Path,
    form: Form,
    options: dict[str, Any],
    inputs: list[str],
    documents: Iterator[Document],
    watch: Watch,
    processes: int,
    resume: bool,
) -> None:
    """Results into a file, part by part."""
    from importlib.metadata import version
    from itertools import islice

    from finextract.io.documents import STDIN
    from finextract.io.job import Job, cut
    from finextract.io.run import run

    stats = [os.stat(name) for name in inputs if name != STDIN]
    identity = {
        "version": version("finextract"),
        "form": f"{form.name} {output.name}",
        "options": options,
        "inputs": [os.path.abspath(name) if name != STDIN else name for name in inputs],
        "sizes and times": [[s.st_size, s.st_mtime_ns] for s in stats],
    }
    job = Job(output, form, identity, resume=resume)
    for _ in islice(documents, job.documents):  # done before the interruption
        pass
    watch.skipped(job.documents, job.failed)
    run_options = {k: v for k, v in options.items() if k != "input"}
    try:
        for part in cut(watch.results(run(documents, processes=processes, **run_options))):
            job.add(part, sum(document.fault is not None for document, _ in part))
        job.finish()
    except BaseException:
        job.give_up()
        raise


class Watch:
    """Counts what passes, names what failed, and shows progress on stderr where that is a terminal."""

    def __init__(self, inputs: list[str], quiet: bool) -> None:
        self.documents = self.failed = 0
        self._bar: Any = None
        self._task: Any = None
        if quiet or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        from finextract.io.documents import total_size

        self._bar = Progress(
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[count]:,} documents, {task.fields[rate]:,.0f} a second"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total_size(inputs), count=0, rate=0.0)

    def __enter__(self) -> Watch:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def skipped(self, documents: int, failed: int) -> None:
        """What an earlier run has done."""
        self.documents, self.failed = documents, failed

    def results(self, results: Iterator[Result]) -> Iterator[Result]:
        """The results, counted; failures are named as they come."""
        import time

        begun, before = time.monotonic(), self.documents
        for document, found in results:
            self.documents += 1
            if document.fault is not None:
                self.failed += 1
                self._say(document)
            if self._bar:
                rate = (self.documents - before) / max(time.monotonic() - begun, 1e-6)
                self._bar.update(self._task, advance=document.size, count=self.documents, rate=rate)
            yield document, found

    def _say(self, document: Document) -> None:
        fault = document.fault
        assert fault is not None
        place = document.place + (f":{fault.column}" if fault.column else "")
        line = f"finextract: {place}: {fault.field + ': ' if fault.field else ''}{fault.code} {fault.message}"
        if self._bar:
            from rich.text import Text

            self._bar.console.print(Text(line))
        else:
            note(line)
