"""Stanza's tokenizer from a local directory; an optional extra (``pip install finextract[stanza]``), never downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from finextract.pipeline.segments import Morpheme
from finextract.pipeline.tokenizing import MorphemeTokenizer, version


class StanzaTokenizer(MorphemeTokenizer):
    """Stanza's words; ``model`` is the tokenizer's file (``….pt``) on this machine."""

    registered = "finextract.StanzaTokenizer.v1"

    def __init__(self, vocab: Vocab, *, lang: str, model: str, characters: bool = False) -> None:
        super().__init__(vocab, characters=characters)
        if not Path(model).is_file():
            raise FileNotFoundError(
                f"model: there is no file {model!r}; Stanza models are loaded from this machine only"
            )
        self.lang = lang
        self.model = model

    def settings(self) -> dict[str, Any]:
        return {"lang": self.lang, "model": self.model, "characters": self.characters}

    def versions(self) -> dict[str, str]:
        import hashlib

        digest = hashlib.sha256(Path(self.model).read_bytes()).hexdigest()
        return {"stanza": version("stanza"), "model": digest[:16]}

    def _pipeline(self) -> Any:
        if not hasattr(self._local, "analyser"):
            import stanza

            self._local.analyser = stanza.Pipeline(
                lang=self.lang,
                dir=str(Path(self.model).parent),
                processors="tokenize",
                tokenize_model_path=self.model,
                allow_unknown_language=True,
                download_method=None,
                use_gpu=False,
                verbose=False,
            )
        return self._local.analyser

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        if text.isspace():
            return
        for sentence in self._pipeline()(text).sentences:
            for token in sentence.tokens:
                yield Morpheme(token.start_char, token.end_char, "")


def stanza_tokenizer(lang: str, model: str, characters: bool = False) -> Callable[[Language], StanzaTokenizer]:
    """``finextract.StanzaTokenizer.v1``"""
    return lambda nlp: StanzaTokenizer(nlp.vocab, lang=lang, model=model, characters=characters)
