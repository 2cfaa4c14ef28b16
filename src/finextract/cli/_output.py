"""What the commands share on the terminal: messages, progress, exit codes, safe writing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")

OK, FOUND, USAGE = 0, 1, 2


def fail(message: str, code: int = FOUND) -> NoReturn:
    """Say on stderr what is wrong, and leave."""
    print(f"finextract: {message}", file=sys.stderr)
    raise SystemExit(code)


def note(message: str) -> None:
    """A line for the person, on stderr."""
    print(message, file=sys.stderr)


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Pass the items on, with a bar on stderr where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)


def gold_files(paths: Iterable[Path]) -> list[Path]:
    """Files as given; of a folder all its ``*.jsonl`` at any depth, sorted."""
    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*.jsonl") if p.is_file())
            if not found:
                fail(f"{path}: no *.jsonl file in this folder", USAGE)
            out += found
        elif path.exists():
            out.append(path)
        else:
            fail(f"{path}: no such file", USAGE)
    return list(dict.fromkeys(out))
