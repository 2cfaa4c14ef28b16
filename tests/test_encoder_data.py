"""What the encoder is trained on: reading, target sets, augmentation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from finextract.companies.encoder import CLASSES, tag
from finextract.training.encoder import augment, data
from finextract.training.encoder.data import Example


def example(text: str, *names: str, language: str = "ko", absent: tuple[str, ...] = ()) -> Example:
    spans = tuple((text.index(n), text.index(n) + len(n), "COMPANY", 1.0) for n in names)
    return Example(text, spans, language, "test", absent)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("삼성전자", "은 늘었다", "는 늘었다"),
        ("기업은행", "는 늘었다", "은 늘었다"),
        ("카카오", "으로", "로"),
        ("서울", "로", "로"),
        ("한국투자증권", "로", "으로"),
        ("네이버", "과 ", "와 "),
        ("SK", "는 늘었다", "는 늘었다"),
        ("삼성전자", "의 실적", "의 실적"),
    ],
)
def test_particles_follow_the_last_letter(before: str, after: str, wanted: str) -> None:
    assert augment.fix_particle(before, after) == wanted


def test_a_swapped_name_takes_its_span_along() -> None:
    e = example("그래서 카카오는 올랐고 기업은행은 내렸다.", "카카오", "기업은행")
    new = augment.rewrite(e, lambda surface, after: "한솔제강" if surface == "카카오" else surface, lambda span: False)
    assert new.text == "그래서 한솔제강은 올랐고 기업은행은 내렸다."
    assert [new.text[s[0] : s[1]] for s in new.spans] == ["한솔제강", "기업은행"]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(
    ("text", "language"), [("Die Siemens AG wächst, SAP SE auch.", "de"), ("米ＮＶＩＤＩＡと Apple 社。", "ja")]
)
def test_noise_keeps_spans_on_their_names(seed: int, text: str, language: str) -> None:
    names = ("Siemens AG", "SAP SE") if language == "de" else ("ＮＶＩＤＩＡ", "Apple")
    e = example(text, *names, language=language)
    new = augment.noise(e, np.random.default_rng(seed))
    plain = [augment_plain(new.text[s[0] : s[1]]) for s in new.spans]
    assert plain == [augment_plain(n) for n in names]


def test_traditional_script_is_for_chinese_and_keeps_the_spans() -> None:
    traditional = str.maketrans("华为", "華為")
    e = Example("华为涨停", ((0, 2, "COMPANY", 1.0),), "zh", "test")
    new = augment.to_traditional(e, lambda text: text.translate(traditional))
    assert (new.text, new.spans) == ("華為涨停", e.spans)
    assert augment.to_traditional(e, lambda text: text + "。") == e  # another length would drift the spans
    japanese = Example("华为", (), "ja", "test")
    assert augment.to_traditional(japanese, lambda text: text.translate(traditional)) == japanese


def test_in_training_some_known_names_are_left_out_whole() -> None:
    known = np.array([7, 8, 8, 7, 8, 0, 1, 2, 0, 3])
    seen = {tuple(data._forget(known.copy(), np.random.default_rng(seed)).tolist()) for seed in range(300)}
    parts = [(0, 3), (3, 5), (6, 8), (9, 10)]
    for marks in seen:
        for start, end in parts:
            assert marks[start:end] in (tuple(known[start:end].tolist()), (0,) * (end - start))
    assert tuple(known.tolist()) in seen
    assert (0,) * 10 in seen
    assert len(seen) > 6


def test_a_part_of_a_text_has_whole_sentences_and_their_names() -> None:
    text = (
        "Zuerst stieg SAP um ein Prozent. Dann fiel Linde deutlich. Am Ende kam noch Dr. Oetker GmbH dazu. Mehr nicht."
    )
    e = example(text, "SAP", "Linde", "Dr. Oetker GmbH", language="de")
    seen = set()
    for seed in range(30):
        new = augment.some_sentences(e, np.random.default_rng(seed))
        assert new.text and all(part in text for part in new.text.split(". "))
        names = tuple(new.text[a:b] for a, b, *_ in new.spans)
        assert names == tuple(n for n in ("SAP", "Linde", "Dr. Oetker GmbH") if n in new.text)
        seen.add(names)
    assert len(seen) > 4


def augment_plain(text: str) -> str:
    import unicodedata

    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def test_targets_are_sets_of_tags() -> None:
    e = Example("ABCDE", ((1, 3, "COMPANY", 0.5), (3, 4, "ORG_ANY", 1.0)), "de", "test", ("PRODUCT",))
    allowed, weight = data.targets(e)
    product = 0b1111 << tag(CLASSES.index("PRODUCT"), 0)
    assert allowed.tolist() == [
        1 | product,
        1 << tag(0, 0),
        1 << tag(0, 2),
        1 << tag(0, 3) | 1 << tag(1, 3),
        1 | product,
    ]
    assert weight.tolist() == [1.0, 0.5, 0.5, 1.0, 1.0]


def test_characters_outside_a_partial_annotation_weigh_little() -> None:
    _, weight = data.targets(Example("XXXABXXX", ((3, 5, "COMPANY", 1.0),), "zh", "test", outside=0.1))
    assert weight.tolist() == pytest.approx([0.1, 0.1, 0.5, 1.0, 1.0, 0.5, 0.1, 0.1])


def test_split_by_manifest_and_by_hash(tmp_path: Path) -> None:
    assert data.split_of("ja-a-0001", {"ja-a-0001": "dev"}) == "dev"
    parts = [data.split_of(f"ja-a-{k:04d}") for k in range(1000)]
    assert 150 < parts.count("test") < 250
    gold = tmp_path / "g.jsonl"
    rows = [
        {"id": f"x{k}", "lang": "de", "text": "SAP", "spans": [{"start": 0, "end": 3, "label": "COMPANY"}]}
        for k in range(3)
    ]
    gold.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    manifest = tmp_path / "splits.json"
    manifest.write_text(json.dumps({"de": {"train": {"x0": "hash"}, "dev": {"x1": "hash"}}}), encoding="utf-8")
    got = data.read_gold([gold], manifest)
    ids = {part: [e.id for e in examples] for part, examples in got.items()}
    assert ids == {
        "train": ["x0"],
        "dev": ["x1"],
        "test": ["x2"],
        "seeds": [],
    }  # what the manifest does not know is never trained on
    manifest.write_text('["x0"]', encoding="utf-8")
    with pytest.raises(data.DataError, match=r"splits\.json"):
        data.read_gold([gold], manifest)


def test_bad_lines_are_named(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    path = tmp_path / "de" / "uner_pud.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(
            '{"text": "SAP", "spans": []}\n{"text": "SAP", "spans": [{"start": 1, "end": 9, "label": "COMPANY"}]}\n'
        )
    with pytest.raises(data.DataError, match=r"uner_pud\.jsonl\.gz:2: spans"):
        data.read_corpora(tmp_path)
    path.write_bytes(gzip.compress(b'{"text": \n'))
    with pytest.raises(data.DataError, match=r":1:\d+: not JSON"):
        data.read_corpora(tmp_path)
    with pytest.raises(data.DataError, match="none of the corpora"):
        data.read_corpora(tmp_path / "de")


@pytest.mark.parametrize("step", ["start", "grow", "cut", "widen", "average", "train", "export", "restore", "evaluate"])
def test_every_step_of_the_training_has_its_options(
    step: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from finextract.training.encoder.__main__ import main

    monkeypatch.setattr("sys.argv", ["encoder", step, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0 and "--" in capsys.readouterr().out
