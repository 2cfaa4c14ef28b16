"""One gold file while people edit it: every edit journalled before it is confirmed, and in the file within a second.

Rows are changed one line at a time; all other bytes of the file are those that were read. Whatever else writes the file
(an editor, git) is noticed: rows that only the other side changed are taken over, rows that only we changed stay ours,
and a row that both changed is taken from the disk while our version is kept as a conflict until somebody decides.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finextract.annotate.journal import Journal
from finextract.annotate.lines import EditError, Guess, build_line, same_but_spans
from finextract.gold.jsonl import BOM, File, Line, parse_lines

Signature = tuple[int, int, int]
FLUSH_AFTER = 0.15
POLL = 0.4
REMEMBERED = 200
"""Rows of which it is known which page edited them last."""


class Stale(EditError):
    """The row is no longer the one that the edit was made on."""

    def __init__(self, message: str) -> None:
        super().__init__("A102", message)


def digest(raw: bytes) -> str:
    """What names one version of a line or a text."""
    return hashlib.sha256(raw).hexdigest()[:32]


def text_digest(text: object) -> str:
    return digest(str(text).encode("utf-8", "surrogatepass"))


def row_keys(lines: Iterable[Line]) -> list[str]:
    """A name for each line that survives its moving: the id, or the content where there is none."""
    seen: Counter[str] = Counter()
    out = []
    for line in lines:
        row_id = line.row.get("id") if line.row else None
        name = f"id {row_id}" if isinstance(row_id, str) and row_id else f"line {digest(line.raw)}"
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return out


def _signature(stat: os.stat_result) -> Signature:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@dataclass
class Decisions:
    """What an annotator decided about one row without changing it; void once the text is another."""

    text: str
    done: bool = False
    refused: set[str] = field(default_factory=set)


class Store:
    """A gold file under edit. All methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.lines: list[Line] = []
        self.keys: list[str] = []
        self.revision = 1
        self.structure = 1
        """The revision at which rows last came, went or moved."""
        self.problem: str | None = None
        """Why the file cannot be written at the moment."""
        self.conflicts: dict[str, str] = {}
        """Row -> our version of its line, where the file has another one."""
        self._by_key: dict[str, Line] = {}
        self._base: dict[str, bytes] = {}
        self._origin: dict[str, Line] = {}
        self._changed: dict[str, int] = {}
        self._decisions: dict[str, Decisions] = {}
        self._last: dict[str, tuple[str, str]] = {}
        self._disk = b""
        self._seen: Signature = (0, 0, 0)
        self._bom = False
        self._newline = True
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self.journal = Journal(path)

    # reading

    def open(self) -> None:
        """Read the file and what the journal holds for it; :class:`Busy` if another server has it."""
        records = self.journal.open()
        try:
            self._seen, data = self._read()
            self._take(parse_lines(str(self.path), data))
            self._disk = data
            self._base = {k: line.raw for k, line in self._by_key.items()}
            self._origin = dict(self._by_key)
            self._replay(records)
            self.journal.rewrite(self._records())
        except BaseException:
            self.journal.close()
            raise

    def start(self) -> None:
        """Write changes in the background, and watch the file."""
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left, and let the file go. What could not be written stays in the journal."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)
        self.flush()
        with self.lock:
            self.journal.rewrite(self._records(closing=True))
            self.journal.close()

    def _read(self) -> tuple[Signature, bytes]:
        """The file when nobody is in the middle of writing it."""
        for attempt in range(20):
            with open(self.path, "rb") as file:
                before = os.fstat(file.fileno())
                data = file.read()
                after = os.fstat(file.fileno())
            young = time.time_ns() - after.st_mtime_ns < 30_000_000
            if _signature(before) == _signature(after) and (not young or attempt > 5):
                break
            time.sleep(0.02)
        return _signature(after), data

    def _take(self, file: File) -> None:
        self.lines, self.keys = file.lines, row_keys(file.lines)
        self._by_key = dict(zip(self.keys, self.lines, strict=True))
        self._bom, self._newline = file.bom, file.final_newline

    def _replay(self, records: Iterable[Mapping[str, Any]]) -> None:
        chains: dict[str, tuple[set[str], str]] = {}
        for record in records:
            op, key = record.get("op"), str(record.get("key"))
            if op == "edit":
                states, _ = chains.get(key, (set(), ""))
                after = str(record["after"])
                chains[key] = (states | {str(record["before"]), digest(after.encode())}, after)
                if isinstance(record.get("by"), str):
                    self._edited(key, record["by"], digest(after.encode()))
            elif op == "last":
                self._edited(key, str(record.get("by")), str(record.get("after")))
            elif op == "saved":
                chains.clear()
            elif op == "conflict":
                self.conflicts[key] = str(record["mine"])
            elif op == "resolved":
                self.conflicts.pop(key, None)
            elif op in ("done", "refuse"):
                self._decided(key, record)
        for key, (states, after) in chains.items():
            line = self._by_key.get(key)
            if line is not None and digest(line.raw) in states:
                self._put(key, after.encode())
            else:
                self.conflicts[key] = after
        self._wake.set()

    def _records(self, closing: bool = False) -> list[dict[str, Any]]:
        """The journal that says all there is to say now."""
        out: list[dict[str, Any]] = (
            []
            if closing
            else [{"op": "last", "key": key, "by": by, "after": after} for key, (by, after) in self._last.items()]
        )
        for key, decisions in self._decisions.items():
            if decisions.done:
                out.append({"op": "done", "key": key, "text": decisions.text, "on": True})
            out += [
                {"op": "refuse", "key": key, "text": decisions.text, "sid": sid, "on": True}
                for sid in sorted(decisions.refused)
            ]
        out += [{"op": "conflict", "key": key, "mine": mine} for key, mine in self.conflicts.items()]
        out += [
            {"op": "edit", "key": k, "before": digest(self._base[k]), "after": self._by_key[k].raw.decode()}
            for k in self._dirty()
        ]
        return out

    # rows

    def line(self, key: str) -> Line:
        """The line of that name; :class:`EditError` if there is none (any more)."""
        line = self._by_key.get(key)
        if line is None:
            raise EditError("A101", "this row is no longer in the file")
        return line

    def version(self, key: str) -> str:
        return digest(self.line(key).raw)

    def edit(
        self, key: str, version: str, spans: Sequence[Mapping[str, Any]], guess: Guess, by: str | None = None
    ) -> Line:
        """Give a row these spans. When this returns, the edit is on the disk, in the journal.

        ``by`` names the page it comes from: one that never got the answer to its last edit may go on from there.
        """
        self.refresh()
        with self.lock:
            line = self.line(key)
            now = digest(line.raw)
            if now != version and (by is None or self._last.get(key) != (by, now)):
                raise Stale("the row was changed elsewhere meanwhile")
            text = build_line(line, spans, guess)
            if not same_but_spans(line.text, text):
                raise AssertionError("an edit would have changed more than spans; nothing was written")
            raw = text.encode("utf-8")
            origin = self._origin.get(key)
            if origin is not None and origin.row is not None and _same(origin.row, json.loads(text)):
                raw = origin.raw  # all is as it was: then so are the bytes
            self._commit(key, raw, by)
            return self._by_key[key]

    def _commit(self, key: str, raw: bytes, by: str | None = None) -> None:
        line = self._by_key[key]
        if raw != line.raw:
            record = {"op": "edit", "key": key, "before": digest(line.raw), "after": raw.decode()}
            if by is not None:
                record["by"] = by
                self._edited(key, by, digest(raw))
            self.journal.append(record)
            self._put(key, raw)
            self._wake.set()

    def _put(self, key: str, raw: bytes) -> None:
        line = self._by_key[key]
        new = parse_lines(line.file, raw).lines[0]
        new.number = line.number
        self.lines[line.number - 1] = new
        self._by_key[key] = new
        self._touch(key)

    def _edited(self, key: str, by: str, after: str) -> None:
        self._last.pop(key, None)
        self._last[key] = (by, after)
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]

    def _touch(self, key: str) -> None:
        self.revision += 1
        self._changed[key] = self.revision

    def touch(self, key: str) -> None:
        """Say that something about the row is to be shown anew."""
        with self.lock:
            self._touch(key)

    def changed_since(self, revision: int) -> list[str]:
        with self.lock:
            return [k for k, at in self._changed.items() if at > revision and k in self._by_key]

    # decisions

    def decisions(self, key: str) -> Decisions:
        """Decisions about the row as it is now."""
        row = self.line(key).row or {}
        text = text_digest(row.get("text"))
        known = self._decisions.get(key)
        return known if known is not None and known.text == text else Decisions(text)

    def decide(self, key: str, op: str, on: bool, sid: str = "") -> None:
        """``done``: the row is finished; ``refuse``: a suggestion is not wanted."""
        if op not in ("done", "refuse"):
            raise EditError("A205", f"{op!r} is no decision")
        with self.lock:
            record = {"op": op, "key": key, "text": self.decisions(key).text, "on": on}
            if op == "refuse":
                record["sid"] = sid
            self.journal.append(record)
            self._decided(key, record)
            self._touch(key)

    def _decided(self, key: str, record: Mapping[str, Any]) -> None:
        text, on = str(record.get("text")), bool(record.get("on"))
        decisions = self._decisions.get(key)
        if decisions is None or decisions.text != text:
            decisions = self._decisions[key] = Decisions(text)
        if record["op"] == "done":
            decisions.done = on
        elif on:
            decisions.refused.add(str(record.get("sid")))
        else:
            decisions.refused.discard(str(record.get("sid")))

    def resolve(self, key: str, take: str) -> None:
        """End a conflict: ``mine`` writes our version of the row, ``disk`` lets it go."""
        with self.lock:
            mine = self.conflicts.get(key)
            if mine is None:
                raise EditError("A103", "there is no conflict about this row")
            if take == "mine":
                if key in self._by_key:
                    self._commit(key, mine.encode())
                else:  # it was deleted: it comes back as the last one
                    self._append(key, mine.encode())
            elif take != "disk":
                raise EditError("A205", f"{take!r} is neither mine nor disk")
            self.journal.append({"op": "resolved", "key": key})
            del self.conflicts[key]
            self._touch(key)

    def _append(self, key: str, raw: bytes) -> None:
        line = parse_lines(str(self.path), raw).lines[0]
        line.number = len(self.lines) + 1
        self.journal.append({"op": "edit", "key": key, "before": digest(b""), "after": raw.decode()})
        self.lines.append(line)
        self.keys.append(key)
        self._by_key[key] = line
        self._base[key] = b""
        self._touch(key)
        self.structure = self.revision
        self._wake.set()

    # the disk

    def _dirty(self) -> list[str]:
        return [k for k, line in self._by_key.items() if line.raw != self._base.get(k)]

    @property
    def unsaved(self) -> int:
        """Rows that are in the journal but not yet in the file."""
        with self.lock:
            return len(self._dirty())

    @property
    def disk(self) -> bytes:
        """The file as it was last seen."""
        return self._disk

    def assemble(self) -> bytes:
        """The file as it is to be."""
        body = b"\n".join(line.raw for line in self.lines)
        return (BOM if self._bom else b"") + body + (b"\n" if self.lines and self._newline else b"")

    def refresh(self) -> bool:
        """Take over what somebody else has written; whether there was anything."""
        with self.lock:
            try:
                if _signature(os.stat(self.path)) == self._seen:
                    self._solved()
                    return False
                seen, data = self._read()
            except FileNotFoundError:
                self._trouble("the file is gone; what is changed here stays in the journal until it is back")
                return False
            self._solved()
            self._seen = seen
            if data == self._disk:
                return False
            self._merge(data)
            return True

    def _merge(self, data: bytes) -> None:
        mine = {k: self._by_key[k] for k in self._dirty()}
        base, old_keys, old = self._base, self.keys, self._by_key
        theirs = parse_lines(str(self.path), data)
        self._take(theirs)
        self._disk = data
        self._base = {k: line.raw for k, line in self._by_key.items()}
        for key, line in mine.items():
            now = self._base.get(key)
            if now == line.raw:
                continue
            if now is not None and now == base.get(key):
                self._put(key, line.raw)
            else:
                self.conflicts[key] = line.raw.decode()
                self.journal.append({"op": "conflict", "key": key, "mine": line.raw.decode()})
        for key in self.keys:
            if key not in old or old[key].raw != self._by_key[key].raw:
                if key not in mine:
                    self._origin[key] = self._by_key[key]
                self._touch(key)
        if self.keys != old_keys:
            self.revision += 1
            self.structure = self.revision
        # from here on the journal counts from what is now on the disk
        self.journal.rewrite(self._records())

    def flush(self) -> bool:
        """Write the changes through a temporary file; whether the file is now as we have it."""
        for _ in range(5):
            self.refresh()
            with self.lock:
                if self.problem:
                    return False
                if not self._dirty():
                    return True
                try:
                    if self._replace(self.assemble()):
                        self._base = {k: line.raw for k, line in self._by_key.items()}
                        self.journal.append({"op": "saved"})
                        if self.journal.size() > 1 << 20:
                            self.journal.rewrite(self._records())
                        self.revision += 1
                        return True
                except OSError as error:
                    self._trouble(f"the file cannot be written: {error.strerror or error}")
                    return False
        return False

    def _replace(self, data: bytes) -> bool:
        """Put the data in the file's place unless somebody has written it since; the last look is just before the renaming."""
        target = Path(os.path.realpath(self.path))
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
                os.chmod(name, target.stat().st_mode & 0o7777)
                signature = _signature(os.fstat(out.fileno()))
            if target.read_bytes() != self._disk:
                os.unlink(name)
                return False
            os.replace(name, target)
        except BaseException:
            if os.path.exists(name):
                os.unlink(name)
            raise
        self._disk, self._seen = data, signature
        return True

    def _trouble(self, message: str) -> None:
        if self.problem != message:
            self.problem = message
            self.revision += 1

    def _solved(self) -> None:
        if self.problem is not None:
            self.problem = None
            self.revision += 1

    def _work(self) -> None:
        while not self._stop:
            if self._wake.wait(POLL):
                self._wake.clear()
                if not self._stop:
                    time.sleep(FLUSH_AFTER)  # several keys pressed in a row become one writing
            if self.refresh() or self.unsaved:
                self.flush()


def _same(a: object, b: object) -> bool:
    """Equal as JSON: unlike ``==`` this tells 1 from true and from 1.0."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
