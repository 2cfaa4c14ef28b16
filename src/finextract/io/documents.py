"""Documents from files, one at a time: ``.txt`` (a file is one text), ``.jsonl``, ``.jsonl.gz``, ``.parquet``, folders, stdin.

What cannot be read is a :class:`Document` too, with a :class:`Fault` that says where and why, so that each line of the
input has its place in the output.
"""

from __future__ import annotations

import datetime
import gzip
import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from finextract.gold.jsonl import Line

Kind = Literal["text", "jsonl", "parquet"]
SUFFIXES: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "text",
}
STDIN = "-"
BOM = b"\xef\xbb\xbf"
PARQUET_ROWS = 256


class InputError(ValueError):
    """A file that cannot be read at all; ``code`` is stable (I101 no such file, I102 an empty folder, I103 not readable as what it is)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document has no result: stable code, message, the field that is wrong, and the column (from 1) where that is known."""

    code: str
    message: str
    field: str | None = None
    column: int | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field:
            out["field"] = self.field
        if self.column:
            out["column"] = self.column
        return out


@dataclass(slots=True)
class Document:
    """One text with what came with it. ``number`` is its line or row, from 1, and 0 where the file is one text."""

    file: str
    number: int = 0
    text: Any = None
    lang: Any = None
    date: Any = None
    fault: Fault | None = None
    line: Line | None = None
    """The JSON line as it came."""
    batch: pa.RecordBatch | None = None
    index: int = 0
    """The Parquet row: ``batch`` and ``index``."""
    size: int = 0
    """The bytes of input read for it, for progress."""

    @property
    def blank(self) -> bool:
        """An empty line: it stays one."""
        return self.line is not None and self.line.blank

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}" if self.number else self.file

    def fields(self) -> dict[str, Any]:
        """What came with the text: the whole row, or for a text file its name as ``id``."""
        if self.line is not None:
            return dict(self.line.row or {})
        if self.batch is not None:
            return {name: self.batch.column(name)[self.index].as_py() for name in self.batch.schema.names}
        return {"id": self.file, "text": self.text}

    def column_of(self, field: str | None) -> int | None:
        """Where in its line the field's value stands, from 1; the line's last character where the field is missing."""
        if self.line is None or self.line.row is None:
            return None
        node = self.line.node()
        if field is None or field not in (node.fields or {}):
            return node.end
        return node.at((field,)).start + 1


def kind_of(name: str) -> Kind:
    """How a file is read, by its name; what has no known ending is a text."""
    return next((kind for suffix, kind in SUFFIXES.items() if name.lower().endswith(suffix)), "text")


def find_files(names: Iterable[str]) -> list[str]:
    """The files as named; of a folder all files of a known kind at any depth, sorted; no file twice."""
    out: list[str] = []
    for name in names:
        path = Path(name)
        if name == STDIN:
            out.append(name)
        elif path.is_dir():
            inside = [
                p
                for p in path.rglob("*")
                if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
            ]
            found = sorted(str(p) for p in inside if p.name.lower().endswith(tuple(SUFFIXES)))
            if not found:
                raise InputError("I102", f"{name}: no {', '.join(SUFFIXES)} in this folder")
            out += found
        elif path.exists():
            out.append(name)
        else:
            raise InputError("I101", f"{name}: no such file or folder")
    return list(dict.fromkeys(out))


def total_size(files: Iterable[str]) -> int | None:
    """Bytes of all the files, or None where one of them has no size."""
    size = 0
    for name in files:
        if name == STDIN or not os.path.isfile(name):
            return None
        size += os.path.getsize(name)
    return size


def read(files: Iterable[str], kind: Kind | None = None) -> Iterator[Document]:
    """The documents of the files in order; ``kind`` overrides what the names say."""
    for name in files:
        if name == STDIN:
            stream = cast(io.BufferedReader, sys.stdin.buffer)
            chosen = kind or ("jsonl" if stream.peek(64).removeprefix(BOM).lstrip()[:1] == b"{" else "text")
            if chosen == "parquet":
                raise InputError("I103", "Parquet cannot be read from stdin: it is read from its end")
            yield from _text(name, stream.read()) if chosen == "text" else _lines(name, stream)
            continue
        chosen = kind or kind_of(name)
        if chosen == "text":
            yield from _text(name, Path(name).read_bytes())
        elif chosen == "parquet":
            yield from _rows(name)
        else:
            with open(name, "rb") as raw:
                if raw.read(2) == b"\x1f\x8b":
                    raw.seek(0)
                    with gzip.GzipFile(fileobj=raw) as packed:
                        yield from _lines(name, cast(BinaryIO, packed), raw)
                else:
                    raw.seek(0)
                    yield from _lines(name, raw)


def _text(name: str, data: bytes) -> Iterator[Document]:
    document = Document("<stdin>" if name == STDIN else name, size=len(data))
    try:
        document.text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        document.number = line
        document.fault = Fault("G103", f"the byte 0x{data[error.start]:02X} is not UTF-8", "text", column)
    yield document


def _lines(name: str, stream: BinaryIO, raw: BinaryIO | None = None) -> Iterator[Document]:
    shown = "<stdin>" if name == STDIN else name
    number = done = 0
    try:
        for number, data in enumerate(stream, 1):
            size = len(data)
            if raw is not None:
                done, size = raw.tell(), raw.tell() - done
            yield _line(shown, number, data.removeprefix(BOM) if number == 1 else data, size)
    except (EOFError, gzip.BadGzipFile) as error:
        yield Document(shown, number + 1, fault=Fault("I103", f"the gzip data is damaged: {error}"))


def _line(name: str, number: int, data: bytes, size: int) -> Document:
    from finextract.gold.jsonl import Line, parse_lines

    document = Document(name, number, size=size)
    try:
        lines = parse_lines(name, data).lines
    except ValueError as error:  # such as an integer of more digits than Python reads
        document.line = Line(name, number, data.rstrip(b"\n"))
        document.fault = Fault("G106", str(error))
        return document
    line = document.line = lines[0] if lines else Line(name, number, b"")
    line.number = number
    if line.problems:
        problem = line.problems[0]
        meant = f" (meant: {problem.meant})" if problem.meant else ""
        document.fault = Fault(problem.code, problem.message + meant, None, problem.start + 1)
    elif line.row is not None:
        _take(document, line.row)
    return document


def _take(document: Document, row: dict[str, Any]) -> None:
    """Text, language and date from a row, with a fault where one of them is missing or of the wrong type."""
    if "text" not in row:
        document.fault = Fault("G201", "the field 'text' is missing", "text", document.column_of("text"))
        return
    for name in ("text", "lang", "date"):
        value = row.get(name)
        if isinstance(value, datetime.date):
            value = value.isoformat()[:10]
        if value is None and name != "text":
            continue
        if not isinstance(value, str):
            what = "null" if value is None else type(value).__name__
            document.fault = Fault("G202", f"a string is expected, not {what}", name, document.column_of(name))
            return
        setattr(document, name, value)


def _rows(name: str) -> Iterator[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(name)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError("I103", f"{name}: {error}") from None
    with file:
        if "text" not in file.schema_arrow.names:
            raise InputError(
                "I103", f"{name}: there is no column 'text' (there are {', '.join(file.schema_arrow.names)})"
            )
        total = max(1, file.metadata.num_rows)
        each = os.path.getsize(name) // total
        columns = [c for c in ("text", "lang", "date") if c in file.schema_arrow.names]
        number = 0
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            for index, row in enumerate(batch.select(columns).to_pylist()):
                number += 1
                document = Document(name, number, batch=batch, index=index, size=each)
                _take(document, row)
                yield document
