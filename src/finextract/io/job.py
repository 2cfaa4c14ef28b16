"""A long run into one file: written in parts, continued after an interruption, under its name only when complete.

Beside the output lies the folder ``OUTPUT.partial`` while a run is under way: finished parts, and ``state.json`` with how
many there are and what run they belong to. Parts are cut by the documents alone, so a continued run gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from finextract.io.results import Form, Result

PART_DOCUMENTS = 1000
PART_CHARACTERS = 4_000_000


class ResumeError(ValueError):
    """What lies there cannot be continued (code J101), or belongs to somebody else (J102)."""


class Job:
    """One run into ``output``; ``identity`` is what must be the same for it to be continued."""

    def __init__(self, output: Path, form: Form, identity: dict[str, Any], *, resume: bool = False) -> None:
        self.output = Path(os.path.realpath(output))
        self.form = form
        self.folder = self.output.with_name(self.output.name + ".partial")
        self.identity = identity
        self.parts = self.documents = self.failed = 0
        self._state = self.folder / "state.json"
        if self.folder.exists():
            if not self._state.is_file() and any(self.folder.iterdir()):
                raise ResumeError(f"[J102] {self.folder} is in the way, and was not made by this program")
            if resume and self._state.is_file():
                self._continue()
                return
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        self._save()

    def _continue(self) -> None:
        state = json.loads(self._state.read_text("utf-8"))
        before = state["identity"]
        if before != self.identity:
            keys = sorted(k for k in {*before, *self.identity} if before.get(k) != self.identity.get(k))
            raise ResumeError(
                f"[J101] the interrupted run in {self.folder} was another one ({', '.join(keys)} differ); "
                "run without --resume to start afresh"
            )
        self.parts, self.documents, self.failed = state["parts"], state["documents"], state["failed"]

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:08d}"

    def _save(self) -> None:
        state = {"parts": self.parts, "documents": self.documents, "failed": self.failed, "identity": self.identity}
        _write(self._state, json.dumps(state, indent=1).encode())

    def add(self, results: Sequence[Result], failed: int) -> None:
        """Write one part and remember that it is there."""
        _write(self._part(self.parts), self.form.encode(results))
        self.parts += 1
        self.documents += len(results)
        self.failed += failed
        self._save()

    def finish(self) -> None:
        """Join the parts, put the file in its place, and clear up."""
        joined = self.folder / "joined"
        with joined.open("wb") as out:
            self.form.join((self._part(n) for n in range(self.parts)), out)
            out.flush()
            os.fsync(out.fileno())
        if self.output.exists():
            os.chmod(joined, self.output.stat().st_mode & 0o7777)
        os.replace(joined, self.output)
        shutil.rmtree(self.folder)

    def give_up(self) -> bool:
        """Clear up where nothing is worth keeping; whether something was kept."""
        if self.parts:
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        return False


def cut(results: Iterator[Result]) -> Iterator[list[Result]]:
    """Results in parts of bounded size."""
    part: list[Result] = []
    characters = 0
    for result in results:
        part.append(result)
        text = result[0].text
        characters += len(text) if isinstance(text, str) else 0
        if len(part) == PART_DOCUMENTS or characters >= PART_CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    os.replace(new, path)
