"""Processor time of the quantity grammar on hostile input: the ratio of 1 MB to 100 KB, to stay at or below 12.

python benchmarks/hostile.py
"""

import json
import time
from pathlib import Path

from finextract.quantities import read

HOSTILE = json.loads((Path(__file__).parent.parent / "tests/data/quantities/hostile.json").read_text("utf-8"))


def cost(text: str, lang: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        read(text, lang, "2024-08-05")
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    worst = 0.0
    for lang in ("ja", "de", "ko", "zh"):
        for name, unit in HOSTILE.items():
            small, large = ((unit * (size // len(unit) + 1))[:size] for size in (100_000, 1_000_000))
            a, b = cost(small, lang), cost(large, lang)
            worst = max(worst, b / a)
            print(f"{lang} {name:9} {a * 1000:9.1f} ms {b * 1000:10.1f} ms  ratio {b / a:5.1f}")
    print(f"worst ratio {worst:.1f}")


if __name__ == "__main__":
    main()
