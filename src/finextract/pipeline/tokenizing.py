"""The base of the registered tokenizers: from an analyser's morphemes to a :class:`spacy.tokens.Doc`.

``doc.text == text`` for every string. Each token carries two things of the morpheme that it is (or is a part of):
``tag_``, its part of speech, and ``lemma_``, its surface, folded; a model may use both as features.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from spacy.attrs import NORM
from spacy.tokens import Doc
from spacy.vocab import Vocab

from finextract.pipeline.segments import RULES, Morpheme, Piece, chunks, cut

_LONG_NUMBER = re.compile(r"\d(?=\d)|(?<=\d)\d")
# Analysers written in C stop at a NUL or stumble over controls; each is shown to them as one space.
_CONTROLS = {code: " " for code in [*range(9), 11, 12, *range(14, 32), *range(127, 160), 0x2028, 0x2029, 0xFEFF]}


class TextError(ValueError):
    """A text that cannot be tokenized; ``code`` is stable. ``TEXT001`` half of a surrogate pair, ``TEXT002`` no string."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class FingerprintWarning(UserWarning):
    """A pipeline runs with another tokenizer or dictionary than the one it was trained with."""


def check_text(text: str) -> None:
    """Raise :class:`TextError` for what is no text."""
    if not isinstance(text, str):
        raise TextError("TEXT002", f"a string is expected, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TextError(
            "TEXT001",
            f"half of a surrogate pair, U+{ord(text[error.start]):04X}, stands at offset {error.start}; "
            "the text was decoded wrongly, or cut in the middle of a character",
        ) from None


@lru_cache(maxsize=1 << 16)
def fold(surface: str) -> str:
    """The norm of a token: width and case folded, and the digits of longer numbers alike."""
    return _LONG_NUMBER.sub("0", unicodedata.normalize("NFKC", surface).lower())


def version(distribution: str) -> str:
    """Installed version of a distribution, for fingerprints."""
    from importlib.metadata import version as installed

    return installed(distribution)


class MorphemeTokenizer(ABC):
    """A tokenizer for spaCy: an analyser's cuts and the rules of :mod:`finextract.pipeline.segments` together."""

    registered: str
    """Name in spaCy's registry of tokenizers."""
    limit = 8000
    """How many characters the analyser is given at once."""

    def __init__(self, vocab: Vocab, *, characters: bool = False) -> None:
        self.vocab = vocab
        self.characters = characters
        self._local = threading.local()  # analysers must not be called by two threads at once
        vocab.lex_attr_getters[NORM] = fold  # type: ignore[attr-defined]

    @abstractmethod
    def morphemes(self, text: str) -> Iterable[Morpheme]:
        """The analyser's words in a text of at most ``limit`` characters, with offsets into that text."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Names and versions of the analyser and its dictionary."""

    def settings(self) -> dict[str, Any]:
        """The arguments that make an equal tokenizer."""
        return {"characters": self.characters}

    def more_cuts(self, text: str) -> Iterable[int]:
        """Places where the language wants another cut."""
        return ()

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal between training and use for the tokens to be equal."""
        return {"tokenizer": self.registered, "settings": self.settings(), "rules": RULES, "versions": self.versions()}

    def pieces(self, text: str) -> Iterator[Piece]:
        """The tokens as raw offsets, white space included."""
        check_text(text)
        return cut(text, self._analyse(text), characters=self.characters, more_cuts=self.more_cuts(text))

    def _analyse(self, text: str) -> Iterator[Morpheme]:
        for offset, chunk in chunks(text.translate(_CONTROLS), self.limit):
            for start, end, tag in self.morphemes(chunk):
                yield Morpheme(offset + start, offset + end, tag)

    def __call__(self, text: str) -> Doc:
        words: list[str] = []
        spaces: list[bool] = []
        tags: list[str] = []
        lemmas: list[str] = []
        for start, end, tag, (word_start, word_end) in self.pieces(text):
            surface = text[start:end]
            if surface.isspace():
                if words and not spaces[-1] and surface[0] == " " and not words[-1].isspace():
                    spaces[-1] = True
                    surface = surface[1:]
                if not surface:
                    continue
                tag, lemma = "", surface
            else:
                lemma = fold(text[word_start:word_end])
            words.append(surface)
            spaces.append(False)
            tags.append(tag)
            lemmas.append(lemma)
        return Doc(self.vocab, words=words, spaces=spaces, tags=tags, lemmas=lemmas)

    def pipe(self, texts: Iterable[str], **_: Any) -> Iterator[Doc]:
        for text in texts:
            yield self(text)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.vocab, self.settings())

    # What spaCy asks of a tokenizer that is saved. The settings are in the config; saved is the fingerprint.

    def to_bytes(self, **_: Any) -> bytes:
        return json.dumps(self.fingerprint(), sort_keys=True).encode()

    def from_bytes(self, data: bytes, **_: Any) -> MorphemeTokenizer:
        self.check(json.loads(data))
        return self

    def to_disk(self, path: str | Path, **_: Any) -> None:
        Path(path).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_: Any) -> MorphemeTokenizer:
        return self.from_bytes(Path(path).read_bytes())

    def check(self, trained: dict[str, Any]) -> None:
        """Warn where this tokenizer is not the one that a pipeline was trained with."""
        here = self.fingerprint()
        if trained == here:
            return
        differences = [
            f"{name} {trained['versions'].get(name, 'absent')} → {here['versions'].get(name, 'absent')}"
            for name in sorted({*trained["versions"], *here["versions"]})
            if trained["versions"].get(name) != here["versions"].get(name)
        ]
        differences += [
            f"{key} {trained.get(key)} → {here[key]}"
            for key in ("tokenizer", "settings", "rules")
            if trained.get(key) != here[key]
        ]
        warnings.warn(
            f"FP001: the tokenizer differs from the one in training ({'; '.join(differences)}); scores may be lower than those in meta.json",
            FingerprintWarning,
            stacklevel=2,
        )


def _rebuild(cls: type[MorphemeTokenizer], vocab: Vocab, settings: dict[str, Any]) -> MorphemeTokenizer:
    return cls(vocab, **settings)
