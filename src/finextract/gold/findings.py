"""A finding, and how it is shown: place, message, the text with carets under it, what was probably meant."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

from finextract.gold.codes import CODES


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one place. ``column`` counts code points from 1; ``context[start:end]`` is what the carets mark."""

    code: str
    file: str
    line: int
    column: int
    message: str
    context: str = ""
    start: int = 0
    end: int = 0
    meant: str | None = None
    id: str | None = None

    @property
    def severity(self) -> str:
        return CODES[self.code].severity

    def to_json(self) -> str:
        """One JSON object, for editors and scripts."""
        out = {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "meant": self.meant,
            "id": self.id,
        }
        return json.dumps({k: v for k, v in out.items() if v is not None}, ensure_ascii=False)

    def to_github(self) -> str:
        """A workflow command, shown by GitHub beside the line."""
        text = self.message + (f" (meant: {self.meant})" if self.meant else "")
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return f"::{self.severity} file={self.file},line={self.line},col={self.column},title={self.code}::{text}"

    def to_text(self) -> str:
        """Several lines for a person."""
        lines = [f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {visible(self.message)}"]
        if self.context:
            lines += [f"    {part}" for part in caret(self.context, self.start, self.end)]
        if self.meant:
            lines.append(f"    meant: {visible(self.meant)}")
        return "\n".join(lines)


def char_width(char: str) -> int:
    """Columns a character takes on a terminal: 2 for wide ones, 0 for combining ones."""
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def visible(text: str) -> str:
    """Control characters and lone surrogates as something that can be seen and does nothing to a terminal."""
    out = []
    for char in text:
        code = ord(char)
        if code < 0x20:
            out.append(chr(0x2400 + code))
        elif (
            unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
            or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ):
            out.append("\ufffd")
        else:
            out.append(char)
    return "".join(out)


def caret(text: str, start: int, end: int, room: int = 36) -> tuple[str, str]:
    """A piece of the text around ``[start, end)``, and a line with carets under that part."""
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    left, right, width = start, end, 0
    while left > 0 and width + char_width(text[left - 1]) <= room:
        left -= 1
        width += char_width(text[left])
    width = 0
    while right < len(text) and width + char_width(text[right]) <= room:
        width += char_width(text[right])
        right += 1
    middle = text[start:end]
    if len(middle) > 80:
        middle = middle[:50] + "…" + middle[-25:]
    head, tail = "…" if left > 0 else "", "…" if right < len(text) else ""
    before = visible(head + text[left:start])
    shown = visible(middle)
    marks = max(sum(map(char_width, shown)), 1)
    return before + shown + visible(text[end:right]) + tail, " " * sum(map(char_width, before)) + "^" * marks
