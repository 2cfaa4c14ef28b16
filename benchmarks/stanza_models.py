"""Train Stanza's tokenizer here, on the gold's training texts with the words of the language's analyser, for the comparison.

    python benchmarks/stanza_models.py --lang de --lang ja --out .work/stanza --steps 600

Writes OUT/LANG/tokenize/gold.pt, which ``finextract.StanzaTokenizer.v1`` takes. Needs ``pip install finextract[stanza]``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import spacy

from finextract.training.reader import read_rows

TEACHERS = {
    "ja": {"@tokenizers": "finextract.SudachiTokenizer.v1", "mode": "A", "characters": False},
    "ko": {"@tokenizers": "finextract.KiwiTokenizer.v1", "characters": False},
    "zh": {"@tokenizers": "finextract.JiebaTokenizer.v1", "characters": False},
    "de": {"@tokenizers": "finextract.GermanTokenizer.v1"},
}
ENDS = "。！？!?."


def paragraphs(lang: str, file: Path) -> Iterator[tuple[str, str]]:
    """Lines of text, and for each character 1 at the end of a word, 2 at the end of a sentence."""
    nlp = spacy.blank(lang, config={"nlp": {"tokenizer": TEACHERS[lang]}})
    for row in read_rows(file):
        for line in filter(None, map(str.strip, row["text"].split("\n"))):
            marks = ["0"] * len(line)
            words = [token for token in nlp.make_doc(line) if not token.is_space]
            for n, token in enumerate(words):
                last = n + 1 == len(words)
                ends = last or token.text in ENDS and (token.whitespace_ or token.text != ".")
                marks[token.idx + len(token) - 1] = "2" if ends else "1"
            yield line, "".join(marks)


def write(lang: str, file: Path, folder: Path, name: str) -> None:
    """One part in Stanza's training format."""
    parts = list(paragraphs(lang, file))
    for suffix, texts in (("txt", [line for line, _ in parts]), ("toklabels", [marks for _, marks in parts])):
        (folder / f"{name}.{suffix}").write_text("\n\n".join(texts) + "\n\n", encoding="utf-8")


def train(lang: str, gold: Path, out: Path, steps: int) -> Path:
    """Train one tokenizer; the file written."""
    import torch
    from stanza.models import tokenizer

    torch.set_num_threads(1)
    target = out / lang / "tokenize"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("train", "dev"):
            write(lang, gold / lang / f"{name}.jsonl", folder, name)
        (folder / "mwt.json").write_text("[]", encoding="utf-8")
        options = {
            "txt_file": folder / "train.txt",
            "label_file": folder / "train.toklabels",
            "dev_txt_file": folder / "dev.txt",
            "dev_label_file": folder / "dev.toklabels",
            "mwt_json_file": folder / "mwt.json",
            "conll_file": folder / "dev.conllu",
            "lang": lang,
            "shorthand": f"{lang}_gold",
            "save_dir": target,
            "save_name": "gold.pt",
            "steps": steps,
            "eval_steps": max(1, steps // 3),
        }
        words = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        tokenizer.main([*words, "--cpu", "--no_use_mwt"])
    return target / "gold.pt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", action="append", choices=sorted(TEACHERS))
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--out", type=Path, default=Path(".work/stanza"))
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    for lang in args.lang or TEACHERS:
        print(train(lang, args.gold, args.out, args.steps))


if __name__ == "__main__":
    main()
