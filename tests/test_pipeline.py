"""The spaCy side: entry points, components, values on spans, and one result seen from two sides."""

from __future__ import annotations

import pickle

import pytest
import spacy
from spacy.util import registry

from finextract.entities import Company, Entity, Money
from finextract.pipeline.assembly import TOKENIZERS, assemble
from finextract.pipeline.resolve import resolve

TEXTS = {
    "ja": (
        "米エヌビディアの売上高は約440億ドル、16.1%増。",
        [("エヌビディア", "COMPANY"), ("440億ドル", "MONEY"), ("16.1%", "PERCENT")],
    ),
    "de": ("Die Siemens AG zahlt 2,5 Milliarden Euro.", [("Siemens AG", "COMPANY"), ("2,5 Milliarden Euro", "MONEY")]),
    "ko": ("마이크로소프트는 84억 7천만 달러를 썼다.", [("마이크로소프트", "COMPANY"), ("84억 7천만 달러", "MONEY")]),
    "zh": (
        "腾讯2024年第二季度营收440亿美元。",
        [("腾讯", "COMPANY"), ("2024年第二季度", "QUARTER"), ("440亿美元", "MONEY")],
    ),
}


@pytest.mark.parametrize("lang", TEXTS)
def test_assembled_pipelines_find_and_read(lang: str) -> None:
    text, expected = TEXTS[lang]
    doc = assemble(lang)(text)
    assert [(e.text, e.label_) for e in doc.ents] == expected
    assert [(e.text, e.label) for e in doc._.entities] == expected
    assert [e._.value for e in doc.ents] == [e.value for e in doc._.entities]
    assert all(e._.value is not None for e in doc.ents)


def test_the_date_gives_the_year() -> None:
    nlp = assemble("ko")
    doc = nlp.make_doc("올해 1분기 매출")
    doc._.date = "2024-08-05"
    (quarter,) = nlp(doc).ents
    assert (quarter._.value.year, quarter._.value.quarter) == (2024, 1)


def test_saved_pickled_and_in_batches_it_is_the_same(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text, expected = TEXTS["ja"]
    nlp = assemble("ja")
    nlp.to_disk(tmp_path / "m")
    for copy in (spacy.load(tmp_path / "m"), pickle.loads(pickle.dumps(nlp))):
        assert [[(e.text, e.label_) for e in doc.ents] for doc in copy.pipe([text, "", text])] == [
            expected,
            [],
            expected,
        ]
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(nlp(text).to_bytes())
    assert [e._.value for e in again.ents] == [e._.value for e in nlp(text).ents]


def test_texts_longer_than_a_million_characters() -> None:
    assert assemble("zh").max_length > 5_000_000


def test_registered_names() -> None:
    for name in ("Char", "Fugashi", "German", "Jieba", "Kiwi", "Stanza", "Sudachi"):
        assert callable(registry.tokenizers.get(f"finextract.{name}Tokenizer.v1"))
    factories = {name for name in spacy.blank("xx").factory_names if name.startswith("finextract_")}
    assert factories == {"finextract_companies", "finextract_encoder", "finextract_quantities", "finextract_resolver"}
    assert callable(registry.readers.get("finextract.GoldReader.v1"))
    assert set(TOKENIZERS) == {"ja", "de", "ko", "zh", "en"}


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ValueError, match="lang: 'fr' is none of"):
        assemble("fr")


def entity(text: str, surface: str, label: str, source: str, value: object = None) -> Entity:
    start = text.index(surface)
    return Entity(start, start + len(surface), label, surface, value, source)  # type: ignore[arg-type]


def test_the_grammar_comes_first_and_names_carry_their_sources() -> None:
    text = "Foo Holding zahlt 5 Euro an die Bar AG"
    euro = Money("EUR", amount=None)
    found = resolve(
        text,
        "de",
        quantities=[entity(text, "5 Euro", "MONEY", "grammar", euro)],
        model=[
            entity(text, "Foo Holding", "COMPANY", "model"),
            entity(text, "5", "PERCENT", "model"),
            entity(text, "Bar AG", "COMPANY", "model"),
        ],
        companies=[entity(text, "Foo", "COMPANY", "kb", Company("Foo")), entity(text, "Bar AG", "COMPANY", "kb")],
    )
    assert [(e.text, e.label, e.source) for e in found] == [
        ("Foo Holding", "COMPANY", "model"),
        ("5 Euro", "MONEY", "grammar"),
        ("Bar AG", "COMPANY", "model+kb"),
    ]
    assert found[1].value is euro


def test_what_only_the_model_found_is_read_by_the_grammar() -> None:
    text = "sagen wir 7 Prozent"
    (found,) = resolve(text, "de", model=[entity(text, "7 Prozent", "PERCENT", "model")])
    assert found.value is not None and found.value.to_dict() == {"value": "7", "unit": "percent"}
    (vague,) = resolve(text, "de", model=[entity(text, "sagen wir", "PERCENT", "model")])
    assert vague.value is None


@pytest.mark.parametrize("lang", TEXTS)
def test_the_doc_and_the_extraction_are_one_result(lang: str) -> None:
    from finextract import extract, load

    text = f"{TEXTS[lang][0]}\n\n  {TEXTS[lang][0]}"
    assert load(lang, model="none")(text)._.entities == extract(text, lang=lang, model="none").entities


def test_spacy_package_makes_a_package_of_a_pipeline(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from pathlib import Path

    from spacy.cli import package

    folder = Path(__file__).parent.parent / "models" / "ja_fin_news_sm"
    package(folder, tmp_path, create_sdist=False, silent=True)
    (made,) = tmp_path.glob("ja_fin_news_sm-*")
    assert "fin_news" in (made / "setup.py").read_text("utf-8") + (made / "meta.json").read_text("utf-8")
    doc = spacy.load(made / "ja_fin_news_sm" / made.name)("トヨタ自動車の売上高は3億円だった。")
    assert [(e.text, e.label_) for e in doc.ents] == [("トヨタ自動車", "COMPANY"), ("3億円", "MONEY")]
