"""Reports and errors in the forms that terminals, CI and people read. Everything that comes from a text is escaped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from xml.sax.saxutils import quoteattr

from finextract.evaluation.errors import Error
from finextract.evaluation.floors import Gate
from finextract.evaluation.scores import Report, Score

COLUMNS = ("lang", "label", "P", "R", "F1", "95 % interval", "relaxed F1", "values", "found", "gold")


def percent(number: float | None) -> str:
    """Three digits, or a dash where there is nothing to divide by."""
    return "–" if number is None else f"{100 * number:.1f}"


def rows_of(report: Report) -> list[tuple[str, ...]]:
    """The lines of a table, as :data:`COLUMNS` names them; labels that neither gold nor prediction has are left out."""
    return [
        (lang, label, *_cells(score))
        for (lang, label), score in report.scores.items()
        if score.support or score.predicted
    ]


def _cells(score: Score) -> tuple[str, ...]:
    interval = "–" if score.low is None else f"{percent(score.low)}–{percent(score.high)}"
    return (
        *(percent(n) for n in (score.precision, score.recall, score.f1)),
        interval,
        percent(score.relaxed_f1),
        percent(score.value_accuracy),
        str(score.predicted),
        str(score.support),
    )


def print_table(reports: Mapping[str, Report]) -> None:
    """Coloured on a terminal, plain elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 140)
    for name, report in reports.items():
        table = Table(title=name, title_justify="left")
        for k, column in enumerate(COLUMNS):
            table.add_column(column, justify="left" if k < 2 else "right", no_wrap=True)
        for line in rows_of(report):
            table.add_row(*line, style="bold" if line[1] == "ALL" else None)
        console.print(table)
        alarms = ", ".join(f"{lang} {n}" for lang, n in report.false_alarms.items() if n is not None)
        if alarms:
            console.print(f"COMPANY spans per 1,000 characters where the gold has none: {alarms}", highlight=False)


def to_json(reports: Mapping[str, Report], gates: Sequence[Gate] = ()) -> str:
    data: dict[str, Any] = {"systems": {name: report.to_dict() for name, report in reports.items()}}
    if gates:
        data["floors"] = [gate.to_dict() for gate in gates]
    return json.dumps(data, ensure_ascii=False, indent=1)


def to_markdown(reports: Mapping[str, Report], gates: Sequence[Gate] = ()) -> str:
    """Tables for a CI summary."""
    out = []
    for name, report in reports.items():
        out += [f"### {name}", "", "| " + " | ".join(COLUMNS) + " |", "|---|---|" + "--:|" * (len(COLUMNS) - 2)]
        out += ["| " + " | ".join(line) + " |" for line in rows_of(report)] + [""]
    if gates:
        out += [
            "### Floors",
            "",
            "| language | label | split | metric | score | floor | gold | |",
            "|---|---|---|---|--:|--:|--:|---|",
        ]
        out += [
            f"| {g.lang} | {g.label} | {g.split} | {g.metric} | {percent(g.score)} | {percent(g.floor)} | {g.support} | {'ok' if g.passed else '**below**'} |"
            for g in gates
        ] + [""]
    return "\n".join(out)


def to_junit(gates: Sequence[Gate]) -> str:
    """One test case for each language and label with a floor."""
    failed = sum(not gate.passed for gate in gates)
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="score floors" tests="{len(gates)}" failures="{failed}">',
    ]
    for gate in gates:
        name = quoteattr(f"{gate.lang} {gate.label} {gate.metric} ({gate.split})")
        out.append(f'  <testcase classname="floors.{gate.lang}" name={name}>')
        if not gate.passed:
            out.append(f"    <failure message={quoteattr(gate.why)}/>")
        out.append("  </testcase>")
    return "\n".join([*out, "</testsuite>", ""])


def _shown(span: Mapping[str, Any] | None) -> str:
    if span is None:
        return ""
    value = ", ".join(f"{k} {v}" for k, v in (span.get("value") or {}).items())
    return f"{span['label']} {span.get('text', '')}" + (f" = {value}" if value else "")


def print_errors(errors: Iterable[Error], limit: int = 100) -> None:
    """The first errors as a table with their context."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    found = list(errors)
    table = Table(
        title=f"{len(found)} errors" + (f", the first {limit}" if len(found) > limit else ""), title_justify="left"
    )
    for column in ("kind", "id", "context", "gold", "found"):
        table.add_column(column)
    for error in found[:limit]:
        context = Text.assemble(_line(error.before), (_line(error.surface), "bold red"), _line(error.after))
        table.add_row(error.kind, error.id, context, Text(_shown(error.gold)), Text(_shown(error.found)))
    Console(width=None if Console().is_terminal else 160).print(table)


def _line(text: str) -> str:
    return text.replace("\r", "␍").replace("\n", "⏎")


_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1c1c1c;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}mark{background:#ffe08a;color:inherit;padding:0 .1em}small{color:#555}
@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}th,td{border-color:#444}mark{background:#6b5300}small{color:#aaa}}"""


def errors_page(errors: Iterable[Error], reports: Mapping[str, Report]) -> str:
    """One HTML page: the scores, and every error in its context. It loads nothing and runs nothing."""
    found = list(errors)
    out = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8"><title>Errors</title>']
    out += ["<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"]
    out += ['<meta name="viewport" content="width=device-width">', f"<style>{_STYLE}</style></head><body>"]
    for name, report in reports.items():
        out.append(
            f"<h1>{escape(name)}</h1><table><thead><tr>"
            + "".join(f"<th>{escape(c)}</th>" for c in COLUMNS)
            + "</tr></thead><tbody>"
        )
        for line in rows_of(report):
            cells = "".join(f"<td{' class=n' if k > 1 else ''}>{escape(cell)}</td>" for k, cell in enumerate(line))
            out.append(f"<tr>{cells}</tr>")
        out.append("</tbody></table>")
    for (lang, label, kind), number in sorted(Counter((e.lang, e.label, e.kind) for e in found).items()):
        out.append(f"<h2>{escape(lang)} {escape(label)}: {escape(kind)} <small>{number}</small></h2><table><tbody>")
        for error in found:
            if (error.lang, error.label, error.kind) == (lang, label, kind):
                context = f"{escape(_line(error.before))}<mark>{escape(_line(error.surface))}</mark>{escape(_line(error.after))}"
                out.append(
                    f"<tr><td><small>{escape(error.id)}</small></td><td lang={quoteattr(error.lang)}>{context}</td>"
                    f"<td>{escape(_shown(error.gold))}</td><td>{escape(_shown(error.found))}</td></tr>"
                )
        out.append("</tbody></table>")
    return "\n".join([*out, "</body></html>", ""])
