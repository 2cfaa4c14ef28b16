"""The file under edit: bytes of untouched rows, killed processes, and other people's writing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from rows import FILE, LINES

from finextract.annotate.journal import Busy
from finextract.annotate.lines import EditError, Units, wire_spans
from finextract.annotate.store import Stale, Store, digest


def nothing(start, end, label):
    return None


def add(store, key, start=0, end=1, label="PERCENT", **more):
    line = store.line(key)
    spans = wire_spans(line, Units.of(line.row["text"]))
    new = {"raw": "", "start": start, "end": end, "label": label}
    return store.edit(key, more.pop("version", store.version(key)), [*spans, new], nothing, **more)


def test_one_edit_changes_one_line(store, gold):
    add(store, "id ja-4")
    assert store.flush()
    lines = gold.read_bytes().split(b"\n")
    before = FILE.split(b"\n")
    assert [i for i, (a, b) in enumerate(zip(lines, before, strict=True)) if a != b] == [3]
    assert json.loads(lines[3])["spans"][0]["text"] == "特"
    assert b"2.50" in lines[3]


def test_taking_an_edit_back_restores_the_bytes(store, gold):
    for key in ("id ja-1", "id ja-2", "id ja-6"):
        line = store.line(key)
        spans = wire_spans(line, Units.of(line.row["text"]))
        store.edit(key, store.version(key), [], nothing)
        store.flush()
        store.edit(key, store.version(key), spans, nothing)
        store.flush()
    assert gold.read_bytes() == FILE


def test_it_is_written_within_a_second(store, gold):
    store.start()
    add(store, "id ja-4")
    end = time.monotonic() + 20
    while store.unsaved and time.monotonic() < end:
        time.sleep(0.01)
    assert len(json.loads(gold.read_bytes().split(b"\n")[3])["spans"]) == 1
    store.close()
    assert [p.name for p in gold.parent.iterdir()] == [gold.name]  # no journal, lock or temporary file is left


def test_an_edit_is_in_the_journal_before_it_is_confirmed(store, gold):
    add(store, "id ja-4")
    assert gold.read_bytes() == FILE
    store.journal.close()  # as after a kill: nothing else was done
    again = Store(gold)
    again.open()
    assert len(again.line("id ja-4").row["spans"]) == 1
    assert again.flush()
    again.close()
    assert len(json.loads(gold.read_bytes().split(b"\n")[3])["spans"]) == 1


def test_half_a_record_in_the_journal_is_the_edit_that_was_never_confirmed(store, gold):
    add(store, "id ja-4")
    add(store, "id ja-4", 2, 3)
    store.journal.close()
    data = store.journal.path.read_bytes()
    for cut in (len(data) - 1, len(data) - 40, data.index(b"\n") + 2):
        store.journal.path.write_bytes(data[:cut])
        again = Store(gold)
        again.open()
        assert len(again.line("id ja-4").row["spans"]) == 1
        add(again, "id ja-4", 4, 5)
        again.journal.close()
        third = Store(gold)
        third.open()
        assert [s["start"] for s in third.line("id ja-4").row["spans"]] == [0, 4]
        third.journal.close()


def test_killed_between_writing_and_noting_it(store, gold):
    add(store, "id ja-4")
    records = store.journal.path.read_bytes()
    store.flush()
    store.journal.path.write_bytes(records)
    store.journal.close()
    again = Store(gold)
    again.open()
    assert (again.unsaved, again.conflicts) == (0, {})
    again.journal.close()


def test_changed_on_disk_while_nobody_served(store, gold):
    add(store, "id ja-4")
    store.journal.close()
    gold.write_bytes(FILE.replace("特筆".encode(), "特記".encode()))
    again = Store(gold)
    again.open()
    assert "特記" in again.line("id ja-4").text
    assert json.loads(again.conflicts["id ja-4"])["spans"]
    again.flush()
    assert gold.read_bytes() == FILE.replace("特筆".encode(), "特記".encode())
    again.journal.close()
    third = Store(gold)  # a conflict waits as long as it takes
    third.open()
    third.resolve("id ja-4", "mine")
    third.flush()
    assert "特筆".encode() in gold.read_bytes()
    third.close()


def test_other_rows_are_merged(store, gold):
    add(store, "id ja-4")
    lines = FILE.split(b"\n")
    lines[0], lines[2] = lines[2], lines[0].replace(b"composed", b"edited")  # moved, and one changed
    gold.write_bytes(b"\n".join(lines))
    assert store.flush()
    after = gold.read_bytes().split(b"\n")
    assert [i for i, (a, b) in enumerate(zip(after, lines, strict=True)) if a != b] == [3]
    assert json.loads(after[3])["spans"] and not store.conflicts
    assert store.line("id ja-1").row["source"] == "edited"


def test_the_same_row_is_refused_and_kept(store, gold):
    add(store, "id ja-4")
    theirs = FILE.replace(b"2.50", b"2.75")
    gold.write_bytes(theirs)
    store.flush()
    assert gold.read_bytes() == theirs
    assert list(store.conflicts) == ["id ja-4"]
    store.resolve("id ja-4", "disk")
    store.flush()
    assert gold.read_bytes() == theirs and not store.conflicts
    with pytest.raises(EditError):
        store.resolve("id ja-4", "mine")


def test_a_deleted_row_can_come_back(store, gold):
    add(store, "id ja-4")
    theirs = b"\n".join(x for x in FILE.split(b"\n") if b"ja-4" not in x)
    gold.write_bytes(theirs)
    store.flush()
    assert gold.read_bytes() == theirs
    store.resolve("id ja-4", "mine")
    store.flush()
    after = gold.read_bytes()
    assert after.startswith(theirs) and json.loads(after[len(theirs) :])["id"] == "ja-4"


def test_a_page_that_shows_an_older_row_is_refused(store, gold):
    old = store.version("id ja-4")
    gold.write_bytes(FILE.replace(b"2.50", b"2.75"))
    with pytest.raises(Stale):
        add(store, "id ja-4", version=old)
    store.flush()
    assert gold.read_bytes() == FILE.replace(b"2.50", b"2.75")


def test_a_page_that_missed_an_answer_goes_on(store, gold):
    old = store.version("id ja-4")
    add(store, "id ja-4", by="page")
    add(store, "id ja-4", 2, 3, version=old, by="page")
    with pytest.raises(Stale):
        add(store, "id ja-4", 4, 5, version=old, by="another page")
    store.flush()
    store.journal.close()
    again = Store(gold)
    again.open()
    add(again, "id ja-4", 4, 5, version=old, by="page")
    assert len(again.line("id ja-4").row["spans"]) == 3
    again.journal.close()


def test_the_file_is_never_made_again_when_it_is_gone(store, gold):
    gold.unlink()
    add(store, "id ja-4")
    assert not store.flush() and not gold.exists() and "gone" in store.problem
    gold.write_bytes(FILE)
    assert store.flush() and store.problem is None
    assert json.loads(gold.read_bytes().split(b"\n")[3])["spans"]


def test_what_is_written_between_the_last_look_and_the_renaming(store, gold, monkeypatch):
    add(store, "id ja-4")
    theirs = FILE.replace("増減は5%だった".encode(), "増減は6%だった".encode())
    sync, did = os.fsync, []

    def late(handle):
        sync(handle)
        if not did:
            did.append(gold.write_bytes(theirs))

    monkeypatch.setattr("finextract.annotate.store.os.fsync", late)
    assert store.flush()
    after = gold.read_bytes()
    assert "増減は6%だった".encode() in after and json.loads(after.split(b"\n")[3])["spans"]
    assert [p.name for p in gold.parent.iterdir() if p.suffix == ".tmp"] == []


def test_byte_order_mark_crlf_and_missing_line_feed_stay(gold):
    data = b"\xef\xbb\xbf" + "\r\n".join(x.rstrip("\r") for x in LINES).encode()
    gold.write_bytes(data)
    store = Store(gold)
    store.open()
    add(store, "id ja-4")
    store.flush()
    after = gold.read_bytes()
    line = store.line("id ja-4").raw
    assert line.endswith(b"\r") and after.replace(line, LINES[3].encode() + b"\r") == data
    store.close()


def test_rows_with_one_id_are_told_apart(gold):
    gold.write_bytes((LINES[3] + "\n" + LINES[3] + "\n").encode())
    store = Store(gold)
    store.open()
    add(store, "id ja-4 2")
    store.flush()
    first, second = gold.read_bytes().splitlines()
    assert first == LINES[3].encode() and json.loads(second)["spans"]
    store.close()


def test_two_servers_do_not_share_a_file(store, gold):
    with pytest.raises(Busy):
        Store(gold).open()


def test_links_and_modes_are_kept(gold, tmp_path):
    gold.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(gold)
    store = Store(link)
    store.open()
    add(store, "id ja-4")
    store.flush()
    store.close()
    assert link.is_symlink() and gold.stat().st_mode & 0o777 == 0o640 and gold.read_bytes() != FILE


def test_decisions_are_remembered_as_long_as_the_text_is_the_same(store, gold):
    store.decide("id ja-4", "done", True)
    store.decide("id ja-4", "refuse", True, "a")
    store.decide("id ja-4", "refuse", True, "b")
    store.decide("id ja-4", "refuse", False, "a")
    store.close()
    again = Store(gold)
    again.open()
    assert again.decisions("id ja-4").done and again.decisions("id ja-4").refused == {"b"}
    gold.write_bytes(FILE.replace("特筆".encode(), "特記".encode()))
    again.refresh()
    assert not again.decisions("id ja-4").done
    again.journal.close()
    assert gold.read_bytes() != FILE


EDITOR = """
import sys, json, time
from pathlib import Path
from finextract.annotate.store import Store
store = Store(Path(sys.argv[1]))
store.open()
store.start()
print(json.dumps([s["start"] for s in store.line("id ja-4").row["spans"]]), flush=True)
while True:
    at = sum(1 for _ in store.line("id ja-4").row["spans"])
    spans = [{"raw": json.dumps(s), "start": s["start"], "end": s["end"], "label": s["label"]} for s in store.line("id ja-4").row["spans"]]
    new = {"raw": "", "start": at % 10, "end": at % 10 + 1, "label": "PERCENT"}
    store.edit("id ja-4", store.version("id ja-4"), [*spans, new], lambda *a: {"value": str(at), "unit": "percent"})
    print(at, flush=True)
"""


def test_killed_at_any_moment_nothing_confirmed_is_lost(gold):
    confirmed = 0
    for round_ in range(6):
        process = subprocess.Popen([sys.executable, "-c", EDITOR, str(gold)], stdout=subprocess.PIPE, text=True)
        found = len(json.loads(process.stdout.readline()))
        assert found in (confirmed, confirmed + 1)  # the last one may have been journalled and not yet said
        for _ in range(3 + 2 * round_):
            confirmed = int(process.stdout.readline()) + 1
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
        process.wait()
        confirmed = max([confirmed, *(int(x) + 1 for x in rest if x.endswith("\n"))])
    store = Store(gold)
    store.open()
    store.close()
    lines = gold.read_bytes().split(b"\n")
    values = {int(s["value"]["value"]) for s in json.loads(lines[3])["spans"]}
    assert values >= set(range(confirmed)) and len(values) <= confirmed + 1
    assert [a for i, a in enumerate(lines) if i != 3] == [a for i, a in enumerate(FILE.split(b"\n")) if i != 3]


class TwoWriters(RuleBasedStateMachine):
    """We edit some rows, an editor rewrites others, the server dies: each row is what its last writer made of it."""

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "f.jsonl"
        self.want = {i: [] for i in range(6)}
        self.order = list(range(6))
        self.note = dict.fromkeys(range(6), 0)
        self.path.write_bytes(self.data())
        self.store = Store(self.path)
        self.store.open()

    def data(self):
        return b"".join(
            json.dumps({"id": str(i), "text": "abcdefgh", "spans": [], "note": self.note[i]}).encode() + b"\n"
            for i in self.order
        )

    @rule(i=st.integers(0, 2), at=st.integers(0, 7))
    def ours(self, i, at):
        new = {"raw": "", "start": at, "end": at + 1, "label": "COMPANY"}
        self.store.edit(f"id {i}", self.store.version(f"id {i}"), [new], nothing)
        self.want[i] = [at]

    @rule(i=st.integers(3, 5))
    def theirs(self, i):
        lines = self.path.read_bytes().splitlines(keepends=True)
        self.note[i] += 1
        out = []
        for line in lines:
            row = json.loads(line)
            out.append(line if row["id"] != str(i) else json.dumps({**row, "note": self.note[i]}).encode() + b"\n")
        self.path.write_bytes(b"".join(out))

    @rule(shift=st.integers(1, 5))
    def reorder(self, shift):
        lines = self.path.read_bytes().splitlines(keepends=True)
        self.path.write_bytes(b"".join(lines[shift:] + lines[:shift]))

    @rule()
    def flush(self):
        assert self.store.flush()

    @rule()
    def killed(self):
        self.store.journal.close()
        self.store = Store(self.path)
        self.store.open()

    @invariant()
    def nothing_is_lost(self):
        assert not self.store.conflicts

    def teardown(self):
        self.store.flush()
        self.store.close()
        rows = {int(r["id"]): r for r in map(json.loads, self.path.read_bytes().splitlines())}
        assert {i: [s["start"] for s in r["spans"]] for i, r in rows.items()} == self.want
        assert {i: r["note"] for i, r in rows.items()} == self.note
        self.folder.cleanup()


TwoWriters.TestCase.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
test_two_writers = TwoWriters.TestCase


def test_versions_name_bytes():
    assert digest(b"a") != digest(b"b") and len(digest(b"a")) == 32
