"""Training on one or more CPU cores (or a GPU): workers pull at a common centre, which is also the running average."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from finextract.companies.encoder import open_session
from finextract.training.encoder import augment
from finextract.training.encoder.data import Example, Row, batches, collate, rows, settings
from finextract.training.encoder.export import INPUTS, TOLD
from finextract.training.encoder.model import Network, Tagger, load, save, told


@dataclass
class Plan:
    """How long and how to train."""

    minutes: float = 30.0
    body_rate: float = 1.5e-4
    head_rate: float = 1.5e-3
    pieces: int = 512
    window: int = 126
    workers: int = 1
    swap: float = 0.35
    noise: float = 0.4
    traditional: float = 0.06
    shorten: float = 0.0
    gold_share: float = 0.0
    seed: int = 1
    floor: float = 0.03
    teacher: Path | None = None
    teacher_share: float = 0.7
    replay: int = 0
    frozen: int = 0
    told: bool = False
    cores: Sequence[int] = field(default_factory=tuple)


class Stream:
    """Endless augmented batches: in each pass every corpus with its share, and gold often enough to be ``gold_share``."""

    def __init__(
        self,
        corpora: dict[str, list[Example]],
        gold: list[Example],
        names: augment.Names,
        tokenizer: Any,
        plan: Plan,
        seed: int,
    ) -> None:
        self.corpora, self.gold, self.names, self.tokenizer, self.plan = corpora, gold, names, tokenizer, plan
        self.rng = np.random.default_rng(seed)
        self.traditional = _traditional()
        self.settings = settings()
        self.passes = 0

    def __iter__(self) -> Any:
        while True:
            pool = self._pass()
            self.passes += 1
            for at in range(0, len(pool), 600):
                part = pool[at : at + 600]
                yield from batches(self._rows([self.change(e) for e in part]), self.plan.pieces, self.rng)

    def _pass(self) -> list[Example]:
        pool: list[Example] = []
        rng = self.rng
        for name, examples in self.corpora.items():
            share = self.settings[name]["share"]
            take = [k for _ in range(int(share)) for k in range(len(examples))]
            rest = int(round((share % 1) * len(examples)))
            take += [int(k) for k in rng.permutation(len(examples))[:rest]]
            rng.shuffle(take)
            chosen = [examples[k] for k in take]
            while chosen:  # short sentences are often read together
                n = 1 if rng.random() < 0.5 or len(chosen[-1].text) > 150 else int(rng.integers(2, 5))
                group = [chosen.pop() for _ in range(min(n, len(chosen)))]
                gap = "\n" if rng.random() < 0.15 else " " if group[0].language in ("de", "ko") else ""
                pool.append(augment.join(group, gap) if len(group) > 1 else group[0])
        if self.gold and self.plan.gold_share > 0:
            total = sum(len(e.text) for e in pool)
            share = self.plan.gold_share
            if share >= 1:
                pool, wanted = [], sum(len(e.text) for e in self.gold)
            else:
                wanted = int(total * share / (1 - share))
            while wanted > 0:
                for k in rng.permutation(len(self.gold)):
                    pool.append(self.gold[int(k)])
                    wanted -= len(self.gold[int(k)].text)
        rng.shuffle(pool)  # type: ignore[arg-type]
        return pool

    def change(self, example: Example) -> Example:
        """The example as it is, or an augmented copy."""
        rng = self.rng
        if example.source == "ko/multiconer_v1":
            example = augment.add_particles(example, rng)
        if self.plan.shorten and rng.random() < self.plan.shorten:
            example = augment.some_sentences(example, rng)
        if rng.random() < self.plan.swap:
            example = augment.swap_names(example, self.names, rng)
        if self.traditional and rng.random() < self.plan.traditional:
            example = augment.to_traditional(example, self.traditional)
        if rng.random() < self.plan.noise:
            example = augment.noise(example, rng)
        return example

    def _rows(self, examples: list[Example]) -> list[Row]:
        size = int(self.rng.choice([self.plan.window, self.plan.window, max(32, self.plan.window // 2), 190]))
        return [r for r in rows([e for e in examples if e.text], self.tokenizer, size, self.rng) if r.weight.any()]


def _traditional() -> Any:
    try:
        from opencc import OpenCC
    except ModuleNotFoundError:
        return None
    return OpenCC("s2t").convert


def loss_of(logp: Tensor, allowed: Tensor, weight: Tensor) -> Tensor:
    """Minus the log of the probability of the allowed tags, averaged by weight."""
    bits = (allowed[..., None] >> torch.arange(logp.shape[-1], device=logp.device)) & 1
    good = torch.logsumexp(logp.masked_fill(bits == 0, -1e4), -1)
    return -(good * weight).sum() / weight.sum().clamp(min=1.0)


Inputs = dict[str, np.ndarray[Any, Any]]
Teacher = Callable[[Inputs], Tensor]
"""Inputs of a batch to the probabilities of tags, ``[row, character, tag]``."""


def teacher_of(folder: Path, device: str) -> Teacher:
    """The network that a work folder or an exported model holds; the latter, int8, is three times as fast on a CPU."""
    if (folder / "model.onnx").is_file():
        return _exported(folder / "model.onnx")
    model = load(folder / "model.safetensors").to(device).eval()

    def ask(inputs: Inputs) -> Tensor:
        with torch.no_grad():
            return model(*_tensors(inputs, device)).exp()

    return ask


def _exported(path: Path) -> Teacher:
    session = open_session(path)
    names = [i.name for i in session.get_inputs()]

    def ask(inputs: Inputs) -> Tensor:
        rows = []
        pieces = inputs["mask"].sum(1).astype(int)  # its windows run one by one and without padding
        for k, n in enumerate(pieces):
            feed = {name: inputs[name][k : k + 1] for name in names}
            feed |= {name: feed[name][:, :n] for name in ("ids", "known_pieces") if name in feed}
            rows.append(session.run(None, feed)[0])
        return torch.from_numpy(np.concatenate(rows)).exp()

    return ask


def _tensors(inputs: Inputs, device: str) -> list[Tensor]:
    return [torch.from_numpy(inputs[k]).to(device) for k in ("ids", "mask", *INPUTS[1:], *TOLD)]


def lessons(
    stream: Stream, teacher: Teacher | None, replay: int
) -> Iterator[tuple[Inputs, Tensor, Tensor, Tensor | None]]:
    """Batches with what the teacher says of them; each is met ``replay`` times again, since asking is the dearest step."""
    seen: list[tuple[Inputs, Tensor, Tensor, Tensor]] = []
    for batch in stream:
        inputs, allowed, weight = collate(batch)
        told = torch.from_numpy(allowed), torch.from_numpy(weight)
        if teacher is None:
            yield inputs, *told, None
            continue
        seen.append((inputs, *told, teacher(inputs).half()))
        for k in (-1, *stream.rng.integers(len(seen), size=replay)):
            yield seen[k]


def taught(logp: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy with the teacher's probabilities of tags, wherever there is a character to read."""
    read = (weight > 0).float()
    return -((wanted * logp).sum(-1) * read).sum() / read.sum().clamp(min=1.0)


def flat(parameters: Sequence[torch.nn.Parameter]) -> Tensor:
    """Parameters as one vector (a copy)."""
    return torch.cat([p.detach().reshape(-1).float().cpu() for p in parameters])


def unflat(vector: Tensor, parameters: Sequence[torch.nn.Parameter]) -> None:
    """Write a vector back into the parameters."""
    at = 0
    with torch.no_grad():
        for p in parameters:
            p.copy_(vector[at : at + p.numel()].view_as(p))
            at += p.numel()


def work(
    number: int, start: Path, stream: Stream, plan: Plan, centre: Tensor, began: float, report: Path | None
) -> None:
    """One worker: ordinary AdamW steps; every ten steps it and the centre move towards each other."""
    torch.set_num_threads(1)
    if plan.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {plan.cores[number % len(plan.cores)]})
    torch.manual_seed(plan.seed + number)
    stream.rng = np.random.default_rng(plan.seed * 1000 + number)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    halved = device == "cuda" or torch.cpu._is_avx512_bf16_supported()  # then twice as fast
    model = _trainable(start, plan).to(device)
    model.words.weight.requires_grad_(False)
    model.train()
    teacher = teacher_of(plan.teacher, device) if plan.teacher else None
    groups = [
        {"params": model.body(), "rate": plan.body_rate, "weight_decay": 0.01},
        {"params": model.head(), "rate": plan.head_rate, "weight_decay": 0.0},
    ]
    mine = [p for g in groups for p in g["params"]]  # type: ignore[attr-defined]
    optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.98), fused=True)
    steps = tokens = 0
    shown, since, total = time.time(), 0, 0.0
    for inputs, allowed, weight, wanted in lessons(stream, teacher, plan.replay):
        part = (time.time() - began) / (60 * plan.minutes)
        if part >= 1:
            break
        scale = min(1.0, (steps + 1) / 100) * max(plan.floor, 1 - part)
        for g in optimizer.param_groups:
            g["lr"] = g["rate"] * scale
        allowed, weight = allowed.to(device), weight.to(device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=halved):
            logp = model(*_tensors(inputs, device))
        logp = logp.float()
        loss = loss_of(logp, allowed, weight)
        if wanted is not None:
            loss = (1 - plan.teacher_share) * loss + plan.teacher_share * taught(
                logp, wanted.to(device).float(), weight
            )
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(mine, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        steps, tokens, since, total = steps + 1, tokens + inputs["ids"].size, since + 1, total + float(loss.detach())
        if steps % 10 == 0:
            vector = flat(mine)
            pull = vector - centre
            centre += pull * (0.15 if steps > 300 else 0.5)
            if plan.workers > 1:
                unflat(vector - 0.3 * pull, mine)
        if time.time() - shown > 60:
            line = f"worker {number} {part:.0%} steps {steps} passes {stream.passes} loss {total / since:.4f} pieces/s {tokens / (time.time() - began):.0f}"
            if report is not None:
                with report.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            shown, since, total = time.time(), 0, 0.0


def _trainable(start: Path, plan: Plan) -> Network:
    model = load(start)
    if (plan.told or plan.frozen) and not isinstance(model, Tagger):
        raise ValueError(f"{start}: only an encoder is told of known names or has layers frozen")
    if plan.told and not model.shape.told:
        model = told(model)
    if plan.frozen:
        model.freeze(plan.frozen)
    return model


def train(start: Path, target: Path, stream: Stream, plan: Plan) -> None:
    """Train from the weights in ``start`` for the planned time, write the averaged weights to ``target``."""
    model = _trainable(start, plan)
    parameters = [*model.body(), *model.head()]
    centre = flat(parameters).share_memory_()
    report = target.with_suffix(".log")
    report.unlink(missing_ok=True)
    began = time.time()
    if plan.workers == 1:
        work(0, start, stream, plan, centre, began, report)
    else:
        import torch.multiprocessing as mp

        context = mp.get_context("fork")
        jobs = [
            context.Process(target=work, args=(k, start, stream, plan, centre, began, report))
            for k in range(plan.workers)
        ]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        if any(job.exitcode for job in jobs):
            raise RuntimeError(f"a training process failed: exit codes {[job.exitcode for job in jobs]}")
    unflat(centre, parameters)
    save(model, target)
