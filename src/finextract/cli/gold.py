"""``finextract gold``: the tools for gold annotations. No logic of its own; see :mod:`finextract.gold`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finextract.cli._output import FOUND, USAGE, fail, gold_files, note, progress

if TYPE_CHECKING:
    from finextract.gold.fix import Result
    from finextract.gold.jsonl import File

app = typer.Typer(no_args_is_help=True, help="Check, repair, format, compare and convert gold annotations.")

Paths = Annotated[list[Path], typer.Argument(help="Gold files, or folders of *.jsonl; - is stdin.", show_default=False)]
Write = Annotated[bool, typer.Option("--write", "-w", help="Write the files; without it the changes are only shown.")]


def _files(paths: Iterable[Path]) -> list[Path]:
    return [p for path in paths for p in ([path] if str(path) == "-" else gold_files([path]))]


def _say(text: str) -> None:
    """To stdout, whatever its encoding can hold."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


@app.command()
def check(
    paths: Paths,
    tokenizers: Annotated[
        list[str] | None,
        typer.Option(
            "--tokenizer",
            "-t",
            help="Also hold every boundary against this tokenizer; `all` for every one. Repeatable.",
        ),
    ] = None,
    grammar: Annotated[bool, typer.Option(help="Hold values against what the grammar reads.")] = True,
    manifest: Annotated[bool, typer.Option(help="Hold rows against splits.json.")] = True,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Processes for large files; by default one a processor.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    form: Annotated[str, typer.Option("--format", help="text, json (one object a line) or github.")] = "text",
    only: Annotated[
        str | None, typer.Option("--only", help="Only these codes, or beginnings of codes, comma-separated.")
    ] = None,
) -> None:
    """Find everything that is wrong, each at its place. Exit code 1 where there are errors."""
    from finextract.gold import check as checking

    if form not in ("text", "json", "github"):
        fail(f"--format {form!r} is none of text, json, github", USAGE)
    names = list(tokenizers or ())
    if names:
        from finextract.gold.neighbours import known_tokenizer, tokenizer_names

        names = tokenizer_names() if "all" in names else names
        for name in names:
            if not known_tokenizer(name):
                fail(f"--tokenizer {name!r} is none of all, {', '.join(tokenizer_names())}", USAGE)
    report = checking.check(
        _files(paths),
        grammar=grammar,
        manifest=manifest,
        tokenizers=names,
        jobs=jobs,
        progress=lambda items, n: progress(items, "reading values", n),
    )
    if only:
        wanted = tuple(c.strip().upper() for c in only.split(","))
        report.findings = [f for f in report.findings if f.code.startswith(wanted)]
    for finding in report.findings:
        _say({"text": finding.to_text, "json": finding.to_json, "github": finding.to_github}[form]())
    counts = f"{report.files} files, {report.rows} rows, {report.spans} spans: {report.errors} errors, {report.warnings} warnings"
    missed = sum(f.code == "G601" for f in report.findings)
    if report.boundaries:
        total = sum(report.boundaries.values())
        counts += f"; {total - missed} of {total} boundaries aligned ({100 * (total - missed) / total:.2f} %)"
    note(counts)
    if report.errors or (strict and report.warnings):
        raise typer.Exit(FOUND)


def _apply(paths: Iterable[Path], act: Callable[[File], Result], write: bool, quiet: bool) -> None:
    from finextract.gold.jsonl import read_file, replace_file

    changed = 0
    for path in _files(paths):
        result = act(read_file(path))
        if str(path) == "-":
            sys.stdout.buffer.write(result.after)
            continue
        if not result.changed:
            continue
        changed += 1
        if not quiet:
            _say(result.diff().rstrip("\n"))
        if write:
            try:
                replace_file(path, result.after, expected=result.before)
            except RuntimeError as error:
                fail(str(error))
        note(f"{path}: {len(result.changes)} lines {'changed' if write else 'would change'}")
    if changed and not write:
        note("nothing was written; --write does it")
        raise typer.Exit(FOUND)


@app.command()
def fix(
    paths: Paths,
    write: Write = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No diff.")] = False,
    accept_values: Annotated[
        bool,
        typer.Option(
            "--accept-values",
            help="Instead: record in meta.reviewed that the values which the grammar reads otherwise (G401) were looked at and stand.",
        ),
    ] = False,
) -> None:
    """Repair what is certain: drifted offsets, order, outer white space, CRLF and byte-order mark. Shows a diff."""
    if not accept_values:
        from finextract.gold.fix import fix as repair

        _apply(paths, repair, write, quiet)
        return
    from finextract.gold.check import reviewable
    from finextract.gold.fix import accept_values as accept

    _apply(paths, lambda file: accept(file, reviewable(file)), write, quiet)


@app.command()
def fmt(
    paths: Paths, write: Write = False, quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No diff.")] = False
) -> None:
    """Canonical order of keys and spans, canonical spacing. Exit code 1 where something would change."""
    from finextract.gold.fix import fmt as form

    _apply(paths, form, write, quiet)


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file or folder, all of them sound; else leave with the place of the first error."""
    from finextract.gold.convert import read_rows

    try:
        return [row for p in _files([path]) for row in read_rows(p)]
    except ValueError as error:
        fail(str(error))


@app.command()
def stats(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    count: Annotated[int, typer.Option("--top", help="How many of the most frequent companies to show.")] = 10,
) -> None:
    """Counts by file: rows, spans by label, names, currencies; how many of the test's names occur in train."""
    from finextract.gold.jsonl import read_file
    from finextract.gold.stats import seen_in_train, top
    from finextract.gold.stats import stats as counts

    groups: dict[str, list[dict[str, Any]]] = {}
    unread = 0
    for path in _files(paths):
        from finextract.gold.check import check_row

        file = read_file(path)
        sound = [row for _, row in file.rows() if not any(i.code.startswith("G2") for i in check_row(row))]
        unread += sum(not line.blank for line in file.lines) - len(sound)
        groups[str(path)] = sound
    every = [row for rows in groups.values() for row in rows]
    table = counts({**groups, **({"all": every} if len(groups) > 1 else {})})
    by_lang: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, rows in groups.items():
        by_lang.setdefault(str(Path(name).parent), {})[Path(name).stem] = rows
    seen = {folder: found for folder, splits in by_lang.items() if (found := seen_in_train(splits))}
    if as_json:
        print(
            json.dumps(
                {
                    "files": table,
                    "seen_in_train": {k: {"seen": s, "of": n} for k, (s, n) in seen.items()},
                    "top": top(every, count),
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        _table(table)
        for kind, pairs in top(every, count).items():
            _say(f"{kind}: " + ", ".join(f"{name} {n}" for name, n in pairs))
        for folder, (s, n) in seen.items():
            _say(
                f"{folder}: {s} of {n} company mentions in test carry a name seen in train ({100 * s / max(n, 1):.1f} %)"
            )
    if unread:
        note(f"{unread} lines could not be read and are not counted; see finextract gold check")
        raise typer.Exit(FOUND)


def _table(records: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for key in records[0] if records else ():
        table.add_column(key.replace("_", " "), justify="left" if key == "name" else "right", overflow="fold")
    for record in records:
        table.add_row(*(str(v) for v in record.values()))
    console = Console(width=None if sys.stdout.isatty() else 240, highlight=False, markup=False)
    console.print(table)


@app.command()
def agree(
    a: Annotated[Path, typer.Argument(help="One annotation, a file or folder.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="The other.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    floor: Annotated[float | None, typer.Option("--min", help="Exit code 1 below this strict F1.")] = None,
    show: Annotated[int, typer.Option("--show", help="How many disagreements to show; -1 for all.")] = -1,
) -> None:
    """Strict and relaxed span F1, Cohen's kappa over characters, agreement of values, and where the two differ."""
    from finextract.gold.agree import agree as compare

    result = compare(_rows(a), _rows(b))
    for what, ids in (
        ("only in A", result.only_a),
        ("only in B", result.only_b),
        ("with another text in B", result.other_text),
    ):
        if ids:
            note(f"{len(ids)} rows {what}, left out: {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}")
    if as_json:
        print(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
    else:
        _agreement(result, show)
    f1 = result.strict["all"].f1
    if not result.rows:
        fail("the two have no row in common")
    if floor is not None and (f1 is None or f1 < floor):
        raise typer.Exit(FOUND)


def _agreement(result: Any, show: int) -> None:
    from finextract.gold.findings import caret

    def figure(x: float | None) -> str:
        return "–" if x is None else f"{x:.4f}"

    _say(f"{result.rows} rows compared")
    _table(
        [
            {
                "name": name,
                "strict F1": figure(score.f1),
                "both": score.both,
                "only A": score.only_a,
                "only B": score.only_b,
                "relaxed F1": figure(result.relaxed[name].f1),
                "kappa": figure(result.kappa[name]),
                "equal values": "{} of {}".format(*result.values[name]),
            }
            for name, score in result.strict.items()
        ]
    )
    shown = result.disagreements if show < 0 else result.disagreements[:show]
    for d in shown:
        span = d.a or d.b
        _say(f"\n{d.id}: {d.kind}")
        for line in caret(d.text, span["start"], span["end"]):
            _say(f"    {line}")
        for side, s in (("A", d.a), ("B", d.b)):
            _say(
                f"    {side}: "
                + (
                    f"{s['start']}..{s['end']} {s['label']} {s['text']!r} {json.dumps(s.get('value'), ensure_ascii=False)}"
                    if s
                    else "nothing"
                )
            )


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="The file to read; - is stdin.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="The file to write; - is stdout.", show_default=False)],
    to: Annotated[
        str | None, typer.Option("--to", help="Format to write; by default what the name of the target says.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Format to read; by default what the file says.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="Language of rows that do not name one.")] = None,
    rename: Annotated[
        list[str] | None, typer.Option("--label", help="Rename a label while converting, ORG=COMPANY. Repeatable.")
    ] = None,
    values: Annotated[
        bool, typer.Option("--fill-values", help="Let the grammar read the values of spans that come without one.")
    ] = False,
) -> None:
    """Convert between native, prodigy, doccano, doccano-relations, label-studio, iob, docbin and inline."""
    from finextract.gold import convert as conversion

    try:
        names = dict(r.split("=", 1) for r in rename or () if "=" in r)
        count = conversion.convert_file(
            source, target, from_, to, lang=lang, rename=names, fill_values=values, warn=note
        )
    except conversion.UsageError as error:
        fail(str(error), USAGE)
    except ValueError as error:
        fail(str(error))
    note(f"{count} rows")
