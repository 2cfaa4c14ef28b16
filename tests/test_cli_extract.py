"""``finextract extract`` and ``finextract explain`` as they are called: files, forms, errors, exit codes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finextract import extract
from finextract.adapters.arrow import entities

MAIN = "import sys; from finextract.cli import main; sys.argv[0] = 'finextract'; main()"
JA = "トヨタの第2四半期の売上高は約3億円で、前年比5%増。"
DE = "Der Umsatz der Siemens AG stieg um 3,5 bis 4 Prozent."


def run(*args: object, stdin: bytes = b"", code: int = 0, cwd: Path | None = None) -> tuple[str, str]:
    """Output and errors of one call, whose exit code must be ``code``; models are left out, they are tested elsewhere."""
    command = [sys.executable, "-X", "utf8", "-c", MAIN, *map(str, args)]
    if args and args[0] in ("extract", "explain") and "--help" not in args:
        command += ["--model", "none"]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=300)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def spans(text: str, **options: Any) -> list[dict[str, Any]]:
    return [e.to_dict() for e in extract(text, model="none", **options).entities]


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_json_lines_keep_every_field_and_order(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": JA, "date": "2024-08-05"},
        {"text": DE, "x": {"y": [1, None]}},
        {"lang": "ja", "text": "5%"},
    ]
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines(*rows))
    out, err = run("extract", path, "--date", "2020-02-01")
    assert err == ""
    assert [json.loads(line) for line in out.splitlines()] == [
        {**rows[0], "spans": spans(JA, date="2024-08-05")},
        {**rows[1], "spans": spans(DE)},
        {**rows[2], "spans": spans("5%", lang="ja")},
    ]


def test_a_line_keeps_its_own_characters() -> None:
    line = '  {"n": 1.10, "big": 12345678901234567890123, "e": "\\u20ac", "text" : "Der Kurs stieg um 5 \\u0025"}  \r\n'
    out, _ = run("extract", "-", stdin=line.encode())
    assert out.startswith(line.strip()[:-1] + ', "spans": [{"start": 18,')
    assert json.loads(out)["spans"][0]["text"] == "5 %"


def test_bad_lines_are_named_and_the_others_come_out(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    dated = json.dumps({"text": JA, "date": "soon"}, ensure_ascii=False)
    bad = [
        b'{"id": 2, "txt": "a"}',
        b'{"text": 5}',
        b'{"text": null}',
        dated.encode(),
        json.dumps({"text": JA, "lang": "xx"}).encode(),
        b'{"text": "abc',
        b'{"text": "\xff"}',
        b"[1]",
        b'{"text": "\\ud800"}',
        b'{"text": "12345"}',
        b'{"text": "a", "text": "b"}',
        b'{"text": "a", "n": ' + b"9" * 5000 + b"}",
        b"{" * 100_000,
    ]
    path.write_bytes(lines({"text": JA}) + b"\n".join(bad) + b"\n\n" + lines({"text": DE}))
    out, err = run("extract", path, code=1)
    found = out.split("\n")
    assert found.pop() == ""
    assert len(found) == len(bad) + 3
    assert json.loads(found[0])["spans"] == spans(JA)
    assert json.loads(found[-1])["spans"] == spans(DE)
    assert found[-2] == ""
    failed = [json.loads(line) for line in found[1:-2]]
    assert all(row["spans"] is None for row in failed)
    codes = [
        "G201",
        "G202",
        "G202",
        "X102",
        "LANG004",
        "G107",
        "G103",
        "G111",
        "X104",
        "LANG001",
        "G109",
        "G106",
        "G106",
    ]
    assert [row["error"]["code"] for row in failed] == codes
    assert failed[0]["id"] == 2
    said = err.splitlines()
    assert said[0] == f"finextract: {path}:2:21: text: G201 the field 'text' is missing"
    assert said[1].startswith(f"finextract: {path}:3:10: text: G202 ")
    column = dated.index('"soon"') + 1
    assert said[3].startswith(f"finextract: {path}:5:{column}: date: X102 ")
    assert [line.split(":")[2] for line in said[:-1]] == [str(n) for n in range(2, len(bad) + 2)]
    assert said[-1] == f"finextract: {len(bad)} documents of {len(bad) + 3} could not be read"


def test_text_files_keep_their_characters(tmp_path: Path) -> None:
    text = "😀\r\n" + DE + "\r\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    out, _ = run("extract", tmp_path / "a.txt", "--format", "jsonl")
    (row,) = map(json.loads, out.splitlines())
    assert row == {"id": str(tmp_path / "a.txt"), "text": text, "lang": "de", "spans": spans(text)}
    assert [text[s["start"] : s["end"]] for s in row["spans"]] == ["Siemens AG", "3,5 bis 4 Prozent"]


def test_a_text_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("売上高\nは3億円".encode() + b"\xff")
    (tmp_path / "b.txt").write_text(JA, "utf-8")
    out, err = run("extract", tmp_path, "--format", "jsonl", code=1)
    assert f"{tmp_path / 'a.txt'}:2:5: text: G103 the byte 0xFF is not UTF-8" in err
    assert json.loads(out.splitlines()[1])["spans"] == spans(JA)


def test_stdin_is_told_apart() -> None:
    assert json.loads(run("extract", "-", stdin=JA.encode())[0])["spans"] == spans(JA)
    assert json.loads(run("extract", stdin=lines({"text": JA}))[0]) == {"text": JA, "spans": spans(JA)}
    text = '{"text": "売上高は3億円"}'
    assert json.loads(run("extract", "-", "--input", "text", stdin=text.encode())[0])["text"] == text


def test_one_json_array() -> None:
    out, _ = run("extract", "-", "--format", "json", stdin=lines({"text": JA}, {"text": DE}))
    assert json.loads(out) == [{"text": JA, "spans": spans(JA)}, {"text": DE, "spans": spans(DE)}]
    assert json.loads(run("extract", "-", "--format", "json", "--input", "jsonl", stdin=b"")[0]) == []


def test_csv_has_a_row_a_span() -> None:
    out, _ = run(
        "extract", "-", "--format", "csv", "--date", "2024-08-05", stdin=lines({"id": "x,1", "text": JA}, {"text": DE})
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["label"] for row in rows] == ["COMPANY", "QUARTER", "MONEY", "PERCENT", "COMPANY", "PERCENT"]
    money = {k: v for k, v in rows[2].items() if v}
    assert money.pop("id") == "x,1"
    assert money["currency"] == "JPY"
    assert (money["amount"], money["modifier"], money["line"]) == ("300000000", "approx", "1")
    assert (rows[1]["year"], rows[1]["quarter"], rows[1]["fiscal"]) == ("2024", "2", "false")
    assert (rows[5]["min"], rows[5]["max"], rows[5]["unit"]) == ("3.5", "4", "percent")


def test_the_table_shows_values_and_no_control_characters() -> None:
    out, _ = run("extract", "-", "--format", "table", stdin=(JA + " 3\n億\x1b円").encode())
    assert "3億円" in out
    assert "≈ JPY 300,000,000" in out
    assert "\x1b" not in out
    assert not any(line.endswith(" ") for line in out.splitlines())


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.json", "out.csv", "out.parquet", "out.txt"])
def test_the_outputs_name_tells_its_form_and_the_file_appears_complete(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines({"id": "a", "text": JA, "k": 1}, {"id": "b", "text": DE}))
    out, err = run("extract", "in.jsonl", "-o", name, cwd=tmp_path)
    assert (out, err) == ("", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["in.jsonl", name])
    data = (tmp_path / name).read_bytes()
    if name.endswith(".parquet"):
        rows = pq.read_table(tmp_path / name).to_pylist()
        assert [row["id"] for row in rows] == ["a", "b"]
        assert [json.loads(row["fields"]) if row["fields"] else None for row in rows] == [{"k": 1}, None]
        assert entities(rows[0]["spans"]) == extract(JA, model="none").entities
    else:
        form = {"gz": "jsonl", "txt": "table"}.get(name.rpartition(".")[2], name.rpartition(".")[2])
        shown, _ = run("extract", "in.jsonl", "--format", form, cwd=tmp_path)
        assert (gzip.decompress(data) if name.endswith("gz") else data).decode() == shown


def test_gzip_and_folders_in(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    (folder / "b").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.txt").write_text("no")
    (folder / "note.md").write_text("no")
    (folder / "b" / "two.jsonl.gz").write_bytes(gzip.compress(lines({"text": DE}, {"text": JA})))
    (folder / "a.txt").write_text(JA, "utf-8")
    out, _ = run("extract", folder, "--format", "jsonl")
    assert [json.loads(line)["text"] for line in out.splitlines()] == [JA, DE, JA]
    (folder / "b" / "two.jsonl.gz").write_bytes(gzip.compress(lines({"text": DE}) * 500)[:-20])
    out, err = run("extract", folder, "--format", "jsonl", code=1)
    assert "two.jsonl.gz:" in err
    assert "I103" in err


def test_parquet_in_keeps_its_columns(tmp_path: Path) -> None:
    given = pa.table(
        {"n": pa.array([1, 2, 3], pa.int8()), "text": [JA, None, DE], "when": pa.array([0, 1, 2], pa.timestamp("ns"))}
    )
    pq.write_table(given, tmp_path / "in.parquet")
    _, err = run("extract", "in.parquet", "-o", "out.parquet", cwd=tmp_path, code=1)
    assert "in.parquet:2: text: G202" in err
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.select(given.column_names).equals(given)
    rows = out.to_pylist()
    assert [entities(row["spans"]) for row in rows] == [
        extract(JA, model="none").entities,
        (),
        extract(DE, model="none").entities,
    ]
    assert [row["error"] and row["error"]["code"] for row in rows] == [None, "G202", None]
    shown, _ = run("extract", "in.parquet", "--format", "jsonl", cwd=tmp_path, code=1)
    assert json.loads(shown.splitlines()[0])["when"] == "1970-01-01T00:00:00"
    pq.write_table(pa.table({"body": ["a"]}), tmp_path / "in.parquet")
    _, err = run("extract", "in.parquet", cwd=tmp_path, code=1)
    assert "I103" in err
    assert "no column 'text'" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere.txt"], "I101 .*nowhere.txt"),
        (["in.jsonl", "--date", "soon"], "X102"),
        (["in.jsonl", "--format", "parquet"], "needs --output"),
        (["in.jsonl", "-o", "in.jsonl"], "one of the inputs"),
        (["-", "--resume", "-o", "x.jsonl"], "stdin cannot be read again"),
        (["in.jsonl", "--resume"], "--resume needs --output"),
        (["empty"], "I102"),
        (["in.jsonl", "--lang", "fr"], "fr"),
        (["in.jsonl", "--format", "xml"], "xml"),
    ],
)
def test_wrong_usage(tmp_path: Path, args: list[str], said: str) -> None:
    import re

    (tmp_path / "in.jsonl").write_bytes(lines({"text": JA}))
    (tmp_path / "empty").mkdir()
    _, err = run("extract", *args, cwd=tmp_path, code=2)
    assert re.search(said, err.replace("[", "").replace("]", ""))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "in.jsonl"]


def test_an_old_output_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines({"text": JA}))
    (tmp_path / "in.parquet").write_bytes(b"PAR1 this is none PAR1")
    (tmp_path / "out.jsonl").write_text("old")
    run("extract", "in.jsonl", "in.parquet", "-o", "out.jsonl", cwd=tmp_path, code=1)
    assert (tmp_path / "out.jsonl").read_text() == "old"
    assert not (tmp_path / "out.jsonl.partial").exists()


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines({"text": JA}) * 3000)
    command = [sys.executable, "-c", MAIN, "extract", str(tmp_path / "in.jsonl"), "--model", "none"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(120) == 1
    assert process.stderr.read() == b""


def test_several_processes_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"text": JA}, {"text": 5}, {"text": DE}, {"nothing": 1}] * 40
    (tmp_path / "in.jsonl").write_bytes(lines(*rows) + b'{"text": "end')
    one = run("extract", "in.jsonl", cwd=tmp_path, code=1)
    two = run("extract", "in.jsonl", "--processes", "2", cwd=tmp_path, code=1)
    assert one == two


def test_progress_on_a_terminal_only(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines({"text": JA}, {"text": 1}) * 20)
    main, worker = pty.openpty()
    command = [sys.executable, "-c", MAIN, "extract", "in.jsonl", "-o", "out.jsonl", "--model", "none"]
    process = subprocess.Popen(
        command, stderr=worker, cwd=tmp_path, env={**os.environ, "TERM": "xterm", "COLUMNS": "150"}
    )
    os.close(worker)
    shown = b""
    while True:
        try:
            shown += os.read(main, 65536)
        except OSError:
            break
    os.close(main)
    assert process.wait(60) == 1
    assert "documents" in shown.decode()
    assert "a second" in shown.decode()
    assert "in.jsonl:2:" in shown.decode()


def test_explain_tells_rules_names_and_near_misses() -> None:
    out, _ = run("explain", "メタ社の売上高は約390億ドル、モデルは3つ、指数は2.2ポイント上昇。")
    assert "language ja, model none" in out
    assert "MONEY 390億ドル = ≈ USD 39,000,000,000\n    grammar: rule money" in out
    assert "COMPANY メタ = Meta" in out
    assert "'メタ' is XNAS:META" in out
    assert "company word '社'" in out
    found, missed = out.split("near misses")
    assert "2.2ポイント\n    grammar: points" in missed
    data = json.loads(run("explain", "-", "--format", "json", stdin="売上高は3億円".encode())[0])
    assert data["spans"][0]["value"] == {"currency": "JPY", "amount": "300000000"}
    assert data["spans"][0]["because"][0].startswith("grammar: rule ")
    assert "LANG001" in run("explain", "12345", code=2)[1]


def test_explain_tells_how_a_name_was_weighed() -> None:
    from finextract.explanation import explain

    (reason,) = explain("Siemens steigerte den Umsatz.", lang="de", model="fast").found
    (weighed,) = [line for line in reason.because if line.startswith("joined: ")]
    probability, threshold = map(float, re.findall(r"[01]\.\d\d", weighed)[:2])
    assert probability >= threshold > 0
    assert "known_score +" in weighed or "belief +" in weighed


def test_explain_says_the_same_as_extract() -> None:
    from finextract.explanation import explain

    for text in (JA, DE, "메타의 이번 분기 자본 지출은 84억 7천만 달러", "腾讯控股第二季度营收为1611亿元，同比增长8%"):
        told = explain(text, model="none")
        assert tuple(reason.entity for reason in told.found) == extract(text, model="none").entities
        assert all(reason.because for reason in (*told.found, *told.missed))


def test_help_is_quick() -> None:
    code = (
        "import sys\nfrom finextract.cli import build\ntry: build()(['extract', '--help'])\nexcept SystemExit: pass\n"
    )
    code += "sys.exit(any(m in sys.modules for m in ('spacy', 'onnxruntime', 'pyarrow', 'kiwipiepy', 'sudachipy')))"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
