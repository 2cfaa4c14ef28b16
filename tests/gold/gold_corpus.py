"""A small sound corpus to break: two languages, three files, a manifest."""

import json

from finextract.gold import splits

JA = [
    (
        "ja-1",
        "高砂精機の売上高は約440億ドル、前年比16.1%増。",
        [
            ("COMPANY", "高砂精機", {"name": "高砂精機"}),
            ("MONEY", "440億ドル", {"currency": "USD", "amount": "44000000000", "modifier": "approx"}),
            ("PERCENT", "16.1%", {"value": "16.1", "unit": "percent"}),
        ],
    ),
    (
        "ja-2",
        "「🚀」と北浜物流。北浜物流は2024年第2四半期に赤字。",
        [
            ("COMPANY", "北浜物流", {"name": "北浜物流"}),
            ("COMPANY", "北浜物流", {"name": "北浜物流"}),
            ("QUARTER", "2024年第2四半期", {"year": 2024, "quarter": 2, "fiscal": False}),
        ],
    ),
    ("ja-3", "特筆すべき数字はない。", []),
    (
        "ja-4",
        "米エヌビディアは350億ドルを投じる。",
        [
            ("COMPANY", "エヌビディア", {"name": "NVIDIA"}),
            ("MONEY", "350億ドル", {"currency": "USD", "amount": "35000000000"}),
        ],
    ),
]
DE = [
    (
        "de-1",
        "Nvidias Umsatz stieg um 16,1 Prozent auf 32,5 Milliarden US-Dollar.",
        [
            ("COMPANY", "Nvidias", {"name": "NVIDIA"}),
            ("PERCENT", "16,1 Prozent", {"value": "16.1", "unit": "percent"}),
            ("MONEY", "32,5 Milliarden US-Dollar", {"currency": "USD", "amount": "32500000000"}),
        ],
    ),
]


def make_row(row_id, text, spans):
    out, at = [], 0
    for label, surface, value in spans:
        start = text.index(surface, at)
        at = start + len(surface)
        out.append({"start": start, "end": at, "label": label, "text": surface, "value": dict(value)})
    return {
        "id": row_id,
        "lang": row_id[:2],
        "date": "2024-08-03",
        "source": "composed",
        "text": text,
        "spans": out,
        "meta": {"genre": "wire"},
    }


def dump(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write(folder):
    """Write the corpus into a folder."""
    files = {
        "ja/train.jsonl": [make_row(*r) for r in JA[:3]],
        "ja/test.jsonl": [make_row(*r) for r in JA[3:]],
        "de/train.jsonl": [make_row(*r) for r in DE],
    }
    manifest = {}
    for name, rows in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(dump(rows).encode())
        lang, split = name.removesuffix(".jsonl").split("/")
        manifest.setdefault(lang, {})[split] = {r["id"]: splits.digest(r["text"]) for r in rows}
    (folder / "splits.json").write_bytes(splits.dump(manifest))
    return folder
