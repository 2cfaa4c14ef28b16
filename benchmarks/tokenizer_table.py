"""Compare the tokenizers on gold: alignment, speed and, with --steps, the F1 of a recogniser trained with each.

    python benchmarks/tokenizer_table.py --lang ja --lang zh
    python benchmarks/tokenizer_table.py --lang ja --steps 1200        # trains one small pipeline a tokenizer
    python benchmarks/tokenizer_table.py --stanza .work/stanza         # Stanza too, on models of stanza_models.py

Alignment is the share of gold spans whose both ends are token boundaries. F1 is strict, of the recogniser alone, on dev.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import spacy
from spacy import util

from finextract.evaluation import score
from finextract.training.reader import misaligned, read_rows

CHARACTERS = (["NORM", "SHAPE", "LEMMA", "TAG", "MORPH"], [5000, 500, 5000, 500, 100], 2)
WORDS = (["NORM", "PREFIX", "SUFFIX", "SHAPE", "LEMMA", "TAG", "MORPH"], [5000, 1000, 2500, 1000, 2500, 500, 100], 1)


def tokenizer(name: str, **settings: Any) -> dict[str, Any]:
    return {"@tokenizers": f"finextract.{name}Tokenizer.v1", **settings}


CHOICES: dict[str, dict[str, dict[str, Any]]] = {
    "ja": {
        "SudachiPy A": tokenizer("Sudachi", mode="A", characters=False),
        "SudachiPy B": tokenizer("Sudachi", mode="B", characters=False),
        "SudachiPy C": tokenizer("Sudachi", mode="C", characters=False),
        "SudachiPy A, characters": tokenizer("Sudachi", mode="A", characters=True),
        "SudachiPy C, characters": tokenizer("Sudachi", mode="C", characters=True),
        "fugashi, unidic-lite": tokenizer("Fugashi", characters=False),
        "characters": tokenizer("Char"),
    },
    "ko": {
        "Kiwi": tokenizer("Kiwi", characters=False),
        "Kiwi, characters": tokenizer("Kiwi", characters=True),
        "characters": tokenizer("Char"),
    },
    "zh": {
        "jieba": tokenizer("Jieba", characters=False),
        "jieba, characters": tokenizer("Jieba", characters=True),
        "characters": tokenizer("Char"),
    },
    "de": {"spaCy with hyphens cut": tokenizer("German"), "characters and words by script": tokenizer("Char")},
}


def speed(nlp: Any, texts: list[str], rounds: int = 3) -> float:
    """Characters per CPU second on one core, the median of some rounds; loading is not counted."""
    nlp.make_doc(texts[0])
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        for text in texts:
            nlp.make_doc(text)
        taken.append(time.process_time() - begun)
    return sum(map(len, texts)) / statistics.median(taken)


def f1(lang: str, chosen: dict[str, Any], gold: Path, steps: int) -> dict[str, float | None]:
    """Train with this tokenizer and score the recogniser alone on dev."""
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train

    overrides = {
        "paths.train": str(gold / lang / "train.jsonl"),
        "paths.dev": str(gold / lang / "dev.jsonl"),
        "training.max_steps": steps,
        "training.eval_frequency": max(1, steps // 4),
    }
    config = util.load_config(Path("configs") / f"{lang}.cfg", overrides=overrides, interpolate=False)
    config["nlp"]["tokenizer"] = chosen
    whole = lang != "de" and chosen.get("characters", True)  # a token is a character
    attrs, rows, window = CHARACTERS if whole else WORDS
    config["components"]["ner"]["model"]["tok2vec"]["embed"].update(attrs=attrs, rows=rows)
    config["components"]["ner"]["model"]["tok2vec"]["encode"]["window_size"] = window
    with tempfile.TemporaryDirectory() as folder:
        train(init_nlp(config), Path(folder), stdout=io.StringIO(), stderr=io.StringIO())
        nlp = spacy.load(Path(folder) / "model-best", exclude=["finextract_resolver"])
    rows_of = read_rows(gold / lang / "dev.jsonl")
    found = []
    for doc in nlp.pipe(row["text"] for row in rows_of):
        found.append([{"start": e.start_char, "end": e.end_char, "label": e.label_} for e in doc.ents])
    report = score(rows_of, found, rounds=0)
    return {label: report.scores[lang, label].f1 for label in ("COMPANY", "ALL")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", action="append", choices=sorted(CHOICES))
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--only", help="only tokenizers whose name contains this")
    parser.add_argument("--steps", type=int, default=0, help="train this many steps with each, for F1")
    parser.add_argument("--stanza", type=Path, help="folder with LANG/tokenize/NAME.pt")
    args = parser.parse_args()
    for lang in CHOICES if args.stanza else ():
        if (args.stanza / lang).is_dir():
            whole = {} if lang == "de" else {"characters": True}
            CHOICES[lang]["Stanza" + ", characters" * bool(whole)] = tokenizer(
                "Stanza", lang=lang, model=str(args.stanza), **whole
            )
    head = ["language", "tokenizer", "spans", "aligned", "tokens a character", "characters a second"]
    head += ["COMPANY F1", "F1"] if args.steps else []
    print("| " + " | ".join(head) + " |\n|---|---|" + "--:|" * (len(head) - 2))
    for lang in args.lang or CHOICES:
        rows = [row for split in ("train", "dev") for row in read_rows(args.gold / lang / f"{split}.jsonl")]
        spans = sum(len(row["spans"]) for row in rows)
        texts = [row["text"] for row in rows]
        for name, chosen in CHOICES[lang].items():
            if args.only and args.only not in name:
                continue
            nlp = spacy.blank(lang, config={"nlp": {"tokenizer": chosen}})
            lost = len(misaligned(nlp, rows))
            tokens = sum(len(nlp.make_doc(text)) for text in texts)
            cells = [
                lang,
                name,
                f"{spans:,}",
                f"{100 * (1 - lost / spans):.2f} %",
                f"{tokens / sum(map(len, texts)):.2f}",
            ]
            cells.append(f"{speed(nlp, texts):,.0f}")
            if args.steps:
                measured = f1(lang, chosen, args.gold, args.steps)
                cells += ["–" if n is None else f"{100 * n:.1f}" for n in measured.values()]
            print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
