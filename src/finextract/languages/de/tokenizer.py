"""German: spaCy's rules for words and abbreviations, with compounds cut at their hyphens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from spacy.language import Language

from finextract.pipeline.segments import Morpheme
from finextract.pipeline.tokenizing import MorphemeTokenizer, version

# Machine translation glues words together: "500 Millionen Euroinvestieren".
_UNITS = "Dollar|Euro|Yuan|Yen|Franken|Rubel|Prozent|Prozentpunkte|Basispunkte|Milliarden|Millionen|Milliarde|Million|Billionen|Quartal"
_ORDINALS = "ersten|zweiten|dritten|vierten|nächsten|letzten|laufenden|vergangenen|kommenden|vorigen|aktuellen"
_HUNDREDS = "(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)hundert"
_GLUED = re.compile(
    rf"(?<![A-Za-zäöüß])(?i:im|des|dem|vom|beim|zum)()(?=(?:{_ORDINALS})\s+[Qq]uartal)|(?<=[a-zäöüß]{{3}})()(?={_HUNDREDS})|"
    rf"(?:{_UNITS})()(?=[a-zäöüß]{{2}})|(?<=[a-zäöüß])()(?=(?i:{_UNITS})(?![a-zäöüß]))"
)


@lru_cache(maxsize=1)
def _spacy() -> Any:
    from spacy.lang.de import German

    return German().tokenizer


class GermanTokenizer(MorphemeTokenizer):
    """spaCy's German tokenizer. Google-Mutterkonzern is three tokens here, each of which carries the compound as its lemma."""

    registered = "finextract.GermanTokenizer.v1"

    def versions(self) -> dict[str, str]:
        return {"spacy": ".".join(version("spacy").split(".")[:2])}

    def more_cuts(self, text: str) -> Iterable[int]:
        return (match.end() for match in _GLUED.finditer(text))

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        for token in _spacy()(text):
            if not token.is_space:
                yield Morpheme(
                    token.idx, token.idx + len(token), "abbr" if len(token) > 1 and token.text.endswith(".") else ""
                )


def german_tokenizer() -> Callable[[Language], GermanTokenizer]:
    """``finextract.GermanTokenizer.v1``"""
    return lambda nlp: GermanTokenizer(nlp.vocab)
