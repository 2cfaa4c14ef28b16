"""The figures of benchmarks/speed.py as a picture: a bar for each system and language, on a scale of powers of ten.

python benchmarks/picture.py benchmarks/results.json docs/images/speed.svg
"""

from __future__ import annotations

import argparse
import json
import math
from html import escape
from pathlib import Path
from typing import Any

from finextract.evaluation.files import write

OURS = {"quantities": "#0a6ebd", "none": "#0a6ebd", "fast": "#0a6ebd", "encoder": "#0a6ebd"}
NAMES = {"ja": "Japanese", "de": "German", "ko": "Korean", "zh": "Chinese"}
LEFT, WIDTH, BAR = 132, 720, 18


def picture(rows: list[dict[str, Any]]) -> str:
    """SVG of characters a CPU second; ours in blue, bare tokenizers and peers in grey."""
    good = [r for r in rows if "failed" not in r]
    low, high = 3, math.ceil(math.log10(max(r["characters_per_cpu_s"] for r in good)))

    def x(speed: float) -> float:
        return LEFT + (max(math.log10(speed), low) - low) / (high - low) * (WIDTH - LEFT - 76)

    body, y = [], 44
    for lang, name in NAMES.items():
        mine = sorted((r for r in good if r["lang"] == lang), key=lambda r: -r["characters_per_cpu_s"])
        if not mine:
            continue
        body.append(f'<text x="8" y="{y + 4}" font-weight="bold">{name}</text>')
        y += 12
        for r in mine:
            speed, system = r["characters_per_cpu_s"], r["system"]
            body.append(
                f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(system)}</text>'
                f'<rect x="{LEFT}" y="{y + 2}" width="{x(speed) - LEFT:.1f}" height="{BAR - 5}" fill="{OURS.get(system, "#9ca3af")}"/>'
                f'<text x="{x(speed) + 6:.1f}" y="{y + 12}">{speed:,.0f}</text>'
            )
            y += BAR
        y += 16
    title = "Characters a CPU second (each step to the right is ten times as many)"
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" font-family="sans-serif" font-size="12">',
        f'<title>{title}</title><rect width="{WIDTH}" height="{y + 8}" fill="#fff"/>',
        f'<text x="8" y="20" font-size="14">{title}</text>',
        *(f'<path d="M{x(10**k):.1f} 32V{y}" stroke="#e5e7eb"/>' for k in range(low, high + 1)),
    ]
    return "\n".join([*head, *body, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    write(args.output, picture(json.loads(args.results.read_text("utf-8"))["side_by_side"]))


if __name__ == "__main__":
    main()
