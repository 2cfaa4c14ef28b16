"""Korean: Kiwi, and the particles that it leaves at names it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from finextract.pipeline.segments import HANGUL, Morpheme
from finextract.pipeline.tokenizing import MorphemeTokenizer, version

# Particles and endings that follow a noun in one word, and the marks 사, 측 and 계 that stand behind a name.
_PARTICLES = (
    "은 는 이 가 을 를 의 에 와 과 도 로 만 나 랑 며 고 께 란 야 요 든 뿐 씩 쯤 사 측 계 씨 발 간 제 들 인 한 된 "
    "으로 에서 에게 까지 부터 이나 보다 처럼 라고 이라 이다 라는 하고 마저 조차 밖에 대로 만큼 마다 에는 에도 에만 와의 과의 로서 로써 으론 "
    "로는 로도 에선 이며 이고 인데 였다 이었 였던 라도 이든 정도 가량 이상 이하 미만 초과 안팎 내외 당시 대비 선인 짜리 어치 "
    "으로는 으로도 에서는 에서도 에서의 이라고 이라는 이라며 이라도 에게는 까지는 까지도 부터는 보다는 으로써 으로서 만으로 이었다 입니다 이라서 라면서 "
)
_TAIL = re.compile(rf"(?=(?:{'|'.join(sorted(_PARTICLES.split(), key=len, reverse=True))})(?![{HANGUL}]))")


@lru_cache(maxsize=2)
def _kiwi(model: str | None) -> Any:
    from kiwipiepy import Kiwi

    # Typing errors and multi-word entries are of no use here, and take half of the loading time.
    return Kiwi(num_workers=1, model_type=model, load_typo_dict=False, load_multi_dict=False)


class KiwiTokenizer(MorphemeTokenizer):
    """kiwipiepy; ``model`` is a model type of Kiwi, by default the one that its package brings."""

    registered = "finextract.KiwiTokenizer.v1"
    limit = 4000

    def __init__(self, vocab: Vocab, *, model: str | None = None, characters: bool = False) -> None:
        super().__init__(vocab, characters=characters)
        self.model = model

    def settings(self) -> dict[str, Any]:
        return {"model": self.model, "characters": self.characters}

    def versions(self) -> dict[str, str]:
        return {"kiwipiepy": version("kiwipiepy"), "kiwipiepy_model": version("kiwipiepy_model")}

    def more_cuts(self, text: str) -> Iterable[int]:
        return (match.start() for match in _TAIL.finditer(text))

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        for found in _kiwi(self.model).tokenize(text):
            yield Morpheme(found.start, found.start + found.len, found.tag)


def kiwi_tokenizer(model: str | None = None, characters: bool = False) -> Callable[[Language], KiwiTokenizer]:
    """``finextract.KiwiTokenizer.v1``"""
    return lambda nlp: KiwiTokenizer(nlp.vocab, model=model, characters=characters)
