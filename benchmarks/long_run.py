"""A long run through the command line to Parquet, with its memory over time.

    python benchmarks/long_run.py --documents 200000 --model none --processes 2 --output long_run.json

The documents are the gold's training texts (with ``--unit sentence`` their sentences) over and over, each time with other
digits, so that no two rounds are the same.
Memory is the resident size of each process of the run, read from /proc twice a second.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GOLD = Path(__file__).resolve().parent.parent / "annotations"


def sentences(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The sentences of a row as rows of their own; what is shorter than 15 characters is left out."""
    parts = re.split(r"(?<=[。！？!?])|(?<=[a-zäöü다]\.)\s|\n", row["text"])
    return [{**row, "text": part.strip()} for part in parts if len(part.strip()) >= 15]


def write_documents(path: Path, count: int, unit: str) -> int:
    """Write that many documents; their characters."""
    rows = [
        json.loads(line) for file in sorted(GOLD.glob("*/train.jsonl")) for line in file.read_text("utf-8").splitlines()
    ]
    if unit == "sentence":
        rows = [part for row in rows for part in sentences(row)]
    dice = random.Random(1)
    dice.shuffle(rows)
    characters = 0
    with path.open("w", encoding="utf-8") as out:
        for n in range(count):
            row = rows[n % len(rows)]
            text = re.sub(r"[1-9]", lambda m: str(dice.randint(1, 9)), row["text"])
            characters += len(text)
            out.write(
                json.dumps({"id": n, "text": text, "lang": row["lang"], "date": row.get("date")}, ensure_ascii=False)
                + "\n"
            )
    return characters


def resident(pid: int) -> dict[int, float]:
    """MB of a process and its children."""
    out = {}
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (str(pid), *children):
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            out[int(one)] = round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    except (OSError, IndexError):
        pass
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--unit", choices=("passage", "sentence"), default="passage")
    parser.add_argument("--model", default="none")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.jsonl", Path(folder) / "out.parquet"
        characters = write_documents(source, args.documents, args.unit)
        main_code = "import sys; from finextract.cli import main; sys.argv[0] = 'finextract'; main()"
        command = [sys.executable, "-c", main_code, "extract", str(source), "-o", str(target), "--model", args.model]
        begun = time.monotonic()
        process = subprocess.Popen([*command, "--processes", str(args.processes)])
        samples: list[dict[str, Any]] = []
        state = Path(f"{target}.partial") / "state.json"
        while process.poll() is None:
            try:
                done = json.loads(state.read_text())["documents"]
            except (OSError, ValueError):
                done = 0
            memory = sorted(resident(process.pid).items())
            samples.append({"s": round(time.monotonic() - begun, 1), "documents": done, "mb": [mb for _, mb in memory]})
            time.sleep(0.5)
        seconds = time.monotonic() - begun
        import pyarrow.parquet as pq

        rows = pq.read_metadata(target).num_rows
        errors = pq.read_table(target, columns=["error"]).column("error")
        early = [max(s["mb"]) for s in samples if 5_000 <= s["documents"] < 0.25 * args.documents and s["mb"]]
        late = [max(s["mb"]) for s in samples if s["documents"] >= 0.75 * args.documents and s["mb"]]
        out = {
            "documents": args.documents, "rows": rows, "failures": rows - errors.null_count, "model": args.model, "unit": args.unit, "characters": characters,
            "processes": args.processes, "exit_code": process.returncode, "seconds": round(seconds, 1),
            "documents_per_s": round(args.documents / seconds, 1), "characters_per_s": round(characters / seconds),
            "input_mb": round(source.stat().st_size / 1e6, 1), "output_mb": round(target.stat().st_size / 1e6, 1),
            "largest_process_mb": {"5,000 documents to a quarter": max(early, default=None), "last quarter": max(late, default=None)},
            "samples": samples[:: max(1, len(samples) // 60)],
        }  # fmt: skip
    print(json.dumps({k: v for k, v in out.items() if k != "samples"}))
    if args.output:
        args.output.write_text(json.dumps(out, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
