"""Reading JSONL that people edit by hand: every error is named at its place, every byte can be written back.

:func:`read_file` cuts a file into lines and parses each on its own; a line that cannot be read keeps its bytes and
carries its problems. :func:`scan` parses one line into a tree of :class:`Node` that knows where each value stands, which
is what columns in messages and surgical edits need. The fast path is the standard library's parser; the scanner
runs only on lines that it refuses and on lines with findings.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError
from pathlib import Path
from typing import Any

BOM = b"\xef\xbb\xbf"
_STRINGS = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_CONSTANT = re.compile(r"-?(?:NaN|Infinity|nan|inf|None|True|False|undefined)\b")
_QUOTES = "“”„‟‘’‚«»「」『』＂＇′″"
_WIDE = {"：": ":", "，": ",", "、": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "；": ","}
_CONFLICT = re.compile(r"(<{7}|={7}|>{7}|\|{7})(?: .*)?\r?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one line of a file: a code of :mod:`finextract.gold.codes`, and a place in the line."""

    code: str
    message: str
    start: int
    end: int
    meant: str | None = None


class ScanError(ValueError):
    """A line that is no JSON."""

    def __init__(self, code: str, message: str, start: int, end: int | None = None, meant: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, start, start + 1 if end is None else end, meant)


@dataclass(slots=True)
class Node:
    """A JSON value and where it stands in its line, ``[start, end)``."""

    value: Any
    start: int
    end: int
    fields: dict[str, Node] | None = None
    items: list[Node] | None = None

    def at(self, path: tuple[str | int, ...]) -> Node:
        """The node at the path, or the nearest one above it that exists."""
        node = self
        for step in path:
            inner: Node | None = None
            if isinstance(step, str) and node.fields is not None:
                inner = node.fields.get(step)
            elif isinstance(step, int) and node.items is not None and step < len(node.items):
                inner = node.items[step]
            if inner is None:
                return node
            node = inner
        return node


def scan(line: str) -> Node:
    """Parse one line strictly; :class:`ScanError` tells what is wrong, where, and what was probably meant."""
    try:
        node, at = _value(line, _skip(line, 0))
    except RecursionError:
        raise ScanError("G106", "the values are nested too deeply", 0) from None
    at = _skip(line, at)
    if at < len(line):
        if line[at] == "{":
            raise ScanError("G106", "a second object stands on the line", at, meant="a line break before it")
        raise _unexpected(line, at, "the end of the line")
    return node


def _skip(line: str, at: int) -> int:
    m = _SPACE.match(line, at)
    return m.end() if m else at


def _cut(line: str, what: str, since: int) -> ScanError:
    end = len(line.rstrip())
    return ScanError(
        "G107",
        f"the line breaks off inside {what} that opens at column {since + 1}",
        max(end - 1, 0),
        max(end, 1),
        "the rest of the row is missing, or stands on the next line",
    )


def _unexpected(line: str, at: int, wanted: str) -> ScanError:
    if at >= len(line):
        return ScanError(
            "G107", f"the line breaks off where {wanted} is expected", max(len(line) - 1, 0), max(len(line), 1)
        )
    char = line[at]
    if char in _QUOTES:
        return ScanError(
            "G108",
            f"a typographic quotation mark {char} stands where {wanted} is expected",
            at,
            meant='the straight quotation mark "',
        )
    if char in _WIDE:
        return ScanError("G106", f"a full-width {char} stands where {wanted} is expected", at, meant=repr(_WIDE[char]))
    if char == "'":
        return ScanError(
            "G106", f"a single quotation mark stands where {wanted} is expected", at, meant='strings stand in "…"'
        )
    if m := _CONSTANT.match(line, at):
        if "n" in m[0].lower() and m[0].lower().lstrip("-") in ("nan", "infinity", "inf"):
            return ScanError(
                "G110", f"{m[0]} is no JSON number", at, m.end(), "leave the key out, or write a decimal string"
            )
        meant = {"None": "null", "True": "true", "False": "false"}.get(m[0], "null")
        return ScanError("G106", f"{m[0]} is no JSON value", at, m.end(), meant)
    if char in "}]":
        before = line[:at].rstrip()
        if before.endswith(","):
            place = len(before) - 1
            return ScanError(
                "G106", f"a comma stands before the closing {char}", place, meant="no comma after the last item"
            )
    return ScanError("G106", f"{char!r} stands where {wanted} is expected", at)


def _string(line: str, at: int) -> tuple[str, int]:
    try:
        text, end = _STRINGS.raw_decode(line, at)
    except JSONDecodeError as error:
        if error.msg.startswith("Unterminated"):
            raise _cut(line, "the string", at) from None
        if error.msg.startswith("Invalid control"):
            char = line[error.pos]
            meant = {"\t": "\\t", "\r": "\\r"}.get(char, f"\\u{ord(char):04x}")
            raise ScanError(
                "G106", f"the control character U+{ord(char):04X} stands in a string", error.pos, meant=meant
            ) from None
        if error.pos >= len(line) - 1:
            raise _cut(line, "the string", at) from None
        raise ScanError(
            "G106",
            f"{error.msg[0].lower()}{error.msg[1:].removesuffix(':').removesuffix(' at')}",
            error.pos,
            meant="a backslash itself is written \\\\",
        ) from None
    return text, end


def _value(line: str, at: int) -> tuple[Node, int]:
    char = line[at : at + 1]
    if char == '"':
        text, end = _string(line, at)
        return Node(text, at, end), end
    if char == "{":
        return _object(line, at)
    if char == "[":
        return _array(line, at)
    if m := _NUMBER.match(line, at):
        # the next character must end the number: 007 and 1.e are none
        if line[m.end() : m.end() + 1].strip(" \t\r\n,]}"):
            raise ScanError("G106", "this is no JSON number", at, m.end() + 1)
        number: Any = float(m[0]) if m[1] or m[2] else int(m[0])
        return Node(number, at, m.end()), m.end()
    for word, value in (("true", True), ("false", False), ("null", None)):
        if line.startswith(word, at):
            return Node(value, at, at + len(word)), at + len(word)
    raise _unexpected(line, at, "a value")


def _object(line: str, at: int) -> tuple[Node, int]:
    opened, fields = at, dict[str, Node]()
    at = _skip(line, at + 1)
    if line[at : at + 1] != "}":
        while True:
            if line[at : at + 1] != '"':
                raise _cut(line, "the object", opened) if at >= len(line) else _unexpected(line, at, 'a key in "…"')
            key, end = _string(line, at)
            if key in fields:
                raise ScanError(
                    "G109",
                    f"the key {key!r} occurs twice in one object (first at column {fields[key].start + 1})",
                    at,
                    end,
                    "one of the two",
                )
            at = _skip(line, end)
            if line[at : at + 1] != ":":
                raise _cut(line, "the object", opened) if at >= len(line) else _unexpected(line, at, "a colon")
            at = _skip(line, at + 1)
            if at >= len(line):
                raise _cut(line, "the object", opened)
            fields[key], at = _value(line, at)
            at = _skip(line, at)
            if line[at : at + 1] == "}":
                break
            if line[at : at + 1] != ",":
                raise _cut(line, "the object", opened) if at >= len(line) else _unexpected(line, at, "a comma or }")
            at = _skip(line, at + 1)
    return Node({k: n.value for k, n in fields.items()}, opened, at + 1, fields=fields), at + 1


def _array(line: str, at: int) -> tuple[Node, int]:
    opened, items = at, list[Node]()
    at = _skip(line, at + 1)
    if line[at : at + 1] != "]":
        while True:
            if at >= len(line):
                raise _cut(line, "the list", opened)
            node, at = _value(line, at)
            items.append(node)
            at = _skip(line, at)
            if line[at : at + 1] == "]":
                break
            if line[at : at + 1] != ",":
                raise _cut(line, "the list", opened) if at >= len(line) else _unexpected(line, at, "a comma or ]")
            at = _skip(line, at + 1)
    return Node([n.value for n in items], opened, at + 1, items=items), at + 1


@dataclass(slots=True)
class Line:
    """One line: its bytes without the line feed, its text, and the row or what is wrong with it."""

    file: str
    number: int
    raw: bytes
    text: str = ""
    row: dict[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)
    _node: Node | None = None

    @property
    def blank(self) -> bool:
        return not self.raw.strip()

    def node(self) -> Node:
        """The tree with places; only for lines that hold a row."""
        if self._node is None:
            self._node = scan(self.text)
        return self._node


@dataclass(slots=True)
class File:
    """A file cut into lines, with what is wrong with it as a whole."""

    path: str
    data: bytes
    lines: list[Line]
    bom: bool = False
    final_newline: bool = True

    def rows(self) -> Iterator[tuple[Line, dict[str, Any]]]:
        for line in self.lines:
            if line.row is not None:
                yield line, line.row


class _Refused(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _Refused
    return out


def _constant(name: str) -> Any:
    raise _Refused


_DECODE = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant).decode


def _guess_encoding(raw: bytes) -> str | None:
    for name in ("cp932", "cp949", "gb18030", "cp1252"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if name != "cp1252" and not re.search("[぀-ヿ一-鿿가-힣]", text):
            continue
        return name
    return None


def _parse(line: Line) -> None:
    try:
        line.text = line.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = line.raw[: error.start].decode("utf-8")
        line.text = line.raw.decode("utf-8", "replace")
        guess = _guess_encoding(line.raw)
        line.problems.append(
            Problem(
                "G103",
                f"the byte 0x{line.raw[error.start]:02X} is not UTF-8",
                len(before),
                len(before) + 1,
                f"the file was saved as {guess}; save it as UTF-8" if guess else None,
            )
        )
        return
    text = line.text
    if _CONFLICT.fullmatch(text):
        line.problems.append(
            Problem(
                "G104",
                f"a marker of an unresolved merge, {text[:7]}",
                0,
                7,
                "keep one side, or both, and remove the markers",
            )
        )
        return
    try:
        value = _DECODE(text)
    except (ValueError, RecursionError):
        try:
            scan(text)
        except ScanError as error:
            line.problems.append(error.problem)
            return
        raise AssertionError(f"{line.file}:{line.number}: the two JSON parsers disagree") from None
    if not isinstance(value, dict):
        line.problems.append(
            Problem("G111", f"the line holds a {type(value).__name__}, not an object", 0, max(len(text.rstrip()), 1))
        )
        return
    line.row = value


def parse_lines(path: str, data: bytes) -> File:
    """Cut bytes into lines (at line feeds only: U+2028 and the like belong to the text) and read each."""
    out = File(path, data, [])
    out.bom = data.startswith(BOM)
    body = data[len(BOM) :] if out.bom else data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        out.final_newline = False
        line = Line(path, 1, data)
        line.problems.append(Problem("G103", "the file is UTF-16", 0, 1, "save it as UTF-8"))
        out.lines.append(line)
        return out
    raws = body.split(b"\n")
    out.final_newline = not raws[-1]
    if not raws[-1]:
        raws.pop()
    for number, raw in enumerate(raws, 1):
        line = Line(path, number, raw)
        if not line.blank:
            _parse(line)
        out.lines.append(line)
    _join_halves(out.lines)
    return out


def _join_halves(lines: list[Line]) -> None:
    """A row broken over two lines: say so at both."""
    for one, two in zip(lines, lines[1:], strict=False):
        if (
            one.row is not None
            or two.row is not None
            or not one.problems
            or one.problems[0].code != "G107"
            or not two.text
        ):
            continue
        try:
            scan(one.text.rstrip("\r") + two.text)
        except ScanError:
            continue
        first = one.problems[0]
        one.problems[0] = Problem(
            first.code, first.message, first.start, first.end, f"the row goes on in line {two.number}: join the two"
        )
        two.problems = [
            Problem(
                "G107",
                f"the rest of the row that breaks off in line {one.number}",
                0,
                1,
                f"join it to line {one.number}",
            )
        ]


def read_file(path: str | Path) -> File:
    """Read one gold file; ``-`` is stdin."""
    data = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
    return parse_lines(str(path), data)


def replace_file(path: Path, data: bytes, expected: bytes | None = None) -> None:
    """Write through a temporary file beside the target; a link keeps pointing where it pointed.

    With ``expected``, refuse when the file has changed since it was read.
    """
    target = Path(os.path.realpath(path))
    if expected is not None and target.exists() and target.read_bytes() != expected:
        raise RuntimeError(f"{path} was changed by somebody else meanwhile; nothing was written")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if target.exists():
            os.chmod(name, target.stat().st_mode & 0o7777)
        else:
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        if os.path.exists(name):
            os.unlink(name)
        raise
