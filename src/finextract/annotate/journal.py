"""What has been done and is not yet in the file, on disk before it is confirmed; and what annotators decided.

One JSON object a line, appended and synced. A process may be killed at any moment: a last line that broke off is the edit
that was never confirmed. The journal lies in the folder ``.annotate`` beside the gold file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FOLDER = ".annotate"


class Busy(RuntimeError):
    """Another process has the file open."""


class Journal:
    """The journal of one gold file; :meth:`open` takes it for this process."""

    def __init__(self, file: Path) -> None:
        target = Path(os.path.realpath(file))
        self.folder = target.parent / FOLDER
        self.path = self.folder / f"{target.name}.journal"
        self._lock_path = self.folder / f"{target.name}.lock"
        self._lock: IO[bytes] | None = None
        self._out: IO[bytes] | None = None

    def open(self) -> list[dict[str, Any]]:
        """Take the journal and return its records; raises :class:`Busy` where another process has it."""
        self.folder.mkdir(exist_ok=True)
        self._lock = open(self._lock_path, "ab")  # noqa: SIM115 (held as long as the server runs)
        if fcntl is not None:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
                self._lock = None
                raise Busy(f"{self.path}: another server has this file open") from None
        return self.read()

    def read(self) -> list[dict[str, Any]]:
        """All whole records."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        out = []
        for raw in data.split(b"\n")[:-1]:
            try:
                record = json.loads(raw)
            except ValueError:
                continue
            if isinstance(record, dict):
                out.append(record)
        return out

    def append(self, *records: dict[str, Any]) -> None:
        """Write records and wait until they are on the disk."""
        if self._out is None:
            self._out = open(self.path, "ab")  # noqa: SIM115
        self._out.write(b"".join(_line(r) for r in records))
        self._out.flush()
        os.fsync(self._out.fileno())

    def rewrite(self, records: Iterable[dict[str, Any]]) -> None:
        """Replace the content, through a temporary file; without records the file goes."""
        data = b"".join(_line(r) for r in records)
        if self._out is not None:
            self._out.close()
            self._out = None
        if not data:
            self.path.unlink(missing_ok=True)
            return
        temporary = self.path.with_suffix(".tmp")
        with open(temporary, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, self.path)

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def close(self) -> None:
        """Leave the journal to others; an empty folder is removed."""
        if self._out is not None:
            self._out.close()
            self._out = None
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
            if self.folder.exists() and not any(self.folder.iterdir()):
                self.folder.rmdir()


def _line(record: dict[str, Any]) -> bytes:
    # ASCII: a text may hold half of a surrogate pair, and the journal must not fail on it
    return json.dumps(record).encode("ascii") + b"\n"
