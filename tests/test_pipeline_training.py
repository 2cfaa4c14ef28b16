"""From gold lines to a trained pipeline: the reader, what it refuses, and a small training from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import spacy
from typer.testing import CliRunner

from finextract.cli.train import app
from finextract.pipeline.assembly import assemble
from finextract.training.reader import (
    GoldError,
    Passage,
    changed,
    gold_reader,
    misaligned,
    passages,
    read_rows,
    silver_quantities,
)

ROOT = Path(__file__).resolve().parent.parent
NAMES = [
    "Voltara",
    "Nordwind AG",
    "Kesselhaus Gruppe",
    "Brandt & Co",
    "Lumitek",
    "Aqualis SE",
    "Terrafin",
    "Ostmark Bank",
]
SENTENCES = [
    "{} steigert den Umsatz auf 3,5 Millionen Euro.",
    "Die Aktie von {} fiel um 4,2 Prozent.",
    "Der Chef von {} tritt zurück.",
    "Im dritten Quartal kaufte {} eine Fabrik in Ulm.",
]


def gold_rows(part: int) -> list[dict[str, object]]:
    rows = []
    for k, name in enumerate(NAMES[part::2]):
        for j, sentence in enumerate(SENTENCES):
            text = sentence.format(name)
            start = text.index(name)
            spans: list[dict[str, object]] = [
                {"start": start, "end": start + len(name), "label": "COMPANY", "text": name, "value": {"name": name}}
            ]
            rows.append({"id": f"de-{part}-{k}-{j}", "lang": "de", "text": text, "spans": spans})
    return rows


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold" / "de"
    folder.mkdir(parents=True)
    for part, split in enumerate(("train", "dev")):
        (folder / f"{split}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in gold_rows(part)), encoding="utf-8"
        )
    return tmp_path / "gold"


def test_the_reader_gives_examples_with_their_spans(gold: Path) -> None:
    nlp = assemble("de")
    examples = list(gold_reader(gold / "de" / "train.jsonl")(nlp))
    rows = gold_rows(0)
    assert [[(e.start_char, e.end_char, e.label_) for e in example.reference.ents] for example in examples] == [
        [(s["start"], s["end"], s["label"]) for s in row["spans"]]  # type: ignore[attr-defined]
        for row in rows
    ]
    assert misaligned(nlp, rows) == []
    assert len(list(gold_reader(gold / "de" / "train.jsonl", copies=2)(nlp))) == 3 * len(rows)
    assert len(list(gold_reader(gold / "de" / "train.jsonl", limit=5)(nlp))) == 5


def test_changed_copies_keep_their_spans_on_names() -> None:
    rng = np.random.default_rng(1)
    for text, name, lang in (
        ("ㅇㅇ전자는 올랐다", "ㅇㅇ전자", "ko"),
        ("米東洋工業が上昇", "東洋工業", "ja"),
        ("Die Voltara AG wächst", "Voltara AG", "de"),
    ):
        start = text.index(name)
        passage = Passage(text, ((start, start + len(name), "COMPANY"),), lang, "x")
        copies = [changed(passage, rng, swap=1.0) for _ in range(20)]
        assert len({copy.text for copy in copies}) > 10
        for copy in copies:
            ((a, b, label),) = copy.spans
            assert label == "COMPANY" and copy.text[a:b] == copy.text[a:b].strip() != ""


def test_a_corpus_of_names_gets_the_grammars_quantities() -> None:
    passage = Passage(
        "Voltara zahlt 5 Euro an X-Bund.",
        ((0, 7, "COMPANY"), (24, 30, "ORG_ANY"), (8, 13, "OTHER")),
        "de",
        "x",
        complete=False,
    )
    assert silver_quantities(passage).spans == ((0, 7, "COMPANY"), (14, 20, "MONEY"), (24, 30, "ORG_ANY"))


def test_undecided_and_misaligned_spans_are_unknown_not_absent(tmp_path: Path) -> None:
    row = {
        "id": "1",
        "lang": "de",
        "text": "Hansa kauft Meier",
        "spans": [{"start": 0, "end": 5, "label": "ORG_ANY"}, {"start": 12, "end": 15, "label": "COMPANY"}],
    }
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    nlp = assemble("de")
    (example,) = gold_reader(path)(nlp)
    assert [token.ent_iob_ for token in example.reference] == ["", "O", ""]
    assert len(misaligned(nlp, [row])) == 2 - 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"a\.jsonl:2:2: G106"),
        ('{"text": "a"}', r"a\.jsonl:2: G201"),
        ('{"text": "a", "spans": [{"start": 0, "end": 2, "label": "MONEY"}]}', r"a\.jsonl:2: spans\[0\]: G301"),
        ('{"text": "a", "spans": [{"start": 0}]}', r"a\.jsonl:2: spans\[0\]: G301"),
    ],
)
def test_bad_gold_is_named_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "spans": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(GoldError, match=message):
        read_rows(path)
    with pytest.raises(GoldError, match="no such file"):
        passages(tmp_path / "b.jsonl", "de")


def test_training_from_end_to_end(gold: Path, tmp_path: Path) -> None:
    output = tmp_path / "models" / "de_fin_news_sm"
    arguments = [
        "de",
        "--gold",
        str(gold),
        "--config",
        str(ROOT / "configs" / "de.cfg"),
        "--output",
        str(output),
        "--steps",
        "60",
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    meta = json.loads((output / "meta.json").read_text(encoding="utf-8"))
    assert meta["name"] == "fin_news_sm" and meta["license"] == "Apache-2.0"
    assert meta["fingerprint"]["tokenizer"] == "finextract.GermanTokenizer.v1"
    assert meta["scores"]["dev"]["COMPANY"]["support"] == 16
    assert meta["sources"] == [{"name": "finextract gold (de)", "license": "Apache-2.0"}]
    assert str(tmp_path) not in (output / "config.cfg").read_text(encoding="utf-8")
    nlp = spacy.load(output)
    doc = nlp("Der Umsatz von Voltara fiel um 4,2 Prozent.")
    assert ("4,2 Prozent", "PERCENT") in [(e.text, e.label_) for e in doc.ents]
    assert [p.name for p in output.parent.iterdir()] == [output.name]


@pytest.mark.parametrize("lang", ["ja", "de", "ko", "zh"])
def test_configs_make_pipelines(lang: str) -> None:
    config = spacy.util.load_config(ROOT / "configs" / f"{lang}.cfg", interpolate=True)
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    assert nlp.pipe_names == ["finextract_quantities", "finextract_companies", "ner", "finextract_resolver"]
    assert nlp.max_length > 5_000_000
    assert nlp.tokenizer.settings() == assemble(lang).tokenizer.settings()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["de", "--config", "no.cfg"], "no.cfg: no such config"),
        (["de", "--config", "CONFIG", "--extra", "nothing.jsonl"], "nothing.jsonl: no such file"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, [a.replace("CONFIG", str(ROOT / "configs" / "de.cfg")) for a in arguments])
    assert result.exit_code == 2
    assert message in result.stderr
