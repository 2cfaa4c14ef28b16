"""Check gold files: every line, every row, and the corpus as a whole."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finextract.gold import neighbours, splits
from finextract.gold.findings import Finding
from finextract.gold.jsonl import File, Line, parse_lines, read_file
from finextract.gold.rows import Issue, check_against_grammar, check_schema, check_spans, check_unmarked, well_formed

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]*)"')


@dataclass
class Report:
    """What a check found, and how much it read."""

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    spans: int = 0
    boundaries: Counter[str] = field(default_factory=Counter)
    """Token boundaries looked at, by tokenizer."""

    @property
    def errors(self) -> int:
        return sum(f.severity == "error" for f in self.findings)

    @property
    def warnings(self) -> int:
        return len(self.findings) - self.errors

    def sort(self) -> None:
        self.findings.sort(key=lambda f: (f.file, f.line, f.column, f.code))


def locate(line: Line, issue: Issue) -> Finding:
    """An issue of a row as a finding with its place in the file."""
    node = line.node().at(issue.path)
    row = line.row or {}
    context, start, end = line.text, node.start, node.end
    text = row.get("text")
    if issue.span is not None and isinstance(text, str):
        context, (start, end) = text, issue.span
    row_id = row.get("id")
    return Finding(
        issue.code,
        line.file,
        line.number,
        node.start + 1,
        issue.message,
        context,
        start,
        end,
        issue.meant,
        row_id if isinstance(row_id, str) else None,
    )


def check_lines(file: File) -> list[Finding]:
    """What is wrong with the file as bytes and as JSON."""
    out: list[Finding] = []
    if file.bom:
        out.append(
            Finding(
                "G101",
                file.path,
                1,
                1,
                "the file begins with a byte-order mark",
                meant="UTF-8 without it (finextract gold fix)",
            )
        )
    crlf = [line for line in file.lines if line.raw.endswith(b"\r")]
    if crlf:
        first = crlf[0]
        text = first.raw.decode("utf-8", "replace")
        count = f"{len(crlf)} lines end" if len(crlf) > 1 else "the line ends"
        out.append(
            Finding(
                "G102",
                file.path,
                first.number,
                len(text),
                f"{count} in CRLF",
                text,
                len(text) - 1,
                len(text),
                "LF alone (finextract gold fix)",
            )
        )
    for line in file.lines:
        if line.blank:
            out.append(Finding("G105", file.path, line.number, 1, "a blank line"))
        for p in line.problems:
            out.append(
                Finding(p.code, file.path, line.number, p.start + 1, p.message, line.text, p.start, p.end, p.meant)
            )
    if file.lines and not file.final_newline:
        last = file.lines[-1]
        if not last.problems:
            out.append(Finding("G112", file.path, last.number, len(last.text) + 1, "the last line has no line feed"))
    return out


def check_row(row: Mapping[str, Any]) -> list[Issue]:
    """Everything that can be said of one row without asking the grammar."""
    return [*check_schema(row), *check_spans(row), *check_unmarked(row)]


def usable(row: Mapping[str, Any]) -> bool:
    """Whether the row is sound enough for the checks that compare it with others."""
    return (
        isinstance(row.get("text"), str)
        and isinstance(row.get("spans"), list)
        and all(well_formed(s) for s in row["spans"])
    )


def check(
    paths: Iterable[Path],
    *,
    grammar: bool = True,
    tokenizers: Sequence[str] = (),
    manifest: bool = True,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Report:
    """Check files together. ``progress(items, total)`` may show how far the grammar has read; large files are read by
    ``jobs`` processes, by default as many as there are processors."""
    report = Report()
    files = [read_file(p) for p in paths]
    report.files = len(files)
    everything: list[tuple[Line, dict[str, Any]]] = []
    for file in files:
        report.findings += check_lines(file)
        everything += file.rows()
    report.rows = len(everything)
    issues: dict[int, list[Issue]] = {}
    for k, found in _row_issues(everything, grammar, progress, jobs):
        issues[k] = found
    report.spans = sum(len(row["spans"]) for _, row in everything if isinstance(row.get("spans"), list))
    for name in tokenizers:
        for k, found in _alignment(everything, name, report.boundaries):
            issues.setdefault(k, []).extend(found)
    for k, found in issues.items():
        report.findings += [locate(everything[k][0], issue) for issue in found]
    report.findings += _duplicates(everything)
    report.findings += _name_variants(everything, issues.keys())
    if manifest:
        report.findings += _splits(files)
    report.sort()
    return report


def check_bytes(path: str, data: bytes, *, grammar: bool = False) -> list[Finding]:
    """Check the content of one file, without manifest."""
    file = parse_lines(path, data)
    out = check_lines(file)
    rows = list(file.rows())
    for k, found in _row_issues(rows, grammar):
        out += [locate(rows[k][0], issue) for issue in found]
    out += _duplicates(rows)
    return sorted(out, key=lambda f: (f.line, f.column, f.code))


def reviewable(file: File) -> dict[int, list[str]]:
    """By line number the surfaces of which the grammar reads something else than the row says (G401)."""
    rows = list(file.rows())
    out: dict[int, list[str]] = {}
    for k, found in _row_issues(rows, True):
        line, row = rows[k]
        out[line.number] = [row["text"][i.span[0] : i.span[1]] for i in found if i.span and i.code == "G401"]
    return {number: surfaces for number, surfaces in out.items() if surfaces}


def _check_chunk(rows: Sequence[dict[str, Any]], grammar: bool) -> list[list[Issue]]:
    """The issues of some rows; runs in a process of its own where there are many."""
    read = neighbours.grammar() if grammar else None
    out: list[list[Issue]] = []
    for row in rows:
        found = check_row(row)
        lang, date = row.get("lang"), row.get("date")
        if (
            read is not None
            and (not found or usable(row))
            and isinstance(lang, str)
            and lang in neighbours.GRAMMAR_LANGS
        ):
            sound = isinstance(date, str) and not any(i.path == ("date",) for i in found)
            found += check_against_grammar(row, read(row["text"], lang, date if sound else None))
        out.append(found)
    return out


def _row_issues(
    rows: Sequence[tuple[Line, dict[str, Any]]],
    grammar: bool,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Iterable[tuple[int, list[Issue]]]:
    size = 200
    everything = [row for _, row in rows]
    starts = range(0, len(rows), size)
    jobs = min(jobs or os.cpu_count() or 1, 8) if len(starts) > 3 else 1
    if jobs > 1:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # Where it is safe, fork: then the workers share the rows and a grammar that is loaded once.
        fork = sys.platform == "linux" and threading.active_count() == 1
        if fork and grammar:
            read = neighbours.grammar()
            for lang in {str(row.get("lang")) for row in everything} & set(neighbours.GRAMMAR_LANGS):
                read("", lang, None)
        context = get_context("fork" if fork else "spawn")
        with ProcessPoolExecutor(jobs, context, initializer=_share, initargs=(everything, grammar)) as pool:
            chunks = pool.map(_check_shared, starts, [size] * len(starts))
            yield from _numbered(chunks, len(starts), progress)
    else:
        chunks = (_check_chunk(everything[k : k + size], grammar) for k in starts)
        yield from _numbered(chunks, len(starts), progress)


_shared: tuple[list[dict[str, Any]], bool] = ([], False)


def _share(rows: list[dict[str, Any]], grammar: bool) -> None:
    global _shared
    _shared = rows, grammar


def _check_shared(start: int, size: int) -> list[list[Issue]]:
    rows, grammar = _shared
    return _check_chunk(rows[start : start + size], grammar)


def _numbered(
    results: Iterable[list[list[Issue]]], total: int, progress: Progress | None
) -> Iterable[tuple[int, list[Issue]]]:
    k = 0
    for result in progress(results, total) if progress else results:
        for found in result:
            if found:
                yield k, found
            k += 1


def _alignment(
    rows: Sequence[tuple[Line, dict[str, Any]]], name: str, seen: Counter[str]
) -> Iterable[tuple[int, list[Issue]]]:
    cutters: dict[str, neighbours.Cutter | None] = {}
    for k, (_, row) in enumerate(rows):
        lang = row.get("lang")
        if not usable(row) or not isinstance(lang, str) or not row["spans"]:
            continue
        if lang not in cutters:
            cutters[lang] = neighbours.cutter(name, lang)
        cut = cutters[lang]
        if cut is None:
            continue
        text = row["text"]
        tokens = cut(text)
        starts, ends = {s for s, _ in tokens}, {e for _, e in tokens}
        found = []
        for n, span in enumerate(row["spans"]):
            for key, edges in (("start", starts), ("end", ends)):
                at = span[key]
                seen[f"{name} {lang}"] += 1
                if at in edges or not 0 <= at <= len(text):
                    continue
                token = next(((s, e) for s, e in tokens if s < at < e), None)
                glued = f" inside the token {text[token[0] : token[1]]!r}" if token else ""
                found.append(
                    Issue(
                        "G601",
                        f"the {key} of {span['text']!r} is no boundary of {name}:{glued}",
                        ("spans", n, key),
                        token or (at, at),
                    )
                )
        if found:
            yield k, found


def _duplicates(rows: Sequence[tuple[Line, dict[str, Any]]]) -> list[Finding]:
    out: list[Finding] = []
    for key, code in (("id", "G501"), ("text", "G502")):
        first: dict[str, Line] = {}
        for line, row in rows:
            value = row.get(key)
            if not isinstance(value, str) or not value:
                continue
            other = first.setdefault(value, line)
            if other is not line:
                what = f"the id {value!r}" if key == "id" else "this text"
                meant = None
                if key == "id" and other.row is not None:
                    meant = (
                        "one of the two rows; they are alike"
                        if other.row == row
                        else "another id for one of the two rows"
                    )
                out.append(
                    locate(
                        line, Issue(code, f"{what} stands already at {other.file}:{other.number}", (key,), meant=meant)
                    )
                )
    return out


def _name_variants(
    rows: Sequence[tuple[Line, dict[str, Any]]], doubtful: Container[int] | None = None
) -> list[Finding]:
    """Surfaces with several names. Only rows at ``doubtful`` places (by default all) may be unsound; the others had no finding."""
    uses: defaultdict[tuple[str, str], dict[str, list[tuple[Line, int]]]] = defaultdict(dict)
    for number, (line, row) in enumerate(rows):
        if (doubtful is None or number in doubtful) and not usable(row):
            continue
        for k, span in enumerate(row["spans"]):
            value = span.get("value")
            if span.get("label") == "COMPANY" and isinstance(value, dict) and isinstance(value.get("name"), str):
                uses[str(row.get("lang")), span["text"]].setdefault(value["name"], []).append((line, k))
    out: list[Finding] = []
    for (_, surface), variants in uses.items():
        if len(variants) < 2:
            continue
        usual = max(variants, key=lambda n: len(variants[n]))
        for name, places in variants.items():
            if name != usual:
                for line, k in places:
                    span = (line.row or {})["spans"][k]
                    other = variants[usual][0][0]
                    message = f"{surface!r} is called {name!r} here and {usual!r} at {other.file}:{other.number}"
                    out.append(
                        locate(
                            line,
                            Issue(
                                "G405",
                                message,
                                ("spans", k, "value", "name"),
                                (span["start"], span["end"]),
                                repr(usual),
                            ),
                        )
                    )
    return out


def _splits(files: Sequence[File]) -> list[Finding]:
    by_manifest: defaultdict[Path, list[File]] = defaultdict(list)
    for file in files:
        found = None if file.path == "-" else splits.find(Path(file.path))
        if found:
            by_manifest[found].append(file)
    out: list[Finding] = []
    for path, group in by_manifest.items():
        try:
            manifest = splits.load(path)
        except (ValueError, OSError) as error:
            out.append(Finding("G508", str(path), 1, 1, str(error)))
            continue
        out += _against_manifest(path, manifest, group)
    return out


def _against_manifest(path: Path, manifest: splits.Manifest, files: Sequence[File]) -> list[Finding]:
    out: list[Finding] = []
    home = {i: (lang, split) for lang, by_split in manifest.items() for split, ids in by_split.items() for i in ids}
    present: set[str] = set()
    for file in files:
        for line in file.lines:
            if line.row is not None:
                present.add(str(line.row.get("id")))
            else:  # an unreadable row is reported as that, not as missing too
                present.update(m.decode("utf-8", "replace") for m in _ID.findall(line.raw))
    sets: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in files:
        place = Path(file.path).resolve()
        here = (place.parent.name, place.stem)
        if here[0] not in manifest or here[1] not in manifest[here[0]]:
            here = ("", "")  # a file outside the scheme LANG/SPLIT.jsonl: its rows are not bound to a split
        line_of: dict[str, int] = {}
        for line, row in file.rows():
            row_id, text = row.get("id"), row.get("text")
            if not isinstance(row_id, str) or not isinstance(text, str):
                continue
            line_of[row_id] = line.number
            if row_id not in home:
                out.append(locate(line, Issue("G503", f"the id {row_id!r} is not in {path.name}", ("id",))))
                continue
            lang, split = home[row_id]
            if here[0] and (lang, split) != here:
                out.append(
                    locate(
                        line,
                        Issue(
                            "G506",
                            f"the row {row_id!r} belongs to {lang}/{split}, this is {'/'.join(here)}",
                            ("id",),
                            meant=f"{lang}/{split}.jsonl",
                        ),
                    )
                )
            if manifest[lang][split][row_id] != splits.digest(text):
                out.append(
                    locate(
                        line,
                        Issue("G505", f"the text of {row_id!r} is not the one the manifest was made for", ("text",)),
                    )
                )
        if not here[0]:
            continue
        if all(
            usable(r) and all(isinstance(s.get("value"), dict) and "label" in s for s in r["spans"])
            for _, r in file.rows()
        ):
            sets[here] = [r for _, r in file.rows()]
        before: str | None = None
        for row_id in manifest[here[0]][here[1]]:
            if row_id in present:
                before = row_id if row_id in line_of else before
                continue
            at = line_of[before] + 1 if before else 1
            after = f"; it stood after {before!r}" if before else "; it stood first"
            out.append(
                Finding(
                    "G504",
                    file.path,
                    at,
                    1,
                    f"the row {row_id!r} is missing{after}",
                    meant="the deleted line (the history of the file has it)",
                    id=row_id,
                )
            )
    for lang in {lang for lang, _ in sets}:
        if (lang, "train") in sets and (lang, "test") in sets:
            seen, total = splits.seen_share(sets[lang, "train"], sets[lang, "test"])
            if 2 * seen > total:
                out.append(
                    Finding(
                        "G507",
                        str(path),
                        1,
                        1,
                        f"{lang}: {seen} of {total} company mentions in test carry a name seen in train; at most half may",
                    )
                )
    return out
