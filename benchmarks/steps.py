"""Where the time goes: the share of each step in each tier, by Python's profiler, on the gold's training texts.

    python benchmarks/steps.py --lang ja --lang ko

A step's time is all that happens inside of it, so steps may hold others (numerals are read within amounts). The
profiler makes steps of many small calls look dearer than they are; compare steps, not tiers.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from pathlib import Path

from speed import texts_of

STEPS = {
    "network": ("run",),
    "pieces": ("encode_batch",),
    "best tags": ("encoder.py", "spans"),
    "inputs of the network": ("encoder.py", "_feed"),
    "quarters": ("quarters.py", "read"),
    "amounts": ("amounts.py", "read"),
    "of these numerals": ("numerals.py", "read"),
    "of these units and modifiers": ("amounts.py", "_finish"),
    "known names": ("index.py", "find"),
    "evidence around them": ("cues.py", "hit_score"),
    "names again": ("join.py", "_again"),
    "linking": ("linker.py", "link"),
    "weighing": ("weigh.py", "features"),
}
TIERS = ("none", "fast", "encoder")


def shares(lang: str, tier: str, texts: list[str]) -> dict[str, float]:
    """The share of each step, largest first."""
    from finextract import extract_batch

    list(extract_batch(texts[:20], lang=lang, model=tier))
    profile = cProfile.Profile()
    profile.enable()
    list(extract_batch(texts, lang=lang, model=tier))
    profile.disable()
    table = pstats.Stats(profile)
    whole: float = table.total_tt  # type: ignore[attr-defined]
    out: dict[str, float] = {}
    for (file, _, name), (_, _, _, within, _) in table.stats.items():  # type: ignore[attr-defined]
        for step, place in STEPS.items():
            if len(place) == 1:
                here = file == "~" and f"'{place[0]}'" in name or f".{place[0]}>" in name
            else:
                here = file.endswith(f"/{place[0]}") and name == place[1] and "finextract" in file
            if here:
                out[step] = out.get(step, 0.0) + within / whole
    return dict(sorted(out.items(), key=lambda item: -item[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", action="append", choices=("ja", "de", "ko", "zh"))
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--texts", type=int, default=300)
    args = parser.parse_args()
    print("| language | tier | steps, with their share of the time |\n|---|---|---|")
    for lang in args.lang or ("ja", "de", "ko", "zh"):
        texts = texts_of(lang, args.gold)[: args.texts]
        for tier in TIERS:
            cells = ", ".join(f"{step} {100 * share:.0f} %" for step, share in shares(lang, tier, texts).items())
            print(f"| {lang} | {tier} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
