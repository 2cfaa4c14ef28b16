"""The commands as they are called: output, exit codes, what is written."""

import json
import subprocess
import sys

import pytest
from gold_corpus import JA, dump, make_row


def run(*args, cwd=None, stdin=b""):
    code = "import sys; from finextract.cli import main; sys.argv[0] = 'finextract'; main()"
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, *map(str, args)], cwd=cwd, input=stdin, capture_output=True
    )


@pytest.fixture
def broken(corpus):
    path = corpus / "ja/train.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"end": 16', b'"end": 17'))
    return path


def test_check_passes_a_sound_corpus(corpus):
    done = run("gold", "check", corpus)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (
        0,
        b"",
        "3 files, 5 rows, 11 spans: 0 errors, 0 warnings\n",
    )


def test_check_shows_place_carets_and_meaning(broken, corpus):
    done = run("gold", "check", "ja/train.jsonl", cwd=corpus)
    column = broken.read_text(encoding="utf-8").index("17, ") + 1
    assert done.returncode == 1
    assert done.stdout.decode() == (
        f"ja/train.jsonl:1:{column}: error G302: the text at 10..17 is '440億ドル、', the span says '440億ドル'\n"
        "    高砂精機の売上高は約440億ドル、前年比16.1%増。\n"
        "                        ^^^^^^^^^^^\n"
        "    meant: 10..16; the end is exclusive\n"
    )


def test_check_for_programs(broken):
    done = run("gold", "check", broken, "--format", "json")
    (finding,) = map(json.loads, done.stdout.splitlines())
    assert (finding["code"], finding["line"], finding["id"]) == ("G302", 1, "ja-1")
    assert run("gold", "check", broken, "--format", "github").stdout.startswith(b"::error file=")
    assert run("gold", "check", broken, "--only", "G1").returncode == 0


def test_warnings_fail_only_when_asked(corpus):
    path = corpus / "ja/train.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    assert run("gold", "check", path).returncode == 0
    assert run("gold", "check", path, "--strict").returncode == 1


def test_check_imports_no_language_model(corpus):
    code = "import sys; sys.argv = ['finextract', 'gold', 'check', sys.argv[1]]\nfrom finextract.cli import main\ntry:\n    main()\nexcept SystemExit as e:\n    print(e.code, sorted({m.partition('.')[0] for m in sys.modules} & {'spacy', 'kiwipiepy', 'sudachipy', 'onnxruntime', 'datasets', 'pyarrow'}))"
    done = subprocess.run([sys.executable, "-c", code, str(corpus)], capture_output=True, text=True)
    assert done.stdout == "0 []\n"


def test_wrong_usage(corpus):
    for args in (
        ["gold", "check", corpus / "nowhere"],
        ["gold", "check"],
        ["gold", "chekc", corpus],
        ["nonsense"],
        ["gold", "check", corpus, "--format", "xml"],
        ["gold", "convert", corpus / "ja/test.jsonl", "x.unknown"],
    ):
        done = run(*args)
        assert done.returncode == 2, args
        assert done.stderr
    assert "'gold' was probably meant" in run("golf").stderr.decode()


def test_fix_shows_then_writes(broken, corpus):
    before = broken.read_bytes()
    shown = run("gold", "fix", broken)
    assert shown.returncode == 1
    assert broken.read_bytes() == before
    assert f"--- {broken}\n+++ {broken}\n@@ -1 +1 @@ '440億ドル' 10..17 to 10..16\n" in shown.stdout.decode()
    assert run("gold", "fix", "--write", broken).returncode == 0
    assert broken.read_bytes() == before.replace(b'"end": 17', b'"end": 16')
    assert run("gold", "fix", corpus).returncode == 0
    assert run("gold", "check", corpus).returncode == 0


def test_fix_as_a_filter(broken):
    done = run("gold", "fix", "-", stdin=broken.read_bytes())
    assert done.stdout == broken.read_bytes().replace(b'"end": 17', b'"end": 16')


def test_fmt(corpus):
    path = corpus / "ja/train.jsonl"
    before = path.read_bytes()
    path.write_bytes(before.replace(b'", "', b'","'))
    assert run("gold", "fmt", corpus).returncode == 1
    assert run("gold", "fmt", corpus, "--write").returncode == 0
    assert path.read_bytes() == before


def test_values_are_accepted(corpus):
    path = corpus / "ja/test.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"35000000000"', b'"35"'))
    done = run("gold", "check", path)
    assert done.returncode == 1 and b"G401" in done.stdout
    assert run("gold", "fix", "--accept-values", "--write", path).returncode == 0
    assert run("gold", "check", path).returncode == 0
    assert json.loads(path.read_bytes())["meta"] == {"genre": "wire", "reviewed": ["350億ドル"]}


def test_stats(corpus):
    done = run("gold", "stats", corpus, "--json")
    counts = json.loads(done.stdout)
    total = counts["files"][-1]
    assert (
        total["name"],
        total["rows"],
        total["spans"],
        total["MONEY"],
        total["company_surfaces"],
        total["company_names"],
    ) == ("all", 5, 11, 3, 4, 3)
    assert counts["seen_in_train"] == {str(corpus / "ja"): {"seen": 0, "of": 1}}
    assert counts["top"]["currencies"] == [["USD", 3]]
    assert b"company mentions in test carry a name seen in train" in run("gold", "stats", corpus).stdout


def test_stats_says_what_it_could_not_read(corpus):
    path = corpus / "ja/test.jsonl"
    path.write_bytes(path.read_bytes() + b"{\n")
    done = run("gold", "stats", path)
    assert done.returncode == 1 and b"1 lines could not be read" in done.stderr


def test_agree(tmp_path):
    rows = [make_row(*r) for r in JA]
    (tmp_path / "a.jsonl").write_text(dump(rows), encoding="utf-8")
    del rows[1]["spans"][1]
    (tmp_path / "b.jsonl").write_text(dump(rows), encoding="utf-8")
    done = run("gold", "agree", tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    out = done.stdout.decode()
    assert done.returncode == 0
    assert "4 rows compared" in out and "0.9333" in out and "ja-2: missing" in out and "B: nothing" in out
    figures = json.loads(run("gold", "agree", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--json").stdout)
    assert figures["strict"]["all"]["f1"] == pytest.approx(14 / 15)
    assert run("gold", "agree", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--min", "0.96").returncode == 1
    (tmp_path / "c.jsonl").write_text("{\n")
    failed = run("gold", "agree", tmp_path / "a.jsonl", tmp_path / "c.jsonl")
    assert failed.returncode == 1 and b"c.jsonl:1:1: G107" in failed.stderr


@pytest.mark.parametrize("name", ["x.conll", "x.spacy", "x.json", "x.txt"])
def test_convert_there_and_back(corpus, tmp_path, name):
    source = corpus / "ja/train.jsonl"
    assert run("gold", "convert", source, tmp_path / name).returncode == 0
    back = run("gold", "convert", tmp_path / name, "-", "--to", "native")
    assert (back.returncode, back.stdout) == (0, source.read_bytes())


def test_values_are_filled_by_the_grammar(tmp_path):
    (tmp_path / "d.jsonl").write_text(
        json.dumps({"id": 3, "text": "LG그룹은 84억 7천만 달러", "label": [[0, 4, "ORG"], [6, 16, "MONEY"]]})
    )
    done = run(
        "gold",
        "convert",
        tmp_path / "d.jsonl",
        "-",
        "--to",
        "native",
        "--lang",
        "ko",
        "--label",
        "ORG=COMPANY",
        "--fill-values",
    )
    row = json.loads(done.stdout)
    assert [s["value"] for s in row["spans"]] == [{"name": "LG그룹"}, {"currency": "USD", "amount": "8470000000"}]


def test_help_lists_commands_without_importing_them():
    code = "import sys; sys.argv = ['finextract', '--help']\nfrom finextract.cli import main\ntry:\n    main()\nexcept SystemExit:\n    print([m for m in sys.modules if m.startswith('finextract.cli.')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "gold" in out and out.endswith("[]\n")


def test_an_unknown_tokenizer_is_named(corpus):
    done = run("gold", "check", corpus, "-t", "sudachy")
    assert done.returncode == 2 and b"sudachi" in done.stderr
