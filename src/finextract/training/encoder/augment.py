"""Changed copies of examples: other names, some of the sentences, other widths, stray and missing spaces, the traditional Chinese script."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from finextract.companies.reread import sentences
from finextract.training.encoder.data import Example, Span, read_toml

_PARTICLES = {
    "은": "는",
    "이": "가",
    "을": "를",
    "과": "와",
    "으로": "로",
    "이라": "라",
    "이나": "나",
    "이며": "며",
    "이고": "고",
}
_WITH_VOWEL = {v: k for k, v in _PARTICLES.items()}
_PARTICLE = re.compile(
    r"(으로|이라|이며|이고|이나|은|는|이|가|을|를|과|와|로)(?![가-힣])|(으로|이라|은|는|을|를|과|와)"
)


def has_final(char: str) -> bool | None:
    """Whether a Hangul syllable ends in a consonant; None for another character."""
    return (ord(char) - 0xAC00) % 28 != 0 if "가" <= char <= "힣" else None


def fix_particle(before: str, after: str) -> str:
    """``after`` with its first particle in the form that the last letter of ``before`` asks for."""
    final = has_final(before[-1:] or " ")
    m = _PARTICLE.match(after)
    if final is None or m is None:
        return after
    found = m[0]
    if final:
        wanted = _WITH_VOWEL.get(found, found)
        if wanted == "으로" and (ord(before[-1]) - 0xAC00) % 28 == 8:  # after ㄹ: 로
            wanted = "로"
    else:
        wanted = _PARTICLES.get(found, found)
    return wanted + after[len(found) :]


class Names:
    """Names of companies to put into sentences, by language."""

    def __init__(self, folder: Path) -> None:
        self.parts = read_toml("names.toml")
        self.by_language: dict[str, list[str]] = {lang: [] for lang in ("ja", "de", "ko", "zh", "en")}
        seen = {lang: set[str]() for lang in self.by_language}
        for path in sorted(folder.glob("*.csv.gz")):
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    named = [(lang, row.get(f"name_{lang}") or "") for lang in self.by_language]
                    main = next((lang for lang in ("ja", "zh", "ko", "de", "en") if row.get(f"name_{lang}")), "en")
                    named += [(_language(alias, main), alias) for alias in (row.get("aliases") or "").split("|")]
                    for lang, name in named:
                        name = name.strip()
                        if 2 <= len(name) <= 40 and name not in seen[lang]:
                            seen[lang].add(name)
                            self.by_language[lang].append(name)
        if not any(self.by_language.values()):
            raise FileNotFoundError(f"{folder}: no lists of companies (*.csv.gz) there")

    def draw(self, lang: str, rng: np.random.Generator) -> str:
        """A name as a text in ``lang`` might have it."""
        roll = rng.random()
        own = self.by_language[lang]
        if roll < 0.18 or not own:
            return _pick(self.by_language["en"], rng)
        if lang == "ko" and roll < 0.7:
            name = (
                _pick(self.parts["ko"]["heads"], rng)
                + (_pick(self.parts["ko"]["heads"], rng) if rng.random() < 0.15 else "")
                + _pick(self.parts["ko"]["tails"], rng)
            )
            return ("㈜" if rng.random() < 0.5 else "(주)") + name if rng.random() < 0.06 else name
        if lang == "de" and roll < 0.6:
            name = _pick(self.by_language["en"] if rng.random() < 0.5 else own, rng)
            stem = re.sub(
                r"[ ,]+(Inc|Corp|Corporation|Ltd|Limited|PLC|plc|Co|AG|SE|N\.V|S\.A|SA|S\.p\.A|A/S|ASA|AB|Oyj)\.?$",
                "",
                name,
            )
            return stem + _pick(self.parts["de"]["forms"], rng) if rng.random() < 0.4 else stem
        return _pick(own, rng)


def _language(name: str, main: str) -> str:
    if all(ord(c) < 0x250 for c in name):
        return "en"
    if any("가" <= c <= "힣" for c in name):
        return "ko"
    if any("ぁ" <= c <= "ヿ" for c in name):
        return "ja"
    return main if main in ("ja", "zh") else "zh"


def _pick(items: Sequence[str], rng: np.random.Generator) -> str:
    return items[int(rng.integers(len(items)))]


def rewrite(example: Example, change: Callable[[str, str], str], keep: Callable[[Span], bool]) -> Example:
    """The example with the names that ``keep`` rejects replaced by ``change(surface, text after it)``."""
    parts: list[str] = []
    spans: list[Span] = []
    at = length = 0
    previous = ""
    for span in example.spans:
        between = example.text[at : span[0]]
        if previous and example.language == "ko":
            between = fix_particle(previous, between)
        surface = example.text[span[0] : span[1]]
        previous = ""
        if not keep(span):
            surface = previous = change(surface, example.text[span[1] : span[1] + 3])
        parts += [between, surface]
        length += len(between)
        spans.append((length, length + len(surface), *span[2:]))
        length += len(surface)
        at = span[1]
    rest = example.text[at:]
    parts.append(fix_particle(previous, rest) if previous and example.language == "ko" else rest)
    return replace(example, text="".join(parts), spans=tuple(spans))


def swap_names(example: Example, names: Names, rng: np.random.Generator, share: float = 0.6) -> Example:
    """Put other companies' names in, the same one for the same surface."""
    chosen: dict[str, str] = {}

    def change(surface: str, after: str) -> str:
        if surface not in chosen:
            chosen[surface] = names.draw(example.language, rng) if rng.random() < share else surface
        return chosen[surface]

    return rewrite(example, change, lambda span: span[2] != "COMPANY")


def edit(example: Example, pieces: Sequence[str]) -> Example:
    """The example with character k replaced by ``pieces[k]`` (any length); spans follow."""
    ends = np.cumsum([0, *map(len, pieces)])
    text = "".join(pieces)
    spans = []
    for start, end, label, weight in example.spans:
        a, b = int(ends[start]), int(ends[end])
        while a < b and text[a].isspace():
            a += 1
        while b > a and text[b - 1].isspace():
            b -= 1
        if a < b:
            spans.append((a, b, label, weight))
    return replace(example, text=text, spans=tuple(spans))


def some_sentences(example: Example, rng: np.random.Generator) -> Example:
    """About half of the sentences of a text, in their order: as the fast tier reads it again."""
    groups: list[tuple[int, int]] = []
    for start, end in sentences(example.text):
        if groups and any(a < start < b for a, b, _, _ in example.spans):  # a stop inside a name
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    kept = rng.random(len(groups)) < 0.5
    if not kept.any():
        kept[rng.integers(len(groups))] = True
    text = example.text
    return edit(
        example, [c for (a, b), k in zip(groups, kept, strict=True) for c in (text[a:b] if k else [""] * (b - a))]
    )


def to_traditional(example: Example, convert: Callable[[str], str]) -> Example:
    """A Chinese example in the traditional script, others as they are."""
    if example.language != "zh":
        return example
    other = convert(example.text)
    return replace(example, text=other) if len(other) == len(example.text) else example


def noise(example: Example, rng: np.random.Generator) -> Example:
    """Now and then: other widths, letters all large or small, spaces lost or strayed in."""
    text, lang = example.text, example.language
    roll = rng.random()
    chars = list(text)
    if lang != "de" and roll < 0.2:  # full width
        return edit(example, [chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and (rng.random() < 0.9) else c for c in chars])
    if roll < 0.26:  # lost spaces
        rate = 1.0 if lang != "de" and rng.random() < 0.5 else 0.1
        return edit(example, ["" if c == " " and rng.random() < rate else c for c in chars])
    if roll < 0.34:  # stray spaces and line breaks
        rate = rng.choice([0.01, 0.03, 0.08]) * (0.4 if lang in ("de", "ko") else 1.0)
        stray = "\n" if rng.random() < 0.3 else " "
        return edit(example, [c + stray if rng.random() < rate else c for c in chars])
    if roll < 0.40 and lang != "de":  # spaces between scripts
        return edit(
            example,
            [
                c + " "
                if c.isascii() != text[k + 1 : k + 2].isascii() and c.isalnum() and text[k + 1 : k + 2].isalnum()
                else c
                for k, c in enumerate(chars)
            ],
        )
    if roll < 0.43:
        return replace(example, text="".join(c.upper() if len(c.upper()) == 1 else c for c in chars))
    if roll < 0.45:
        return replace(example, text="".join(c.lower() if len(c.lower()) == 1 else c for c in chars))
    return example


def join(examples: Sequence[Example], separator: str) -> Example:
    """Several examples of one source as one text."""
    text = ""
    spans: list[Span] = []
    for k, e in enumerate(examples):
        text += separator if k else ""
        spans += [(start + len(text), end + len(text), label, weight) for start, end, label, weight in e.spans]
        text += e.text
    return replace(examples[0], text=text, spans=tuple(spans))


def add_particles(example: Example, rng: np.random.Generator) -> Example:
    """Korean text that lost the particles after its names gets some back."""
    pieces = list(example.text)
    for _, end, _, _ in example.spans:
        if example.text[end : end + 1] == " " and rng.random() < 0.7 and has_final(example.text[end - 1]) is not None:
            particle = _pick(["은", "이", "을", "과", "으로", "의", "에", "도", "에서", "의", "이"], rng)
            pieces[end] = fix_particle(example.text[end - 1], particle + " ")
    ends = np.cumsum([0, *map(len, pieces)])
    spans = tuple((int(ends[a]), int(ends[a]) + b - a, label, weight) for a, b, label, weight in example.spans)
    return replace(example, text="".join(pieces), spans=spans)
