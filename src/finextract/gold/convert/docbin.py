"""spaCy's DocBin: tokens and entities, with the rest of the row as JSON in ``doc.user_data["finextract"]``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from finextract.gold.convert.common import ENVELOPE, Row, pack, restore, tokens


def words_and_spaces(text: str, places: Sequence[tuple[int, int]]) -> tuple[list[str], list[bool]]:
    """Words and following blanks from which spaCy puts the text together again, character by character."""
    words: list[str] = []
    spaces: list[bool] = []
    at = 0
    for start, end in [*places, (len(text), len(text))]:
        gap = text[at:start]
        if gap.startswith(" ") and words:
            spaces[-1], gap = True, gap[1:]
        if gap:
            words.append(gap)
            spaces.append(False)
        if end > start:
            words.append(text[start:end])
            spaces.append(False)
        at = end
    return words, spaces


def write(rows: Sequence[Row]) -> bytes:
    """Rows as a DocBin."""
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    vocab = Vocab()
    bin_ = DocBin(attrs=["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"], store_user_data=True)
    for row in rows:
        words, spaces = words_and_spaces(row["text"], tokens(row["text"], row["spans"]))
        doc = Doc(vocab, words=words, spaces=spaces)
        ents = [doc.char_span(s["start"], s["end"], label=s["label"]) for s in row["spans"]]
        doc.set_ents([e for e in ents if e is not None], default="outside")
        if doc.text != row["text"] or None in ents:
            raise ValueError(f"row {row['id']!r}: the text cannot be cut so that spaCy keeps it")
        doc.user_data[ENVELOPE] = json.dumps(pack(row), ensure_ascii=False)
        bin_.add(doc)
    return bytes(bin_.to_bytes())


def read(path: str, data: bytes) -> list[Row]:
    """Rows of a DocBin, its own or another's."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        docs = list(DocBin().from_bytes(data).get_docs(Vocab()))
    except Exception as error:  # zlib, msgpack and spaCy each have errors of their own
        raise ValueError(f"{path}: this is no DocBin: {error}") from None
    out = []
    for number, doc in enumerate(docs, 1):
        packed: Any = doc.user_data.get(ENVELOPE)
        envelope = json.loads(packed) if isinstance(packed, str) else None
        found = [(e.start_char, e.end_char, e.label_) for e in doc.ents]
        out.append(restore(f"{path}: doc {number}", number, doc.text, found, envelope, {}))
    return out
