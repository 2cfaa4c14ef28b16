"""Stanza's tokenizer from a local directory; an optional extra (``pip install finextract[stanza]``), never downloaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from finextract.pipeline.segments import Morpheme
from finextract.pipeline.tokenizing import MorphemeTokenizer, version


class StanzaError(ValueError):
    """Stanza's tokenizer cannot be had; ``code`` is stable.

    ``STANZA001`` no such directory or file, ``STANZA002`` a directory without one model that is clearly meant,
    ``STANZA003`` Stanza is not installed, ``STANZA004`` the file is no model that Stanza can load.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def find_tokenizer(model: str | Path, lang: str) -> Path:
    """The tokenizer's file: ``model`` itself, or the only ``.pt`` of that directory, of its ``tokenize`` or ``LANG/tokenize``."""
    place = Path(model)
    if place.is_file():
        return place
    if not place.is_dir():
        raise StanzaError(
            "STANZA001",
            f"model: there is no directory or file {str(model)!r}; Stanza's models are loaded from this machine only",
        )
    folders = [place / lang / "tokenize", place / "tokenize", place]
    for folder in folders:
        found = sorted(folder.glob("*.pt"))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(file.name for file in found)
            raise StanzaError(
                "STANZA002", f"model: {str(folder)!r} has several models ({names}); name one of these files"
            )
    looked = ", ".join(repr(str(folder)) for folder in folders)
    raise StanzaError("STANZA002", f"model: no tokenizer for {lang!r}; no *.pt lies in any of {looked}")


class StanzaTokenizer(MorphemeTokenizer):
    """Stanza's words; ``model`` is a directory as Stanza lays it out, or the tokenizer's file, on this machine."""

    registered = "finextract.StanzaTokenizer.v1"

    def __init__(self, vocab: Vocab, *, lang: str, model: str, characters: bool = False) -> None:
        super().__init__(vocab, characters=characters)
        self.lang = lang
        self.model = model
        self.file = find_tokenizer(model, lang)

    def settings(self) -> dict[str, Any]:
        return {"lang": self.lang, "model": self.model, "characters": self.characters}

    def fingerprint(self) -> dict[str, Any]:
        # Where the model lies is a matter of the machine; which one it is, its digest says.
        settings = {name: value for name, value in self.settings().items() if name != "model"}
        return {**super().fingerprint(), "settings": settings}

    def versions(self) -> dict[str, str]:
        import hashlib

        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        return {"stanza": version("stanza"), "model": digest[:16]}

    def _pipeline(self) -> Any:
        if not hasattr(self._local, "analyser"):
            self._local.analyser = self._load()
        return self._local.analyser

    def _load(self) -> Any:
        try:
            import stanza
        except ImportError as error:
            raise StanzaError("STANZA003", f"{error}; pip install 'finextract[stanza]'") from error
        options: dict[str, Any] = {}
        # Stanza's larger models read characters through a language model, which lies beside theirs.
        if len(charlm := sorted(self.file.parent.parent.glob("forward_charlm/*.pt"))) == 1:
            options["tokenize_forward_charlm_path"] = str(charlm[0])
        with tempfile.TemporaryDirectory() as empty:
            # Stanza wants a list of what could be downloaded; with an empty one it takes the named file and nothing else.
            resources = Path(empty) / "resources.json"
            resources.write_text("{}", encoding="utf-8")
            try:
                return stanza.Pipeline(
                    lang=self.lang,
                    dir=empty,
                    processors="tokenize",
                    tokenize_model_path=str(self.file),
                    resources_filepath=str(resources),
                    allow_unknown_language=True,
                    download_method=None,
                    use_gpu=False,
                    logging_level="CRITICAL",
                    **options,
                )
            except Exception as error:  # whatever torch and Stanza raise for a file that is none of theirs
                reason = str(error).partition("\n")[0]
                raise StanzaError(
                    "STANZA004", f"model: Stanza cannot load {str(self.file)!r}: {type(error).__name__}: {reason}"
                ) from error

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        if text.isspace():
            return
        for sentence in self._pipeline()(text).sentences:
            for token in sentence.tokens:
                yield Morpheme(token.start_char, token.end_char, "")


def stanza_tokenizer(lang: str, model: str, characters: bool = False) -> Callable[[Language], StanzaTokenizer]:
    """``finextract.StanzaTokenizer.v1``"""
    return lambda nlp: StanzaTokenizer(nlp.vocab, lang=lang, model=model, characters=characters)
