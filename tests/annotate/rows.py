"""The lines of the test file: canonical, compact, escaped, with unknown fields, and one that is no JSON."""

import json

PLAIN = "高砂精機の売上高は約440億ドル、前年比16.1%増。"
ASTRAL = "🚀𠮷野家は👩‍👩‍👧と組み、re\u0301sume\u0301社に\r\n3億円を投じる。"
HOSTILE = "<script>document.title='owned'</script> \u202e\u2066北浜物流\u2069 &lt;b&gt; <img src=x onerror=alert(1)> 5%"


def span(text, surface, label, value=None, nth=0, **more):
    at = -1
    for _ in range(nth + 1):
        at = text.index(surface, at + 1)
    out = {"start": at, "end": at + len(surface), "label": label, "text": surface}
    return {**out, "value": value, **more} if value is not None else {**out, **more}


def row(row_id, text, spans, **more):
    return {
        "id": row_id,
        "lang": "ja",
        "date": "2025-03-14",
        "source": "composed",
        "text": text,
        "spans": spans,
        **more,
    }


MONEY = {"currency": "USD", "amount": "44000000000", "modifier": "approx"}
ROWS = [
    row(
        "ja-1",
        PLAIN,
        [span(PLAIN, "高砂精機", "COMPANY", {"name": "高砂精機"}), span(PLAIN, "440億ドル", "MONEY", MONEY)],
        meta={},
    ),
    row(
        "ja-2", ASTRAL, [span(ASTRAL, "𠮷野家", "COMPANY", {"name": "Yoshinoya"}, score=0.10, big=12345678901234567890)]
    ),
    row("ja-3", HOSTILE, []),
    row("ja-4", "特筆すべき数字はない。", [], later={"unknown": [1, 2.50, None]}),
]
LINES = [
    json.dumps(ROWS[0], ensure_ascii=False),
    json.dumps(ROWS[1], ensure_ascii=False)
    .replace("0.1,", "0.10,")
    .replace('"label": "COMPANY"', '"label"  :  "COMPANY"'),
    json.dumps(ROWS[2], ensure_ascii=True),
    json.dumps(ROWS[3], ensure_ascii=False, separators=(",", ":")).replace("2.5,", "2.50,"),
    '{"id": "ja-5", "lang": "ja", "text": "half a li',
    json.dumps(row("ja-6", "増減は5%だった。", []), ensure_ascii=False) + "\r",
]
FILE = "\n".join(LINES).encode() + b"\n"


def gold_file(folder):
    """The lines as a file in a folder."""
    path = folder / "news.jsonl"
    path.write_bytes(FILE)
    return path
