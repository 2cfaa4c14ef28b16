"""Company names by a small multilingual encoder, on the raw text and without a tokenizer of the language.

The encoder reads subword pieces, but pieces straddle Korean particles, Japanese changes of script and German hyphens.
So the state of each piece is handed to its characters, joined by what each character is, and every *character* gets a
tag. Offsets are code points of the text as given: nothing is normalised before, the pieces only point into the text.

Only numpy, onnxruntime and tokenizers are needed; they are imported when a model is loaded.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finextract.companies.paths import find_model
from finextract.companies.text import without_capitals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finextract.companies.weigh import Document, Known

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float32]

MODEL = "xx_fin_news_e5"
CLASSES = ("COMPANY", "ORG_OTHER", "PERSON", "PLACE", "PRODUCT")
"""COMPANY is what is looked for; the others are there so that they are not taken for it."""
N_TAGS = 1 + 4 * len(CLASSES)  # O, then B I E S of each class
CHAR_IDS = 8192
CHAR_CLASSES = 16
CHAR_POSITIONS = 8
HELD = (0.15, 0.5, 0.8)
"""Scores of the knowledge base's names (:func:`finextract.companies.cues.hit_score`) that divide what the encoder is told of them."""
N_HELD = 1 + 2 * (len(HELD) + 1)  # no known name, then begin and rest of one, by its score
SENTENCE_ENDS = frozenset("。！？!?．\n…」』")
_BEGIN, _INSIDE, _END, _SINGLE = range(4)
CERTAIN = -0.02  # log probability of a character that is no part of a name beyond doubt


def tag(label: int, part: int) -> int:
    """Number of the tag ``part`` (0 begin, 1 inside, 2 end, 3 single) of the class ``label``."""
    return 1 + 4 * label + part


def edge_tags(label: int) -> tuple[list[int], list[int]]:
    """The tags with which a name of the class begins, and those with which it ends."""
    return [tag(label, _BEGIN), tag(label, _SINGLE)], [tag(label, _END), tag(label, _SINGLE)]


@dataclass(frozen=True, slots=True)
class Scored:
    """A name that the encoder found: code points ``[start, end)``, class and the probability it gives it (0 to 1)."""

    start: int
    end: int
    label: str
    score: float


class Names(list[Scored]):
    """The names in a text, in order, and in ``company`` for each character how likely it belongs to a company's name (0 to 1).

    The latter tells of names that the encoder half saw, which can be believed where something else speaks for them.
    """

    def __init__(self, names: Iterable[Scored], company: list[float]) -> None:
        super().__init__(names)
        self.company = company
        self.document: Document | None = None
        """The evidence for these names, where it was gathered already."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text that is read at once; of its characters those in ``[keep_start, keep_end)`` are decided."""

    text: int
    first_piece: int
    last_piece: int
    start: int
    end: int
    keep_start: int
    keep_end: int


@lru_cache(maxsize=1)
def _class_table() -> NDArray[np.uint8]:
    """Kind of each character of the basic plane: script, case, digit, punctuation."""
    import numpy as np

    table = np.zeros(0x10000, np.uint8)
    table[0x21:0x7F] = 11
    table[ord("0") : ord("9") + 1] = 4
    table[ord("a") : ord("z") + 1] = 2
    table[ord("A") : ord("Z") + 1] = 3
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        table[code] = 9 if chr(code).islower() else 10
    table[[0xD7, 0xF7]] = 11
    table[0x2010:0x2070] = 11
    table[0x3001:0x3040] = 12
    table[0x3041:0x30A0] = 6
    table[0x30A0:0x3100] = 7
    table[0x31F0:0x3200] = 7
    table[0x3400:0xA000] = 5
    table[[0x3005, 0x3006, 0x3007]] = 5
    table[0xF900:0xFB00] = 5
    table[0x1100:0x1200] = 8
    table[0xAC00:0xD7B0] = 8
    table[0x3130:0x3190] = 8
    table[0xFF01:0xFF5F] = 12
    table[0xFF10:0xFF1A] = 13
    table[0xFF21:0xFF3B] = 13
    table[0xFF41:0xFF5B] = 13
    table[0xFF66:0xFFA0] = 7
    table[[0x20, 0x09, 0xA0, 0x3000, 0x2002, 0x2003, 0x2009, 0x202F, 0x200B]] = 1
    table[[0x0A, 0x0D, 0x2028, 0x2029]] = 14
    return table


def characters(text: str) -> tuple[Ints, Ints]:
    """For every code point of ``text`` a number for what it is (hashed) and its kind."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    kinds = np.where(codes < 0x10000, _class_table()[np.minimum(codes, 0xFFFF)], 0).astype(np.int64)
    narrow = np.where((codes >= 0xFF01) & (codes <= 0xFF5E), codes - 0xFEE0, codes)
    return (narrow * 40503) % (CHAR_IDS - 1) + 1, kinds


def piece_of_character(offsets: Sequence[tuple[int, int]], length: int) -> tuple[Ints, Ints]:
    """For each of ``length`` characters the piece that holds it (0 where none does) and its place in that piece.

    White space and dropped characters belong to the piece before them; of several pieces made from one character
    the last one counts.
    """
    import numpy as np

    if not offsets:
        return np.zeros(length, np.int64), np.zeros(length, np.int64)
    starts = np.maximum.accumulate(np.array([start for start, _ in offsets], np.int64))
    places = np.arange(length)
    pieces = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
    return pieces, np.clip(places - starts[pieces], 0, CHAR_POSITIONS - 1)


def windows(
    number: int, text: str, offsets: Sequence[tuple[int, int]], size: int, overlap: int = 32
) -> Iterator[Window]:
    """Cut a text into windows of at most ``size`` pieces, at the end of a sentence where one is in reach.

    Windows that had to be cut elsewhere overlap, and each decides its half of what they share.
    """
    n = len(offsets)
    first, keep = 0, 0
    while True:
        start = offsets[first][0] if first else 0
        if n - first <= size:
            yield Window(number, first, n, start, len(text), keep, len(text))
            return
        last, cut = first + size, False
        for k in range(last, first + size // 2, -1):
            at = offsets[k][0]
            before = text[:at][-1:] if at == 0 else text[at - 1]
            if before in SENTENCE_ENDS or (before == " " and at > 1 and text[at - 2] in ".!?"):
                last, cut = k, True
                break
        following = last if cut else max(first + 1, last - overlap)
        end = offsets[last][0]
        keep_end = end if cut else max(keep, offsets[(following + last) // 2][0])
        yield Window(number, first, last, start, end, keep, keep_end)
        first, keep = following, keep_end


@lru_cache(maxsize=1)
def _allowed() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tag may follow which, which may begin a text and which may end it."""
    import numpy as np

    opens = np.zeros(N_TAGS, bool)  # the tag leaves a name open
    continues = np.zeros(N_TAGS, bool)  # the tag goes on with an open name
    label = np.zeros(N_TAGS, np.int64)
    for k in range(len(CLASSES)):
        label[tag(k, 0) : tag(k, 4)] = k + 1
        opens[[tag(k, _BEGIN), tag(k, _INSIDE)]] = True
        continues[[tag(k, _INSIDE), tag(k, _END)]] = True
    same = label[:, None] == label[None, :]
    follow = np.where(opens[:, None], continues[None, :] & same, ~continues[None, :])
    return follow, ~continues, ~opens


def best_tags(logp: Floats) -> Ints:
    """The best sequence of tags that forms whole names, for log probabilities ``[characters, tags]``.

    Where the best tag of each character already forms whole names that is the answer; the search runs only over
    the stretches between certain non-names where it does not.
    """
    import numpy as np

    follow, begins, ends = _allowed()
    best: Ints = logp.argmax(1).astype(np.int64)
    if not best.any():
        return best
    bad = np.flatnonzero(~follow[best[:-1], best[1:]])
    wrong = [int(k) for k in bad]
    if not begins[best[0]]:
        wrong.append(0)
    if not ends[best[-1]]:
        wrong.append(len(best) - 1)
    if not wrong:
        return best
    certain = np.flatnonzero(logp[:, 0] > CERTAIN)
    done = -1
    for k in sorted(wrong):
        if k < done:
            continue
        left = int(np.searchsorted(certain, k, side="right")) - 1
        low = int(certain[left]) + 1 if left >= 0 else 0
        right = int(np.searchsorted(certain, max(k, low), side="left"))
        high = int(certain[right]) if right < len(certain) else len(best)
        if high > low:
            best[low:high] = _viterbi(logp[low:high])
        done = high
    return best


def _viterbi(logp: Floats) -> list[int]:
    """The best whole names over a stretch: of what ends outside a name, and of each class's open names, only the best go on."""
    rows: list[list[float]] = logp.tolist()
    labels = range(len(CLASSES))
    outside, outside_tag = 0.0, 0
    opened, opened_tag = [-inf] * len(CLASSES), [0] * len(CLASSES)  # before the stretch no name is open
    back: list[tuple[int, list[int]]] = []
    for row in rows:
        back.append((outside_tag, opened_tag))
        before, outside, outside_tag = outside, outside + row[0], 0
        opened_tag = [0] * len(CLASSES)
        at = 1  # the four tags of a class stand together
        for k in labels:
            was = opened[k]
            end, single = was + row[at + _END], before + row[at + _SINGLE]
            if end > outside:
                outside, outside_tag = end, at + _END
            if single > outside:
                outside, outside_tag = single, at + _SINGLE
            begin, inside = before + row[at + _BEGIN], was + row[at + _INSIDE]
            opened[k], opened_tag[k] = (begin, at + _BEGIN) if begin >= inside else (inside, at + _INSIDE)
            at += 4
    out = [outside_tag]
    for closed, open_tags in reversed(back[1:]):
        last = out[-1]
        goes_on = last and (last - 1) % 4 in (_INSIDE, _END)
        out.append(open_tags[(last - 1) // 4] if goes_on else closed)
    return out[::-1]


def spans(logp: Floats) -> list[tuple[int, int, int, float]]:
    """Names as ``(start, end, class, score)`` from log probabilities; the score is the mean probability of the class."""
    import numpy as np

    if not len(logp):
        return []
    tags = best_tags(logp)
    inside = np.flatnonzero(tags)
    if not len(inside):
        return []
    parts = (tags[inside] - 1) % 4
    labels = (tags[inside] - 1) // 4
    of_class = np.exp(logp[inside, 1:]).reshape(len(inside), len(CLASSES), 4).sum(2)
    sums = np.cumsum(of_class[np.arange(len(inside)), labels], dtype=np.float64)
    first = np.flatnonzero((parts == _BEGIN) | (parts == _SINGLE))  # every name is whole: the n-th begin goes
    last = np.flatnonzero((parts == _END) | (parts == _SINGLE))  # with the n-th end
    means = np.diff(sums[last], prepend=0.0) / (last - first + 1)
    return [
        (start, end + 1, label, min(1.0, mean))
        for start, end, label, mean in zip(
            inside[first].tolist(), inside[last].tolist(), labels[last].tolist(), means.tolist(), strict=True
        )
    ]


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without outer white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def company_probability(logp: Floats) -> Floats:
    """How likely each character belongs to a company's name."""
    import numpy as np

    p: Floats = np.exp(logp[:, tag(0, _BEGIN) : tag(1, _BEGIN)]).sum(1)
    return p


def names_of(text: str, logp: Floats, company: Floats | None = None) -> Names:
    """The names in a text by its log probabilities ``[characters, tags]``; ``company`` is their :func:`company_probability` where it is known."""
    found = []
    for start, end, label, score in spans(logp):
        start, end = trim(text, start, end)
        if start < end:
            found.append(Scored(start, end, CLASSES[label], score))
    return Names(found, (company_probability(logp) if company is None else company).tolist())


class CompanyEncoder:
    """A loaded encoder. Make one with :meth:`load`; it may be used from several threads."""

    def __init__(self, session: Any, tokenizer: Any, meta: dict[str, Any], name: str = "model") -> None:
        self.meta = meta
        self._session = session
        self._tokenizer = tokenizer
        kind = name.partition(".")[0]
        settings = meta["encoder" if kind == "model" else kind]
        self._bos, self._eos = int(settings["bos"]), int(settings["eos"])
        self._size = int(settings["window"]) - 2
        if tuple(settings["classes"]) != CLASSES:
            raise ValueError(f"model-classes: the model tags {settings['classes']}, this version reads {list(CLASSES)}")
        self._told = any(i.name == "known" for i in session.get_inputs())

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int = 1, name: str = "model") -> CompanyEncoder:
        """The model in the folder ``path``, or the one that comes with the package, for ``threads`` threads.

        ``name`` is ``model`` for the encoder or ``fast`` for the small network that was cut from it; ``model.zh`` is the one that
        reads Chinese alone (:meth:`of` finds it where there is one).

        A model that was loaded before is given out again: it holds no state between texts.
        """
        folder = find_model(MODEL) if path is None else Path(path)
        return _load(folder, threads, name)

    @classmethod
    def of(cls, lang: str, path: Path | None = None, *, threads: int = 1, name: str = "model") -> CompanyEncoder:
        """The one of :meth:`load` that reads texts in ``lang``: that language's own, or where there is none that of all languages."""
        return _load_of(lang, path, threads, name)

    def predict(self, texts: Sequence[str], lang: str | None = None) -> list[Names]:
        """The names in each text, in order: companies, and what else the encoder tells from them.

        Time grows linearly with the length of a text; what is found in one text does not depend on the others. ``lang`` is the
        language of the texts; without it the encoder does not learn what the knowledge base has in them.
        """
        return [names_of(text, logp) for text, logp in zip(texts, self.log_probabilities(texts, lang), strict=True)]

    def log_probabilities(
        self, texts: Sequence[str], lang: str | None = None, known: Sequence[Sequence[Known]] | None = None
    ) -> list[Floats]:
        """For each text the log probability of every tag at every character.

        ``known``: the knowledge base's names in each text, where they were looked for already; else they are looked for by ``lang``.
        """
        import numpy as np

        # A lone surrogate cannot be handed to the tokenizer; the replacement keeps the length.
        clean = [
            "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in t) if not _encodable(t) else t
            for t in map(without_capitals, texts)
        ]
        encodings = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        out = []
        for number, (text, e) in enumerate(zip(clean, encodings, strict=True)):
            # Windows run one by one: the int8 scales are taken over all that is computed at once, so in a larger
            # batch the neighbours would have a say in the result, and on one core it is no faster.
            offsets, ids = e.offsets, e.ids  # each access makes the whole list anew
            logp = np.empty((len(text), N_TAGS), np.float32)
            holds = held(texts[number], known[number] if known else _names(texts[number], lang)) if self._told else None
            for w in windows(number, text, offsets, self._size):
                if w.keep_end > w.keep_start:
                    feed = self._feed(w, text, offsets, ids)
                    if holds is not None:
                        feed["known"], feed["known_pieces"] = window_held(holds, offsets, w)
                    tags = self._session.run(None, feed)[0][0]
                    logp[w.keep_start : w.keep_end] = tags[w.keep_start - w.start : w.keep_end - w.start]
            out.append(logp)
        return out

    def _feed(self, w: Window, text: str, offsets: Sequence[tuple[int, int]], ids: Sequence[int]) -> dict[str, Any]:
        import numpy as np

        pieces = np.array([[self._bos, *ids[w.first_piece : w.last_piece], self._eos]], np.int64)
        piece, place, char, kind = window_characters(text, offsets, w)[:, None]
        return {"ids": pieces, "piece": piece, "place": place, "char": char, "kind": kind}


def open_session(path: Path, threads: int = 1) -> Any:
    """An ONNX session on the CPU for windows of any length, one at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # kept for every length of text, and of no use where lengths differ
    slow = ["SkipLayerNormFusion"]  # onnxruntime 1.31's fused operator takes six times as long as the two it stands for
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=slow
    )


@lru_cache(maxsize=16)
def _load(folder: Path, threads: int, name: str) -> CompanyEncoder:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    session = open_session(folder / f"{name}.onnx", threads)
    return CompanyEncoder(session, _tokenizer(folder), meta, name)


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@lru_cache(maxsize=16)
def _load_of(lang: str, path: Path | None, threads: int, name: str) -> CompanyEncoder:
    folder = find_model(MODEL) if path is None else Path(path)
    own = f"{name}.{lang}"
    return _load(folder, threads, own if (folder / f"{own}.onnx").is_file() else name)


def read_by(
    name: str, texts: Sequence[str], langs: Sequence[str], known: Sequence[Sequence[Known]] | None = None
) -> Iterator[Floats]:
    """The log probabilities of texts whose languages are known, by the networks ``name``, ``model`` or ``fast``.

    ``known`` as in :meth:`CompanyEncoder.log_probabilities`.
    """
    for lang, numbers in groupby(range(len(texts)), langs.__getitem__):
        part = list(numbers)
        names = [known[i] for i in part] if known else None
        yield from CompanyEncoder.of(lang, name=name).log_probabilities([texts[i] for i in part], lang, names)


def window_characters(text: str, offsets: Sequence[tuple[int, int]], window: Window) -> Ints:
    """The four inputs per character of a window, ``[4, characters]``: piece (0 is the start mark), place in it, character, kind."""
    import numpy as np

    part = text[window.start : window.end]
    local = offsets[window.first_piece : window.last_piece]
    if window.start:
        local = [(s - window.start, e - window.start) for s, e in local]
    piece, place = piece_of_character(local, len(part))
    char, kind = characters(part)
    return np.stack([piece + (1 if local else 0), place, char, kind])


def _names(text: str, lang: str | None) -> Sequence[Known]:
    from finextract.companies.join import known_names

    return known_names(text, lang) if lang else ()


def held(text: str, known: Iterable[Known]) -> Ints:
    """For each character which of the ``known`` names is there: 0 for none, else begin or rest of one and how likely it is meant."""
    import numpy as np

    out = np.zeros(len(text), np.int64)
    for k in known:
        of = 1 + 2 * bisect_right(HELD, k.score)
        out[k.start : k.end] = of + 1
        out[k.start] = of
    return out


def window_held(known: Ints, offsets: Sequence[tuple[int, int]], window: Window) -> tuple[Ints, Ints]:
    """The inputs of a window that tell of known names, from :func:`held`: ``[1, characters]`` and ``[1, pieces]``.

    A piece that begins with a space or before the name tells of the first character behind, or of its last one.
    """
    import numpy as np

    pieces = np.zeros(window.last_piece - window.first_piece + 2, np.int64)
    if known.any() and len(pieces) > 2:
        first, ends = np.array(offsets[window.first_piece : window.last_piece], np.int64).T
        last = np.maximum(ends - 1, first)
        for at in (last, np.minimum(first + 1, last), first):
            here = known[np.minimum(at, len(known) - 1)]
            pieces[1:-1] = np.where(here, here, pieces[1:-1])
    return known[None, window.start : window.end], pieces[None]


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
