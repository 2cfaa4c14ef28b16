"""Train, score and ship the multilingual company encoder.

Needs ``torch``, ``safetensors``, ``onnx`` and ``onnxruntime`` (``opencc-python-reimplemented`` adds traditional script).
The start is multilingual-e5-small (MIT) as a Hugging Face folder; open corpora lie in ``DATA/ner/LANG/NAME.jsonl.gz``,
lists of companies in ``DATA/companies/*.csv.gz`` and unlabelled text in ``DATA/raw/*.jsonl.gz``. Gold comes from
``annotations/LANG/*.jsonl``; its test part is never trained on. ``reviews/LANG.jsonl`` are sentences of these corpora
annotated again.

An evening on two CPU cores::

    python -m finextract.training.encoder start    --bert e5 --data DATA --gold annotations --work .work/encoder
    python -m finextract.training.encoder train    --data DATA --gold annotations --work .work/encoder --minutes 90 --workers 2 --gold-share 0.4
    python -m finextract.training.encoder grow     --bert e5 --work .work/encoder --layers 6
    python -m finextract.training.encoder train    --data DATA --gold annotations --work .work/encoder --minutes 50 --gold-share 0.5 \\
                                                   --from model --body-rate 2e-4 --head-rate 1e-3 --floor 0.35
    python -m finextract.training.encoder train    --data DATA --gold annotations --reviews reviews --work .work/encoder --minutes 50 \\
                                                   --gold-share 0.6 --from model --body-rate 1.5e-4 --head-rate 7e-4 --floor 0.02
    python -m finextract.training.encoder average  --works .work/one .work/other --work .work/encoder  # branches of one network, if there are
    python -m finextract.training.encoder cut      --teacher .work/encoder --work .work/fast
    python -m finextract.training.encoder widen    --works .work/fast --work .work/wide  # a larger one goes on from a smaller one
    python -m finextract.training.encoder train    --data DATA --gold annotations --reviews reviews --teacher .work/encoder --work .work/fast \\
                                                   --minutes 60 --gold-share 0.6 --body-rate 4e-4 --floor 0.02
    python -m finextract.training.encoder train    ... --work .work/fast-zh --from model --languages zh  # one language's own: export --name fast.zh
    python -m finextract.training.encoder shrink   --data DATA --gold annotations --works .work/encoder .work/fast --pieces 62500
    python -m finextract.training.encoder export   --work .work/encoder-small --model models/xx_fin_news_e5
    python -m finextract.training.encoder export   --work .work/fast-small --model models/xx_fin_news_e5 --name fast
    python -m finextract.training.encoder restore  --work .work/more --model models/xx_fin_news_e5  # to train on from what is shipped
    python -m finextract.training.encoder evaluate --model models/xx_fin_news_e5 --gold annotations --write
    python -m finextract.training.encoder silver   --model models/xx_fin_news_e5 --data DATA --out .work/silver

``start`` prunes the vocabulary and cuts the network to its lowest layers (``--layers``, four by default). ``train``
takes ``--from`` (``start`` or ``model``) and writes ``model.safetensors``. A GPU is used where torch sees one (one worker).
``silver`` labels all raw and corpus text by the model: ``{"text", "spans", "score"}`` a line, for training smaller models.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from finextract.companies.encoder import CLASSES, CompanyEncoder
from finextract.training.encoder import data

NAMES = ("model", "fast", *(f"{name}.{lang}" for name in ("model", "fast") for lang in data.LANGUAGES))
"""Of networks: those of all languages, and a language's own."""
WINDOW = 128
FAST_WINDOW = 256  # its layers do not look far: a longer window costs little more, and saves calls


def _gold_files(folder: Path | None) -> list[Path]:
    return [] if folder is None else sorted(p for lang in data.LANGUAGES for p in (folder / lang).glob("*.jsonl"))


def _gold(folder: Path | None) -> dict[str, list[data.Example]]:
    return data.read_gold(_gold_files(folder), None if folder is None else folder / "splits.json")


def raw_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The unlabelled texts of ``folder`` as ``(language, text)``; of aligned files each language's column."""
    columns = {
        "deu": "de",
        "jpn": "ja",
        "kor": "ko",
        "zho-CN": "zh",
        "zho-TW": "zh",
        "de": "de",
        "ko": "ko",
        "zh-Hant": "zh",
    }
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if "text" in row:
                    yield path.name[:2], row["text"]
                for key, lang in columns.items():
                    if row.get(key):
                        yield lang, row[key]


def _company_names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for key, value in row.items():
                    if value and (key.startswith("name_") or key == "aliases"):
                        yield from value.split("|")


def _all_texts(args: argparse.Namespace) -> Iterator[str]:
    for examples in [*data.read_corpora(args.data / "ner").values(), _gold(args.gold)["train"]]:
        yield from (e.text for e in examples)
    yield from (text for _, text in raw_texts(args.data / "raw"))
    yield from _company_names(args.data / "companies")


def shrink(args: argparse.Namespace) -> None:
    """Take the rarest pieces and the far positions out of trained networks that share a vocabulary: ``--works A B`` to ``A-small``, ``B-small``."""
    import torch
    from tokenizers import Tokenizer

    from finextract.training.encoder.model import Tagger, load, save
    from finextract.training.encoder.vocabulary import prune, used

    first = args.works[0] / "tokenizer.json"
    occurring = used(Tokenizer.from_file(str(first)), _all_texts(args))
    for work in args.works:
        if (work / "tokenizer.json").read_bytes() != first.read_bytes():
            raise SystemExit(f"{work / 'tokenizer.json'}: not the vocabulary of {first}")
        target = work.with_name(f"{work.name}-small")
        target.mkdir(exist_ok=True)
        keep = prune(first, target / "tokenizer.json", occurring, args.pieces)
        model = load(work / "model.safetensors")
        model.words = torch.nn.Embedding.from_pretrained(model.words.weight.detach()[torch.tensor(keep)])
        model.shape.vocabulary = len(keep)
        if isinstance(model, Tagger):
            model.shape.positions = min(model.shape.positions, 2 * WINDOW)  # longer windows are not read
            far = model.positions.weight.detach()[: model.shape.positions]
            model.positions = torch.nn.Embedding.from_pretrained(far)
        save(model, target / "model.safetensors")
        print(f"{target}: {len(keep)} pieces, rarest occurs {min(occurring[k] for k in keep if occurring[k])} times")


def start(args: argparse.Namespace) -> None:
    """Prune the vocabulary and write the untrained network."""
    import torch
    from tokenizers import Tokenizer

    from finextract.training.encoder.model import Shape, from_bert, save
    from finextract.training.encoder.vocabulary import prune, used

    args.work.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(args.bert / "tokenizer.json"))
    occurring = used(tokenizer, _all_texts(args))
    keep = prune(args.bert / "tokenizer.json", args.work / "tokenizer.json", occurring)
    torch.manual_seed(args.seed)
    save(from_bert(args.bert, Shape(len(keep), layers=args.layers), keep), args.work / "start.safetensors")
    print(f"{len(keep)} pieces, {args.layers} layers")


def grow(args: argparse.Namespace) -> None:
    """Put further layers of the BERT on a trained network: its own stay below, the head stays."""
    from finextract.training.encoder.model import from_bert, load, save

    old = load(args.work / "model.safetensors")
    pieces = json.loads((args.bert / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    number = {piece: k for k, (piece, _) in enumerate(pieces)}
    kept = json.loads((args.work / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    old.shape.layers = args.layers
    new = from_bert(args.bert, old.shape, [number[piece] for piece, _ in kept])
    new.load_state_dict({**new.state_dict(), **old.state_dict()})
    save(new, args.work / "model.safetensors")
    print(f"{args.layers} layers")


def cut(args: argparse.Namespace) -> None:
    """Make ``start.safetensors`` of the fast network: the embeddings of a trained one, the rest untrained."""
    import torch

    from finextract.training.encoder.model import load, network, save

    args.work.mkdir(parents=True, exist_ok=True)
    whole = load(args.teacher / "model.safetensors")
    shape = replace(whole.shape, layers=0, chars=args.chars, width=args.width, reach=tuple(args.reach))
    torch.manual_seed(args.seed)
    part = network(shape)
    part.words.load_state_dict(whole.words.state_dict())
    part.norm.load_state_dict(whole.norm.state_dict())
    save(part, args.work / "start.safetensors")
    shutil.copyfile(args.teacher / "tokenizer.json", args.work / "tokenizer.json")
    print(f"{len(args.reach)} layers of {args.width}")


def widen(args: argparse.Namespace) -> None:
    """Make ``start.safetensors`` of a wider and deeper fast network (``--works OLD``) that begins where the old one stands."""
    import torch

    from finextract.training.encoder.model import FastTagger, load, save

    (source,) = args.works
    old = load(source / "model.safetensors")
    if not isinstance(old, FastTagger):
        raise SystemExit(f"{source}: not a fast network")
    torch.manual_seed(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    save(old.widened(args.width, tuple(args.reach), args.glance), args.work / "start.safetensors")
    shutil.copyfile(source / "tokenizer.json", args.work / "tokenizer.json")
    print(f"{len(args.reach)} layers of {args.width}")


def average(args: argparse.Namespace) -> None:
    """The mean of the weights of networks that were trained from one start: ``--works A B --shares 0.5 0.5`` to ``--work``."""
    from finextract.training.encoder.model import load, save

    shares = args.shares or [1 / len(args.works)] * len(args.works)
    if len(shares) != len(args.works):
        raise SystemExit(f"--shares: {len(shares)} shares for {len(args.works)} networks")
    networks = [load(work / "model.safetensors").state_dict() for work in args.works]
    model = load(args.works[0] / "model.safetensors")
    if any(other.keys() != networks[0].keys() for other in networks):
        raise SystemExit("--works: the networks have different shapes")
    state = {}
    for key, first in networks[0].items():
        # the embeddings were not trained: they stay to the bit those that the fast network shares
        same = all(first.equal(other[key]) for other in networks[1:])
        state[key] = first if same else sum(s * other[key] for s, other in zip(shares, networks, strict=True))
    model.load_state_dict(state)
    args.work.mkdir(parents=True, exist_ok=True)
    save(model, args.work / "model.safetensors")
    shutil.copyfile(args.works[0] / "tokenizer.json", args.work / "tokenizer.json")


def train(args: argparse.Namespace) -> None:
    """Train for the given time."""
    from tokenizers import Tokenizer

    from finextract.training.encoder.augment import Names
    from finextract.training.encoder.reviews import read_reviews
    from finextract.training.encoder.train import Plan, Stream
    from finextract.training.encoder.train import train as run

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    plan = Plan(minutes=args.minutes, workers=args.workers, gold_share=args.gold_share, body_rate=args.body_rate)
    plan.head_rate, plan.seed, plan.floor = args.head_rate, args.seed, args.floor
    plan.swap, plan.noise, plan.shorten, plan.traditional = args.swap, args.noise, args.shorten, args.traditional
    plan.teacher, plan.replay, plan.frozen, plan.told = args.teacher, args.replay, args.frozen, args.told
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    names = Names(args.data / "companies")
    corpora, gold = data.read_corpora(args.data / "ner"), _gold(args.gold)["train"]
    gold = gold[:: round(1 / args.part)]
    if args.reviews is not None:
        reviews = read_reviews(args.reviews, args.data)
        known = {r.text for r in reviews}  # those for dev are not trained on in any form
        corpora = {name: [e for e in examples if e.text not in known] for name, examples in corpora.items()}
        gold += [r.example() for r in reviews if r.split == "train"] * args.review_copies
    if args.languages:
        corpora = {name: [e for e in examples if e.language in args.languages] for name, examples in corpora.items()}
        gold = [e for e in gold if e.language in args.languages]
    stream = Stream(corpora, gold, names, tokenizer, plan, args.seed)
    run(args.work / f"{args.start}.safetensors", args.work / "model.safetensors", stream, plan)


def export(args: argparse.Namespace) -> None:
    """Write the int8 ONNX model, its tokenizer and the settings that the runtime needs into ``meta.json``."""
    from finextract.training.encoder.export import export as write
    from finextract.training.encoder.model import load

    args.model.mkdir(parents=True, exist_ok=True)
    model = load(args.work / "model.safetensors")
    shape = model.shape
    write(model, args.model / f"{args.name}.onnx")
    shutil.copyfile(args.work / "tokenizer.json", args.model / "tokenizer.json")
    if "." in args.name:  # read as that of all languages is
        return
    meta = _read_meta(args.model)
    meta["encoder" if args.name == "model" else args.name] = {
        "bos": 0,
        "pad": 1,
        "eos": 2,
        "window": WINDOW if shape.layers else FAST_WINDOW,
        "classes": list(CLASSES),
        "layers": shape.layers or len(shape.reach),
        "pieces": shape.vocabulary,
    }
    _write_json(args.model / "meta.json", meta)


def restore(args: argparse.Namespace) -> None:
    """Read an exported model (``--model``, ``--name``) back into ``--work``, to train it further: ``train --from model``."""
    from finextract.training.encoder.export import restore as read
    from finextract.training.encoder.model import save

    args.work.mkdir(parents=True, exist_ok=True)
    save(read(args.model / f"{args.name}.onnx"), args.work / "model.safetensors")
    shutil.copyfile(args.model / "tokenizer.json", args.work / "tokenizer.json")


def evaluate(args: argparse.Namespace) -> None:
    """Score on gold, dev and test; ``--write`` puts the scores into ``meta.json``."""
    from finextract.training.encoder.score import evaluate as score
    from finextract.training.encoder.score import surfaces

    gold = _gold(args.gold)
    encoder = CompanyEncoder.load(args.model, name=args.name)
    seen = surfaces(gold["train"])
    own = args.name.partition(".")[2]  # fast.zh is scored in Chinese
    scores = {
        part: score(encoder, [e for e in gold[part] if own in ("", e.language)], seen)
        for part in ("dev", "test", "seeds")
    }
    print(json.dumps(scores, indent=1, ensure_ascii=False))
    if args.write:
        meta = _read_meta(args.model)
        meta["scores" if args.name == "model" else f"scores_{args.name}"] = {
            "what": "COMPANY, strict boundaries; seen: the surface occurs in the gold trained on",
            **scores,
        }
        _write_json(args.model / "meta.json", meta)


def silver(args: argparse.Namespace) -> None:
    """Label raw and corpus text by the model, one file a language."""
    encoder = CompanyEncoder.load(args.model)
    texts: dict[str, list[str]] = {lang: [] for lang in data.LANGUAGES}
    for examples in data.read_corpora(args.data / "ner").values():
        texts[examples[0].language] += [e.text for e in examples]
    for lang, text in raw_texts(args.data / "raw"):
        texts[lang] += [text[k : k + 1500] for k in range(0, min(len(text), 3000), 1500)]
    args.out.mkdir(parents=True, exist_ok=True)
    for lang, all_texts in texts.items():
        unique = list(dict.fromkeys(all_texts))[: args.limit]
        temporary = args.out / f"{lang}.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            for at in range(0, len(unique), 500):
                part = unique[at : at + 500]
                for text, found in zip(part, encoder.predict(part), strict=True):
                    spans = [
                        {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 4)} for s in found
                    ]
                    worst = min((s.score for s in found if s.label == "COMPANY"), default=1.0)
                    file.write(
                        json.dumps({"text": text, "spans": spans, "score": round(worst, 4)}, ensure_ascii=False) + "\n"
                    )
        temporary.replace(args.out / f"{lang}.jsonl")
        print(f"{lang}: {len(unique)} texts")


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "meta.json"
    out: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return out


def _write_json(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (start, grow, cut, widen, average, shrink, train, export, restore, evaluate, silver):
        command = commands.add_parser(function.__name__, help=function.__doc__)
        command.set_defaults(run=function)
        command.add_argument("--work", type=Path, default=Path(".work/encoder"))
        command.add_argument("--data", type=Path)
        command.add_argument("--gold", type=Path)
        command.add_argument("--model", type=Path, default=Path("models/xx_fin_news_e5"))
        command.add_argument("--seed", type=int, default=1)
        if function in (start, grow):
            command.add_argument("--bert", type=Path, required=True)
            command.add_argument("--layers", type=int, default=4)
        elif function is average:
            command.add_argument("--works", type=Path, nargs="+", required=True)
            command.add_argument("--shares", type=float, nargs="+")
        elif function is widen:
            command.add_argument("--works", type=Path, nargs=1, required=True)
            command.add_argument("--width", type=int, default=256)
            command.add_argument("--reach", type=int, nargs="+", default=[1, 2, 4, 1])
            command.add_argument("--glance", type=int, default=0)
        elif function is shrink:
            command.add_argument("--works", type=Path, nargs="+", required=True)
            command.add_argument("--pieces", type=int, required=True)
        elif function is cut:
            command.add_argument("--teacher", type=Path, required=True)
            command.add_argument("--width", type=int, default=192)
            command.add_argument("--chars", type=int, default=96)
            command.add_argument("--reach", type=int, nargs="+", default=[1, 2, 4])
        elif function is train:
            command.add_argument("--teacher", type=Path)
            command.add_argument(
                "--replay", type=int, default=0, help="how often a batch is met again once the teacher was asked"
            )
            command.add_argument("--from", dest="start", default="start")
            command.add_argument("--minutes", type=float, default=60.0)
            command.add_argument("--workers", type=int, default=1)
            command.add_argument("--gold-share", type=float, default=0.4)
            command.add_argument("--body-rate", type=float, default=1.5e-4)
            command.add_argument("--head-rate", type=float, default=1.5e-3)
            command.add_argument("--floor", type=float, default=0.03)
            command.add_argument("--swap", type=float, default=0.35, help="share of examples whose names are exchanged")
            command.add_argument("--noise", type=float, default=0.4, help="share of examples whose writing is varied")
            command.add_argument(
                "--traditional", type=float, default=0.06, help="share of Chinese examples put into traditional script"
            )
            command.add_argument(
                "--shorten", type=float, default=0.0, help="share of examples that lose half of their sentences"
            )
            command.add_argument("--languages", nargs="+", choices=data.LANGUAGES, help="all, unless told")
            command.add_argument("--frozen", type=int, default=0, help="how many layers stay as they are, from below")
            command.add_argument(
                "--told", action="store_true", help="tell the encoder where the knowledge base has a name"
            )
            command.add_argument("--part", type=float, default=1.0, help="share of the gold, for learning curves")
            command.add_argument("--reviews", type=Path)
            command.add_argument("--review-copies", type=int, default=2)
        if function in (export, restore, evaluate):
            command.add_argument("--name", choices=NAMES, default="model")
        if function is evaluate:
            command.add_argument("--write", action="store_true")
        elif function is silver:
            command.add_argument("--out", type=Path, default=Path(".work/silver"))
            command.add_argument("--limit", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.run in (start, shrink, train, silver) and args.data is None:
        parser.error("--data is missing")
    args.run(args)


if __name__ == "__main__":
    main()
