"""Reports, floors and the command: what they print, what they refuse, and that nothing from a text gets into a page unescaped."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from finextract.cli.evaluate import app
from finextract.evaluation import find_errors, report, score
from finextract.evaluation.floors import FloorError, check_floors, read_floors
from finextract.evaluation.systems import system

TEXT = 'Die <script>alert("x")</script> AG & Söhne zahlt 5 Euro.'
NAME = '<script>alert("x")</script> AG & Söhne'
ROW = {
    "id": 'de"><b>',
    "lang": "de",
    "text": TEXT,
    "spans": [
        {"start": 4, "end": 4 + len(NAME), "label": "COMPANY", "text": NAME, "value": {"name": NAME}},
        {
            "start": TEXT.index("5"),
            "end": TEXT.index("."),
            "label": "MONEY",
            "text": "5 Euro",
            "value": {"currency": "EUR", "amount": "5"},
        },
    ],
}
FLOORS = "language,label,split,metric,floor,support\n"


def predict(rows):  # type: ignore[no-untyped-def]
    """A predictor for the command: it finds the money and nothing else."""
    return [[s for s in row["spans"] if s["label"] == "MONEY"] for row in rows]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    (tmp_path / "gold" / "de").mkdir(parents=True)
    (tmp_path / "gold" / "de" / "test.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    (tmp_path / "gold" / "de" / "train.jsonl").write_text(json.dumps(dict(ROW, id="t")) + "\n", encoding="utf-8")
    return tmp_path / "gold"


def run(*arguments: str | Path):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_page_escapes_everything_that_comes_from_a_text() -> None:
    page = report.errors_page(find_errors(ROW, []), {"<i>mine</i>": score([ROW], [[]])})
    body = page.split("</head>")[1]
    assert "<script" not in page and "<b>" not in body and "<i>" not in body
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; AG &amp; Söhne" in body
    assert "default-src 'none'" in page


def test_json_has_counts_intervals_and_names_seen_in_training(gold: Path) -> None:
    result = run("--gold", gold, "--system", "test_evaluation_report:predict", "--format", "json")
    assert result.exit_code == 0, result.output
    labels = json.loads(result.stdout)["systems"]["test_evaluation_report:predict, test"]["de"]["labels"]
    assert (labels["MONEY"]["f1"], labels["MONEY"]["support"], labels["MONEY"]["value_accuracy"]) == (1.0, 1, 1.0)
    assert (
        labels["COMPANY seen"]["recall"],
        labels["COMPANY seen"]["support"],
        labels["COMPANY unseen"]["support"],
    ) == (0.0, 1, 0)
    assert labels["ALL"]["low"] is not None


def test_tables_and_several_systems(gold: Path, tmp_path: Path) -> None:
    page = tmp_path / "errors.html"
    result = run("--gold", gold, "--system", "grammar", "--system", "test_evaluation_report:predict", "--errors", page)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("MONEY") == 2 and "grammar, test" in result.stdout
    assert "missed" in page.read_text(encoding="utf-8")
    markdown = run("--gold", gold, "--system", "grammar", "--format", "md", "--errors", "-").stdout
    assert "| de | MONEY | 100.0 | 100.0 | 100.0 |" in markdown


def test_floors_hold_and_break(gold: Path, tmp_path: Path) -> None:
    floors = tmp_path / "floors.csv"
    floors.write_text(FLOORS + "de,MONEY,test,f1,0.97,1\nde,COMPANY,test,recall,0,1\n", encoding="utf-8")
    arguments = ("--gold", gold, "--system", "test_evaluation_report:predict", "--floors", floors, "--format", "junit")
    good = run(*arguments)
    assert good.exit_code == 0, good.output
    assert ET.fromstring(good.stdout.split("\n", 1)[1]).get("failures") == "0"
    floors.write_text(
        FLOORS + "de,COMPANY,test,f1,0.5,1\nde,MONEY,test,f1,0.5,2\nde,QUARTER,test,f1,0.1,0\n", encoding="utf-8"
    )
    bad = run(*arguments)
    assert bad.exit_code == 1
    suite = ET.fromstring(bad.stdout.split("\n", 1)[1])
    messages = [failure.get("message") for failure in suite.iter("failure")]
    assert messages == [
        "f1 is 0.0000, the floor is 0.5000",
        "only 1 gold spans, 2 when the floor was set",
        "f1 is undefined, the floor is 0.1000",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("de,MONEY,test,f1,high,1", r"floors\.csv:2: could not convert"),
        ("de,MONEY,test,f2,0.9,1", r"floors\.csv:2: a metric of f1"),
        ("de,MONEY,test,f1,97,1", r"floors\.csv:2: a metric of .* and a floor from 0 to 1"),
        ("de,MONEY,test", r"floors\.csv:2: "),
    ],
)
def test_a_bad_floor_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "floors.csv"
    path.write_text(FLOORS + line + "\n", encoding="utf-8")
    with pytest.raises(FloorError, match=message):
        read_floors(path)
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(FloorError, match="1: the columns must be language,label"):
        read_floors(path)


def test_floors_of_other_splits_and_languages_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "floors.csv"
    path.write_text(FLOORS + "de,MONEY,dev,f1,1,1\nja,MONEY,test,f1,1,1\n", encoding="utf-8")
    assert check_floors(read_floors(path), score([ROW], [[]]), "test") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "dev"), "no gold there for the split 'dev'"),
        (("--lang", "ko"), "no gold there for the split 'test' in ko"),
        (("--system", "magic"), "'magic' is none of grammar, model, hybrid"),
        (("--system", "nowhere:predict"), "nowhere"),
        (("--format", "junit"), "--format junit needs --floors"),
        (("--floors", "no/such.csv"), "no/such.csv"),
    ],
)
def test_wrong_usage_is_said(gold: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("--gold", gold, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_system_is_any_function() -> None:
    assert system("test_evaluation_report:predict") is not None
    (found,) = system("grammar")([ROW])
    assert [(e.label, e.text) for e in found if e.label == "MONEY"] == [("MONEY", "5 Euro")]  # type: ignore[union-attr]


def test_floors_are_raised_and_never_lowered_while_the_gold_is_the_same(gold: Path, tmp_path: Path) -> None:
    floors = tmp_path / "floors.csv"
    arguments = ("--gold", gold, "--floors", floors, "--raise-floors", "--system")
    assert run(*arguments, "test_evaluation_report:predict").exit_code == 0
    raised = floors.read_text(encoding="utf-8")
    assert "de,MONEY,test,f1,0.99,1\n" in raised and "de,COMPANY,test,f1,0.00,1\n" in raised
    assert run(*arguments, "test_evaluation_report:nothing").exit_code == 1
    assert floors.read_text(encoding="utf-8") == raised


def nothing(rows):  # type: ignore[no-untyped-def]
    """A predictor that finds nothing."""
    return [[] for _ in rows]
