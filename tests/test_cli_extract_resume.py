"""``finextract extract --resume``: killed anywhere, continued to the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# small parts, so that a small input has many
MAIN = (
    "import sys; import finextract.io.job as job; job.PART_DOCUMENTS = 10; "
    "from finextract.cli import main; sys.argv[0] = 'finextract'; main()"
)
DOCUMENTS, PARTS = 1200, 120
PATTERNS = ["売上高は{n}億円で{n}%増", "Der Umsatz stieg um {n} Prozent auf {n} Millionen Euro.", "매출은 {n}억 달러"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("resume")
    rows = [{"id": n, "text": PATTERNS[n % 3].format(n=n + 1) if n % 50 != 7 else n} for n in range(DOCUMENTS)]
    (path / "in.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def start(folder: Path, output: str, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", MAIN, "extract", "in.jsonl", "-o", output, "--model", "none", *more]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, start_new_session=True)


def finish(process: subprocess.Popen[bytes], code: int = 1) -> str:
    _, err = process.communicate(timeout=300)
    assert process.returncode == code, err.decode()
    return err.decode()


def parts(folder: Path, output: str) -> int:
    try:
        return int(json.loads((folder / f"{output}.partial" / "state.json").read_text())["parts"])
    except FileNotFoundError:
        return -1


def kill_at(
    process: subprocess.Popen[bytes], folder: Path, output: str, part: int, delay: float, how: signal.Signals
) -> None:
    """Kill it as soon as it has written so many parts, and a moment later."""
    while parts(folder, output) < part and process.poll() is None:
        time.sleep(0.002)
    time.sleep(delay)
    os.killpg(process.pid, how)
    process.communicate(timeout=60)


@pytest.mark.parametrize(("output", "kills"), [("out.jsonl", 10), ("out.jsonl.gz", 2), ("out.parquet", 2)])
def test_the_same_bytes_after_kills_at_random_points(folder: Path, output: str, kills: int) -> None:
    finish(start(folder, f"whole-{output}"))
    dice = random.Random(output)
    done: list[int] = []
    for part in sorted(dice.sample(range(1, PARTS), kills)):
        process = start(folder, output, "--resume", *(["--processes", "2"] if part % 4 == 0 else []))
        kill_at(process, folder, output, part, dice.random() * 0.02, signal.SIGKILL)
        done.append(parts(folder, output))
        assert not (folder / output).exists() or done[-1] == -1
    assert done == sorted(done)
    if not (folder / output).exists():
        err = finish(start(folder, output, "--resume"))
        assert err.endswith(f"finextract: 24 documents of {DOCUMENTS:,} could not be read\n")
    assert (folder / output).read_bytes() == (folder / f"whole-{output}").read_bytes()
    assert not (folder / f"{output}.partial").exists()


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(folder: Path) -> None:
    process = start(folder, "c.jsonl", "--processes", "2")
    while parts(folder, "c.jsonl") < 20:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    err = finish(process, code=130)
    assert err.splitlines()[-1] == "finextract: interrupted; --resume goes on from here"
    assert "Traceback" not in err
    before = parts(folder, "c.jsonl")
    assert before >= 20
    assert not (folder / "c.jsonl").exists()
    finish(start(folder, "c.jsonl", "--resume"))
    assert len((folder / "c.jsonl").read_bytes().splitlines()) == DOCUMENTS


def test_another_run_is_not_continued(folder: Path) -> None:
    process = start(folder, "d.jsonl")
    kill_at(process, folder, "d.jsonl", 3, 0, signal.SIGKILL)
    err = finish(start(folder, "d.jsonl", "--resume", "--date", "2024-01-01"), code=2)
    assert "J101" in err
    assert "options differ" in err
    before = parts(folder, "d.jsonl")
    assert before >= 3  # still there
    finish(start(folder, "d.jsonl", "--date", "2024-01-01"))
    assert not (folder / "d.jsonl.partial").exists()


def test_a_folder_of_somebody_elses_is_left_alone(folder: Path) -> None:
    (folder / "e.jsonl.partial").mkdir()
    (folder / "e.jsonl.partial" / "thesis.txt").write_text("mine")
    assert "J102" in finish(start(folder, "e.jsonl"), code=2)
    assert (folder / "e.jsonl.partial" / "thesis.txt").read_text() == "mine"
